"""Images of a page: encoded once each; inside the page up to a budget, beside it from there on."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from PIL import Image

from ganeval_reports.beside import Beside

ImageLoader = Callable[[str, str], Image.Image | None]
"""Input label and image key to the decoded RGB image, None if it is gone."""

NO_IMAGES = "No image is shown: this page was drawn from the record alone."

ImageId = tuple[str, str]
"""Input label and image key."""

BUDGET = 8_000_000
"""Characters of the page that images may take."""

NO_END = 2**62
"""A budget that nothing exceeds."""

LONGEST_SIDE = 512
SMALL = 64
"""Images up to this side, in pixels, are kept without loss and enlarged without smoothing."""


@dataclass(frozen=True)
class Picture:
    """An image ready for ``<img>``; width and height are those of the pixels shown."""

    source: str
    width: int
    height: int
    original_width: int
    original_height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height before it was made smaller for the page."""
        return self.original_width, self.original_height

    @property
    def small(self) -> bool:
        """Whether single pixels matter."""
        return max(self.original_width, self.original_height) <= SMALL


Absence = Literal["gone", "over budget"]


@dataclass(frozen=True)
class _Encoded:
    """An image as a file."""

    data: bytes
    kind: Literal["png", "webp"]
    size: tuple[int, int]
    original: tuple[int, int]

    def picture(self, source: str) -> Picture:
        return Picture(source, *self.size, *self.original)

    def data_url(self) -> str:
        return f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode('ascii')}"


class PageImages:
    """A loader that remembers: the images of one record, and where the page has them.

    Stands wherever an `ImageLoader` does.

    Args:
        load: Finds an image.
        beside: Takes the images that the budget leaves no room for; None: they are left out.
    """

    def __init__(self, load: ImageLoader, beside: Beside | None = None) -> None:
        self._load = load
        self._beside = beside
        self._known: dict[ImageId, _Encoded | None] = {}
        self.embedded: set[ImageId] = set()
        self.beside: set[ImageId] = set()
        self.left_out: set[ImageId] = set()
        self.gone: set[ImageId] = set()
        self.characters = 0

    def afresh(self) -> PageImages:
        """Returns the same for another try: nothing is shown yet, nothing is encoded again."""
        other = PageImages(self._load, self._beside)
        other._known, other.gone = self._known, self.gone
        return other

    def __call__(self, label: str, key: str) -> Image.Image | None:
        """Loads an image; see `ImageLoader`."""
        return self._load(label, key)

    def shown(self, place: Sequence[ImageId], budget: int) -> tuple[list[Picture | Absence], int]:
        """Returns the images that belong together, all embedded or none, and the budget left.

        A budget below zero stands for one that something did not fit into.
        """
        if budget >= 0:
            found = [self._encoded(image) for image in place]
            pictures = [one and one.picture(one.data_url()) for one in found]
            left = budget - sum(len(one.source) for one in pictures if one)
            if left >= 0:
                self.characters += budget - left
                self.embedded.update(
                    image for image, one in zip(place, pictures, strict=True) if one
                )
                return [one or "gone" for one in pictures], left
            budget = left
        return [self._over(image) for image in place], budget

    def _over(self, image: ImageId) -> Picture | Absence:
        if self._beside is None:
            self.left_out.add(image)
            return "over budget"
        encoded = self._encoded(image)
        if encoded is None:
            return "gone"
        self.beside.add(image)
        return encoded.picture(self._beside.add(encoded.data, encoded.kind))

    def _encoded(self, image: ImageId) -> _Encoded | None:
        if image not in self._known:
            decoded = self._load(*image)
            self._known[image] = _encode(decoded) if decoded else None
            if decoded is None:
                self.gone.add(image)
        return self._known[image]


def encode(image: Image.Image) -> Picture:
    """Returns the image as a data URL: PNG when small, else WebP of at most `LONGEST_SIDE`."""
    encoded = _encode(image)
    return encoded.picture(encoded.data_url())


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
        load: Finds an image. A `PageImages` may also put beside the page what is over the budget.
        budget: Characters that all images may take together.

    Returns:
        In the same order, each image or why it is not there.
    """
    images = load if isinstance(load, PageImages) else PageImages(load)
    results: list[list[list[Picture | Absence]]] = [[] for _ in grids]
    left = budget
    for turn in zip_longest(*grids):
        for result, place in zip(results, turn, strict=True):
            if place is not None:  # else this grid is shorter
                shown, left = images.shown(place, left)
                result.append(shown)
    return results


def _encode(image: Image.Image) -> _Encoded:
    shown = image.convert("RGB")
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    kind: Literal["png", "webp"] = "png" if max(image.size) <= SMALL else "webp"
    if kind == "png":
        shown.save(stream, "PNG", optimize=True)
    else:
        shown.save(stream, "WEBP", quality=90)
    return _Encoded(stream.getvalue(), kind, shown.size, image.size)
