"""Pictures on disk: one diverging palette for every map, names that every file system takes."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

FOLDER: Final = "pictures"
"""Where pictures lie in the folder of the record."""

# From "as in reals" over neutral to "as in fakes": the blue and the vermilion of the pages'
# palette, lightened half way and darkened at the ends, so that lightness falls on both sides
# alike and the two hues stay apart for every kind of colour vision.
_ANCHORS: Final = {-1.0: "#0b3a66", -0.5: "#5b9fd6", 0.0: "#f6f5f2", 0.5: "#ee9660", 1.0: "#842c05"}
_STEPS: Final = 127  # on each side of neutral, so that 255 colours are used
NOT_SCORED: Final = 2 * _STEPS + 1
"""Index of the grey of places without a value."""

_Values = npt.NDArray[np.floating]


def diverging_palette() -> npt.NDArray[np.uint8]:
    """Returns the colours of all maps, uint8 ``[256, 3]``.

    The first is that of -scale, number 127 is neutral, number 254 is +scale; the last one is the
    grey of places without a value.
    """
    anchors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _ANCHORS.values()])
    places = np.linspace(-1, 1, 2 * _STEPS + 1)
    ramp = [np.interp(places, list(_ANCHORS), channel) for channel in anchors.T]
    return np.vstack([np.rint(np.stack(ramp, axis=1)), [[160, 160, 160]]]).astype(np.uint8)


def diverging(values: _Values, scale: float) -> Image.Image:
    """Draws signed numbers.

    Args:
        values: ``[H, W]``; NaN is drawn grey.
        scale: The number, above 0, that gets the end colour; larger ones get it too.

    Returns:
        An image of 256 colours, `diverging_palette`.
    """
    filled = np.nan_to_num(np.clip(values / scale, -1, 1), nan=0.0)
    index = np.rint(filled * _STEPS).astype(np.int64) + _STEPS
    index[np.isnan(values)] = NOT_SCORED
    image = Image.fromarray(index.astype(np.uint8))
    image.putpalette(diverging_palette().tobytes(), "RGB")
    return image


def colour_bar(width: int = 256, height: int = 16) -> Image.Image:
    """Draws the palette from -scale on the left to +scale on the right."""
    return diverging(np.tile(np.linspace(-1, 1, width), (height, 1)), 1.0)


def enlarged(image: Image.Image, smallest: int = 256) -> Image.Image:
    """Repeats pixels a whole number of times until the shorter side has that many."""
    times = max(1, -(-smallest // min(image.size)))
    if times == 1:
        return image
    size = (image.width * times, image.height * times)
    return image.resize(size, Image.Resampling.NEAREST)


def save_picture(image: Image.Image, out: Path, name: str) -> str:
    """Writes a picture as PNG.

    Args:
        image: The picture.
        out: Folder of the record.
        name: File name without ending, possibly below a folder: ``maps/fake-0003``.

    Returns:
        Its path in the folder of the record, with forward slashes.
    """
    path = PurePosixPath(FOLDER, f"{name}.png")
    target = out / path
    target.parent.mkdir(parents=True, exist_ok=True)
    image.save(target, format="PNG", optimize=True)
    return str(path)


def safe_stem(key: str, longest: int = 40) -> str:
    """Returns what every file system and web address takes of a key: letters, digits, hyphens."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", PurePosixPath(key).stem).strip("-")
    return stem[:longest].strip("-") or "image"
