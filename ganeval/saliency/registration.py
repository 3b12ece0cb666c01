"""Do the two images of a pair lie on top of each other? Phase correlation of their luma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

LARGEST_SHIFT: Final = 2.0
"""Pixels at the side of the model above which a pair counts as moved."""

WEAKEST_PEAK: Final = 0.1
"""Peak, as a share of an image's with itself, below which a pair has no clear shift."""

_STEP: Final = 0.05  # pixels; the peak is looked for on this grid around the best whole pixel
_LUMA: Final = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Registration:
    """How far the images after lie from the images before.

    Args:
        shift_x: Pixels to the right, float64 ``[n]``, to a twentieth; NaN where an image is flat.
        shift_y: Pixels down, the same.
        peak: Peak of the phase correlation as a share of the image's with itself, ``[n]``, 0..1;
            0 where an image is flat.
    """

    shift_x: Values
    shift_y: Values
    peak: Values

    @property
    def lengths(self) -> Values:
        """Length of each shift, pixels; NaN where an image is flat."""
        return np.asarray(np.hypot(self.shift_x, self.shift_y))

    @property
    def median(self) -> float | None:
        """Median length of the shifts, pixels; None where every pair has a flat image."""
        known = self.lengths[np.isfinite(self.lengths)]
        return float(np.median(known)) if len(known) else None

    @property
    def largest(self) -> float | None:
        """Largest length of a shift, pixels."""
        known = self.lengths[np.isfinite(self.lengths)]
        return float(known.max()) if len(known) else None

    @property
    def peak_ratio(self) -> float:
        """Median of the peaks."""
        return float(np.median(self.peak))

    @property
    def moved(self) -> npt.NDArray[np.bool_]:
        """Which pairs are shifted by more than 2 px or have no clear peak, ``[n]``."""
        return np.asarray(~(self.lengths <= LARGEST_SHIFT) | (self.peak < WEAKEST_PEAK))

    @property
    def warn(self) -> str | None:
        """What a user must know before maps are compared pixel by pixel; None: nothing."""
        if self.peak_ratio < WEAKEST_PEAK:
            return (
                "before and after have too little in common to tell whether they lie on top of "
                f"each other (median phase correlation peak {self.peak_ratio:.2f} of an image's "
                f"with itself, below {WEAKEST_PEAK:g})"
            )
        if self.median is not None and self.median > LARGEST_SHIFT:
            return (
                f"images after are shifted against images before by {self.median:.1f} px (median), "
                f"more than {LARGEST_SHIFT:g}: maps move with them"
            )
        return None


def luma(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Returns the luma of images: .299 R + .587 G + .114 B.

    Args:
        images: float ``[n, 3, S, S]``.

    Returns:
        float32 ``[n, S, S]``.

    Source: ITU-R BT.601.
    """
    weights = np.array(_LUMA, np.float32)
    return np.asarray(np.einsum("c,nchw->nhw", weights, images), np.float32)


def registration(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> Registration:
    """Measures by phase correlation how far each image after is shifted.

    Images lose their mean and fade out to the edges (Hann window), so that the edges do not count
    as a pattern that stays in place. The peak is found to a twentieth of a pixel by evaluating the
    correlation between the pixels.

    Args:
        before: Luma, float ``[n, S, S]``, n at least 1.
        after: The same of their translations.

    Raises:
        ValueError: The shapes differ.

    Source: Kuglin and Hines, Proceedings of the IEEE conference on cybernetics and society (1975)
    163; between pixels by a matrix Fourier transform as in Guizar-Sicairos et al., Optics Letters
    33 (2008) 156.
    """
    if before.shape != after.shape or before.ndim != 3:
        raise ValueError(f"images of {before.shape} and {after.shape} cannot be registered")
    found = np.array([_one(*pair) for pair in zip(before, after, strict=True)]).reshape(-1, 3)
    return Registration(found[:, 0], found[:, 1], found[:, 2])


def _one(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Shift to the right, down, and the peak of one pair."""
    cross = _spectrum(after) * np.conj(_spectrum(before))
    size = np.abs(cross)
    known = size > 1e-12 * size.max()
    if not known.any():
        return np.nan, np.nan, 0.0
    phase = np.divide(cross, size, out=np.zeros_like(cross), where=known)
    correlation = np.fft.ifft2(phase).real
    row, column = np.unravel_index(int(correlation.argmax()), correlation.shape)
    down, right = (_around(int(at), len(before)) for at in (row, column))
    fine = (_waves(down, len(before)) @ phase @ _waves(right, len(before)).T).real
    best = divmod(int(fine.argmax()), fine.shape[1])
    peak = float(fine[best]) / int(known.sum())  # an image with itself: every phase is 1
    return float(right[best[1]]), float(down[best[0]]), min(1.0, max(0.0, peak))


def _spectrum(image: npt.NDArray[Any]) -> npt.NDArray[np.complex128]:
    values = image.astype(np.float64)
    window = np.hanning(len(values) + 2)[1:-1]
    # Without rounding's share a flat image would have a pattern.
    values = values - values.mean()
    values[np.abs(values) < 1e-9] = 0
    return np.asarray(np.fft.fft2(values * np.outer(window, window)))


def _around(at: int, side: int) -> Values:
    """Shifts, in pixels, close to that of a place in the correlation."""
    whole = at - side if at > side // 2 else at
    steps = round(1 / _STEP)
    return np.asarray(whole + np.arange(-steps, steps + 1) * _STEP)


def _waves(shifts: Values, side: int) -> npt.NDArray[np.complex128]:
    """The inverse Fourier transform at any shifts, not scaled: ``[shifts, side]``."""
    return np.asarray(np.exp(2j * np.pi * np.outer(shifts, np.fft.fftfreq(side))))
