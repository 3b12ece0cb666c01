"""VGG16's second fully connected layer, on which precision and recall were defined.

Kynkäänniemi et al. 2019 (arXiv 1904.06991) used a VGG16 file of their own; torchvision's, trained
on the same images, gives the same kind of features, not the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ganeval.features.extractor import NetworkExtractor
from ganeval.features.preprocess import Preprocess
from ganeval.features.weights import WeightsFile, resolve_weights

if TYPE_CHECKING:
    import torch


class Vgg16Fc2(NetworkExtractor):
    """``fc2`` after ReLU, d = 4096."""

    name = "vgg16-fc2"
    layers: Mapping[str, int] = {"4096": 4096}
    default_layer = "4096"
    resize_modes: tuple[str, ...] = ("tf1",)
    default_resize = "tf1"
    size = 224

    def preprocess(self, resize: str) -> Preprocess:
        """Squash to 224² as TensorFlow 1 does, then ImageNet's mean and std."""
        self.check_resize(resize)
        mean = (255 * 0.485, 255 * 0.456, 255 * 0.406)
        std = (255 * 0.229, 255 * 0.224, 255 * 0.225)
        return Preprocess("tf1", self.size, mean, std)

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches torchvision's file; see `resolve_weights`."""
        return resolve_weights(self.name, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds torchvision's network without its last layer and loads the file."""
        from ganeval.features.vgg16_network import Vgg16Features

        return Vgg16Features.load(weights.path)
