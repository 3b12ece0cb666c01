"""DINOv2, self-supervised vision transformers (Oquab et al. 2023, arXiv 2304.07193).

The distance of their features follows people's judgement of images better than the Inception's
(Stein et al. 2023, arXiv 2306.04675).
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

_SIZE = 224
_MEAN = (255 * 0.485, 255 * 0.456, 255 * 0.406)
_STD = (255 * 0.229, 255 * 0.224, 255 * 0.225)
_MODES: Mapping[str, Preprocess] = {
    "edm2": Preprocess("bicubic-antialias", _SIZE, _MEAN, _STD),
    "dgm": Preprocess("pillow-bicubic", _SIZE, _MEAN, _STD),
    "torch-fidelity": Preprocess("tf1", _SIZE, _MEAN, _STD),
}


class DinoV2Small(NetworkExtractor):
    """ViT-S/14: the class token after the last norm, d = 384."""

    name = "dinov2-vits14"
    layers: Mapping[str, int] = {"384": 384}
    default_layer = "384"
    resize_modes: tuple[str, ...] = tuple(_MODES)
    default_resize = "edm2"
    size = _SIZE
    architecture = "vit_small_patch14_dinov2"  # timm's name

    def preprocess(self, resize: str) -> Preprocess:
        """Squash to 224² as EDM2, dgm-eval or torch-fidelity do, then ImageNet's mean and std."""
        return _MODES[self.check_resize(resize)]

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches Meta's file; see `resolve_weights`."""
        return resolve_weights(self.name, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds timm's network and loads Meta's file, or timm's of the same name."""
        from ganeval.features.dinov2_network import DinoV2Features

        return DinoV2Features.load(self.architecture, weights.path)


class DinoV2Base(DinoV2Small):
    """ViT-B/14, d = 768."""

    name = "dinov2-vitb14"
    layers: Mapping[str, int] = {"768": 768}
    default_layer = "768"
    architecture = "vit_base_patch14_dinov2"


class DinoV2Large(DinoV2Small):
    """ViT-L/14, d = 1024, the one that EDM2 and dgm-eval report."""

    name = "dinov2-vitl14"
    layers: Mapping[str, int] = {"1024": 1024}
    default_layer = "1024"
    architecture = "vit_large_patch14_dinov2"
