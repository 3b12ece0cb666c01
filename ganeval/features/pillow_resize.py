"""Resizing as Pillow does it on uint8 images, with centre crops, as published networks ask for.

These modes round to whole grey levels and are defined by Pillow, so Pillow does them wherever the
network runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from ganeval.features.preprocess import Preprocess


def resize_with_pillow(image: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """Resizes and crops one image.

    Args:
        image: uint8 ``[H, W, 3]``, 0..255.
        preprocess: A mode with ``on_pillow``.

    Returns:
        uint8 ``[size, size, 3]``, 0..255.
    """
    size, resized = preprocess.size, preprocess.resized or preprocess.size
    method = Image.Resampling[preprocess.interpolation.removeprefix("pillow-").upper()]
    picture = Image.fromarray(np.ascontiguousarray(image))
    if preprocess.geometry == "crop-then-resize":
        picture = _middle_square(picture).resize((resized, resized), method)
    elif preprocess.geometry == "short-side":
        picture = picture.resize(_short_side(picture.size, resized), method)
    else:
        picture = picture.resize((resized, resized), method)
    return np.array(_centre_crop(picture, size))


def _short_side(size: tuple[int, int], short: int) -> tuple[int, int]:
    """Width and height with the shorter one ``short``; the other is rounded down."""
    width, height = size
    if width <= height:
        return short, int(short * height / width)
    return int(short * width / height), short


def _middle_square(picture: Image.Image) -> Image.Image:
    """The largest square; half a pixel too much goes to the left or top, as in CMMD's code."""
    short = min(picture.size)
    left, top = ((length - short) // 2 for length in picture.size)
    return picture.crop((left, top, left + short, top + short))


def _centre_crop(picture: Image.Image, size: int) -> Image.Image:
    """The middle square; half a pixel too much goes where torchvision's rounding puts it."""
    width, height = picture.size
    left, top = round((width - size) / 2), round((height - size) / 2)
    return picture.crop((left, top, left + size, top + size))
