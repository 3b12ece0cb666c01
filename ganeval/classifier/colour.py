"""Colours of an image as 54 numbers: histograms, means and deviations of red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.images.decoding import Pixels

COLOUR_DIMENSION: Final = 54

_BINS = 16  # of 16 levels each
_LEVELS = np.arange(256, dtype=np.float64)


def colour_matrix(pixels: Sequence[Pixels]) -> npt.NDArray[np.float32]:
    """Describes the colours of every image; where they are in the image plays no part.

    Args:
        pixels: uint8 ``[H, W, 3]`` each.

    Returns:
        float32 ``[n, 54]``: for red, green and blue the shares of pixels in 16 equal bins of
        0..255, then their three means and their three standard deviations, in levels.
    """
    matrix = np.empty((len(pixels), COLOUR_DIMENSION), np.float32)
    for row in range(len(pixels)):
        matrix[row] = _colours(pixels[row])
    return matrix


def _colours(image: Pixels) -> npt.NDArray[np.float64]:
    """The 54 numbers of one image, all from its three histograms of 256 levels."""
    shares = np.stack([np.bincount(image[..., c].ravel(), minlength=256) for c in range(3)])
    shares = shares / (image.shape[0] * image.shape[1])
    means = shares @ _LEVELS
    deviations = np.sqrt((shares * (_LEVELS - means[:, None]) ** 2).sum(axis=1))
    bins = shares.reshape(3, _BINS, -1).sum(axis=2)
    return np.concatenate([bins.ravel(), means, deviations])
