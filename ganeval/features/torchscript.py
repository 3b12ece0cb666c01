"""A network saved with `torch.jit.save`: ``torchscript:FILE.pt``.

Loading TorchScript runs what the file says, as a program does: use only files you trust. The module
gets uint8 ``[n, 3, H, W]``, 0..255, and returns float ``[n, d]``, as the networks that come with
StyleGAN do; one whose ``forward`` has the argument ``return_features`` gets it as True. Images come
in their own size, or squashed to ``size`` x ``size`` (Pillow's bicubic, on uint8) where the module
has an integer attribute ``size``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ganeval.errors import GanevalError, InputError, MissingFileError
from ganeval.features.extractor import DirectExtractor
from ganeval.features.model_facts import ModelFacts, model_facts
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import Preprocess
from ganeval.features.weights import WeightsFile
from ganeval.images.digests import DigestHints, file_sha256
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec

_PROBE_SIDE = 64  # pixels of the image that tells the dimension of a network for all sizes
_PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


class TorchScriptExtractor(DirectExtractor):
    """One layer, named by its dimension, computed by torch on the CPU.

    Args:
        file: The TorchScript file.

    Raises:
        MissingFileError: There is no such file.
        InputError: It is no TorchScript program, or gives no features.
    """

    resize_modes: tuple[str, ...] = ("own",)
    default_resize = "own"

    def __init__(self, file: str) -> None:
        self.name = f"torchscript:{file}"
        self._path = Path(file)
        if not self._path.is_file():
            raise MissingFileError(f"--extractor {self.name}: no such file")
        try:
            self._sha256 = file_sha256(self._path, DigestHints(cache_folder()))
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{self._path}: cannot be read: {reason}") from error
        facts = model_facts("torch", f"torchscript {self._sha256}", self._find_facts)
        self._preprocess = facts.make_preprocess()
        self.default_layer = str(facts.dimension)
        self.layers: Mapping[str, int] = {self.default_layer: facts.dimension}
        self.size = self._preprocess.size

    def normalisation(self, resize: str) -> str:
        """The program normalises by itself."""
        self.check_resize(resize)
        squashed = f"to {self.size}² (pillow-bicubic), " if self.size else ""
        return f"{squashed}0..255"

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """The program itself; there is no published one to compare it with."""
        return WeightsFile(self._path, self._sha256, verified=False)

    def spec(
        self, layer: str, resize: str, weights: WeightsFile | None, decode: str, precision: str
    ) -> FeatureSpec:
        """As of every extractor, but the file goes by its digest, wherever it lies."""
        weights = weights or self.weights(None, None)
        found = super().spec(layer, resize, weights, decode, precision)
        return found.model_copy(update={"extractor": f"torchscript:{self._path.name}"})

    @cached_property
    def _program(self) -> Any:
        from ganeval.features.torchscript_program import TorchScriptProgram

        return TorchScriptProgram(self._path)

    def _find_facts(self) -> ModelFacts:
        size = self._program.size
        side = size or _PROBE_SIDE
        features = self._program(np.zeros((1, 3, side, side), np.uint8))
        if features.ndim != 2 or len(features) != 1:
            raise InputError(
                f"{self._path}: gave shape {features.shape} for one image instead of (1, d)"
            )
        preprocess = Preprocess("pillow-bicubic", size, *_PLAIN)
        return ModelFacts(dimension=features.shape[1], preprocess=vars(preprocess))

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the program on uint8 ``[n, 3, H, W]``.

        Raises:
            GanevalError: The program fails.
        """
        if self.size:
            pictures = images.transpose(0, 2, 3, 1)
            ready = [resize_with_pillow(picture, self._preprocess) for picture in pictures]
            images = np.stack(ready).transpose(0, 3, 1, 2)
        try:
            return {self.default_layer: self._program(images)}
        except InputError as error:
            shape = "x".join(str(length) for length in images.shape)
            raise GanevalError(f"{error.message} (images of {shape})") from error
