"""From a decoded image to the square that a classifier sees, in [0, 1].

Both images of a pair go through the same rule, which is stated in words for the record.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.errors import unknown_name
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import Preprocess
from ganeval.images.decoding import Pixels

Fit = Literal["whole", "weights"]

FITS: Final = ("whole", "weights")

OFF_SQUARE: Final = 1.05
"""Longer over shorter side above which squashing would distort, and the centre square is taken."""

_LEVELS: Final = np.float32(255)


def to_side(
    pixels: Pixels, side: int, fit: Fit = "whole", *, preprocess: Preprocess | None = None
) -> npt.NDArray[np.float32]:
    """Brings one image to the side of a model.

    ``whole`` shows all of the image, since what is cut off can have no map; beyond 5 % off square
    its centre square. Resizing is antialiased, in float, without rounding to grey levels. An image
    that has the side already stays as it is.

    Args:
        pixels: uint8 ``[H, W, 3]``.
        side: Pixels.
        fit: ``whole``, or ``weights`` for the evaluation crop of the model's publisher.
        preprocess: The model's; ``weights`` needs it. Its filter is used for ``whole`` too, else
            bicubic.

    Returns:
        float32 ``[3, side, side]`` in [0, 1].

    Raises:
        InputError: There is no such fit.
        ValueError: ``weights`` without preprocessing, or with that of another side.
    """
    if fit == "weights":
        if preprocess is None or preprocess.size != side:
            raise ValueError(f"the evaluation crop of {side} px needs the model's preprocessing")
        square = resize_with_pillow(pixels, preprocess).astype(np.float32)
    elif fit == "whole":
        square = _resized(_near_square(pixels), side, _filter(preprocess))
    else:
        raise unknown_name("fit", fit, FITS)
    return np.ascontiguousarray(square.transpose(2, 0, 1)) / _LEVELS


def fit_text(
    height: int,
    width: int,
    side: int,
    fit: Fit = "whole",
    *,
    preprocess: Preprocess | None = None,
) -> str:
    """Says in words what `to_side` does to an image of a size."""
    if fit == "weights":
        return "the evaluation crop of the model's publisher"
    if (height, width) == (side, side):
        return "as it is"
    short = min(height, width)
    cut = f"centre square of {short} px, " if _is_off_square(height, width) else ""
    name = _filter(preprocess).name.lower()
    resized = f"resized to {side} x {side} px ({name}, antialiased)"
    return cut + (resized if not cut or short != side else "not resized")


def _is_off_square(height: int, width: int) -> bool:
    return max(height, width) > OFF_SQUARE * min(height, width)


def _near_square(pixels: Pixels) -> Pixels:
    """The image, or its centre square where squashing would distort it."""
    height, width = pixels.shape[:2]
    if not _is_off_square(height, width):
        return pixels
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    return pixels[top : top + short, left : left + short]


def _filter(preprocess: Preprocess | None) -> Image.Resampling:
    linear = preprocess is not None and "bilinear" in preprocess.interpolation
    return Image.Resampling.BILINEAR if linear else Image.Resampling.BICUBIC


def _resized(pixels: Pixels, side: int, method: Image.Resampling) -> npt.NDArray[np.float32]:
    """float32 ``[side, side, 3]`` in 0..255; what bicubic overshoots is clipped."""
    if pixels.shape[:2] == (side, side):
        return pixels.astype(np.float32)
    square = np.empty((side, side, 3), np.float32)
    for channel in range(3):
        plane = Image.fromarray(pixels[..., channel].astype(np.float32))
        square[..., channel] = np.asarray(plane.resize((side, side), method))
    return square.clip(0, _LEVELS)
