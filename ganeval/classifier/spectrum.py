"""The power spectrum of an image as 88 numbers: its fall over frequency, and upsampling's peaks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.images.decoding import Pixels
from ganeval.images.pixel_statistics import luma

SPECTRUM_DIMENSION: Final = 88
SMALLEST: Final = 32
"""Pixels of the shorter side of an image, below which there is no spectrum to speak of."""

_LARGEST = 512  # pixels of a side; of larger images the middle is taken, as the network does
_BINS = 64
_EIGHTHS = [(down, across) for down in range(5) for across in range(5) if (down, across) != (0, 0)]

_Plane = npt.NDArray[np.float32]
_Indices = npt.NDArray[np.int64]
_Counts = npt.NDArray[np.float64]


def spectrum_matrix(pixels: Sequence[Pixels]) -> npt.NDArray[np.float32]:
    """Describes the spectrum of luma of every image.

    The centre square, its side cut to a multiple of 8 so that eighths of a cycle per pixel fall
    on the grid, loses its mean, passes a Hann window and is transformed; L = ln(abs(FFT)² + 1).

    Args:
        pixels: uint8 ``[H, W, 3]`` each, no side below 32.

    Returns:
        float32 ``[n, 88]``: the mean of L in 64 equal bins of radial frequency from 0 to 0.5
        cycles per pixel; then, at a/8 cycles per pixel down and b/8 across for a, b in 0..4
        without (0, 0), L minus the median of L over the 5 x 5 frequencies around. Upsampling by
        a stride leaves peaks at multiples of 1/stride. A bin without frequencies, as small images
        have, holds what lies between its neighbours.

    Raises:
        InputError: An image is too small.

    Source: Zhang, Karaman and Chang, WIFS 2019, arXiv 1907.06515 (peaks of upsampling); Durall,
    Keuper and Keuper, CVPR 2020, arXiv 2003.01826 (radial power).
    """
    matrix = np.empty((len(pixels), SPECTRUM_DIMENSION), np.float32)
    for row in range(len(pixels)):
        image = pixels[row]
        if min(image.shape[:2]) < SMALLEST:
            raise InputError(
                f"an image of {image.shape[1]}x{image.shape[0]} pixels is too small for a spectrum",
                hint=f"No side may be below {SMALLEST} pixels; --rungs leaves the spectrum out.",
            )
        matrix[row] = _numbers(log_power(image))
    return matrix


def log_power(image: Pixels) -> _Plane:
    """Returns ln(abs(FFT)² + 1) of the windowed centre square of luma.

    Args:
        image: uint8 ``[H, W, 3]``, no side below 8.

    Returns:
        float32 ``[N, N//2 + 1]`` as `numpy.fft.rfft2` orders it, N a multiple of 8.
    """
    side = min(*image.shape[:2], _LARGEST) // 8 * 8
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    plane = luma(image[top : top + side, left : left + side])
    plane = (plane - plane.mean(dtype=np.float64).astype(np.float32)) * _window(side)
    transformed = np.fft.rfft2(plane)
    power: _Plane = np.log1p(transformed.real**2 + transformed.imag**2)
    return power


def _numbers(power: _Plane) -> npt.NDArray[np.float64]:
    bins, counts = _radial(len(power))
    filled = np.bincount(bins.ravel(), (power * _multiplicity(len(power))).ravel(), _BINS + 1)
    there = np.flatnonzero(counts)
    radial = np.interp(np.arange(_BINS), there, filled[there] / counts[there])
    around = power.ravel()[_neighbourhoods(len(power))]
    centre = around.shape[1] // 2
    peaks = around[:, centre] - np.median(around, axis=1)
    return np.concatenate([radial, peaks])


@lru_cache(maxsize=4)
def _window(side: int) -> _Plane:
    return np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)


@lru_cache(maxsize=4)
def _multiplicity(side: int) -> _Plane:
    """How often a column of the half spectrum is there in the whole: twice, but for the ends."""
    times = np.full(side // 2 + 1, 2, np.float32)
    times[[0, -1]] = 1
    return times


@lru_cache(maxsize=4)
def _radial(side: int) -> tuple[_Indices, _Counts]:
    """Radial bin of every frequency, 64 for those above 0.5; frequencies per bin below."""
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    # The last bin holds its upper end, 0.5 itself.
    bins = np.where(radius > 0.5, _BINS, np.minimum(radius * 2 * _BINS, _BINS - 1)).astype(np.int64)
    times = np.broadcast_to(_multiplicity(side), bins.shape)
    counts: _Counts = np.bincount(bins.ravel(), times.ravel(), _BINS + 1)[:_BINS].astype(np.float64)
    return bins, counts


@lru_cache(maxsize=4)
def _neighbourhoods(side: int) -> _Indices:
    """Places in the half spectrum of the 5 x 5 frequencies around each eighth, ``[24, 25]``."""
    places = []
    for down, across in _EIGHTHS:
        rows, columns = np.mgrid[-2:3, -2:3]
        rows = (rows + down * side // 8) % side
        columns = (columns + across * side // 8) % side
        mirrored = columns > side // 2  # a real image has the same power at the opposite frequency
        rows = np.where(mirrored, -rows % side, rows)
        columns = np.where(mirrored, -columns % side, columns)
        places.append((rows * (side // 2 + 1) + columns).ravel())
    return np.array(places, np.int64)
