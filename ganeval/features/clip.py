"""CLIP's image encoder, ViT-L/14 at 336 px (Radford et al. 2021, arXiv 2103.00020).

The CMMD is defined on it (Jayasumana et al. 2024, arXiv 2401.09603).
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

_MEAN = (255 * 0.48145466, 255 * 0.4578275, 255 * 0.40821073)
_STD = (255 * 0.26862954, 255 * 0.26130258, 255 * 0.27577711)


class ClipLarge336(NetworkExtractor):
    """Projected image embeddings of length 1, d = 768."""

    name = "clip-vitl14-336"
    layers: Mapping[str, int] = {"768": 768}
    default_layer = "768"
    resize_modes: tuple[str, ...] = ("cmmd",)
    default_resize = "cmmd"
    size = 336

    def preprocess(self, resize: str) -> Preprocess:
        """The middle square, Pillow's bicubic to 336², CLIP's own mean and std."""
        self.check_resize(resize)
        return Preprocess("pillow-bicubic", self.size, _MEAN, _STD, geometry="crop-then-resize")

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches OpenAI's file; see `resolve_weights`."""
        return resolve_weights(self.name, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds timm's network and loads OpenAI's file, or timm's ``model.safetensors``."""
        from ganeval.features.clip_network import ClipFeatures

        return ClipFeatures.load(weights)
