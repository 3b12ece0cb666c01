"""Classic augmentation of training images, which cycle and identity losses see too.

Pillow's bilinear filter rotates, and shifts, zooms and crops in one step, antialiased where things
get smaller; what comes in from outside mirrors the image.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ganeval_cyclegan.config import ClassicConfig
from ganeval_cyclegan.pixels import Pixels

ANGLE = 15.0
"""Largest rotation either way, in degrees."""
SHIFT = 0.1
"""Largest shift either way, as a share of the side."""
ZOOM = (0.9, 1.1)
CROP = (0.8, 1.0)
"""Side of the part that is cut out and enlarged again, as a share of the side."""


@dataclass(frozen=True)
class Draw:
    """What is done to one image.

    Attributes:
        angle: Degrees against the clock; 0: none.
        hflip: Left and right change places.
        vflip: Top and bottom change places.
        shift: Right and down, as shares of width and height.
        zoom: Above 1 things get larger.
        crop: Side of the part cut out, as a share; 1: all.
        place: Where that part lies in what the crop leaves over, 0 left or top to 1.
    """

    angle: float = 0.0
    hflip: bool = False
    vflip: bool = False
    shift: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    crop: float = 1.0
    place: tuple[float, float] = (0.5, 0.5)


def draw(config: ClassicConfig, rng: random.Random) -> Draw:
    """Draws what is done to one image.

    Every number is drawn whatever comes of it, so that the probability of one operation never
    moves the numbers of another.
    """
    does = {
        name: rng.random() < getattr(config, name)
        for name in ("rotate", "hflip", "vflip", "translate", "scale", "crop")
    }
    angle = rng.uniform(-ANGLE, ANGLE)
    shift = rng.uniform(-SHIFT, SHIFT), rng.uniform(-SHIFT, SHIFT)
    zoom, crop = rng.uniform(*ZOOM), rng.uniform(*CROP)
    place = rng.random(), rng.random()
    return Draw(
        angle=angle if does["rotate"] else 0.0,
        hflip=does["hflip"],
        vflip=does["vflip"],
        shift=shift if does["translate"] else (0.0, 0.0),
        zoom=zoom if does["scale"] else 1.0,
        crop=crop if does["crop"] else 1.0,
        place=place if does["crop"] else (0.5, 0.5),
    )


def augmented(pixels: Pixels, what: Draw) -> Pixels:
    """Returns an image of the same size with a draw applied, uint8 ``[h, w, C]``."""
    if (what.angle, what.shift, what.zoom, what.crop) != (0.0, (0.0, 0.0), 1.0, 1.0):
        pixels = _resampled(pixels, what)
    if what.hflip:
        pixels = pixels[:, ::-1]
    if what.vflip:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _resampled(pixels: Pixels, what: Draw) -> Pixels:
    height, width, channels = pixels.shape
    box = _box(what, width, height)
    rows, columns = _margins(box, what.angle, width, height)
    around = np.pad(pixels, ((rows, rows), (columns, columns), (0, 0)), mode="reflect")
    image = Image.fromarray(around[:, :, 0] if channels == 1 else around)
    if what.angle:
        image = image.rotate(what.angle, Image.Resampling.BILINEAR)
    left, top, right, bottom = box
    part = (left + columns, top + rows, right + columns, bottom + rows)
    image = image.resize((width, height), Image.Resampling.BILINEAR, box=part)
    return np.asarray(image).reshape(height, width, channels)


def _box(what: Draw, width: int, height: int) -> tuple[float, float, float, float]:
    """The part of the rotated image that becomes the result: left, top, right, bottom."""
    sides = width / what.zoom, height / what.zoom
    corner = [
        (full - side) / 2 - shift * full
        for full, side, shift in zip((width, height), sides, what.shift, strict=True)
    ]
    left, top = (
        start + place * (1 - what.crop) * side
        for start, place, side in zip(corner, what.place, sides, strict=True)
    )
    return left, top, left + what.crop * sides[0], top + what.crop * sides[1]


def _margins(
    box: tuple[float, float, float, float], angle: float, width: int, height: int
) -> tuple[int, int]:
    """Rows and columns beyond the image that the part, turned back, reaches; two for filters."""
    reach_x = max(abs(box[0] - width / 2), abs(box[2] - width / 2))
    reach_y = max(abs(box[1] - height / 2), abs(box[3] - height / 2))
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    columns = reach_x * cosine + reach_y * sine - width / 2
    rows = reach_y * cosine + reach_x * sine - height / 2
    # Also as far as the part reaches before it is turned, since it is cut out of this image.
    columns, rows = max(columns, reach_x - width / 2), max(rows, reach_y - height / 2)
    return max(math.ceil(rows), 0) + 2, max(math.ceil(columns), 0) + 2
