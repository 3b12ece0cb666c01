"""Images inside the page: encoded, each at most once, within a budget for the whole page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from PIL import Image

ImageLoader = Callable[[str, str], Image.Image | None]
"""Input label and image key to the decoded RGB image, None if it is gone."""

ImageId = tuple[str, str]
"""Input label and image key."""

BUDGET = 8_000_000
"""Characters of the page that images may take."""

LONGEST_SIDE = 512
SMALL = 64
"""Images up to this side, in pixels, are kept without loss and enlarged without smoothing."""


@dataclass(frozen=True)
class Picture:
    """An image ready for ``<img>``; width and height are those of the embedded pixels."""

    source: str
    width: int
    height: int
    original_width: int
    original_height: int

    @property
    def small(self) -> bool:
        """Whether single pixels matter."""
        return max(self.original_width, self.original_height) <= SMALL


Absence = Literal["gone", "over budget"]


def encode(image: Image.Image) -> Picture:
    """Returns the image as a data URL: PNG when small, else WebP of at most `LONGEST_SIDE`."""
    shown = image.convert("RGB")
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    if max(image.size) <= SMALL:
        kind = "png"
        shown.save(stream, "PNG", optimize=True)
    else:
        kind = "webp"
        shown.save(stream, "WEBP", quality=90)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return Picture(f"data:image/{kind};base64,{data}", *shown.size, *image.size)


def embed(
    grids: Sequence[Sequence[Sequence[ImageId]]],
    load: ImageLoader,
    budget: int = BUDGET,
) -> list[list[list[Picture | Absence]]]:
    """Encodes what the budget allows, taking turns between the grids, first places first.

    An image that stands in several places counts each time; the images of one place are embedded
    together or not at all.

    Args:
        grids: Per grid its places; per place the images that belong together.
        load: Finds an image.
        budget: Characters that all images may take together.

    Returns:
        In the same order, each image or why it is not there.
    """
    known: dict[ImageId, Picture | None] = {}
    results: list[list[list[Picture | Absence]]] = [[] for _ in grids]
    left = budget
    for turn in zip_longest(*grids):
        for result, place in zip(results, turn, strict=True):
            if place is None:  # this grid is shorter
                continue
            if left < 0:
                result.append(["over budget"] * len(place))
                continue
            pictures = [_picture(image, load, known) for image in place]
            left -= sum(len(picture.source) for picture in pictures if picture)
            if left < 0:
                result.append(["over budget"] * len(place))
            else:
                result.append([picture or "gone" for picture in pictures])
    return results


def _picture(
    image: ImageId, load: ImageLoader, known: dict[ImageId, Picture | None]
) -> Picture | None:
    if image not in known:
        decoded = load(*image)
        known[image] = encode(decoded) if decoded else None
    return known[image]
