"""What training does to images: crops, shifts, flips and small rotations, drawn per image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import grid_sample

from ganeval.images.decoding import Pixels

Augmentation = Literal["default", "report", "integer", "none"]
"""``report``: rotation, fractional shift and flip, always; ``integer``: whole-pixel shift and flip,
nothing resampled; ``default``: as ``integer``, and half of the images rotated."""

_DEGREES: Final = 15.0
_SHIFT: Final = 0.1  # of the side


@dataclass(frozen=True)
class View:
    """One view of an image that training sees.

    The pixel at row y and column x of the whole view shows the source at R (p - c + shift) + c:
    p is (y, x), mirrored if flipped, c the image's centre, R the rotation. Beyond the edge the
    nearest pixel is repeated. A crop of that view is taken.

    Args:
        top: First row of the crop.
        left: First column of the crop.
        height: Rows of the crop.
        width: Columns of the crop.
        down: Shift in pixels.
        right: Shift in pixels.
        flip: Mirrored left to right.
        degrees: Rotation.
    """

    top: int
    left: int
    height: int
    width: int
    down: float = 0.0
    right: float = 0.0
    flip: bool = False
    degrees: float = 0.0

    @property
    def resampled(self) -> bool:
        """Values between pixels are needed."""
        return self.degrees != 0 or self.down % 1 != 0 or self.right % 1 != 0


def draw_view(
    shape: tuple[int, ...], crop: int, augmentation: Augmentation, rng: np.random.Generator
) -> View:
    """Draws a view of an image.

    Args:
        shape: Height and width of the image, and more that is not looked at.
        crop: Side of the crop, pixels; an image that is smaller is taken whole.
        augmentation: What may be drawn.
        rng: Where the draws come from; the same number of draws whatever comes out.
    """
    height, width = shape[0], shape[1]
    rows, columns = min(crop, height), min(crop, width)
    top = int(rng.integers(height - rows + 1))
    left = int(rng.integers(width - columns + 1))
    down, right = rng.uniform(-_SHIFT, _SHIFT, 2) * (height, width)
    flip = bool(rng.random() < 0.5)
    turned = rng.random() < 0.5
    degrees = float(rng.uniform(-_DEGREES, _DEGREES))
    if augmentation == "none":
        return View(top, left, rows, columns)
    if augmentation == "report":
        return View(top, left, rows, columns, float(down), float(right), flip, degrees)
    degrees = degrees if augmentation == "default" and turned else 0.0
    return View(top, left, rows, columns, float(round(down)), float(round(right)), flip, degrees)


def apply_view(pixels: Pixels, view: View) -> npt.NDArray[np.float32]:
    """Returns the view, float32 ``[height, width, 3]`` in 0..255."""
    height, width = pixels.shape[:2]
    rows = np.arange(view.top, view.top + view.height, dtype=np.float64)
    columns = np.arange(view.left, view.left + view.width, dtype=np.float64)
    if view.flip:
        columns = width - 1 - columns
    if not view.resampled:
        y = np.clip(rows + view.down, 0, height - 1).astype(np.intp)
        x = np.clip(columns + view.right, 0, width - 1).astype(np.intp)
        return pixels[y[:, None], x].astype(np.float32)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    dy, dx = (rows - middle_y + view.down)[:, None], columns - middle_x + view.right
    cosine, sine = math.cos(math.radians(view.degrees)), math.sin(math.radians(view.degrees))
    return _sampled(pixels, middle_y + cosine * dy - sine * dx, middle_x + sine * dy + cosine * dx)


def _sampled(
    pixels: Pixels, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Bilinear values at fractional places, edges repeated."""
    height, width = pixels.shape[:2]
    # With align_corners the first and last pixel centres are at -1 and 1; one-pixel sides have
    # one place only.
    grid = np.stack([2 * x / max(1, width - 1) - 1, 2 * y / max(1, height - 1) - 1], axis=-1)
    image = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]
    places = torch.from_numpy(grid.astype(np.float32))[None]
    values = grid_sample(image, places, "bilinear", "border", align_corners=True)
    return values[0].permute(1, 2, 0).numpy()
