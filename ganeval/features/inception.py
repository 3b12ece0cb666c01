"""The FID Inception: torchvision's Inception v3 with the blocks that pytorch-fid patches.

The network is the TensorFlow graph of 2015-12-05 that the FID is defined on (Heusel et al. 2017,
arXiv 1706.08500). torchvision's own Inception v3 differs in how it pools, which changes the
features by about 14 %; `pytorch_fid.inception` holds the blocks that pool as the graph does.
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

_SIZE = 299
_HALF = Preprocess("bilinear", _SIZE, (127.5,) * 3, (127.5,) * 3)
_TF = (128.0,) * 3


class Inception2015(NetworkExtractor):
    """The layers of the FID family.

    64, 192 and 768 are global means of inner blocks, 2048 is ``pool_3``; ``sfid`` is 17 x 17 x 7
    values of ``Mixed_6d`` that keep their place in the image, ``logits`` are the 1008 class scores
    without their bias, of which the inception score is made.
    """

    name = "inception-2015"
    arbitrary = False
    layers: Mapping[str, int] = {
        "64": 64,
        "192": 192,
        "768": 768,
        "2048": 2048,
        "sfid": 2023,
        "logits": 1008,
    }
    default_layer = "2048"
    default_resize = "pytorch-fid"
    size = _SIZE
    _preprocess: ClassVar[Mapping[str, Preprocess]] = {
        "pytorch-fid": _HALF,
        "clean": Preprocess("bicubic-antialias", _SIZE, _TF, _TF, clip=True),
        "tf1": Preprocess("tf1", _SIZE, _TF, _TF),
        "torchmetrics": Preprocess("bilinear-antialias", _SIZE, _TF, _TF),
    }
    resize_modes: tuple[str, ...] = tuple(_preprocess)

    def preprocess(self, resize: str) -> Preprocess:
        """Resizing and normalisation of one of the four modes of the field."""
        return self._preprocess[self.check_resize(resize)]

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches the published file; see `resolve_weights`."""
        return resolve_weights(self.name, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds the network and loads a file in pytorch-fid's layout (566 tensors)."""
        from ganeval.features.inception_network import FIDInception

        return FIDInception.load(weights.path)
