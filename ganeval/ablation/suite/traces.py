"""Traces of the input in its translation, told and not ranked.

Source texture that stays (stripes under the new colour), a shift of the background, and images
that were hardly changed: what readers of translations see first.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ganeval.ablation.suite.cycle import mean_absolute
from ganeval.ablation.suite.part import (
    ImagesOf,
    Part,
    Place,
    decoded,
    mean_estimate,
    required,
)
from ganeval.images.decoding import Pixels
from ganeval.images.pixel_statistics import luma

Plane = npt.NDArray[np.float64]

_FRAME: Final = 0.2
"""Share of each side that counts as background."""

_UNCHANGED: Final = 3.0
"""Mean absolute difference, grey levels, below which an image counts as hardly changed."""

# A Gaussian passes half of the amplitude of waves of sigma * 2 pi / sqrt(2 ln 2) pixels; a
# difference of two passes the periods between.
_SIGMAS: Final = tuple(period * float(np.sqrt(2 * np.log(2))) / (2 * np.pi) for period in (4, 16))


def traces(images: ImagesOf, place: Place) -> Part:
    """Measures texture kept, shift of the frame's colour, and the share hardly changed.

    Raises:
        Absent: There are no inputs.
    """
    source = required(images.source, "the inputs of the translations")
    texture, frame, same = {}, {}, {}
    for (stem, before), (_, after) in zip(
        decoded(source, images.stems), decoded(images.fake, images.stems), strict=True
    ):
        if before.shape == after.shape:
            texture[stem] = kept_texture(before, after)
            same[stem] = float(mean_absolute(before, after) < _UNCHANGED)
        frame[stem] = frame_shift(before, after)
    found = {
        "texture_kept": ("input texture kept (periods of 4 to 16 px)", "", texture),
        "frame_shift": ("colour shift of the outer frame", "CIELAB units", frame),
        "unchanged": ("share hardly changed", "", same),
    }
    return Part(
        [
            place.number(name, display, "none", mean_estimate(values, unit), compare=False)
            for name, (display, unit, values) in found.items()
            if values
        ],
        {name: values for name, (_, _, values) in found.items() if values},
    )


def kept_texture(before: Pixels, after: Pixels) -> float:
    """Returns the correlation of both lumas between periods of 4 and 16 pixels; 0 if one is flat.

    Args:
        before: uint8 ``[H, W, 3]``.
        after: The same size.
    """
    first, second = (_band(luma(pixels)) for pixels in (before, after))
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / norm) if norm > 1e-9 else 0.0


def frame_shift(before: Pixels, after: Pixels) -> float:
    """Returns the distance of the mean CIELAB colours of the outer fifth of both images."""
    return float(np.linalg.norm(_frame_colour(before) - _frame_colour(after)))


def cielab(pixels: Pixels) -> Plane:
    """Returns the colours of sRGB pixels in CIELAB under D65, float64 ``[H, W, 3]``.

    Source: IEC 61966-2-1 (sRGB), CIE 15 (CIELAB).
    """
    coded = pixels.astype(np.float64) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    relative = linear @ to_xyz.T / to_xyz.sum(axis=1)
    delta = 6 / 29
    f = np.where(relative > delta**3, np.cbrt(relative), relative / (3 * delta**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _band(plane: npt.NDArray[np.floating]) -> Plane:
    wide = np.asarray(plane, np.float64)
    fine, coarse = (gaussian_filter(wide, sigma, mode="reflect") for sigma in _SIGMAS)
    band: Plane = fine - coarse
    centred: Plane = band - band.mean()
    return centred


def _frame_colour(pixels: Pixels) -> Plane:
    height, width = pixels.shape[:2]
    top, left = round(height * _FRAME), round(width * _FRAME)
    outside = np.ones((height, width), bool)
    outside[top : height - top, left : width - left] = False
    mean: Plane = cielab(pixels)[outside].mean(axis=0)
    return mean
