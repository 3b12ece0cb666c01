"""Labelled images: the reals, then the fakes, each with its pixels, its file and its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ganeval.images import Header, ImageSet
from ganeval.images.decoding import Pixels

REAL: Final = 0
FAKE: Final = 1

Part = Literal["train", "validation", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "validation", "test")

Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Both sets in one order: the reals by key, then the fakes by key.

    Args:
        images: The two sets; every image in them is readable.
        names: Labels of the two sets in tables and records.
        keys: int-indexed keys, ``[n]``.
        digests: sha256 of each file, ``[n]``.
        contents: sha256 of each image's decoded pixels, ``[n]``.
        labels: int64 ``[n]``, 0 real and 1 fake.
        groups: Group of each image; equal groups in both sets are one group.
        headers: What the files say, ``[n]``.
        pixels: uint8 ``[H, W, 3]`` each, brought to a common size if sizes differed.
    """

    images: tuple[ImageSet, ImageSet]
    names: tuple[str, str]
    keys: list[str]
    digests: list[str]
    contents: list[str]
    labels: Labels
    groups: list[str]
    headers: list[Header]
    pixels: Sequence[Pixels]

    def __len__(self) -> int:
        return len(self.keys)

    def name(self, row: int) -> str:
        """Returns the label of the set that a row is of."""
        return self.names[int(self.labels[row])]

    def with_pixels(self, pixels: Sequence[Pixels]) -> Examples:
        """Returns the same images with other pixels, for example defended ones."""
        return replace(self, pixels=pixels)

    def with_groups(self, groups: Sequence[str]) -> Examples:
        """Returns the same images in other groups."""
        return replace(self, groups=list(groups))

    def take(self, rows: Rows) -> Examples:
        """Returns some of the images, by row, in that order; `images` stays as it is."""
        chosen = [int(row) for row in rows]
        return replace(
            self,
            keys=[self.keys[i] for i in chosen],
            digests=[self.digests[i] for i in chosen],
            contents=[self.contents[i] for i in chosen],
            labels=self.labels[rows],
            groups=[self.groups[i] for i in chosen],
            headers=[self.headers[i] for i in chosen],
            pixels=[self.pixels[i] for i in chosen],
        )


@dataclass(frozen=True)
class Split:
    """Which image is in which part.

    Args:
        parts: int8 ``[n]``: 0 train, 1 validation, 2 test, -1 none.
        hash: sha256 of the sorted lines content hash, class, part.
    """

    parts: npt.NDArray[np.int8]
    hash: str

    def rows(self, part: Part) -> Rows:
        """Returns the rows of a part, ascending."""
        rows: Rows = np.flatnonzero(self.parts == PARTS.index(part))
        return rows
