"""What the pixels of one image tell without a network: compression, sharpness, light, colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ganeval.images.decoding import Pixels

_Plane = npt.NDArray[np.float32]

_BLOCK = 8  # pixels, of the transform in JPEG
_LARGEST = 2048  # pixels of a side whose spectrum is taken
_HIGH = 0.25  # cycles per pixel: half of what the grid can hold


@dataclass(frozen=True, slots=True)
class PixelStatistics:
    """Numbers about one image; see the functions of this module.

    Args:
        blockiness: Excess of steps at the borders of 8x8 blocks, 0 without blocks; None where
            the image is too small or has no steps.
        high_frequency: Share of the power of luma above 0.25 cycles per pixel, 0..1; None where
            luma is constant.
        brightness: Mean luma, 0..255.
        contrast: Standard deviation of luma, 0..127.5.
        colourfulness: 0 for grey, above 100 for garish pictures.
    """

    blockiness: float | None
    high_frequency: float | None
    brightness: float
    contrast: float
    colourfulness: float


def pixel_statistics(pixels: Pixels) -> PixelStatistics:
    """Measures one image, uint8 ``[H, W, 3]``."""
    plane = luma(pixels)
    return PixelStatistics(
        blockiness=blockiness(plane),
        high_frequency=high_frequency(plane),
        brightness=float(plane.mean(dtype=np.float64)),
        contrast=float(plane.std(dtype=np.float64)),
        colourfulness=colourfulness(pixels),
    )


def luma(pixels: Pixels) -> _Plane:
    """Returns 0.299 R + 0.587 G + 0.114 B, float32 ``[H, W]``, 0..255 (ITU-R BT.601)."""
    plane: _Plane = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return plane


def blockiness(plane: _Plane) -> float | None:
    """Compares steps between neighbours at the borders of 8x8 blocks with all others.

    Mean |difference| across columns and rows 8k, over the mean elsewhere, minus 1. Pictures that
    were never compressed give about 0. One that was cropped or resized after compression has its
    blocks elsewhere and shows none.

    Args:
        plane: Luma, float32 ``[H, W]``.

    Returns:
        At least -1; None if the image has no such border or no steps elsewhere.
    """
    at_borders, elsewhere = [0.0, 0], [0.0, 0]
    for axis in (0, 1):
        steps = np.abs(np.diff(plane, axis=axis)).sum(axis=1 - axis, dtype=np.float64)
        border = np.arange(1, plane.shape[axis]) % _BLOCK == 0
        across = plane.shape[1 - axis]
        for total, chosen in ((at_borders, border), (elsewhere, ~border)):
            total[0] += float(steps[chosen].sum())
            total[1] += int(chosen.sum()) * across
    if not at_borders[1] or not elsewhere[0]:
        return None
    return (at_borders[0] / at_borders[1]) / (elsewhere[0] / elsewhere[1]) - 1


def high_frequency(plane: _Plane) -> float | None:
    """Returns the share of power above 0.25 cycles per pixel, in whatever direction.

    The mean is removed first, and a Hann window keeps the picture's edges from counting. Low
    values are smooth pictures, or such as were enlarged; white noise has 0.80. Of pictures with a
    side above 2048 pixels, the middle is taken.

    Args:
        plane: Luma, float32 ``[H, W]``.

    Returns:
        0..1; None for a constant picture.
    """
    plane = _middle(plane)
    flat = plane - plane.mean()
    if not np.ptp(plane) or min(plane.shape) < 3:  # a window of 2 has no weight
        return None
    window, high, weights = _spectrum(*plane.shape)
    power = np.abs(np.fft.rfft2(flat * window)) ** 2 * weights
    total = float(power.sum(dtype=np.float64))
    return float(power[high].sum(dtype=np.float64)) / total if total else None


def _middle(plane: _Plane) -> _Plane:
    """Cuts a large picture, whose spectrum would take more memory than the picture."""
    top, left = (max(0, (side - _LARGEST) // 2) for side in plane.shape)
    return plane[top : top + _LARGEST, left : left + _LARGEST]


@lru_cache(maxsize=4)
def _spectrum(height: int, width: int) -> tuple[_Plane, npt.NDArray[np.bool_], _Plane]:
    """Window ``[H, W]``; which frequencies are high, ``[H, W//2+1]``; how often each counts."""
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    high = np.hypot(down, across) > _HIGH
    # rfft2 leaves out the mirror images of all columns but the first and, at even widths, the last.
    weights = np.full((1, width // 2 + 1), 2, np.float32)
    weights[0, 0] = 1
    if width % 2 == 0:
        weights[0, -1] = 1
    return window, high, weights


def colourfulness(pixels: Pixels) -> float:
    """Returns the colourfulness M of an image; 0 for grey, 15 slightly, 59 quite, 109 extremely.

    M = sqrt(sd(rg)² + sd(yb)²) + 0.3 sqrt(mean(rg)² + mean(yb)²) with the opponent colours
    rg = R - G and yb = (R + G)/2 - B.

    Source: Hasler and Suesstrunk 2003, Measuring colourfulness in natural images.
    """
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    opponents = (red - green, (red + green) / 2 - blue)
    deviation = math.hypot(*(float(one.std(dtype=np.float64)) for one in opponents))
    mean = math.hypot(*(float(one.mean(dtype=np.float64)) for one in opponents))
    return deviation + 0.3 * mean
