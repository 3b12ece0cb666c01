"""The grid of a sheet: one picture of all rows that a person can read at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_SMALLEST: Final = 128  # tiles of smaller images are enlarged by a whole number
_LARGEST: Final = 256  # tiles of larger images are reduced
_GAP: Final = 6
_BETWEEN_BLOCKS: Final = 40
_MARGIN: Final = 20
_TITLE: Final = 34
_HEAD: Final = 26
_COLUMN_HEAD: Final = 22
_CAPTION: Final = 24
_PAPER: Final = (255, 255, 255)
_INK: Final = (28, 28, 30)
_FAINT: Final = (96, 96, 102)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class GridRow:
    """One image and what became of it.

    Attributes:
        caption: Said above the row.
        tiles: Pictures by column; None: an empty place.
    """

    caption: str
    tiles: Sequence[Image.Image | None]


@dataclass(frozen=True)
class Block:
    """Rows of one direction.

    Attributes:
        head: Name of the direction.
        columns: Heads of the columns, as many as each row has tiles.
        rows: At least one.
    """

    head: str
    columns: Sequence[str]
    rows: Sequence[GridRow]


def draw_grid(title: str, blocks: Sequence[Block]) -> Image.Image:
    """Returns an RGB picture with the blocks side by side, under one title."""
    sides = [_tile(block) for block in blocks]
    widths = [
        len(block.columns) * (side[0] + _GAP) - _GAP
        for block, side in zip(blocks, sides, strict=True)
    ]
    heights = [
        _HEAD + _COLUMN_HEAD + len(block.rows) * (_CAPTION + side[1] + _GAP) - _GAP
        for block, side in zip(blocks, sides, strict=True)
    ]
    width = 2 * _MARGIN + sum(widths) + _BETWEEN_BLOCKS * (len(blocks) - 1)
    picture = Image.new("RGB", (width, 2 * _MARGIN + _TITLE + max(heights)), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((_MARGIN, _MARGIN), title, _INK, _font(18))
    left = _MARGIN
    for block, side, across in zip(blocks, sides, widths, strict=True):
        _draw_block(picture, draw, block, side, left)
        left += across + _BETWEEN_BLOCKS
    return picture


def _draw_block(
    picture: Image.Image, draw: ImageDraw.ImageDraw, block: Block, side: tuple[int, int], left: int
) -> None:
    step = side[0] + _GAP
    width = len(block.columns) * step - _GAP
    top = _MARGIN + _TITLE
    _text(draw, (left, top), block.head, width, _font(16), _INK)
    top += _HEAD
    for column, head in enumerate(block.columns):
        _text(draw, (left + column * step, top), head, side[0], _font(13), _INK)
    top += _COLUMN_HEAD
    for row in block.rows:
        _text(draw, (left, top + 7), row.caption, width, _font(12), _FAINT)
        top += _CAPTION
        for column, tile in enumerate(row.tiles):
            if tile is not None:
                picture.paste(_fitted(tile, side), (left + column * step, top))
        top += side[1] + _GAP


def _text(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    width: int,
    font: Font,
    colour: tuple[int, int, int],
) -> None:
    """Draws one line, its end cut off where it is too long."""
    shown = text
    while draw.textlength(shown, font) > width and len(text) > 1:
        text = text[:-1]
        shown = f"{text}..."
    draw.text(place, shown, colour, font)


def _tile(block: Block) -> tuple[int, int]:
    """Width and height of all tiles of a block, after the largest picture in it."""
    sizes = [tile.size for row in block.rows for tile in row.tiles if tile is not None]
    width, height = max(size[0] for size in sizes), max(size[1] for size in sizes)
    longest = max(width, height)
    if longest <= _SMALLEST:
        scale = _SMALLEST // longest
        return width * scale, height * scale
    if longest <= _LARGEST:
        return width, height
    return (
        max(round(width * _LARGEST / longest), 1),
        max(round(height * _LARGEST / longest), 1),
    )


def _fitted(tile: Image.Image, side: tuple[int, int]) -> Image.Image:
    """Enlarges by whole pixels, so that they stay what they are; reduces smoothly."""
    picture = tile.convert("RGB")
    enlarged = side[0] >= tile.width and side[1] >= tile.height
    resample = Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
    return picture if picture.size == side else picture.resize(side, resample)


def _font(size: int) -> Font:
    return ImageFont.load_default(size)
