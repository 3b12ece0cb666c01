"""How the file of one image was stored: what of it touches pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ganeval.images import Header
from ganeval.images.decoding import Pixels
from ganeval.images.jpeg import Tables

Colour = Literal["colour", "grey", "palette"]

_FULL_DEPTH = 8  # bits; of deeper images the upper 8 are read


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing an image may have done to its pixels.

    Args:
        container: File format, for example ``JPEG``; ``array`` for images that were no file.
        lossy: Storing changed pixels.
        colour: Kind of colours: any, grey only, or a palette's.
        depth: Bits per sample, or per palette index, at most 8.
        width: Pixels across, before sizes were made equal.
        height: Pixels down.
        tables: Quantisation tables per component, of JPEG files.
        chroma: Chroma subsampling, of JPEG files.
    """

    container: str
    lossy: bool
    colour: Colour
    depth: int
    width: int
    height: int
    tables: Tables = ()
    chroma: str = ""

    @property
    def plain(self) -> bool:
        """Any image at all can be stored like this without a change."""
        return not self.lossy and self.colour == "colour" and self.depth == _FULL_DEPTH


def stored(header: Header) -> Stored:
    """Returns what a header tells of the storage of its image."""
    jpeg = header.jpeg
    return Stored(
        container=container(header),
        lossy=header.lossy,
        colour=_colour(header),
        depth=min(header.depth, _FULL_DEPTH),
        width=header.width,
        height=header.height,
        tables=jpeg.tables if jpeg else (),
        chroma=jpeg.chroma if jpeg else "",
    )


def container(header: Header) -> str:
    """Returns the file format; one name for images that never were files."""
    return "array" if header.format in ("array", "memory") else header.format


def all_grey(pixels: Sequence[Pixels]) -> bool:
    """Tells whether every image has three equal channels; a colour one ends the search."""
    return all(bool((one == one[..., :1]).all()) for one in pixels)


def _colour(header: Header) -> Colour:
    if {"grey", "grey16", "bilevel"} & set(header.special):
        return "grey"
    return "palette" if "palette" in header.special else "colour"
