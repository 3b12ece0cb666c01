"""Which squares of an image occlusion hides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OcclusionGrid:
    """Squares of one size at one distance; the last of a row may reach over the edge.

    Args:
        square: Side of a square, pixels.
        stride: From one square to the next, pixels.
        squares: How many cover the image.
    """

    square: int
    stride: int
    squares: int


def occlusion_grid(side: int) -> OcclusionGrid:
    """Returns the grid for images of ``side`` pixels: squares of a fourteenth, half overlapping."""
    square = max(1, round(side / 14))
    stride = max(1, square // 2)
    along = -(-(side - square) // stride) + 1
    return OcclusionGrid(square, stride, along**2)
