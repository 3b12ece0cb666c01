"""A random projection of tiny images: for smoke tests, comparable to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from ganeval.features.extractor import DirectExtractor


class RandomProjection(DirectExtractor):
    """Area-mean 64x64 RGB times a fixed Gaussian matrix, d = 64; needs numpy only."""

    name = "random-projection"
    layers: Mapping[str, int] = {"64": 64}
    default_layer = "64"
    resize_modes: tuple[str, ...] = ("area",)
    default_resize = "area"
    size = 64

    def normalisation(self, resize: str) -> str:
        """0..1."""
        self.check_resize(resize)
        return "x/255"

    @cached_property
    def _matrix(self) -> np.ndarray:
        inputs = 3 * self.size * self.size
        rng = np.random.default_rng(np.random.SeedSequence([0, 64]))
        matrix: np.ndarray = rng.standard_normal((inputs, 64), dtype=np.float32)
        return matrix / np.float32(np.sqrt(inputs))

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Projects uint8 ``[n, 3, H, W]`` to float32 ``[n, 64]``."""
        rows = _area_weights(images.shape[2], self.size)
        columns = _area_weights(images.shape[3], self.size)
        small = np.einsum("ah,nchw,bw->ncab", rows, images / 255.0, columns, optimize=True)
        flat = small.reshape(len(images), -1).astype(np.float32)
        # One product per image: BLAS may sum a row differently within a larger matrix.
        return {"64": np.stack([row @ self._matrix for row in flat])}


def _area_weights(length: int, size: int) -> np.ndarray:
    """Weights ``[size, length]`` that average equal parts of ``length`` pixels; rows sum to 1."""
    edges = np.linspace(0, length, size + 1)
    pixel = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weights: np.ndarray = np.clip(overlap, 0, None) * (size / length)
    return weights
