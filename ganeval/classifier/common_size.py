"""The size that all images of a test are brought to where their sizes differ, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np
from PIL import Image

from ganeval.images import Header
from ganeval.images.decoding import Pixels


@dataclass(frozen=True)
class CommonSize:
    """What every image is brought to.

    Args:
        width: Pixels across.
        height: Pixels down.
        source: Where the size comes from, in words; None where all images have it already.
    """

    width: int
    height: int
    source: str | None

    @property
    def text(self) -> str | None:
        """What is done to images, for records; None: nothing."""
        if self.source is None:
            return None
        return (
            f"all brought to {self.width} x {self.height} px by antialiased bicubic resizing, "
            + (self.source)
        )

    def fit(self, pixels: Pixels) -> Pixels:
        """Returns an image, uint8 ``[H, W, 3]``, in this size; untouched where it has it."""
        if pixels.shape[:2] == (self.height, self.width):
            return pixels
        resized = Image.fromarray(np.ascontiguousarray(pixels)).resize(
            (self.width, self.height), Image.Resampling.BICUBIC
        )
        return np.asarray(resized)


def common_size(
    headers: tuple[Sequence[Header], Sequence[Header]], names: tuple[str, str], side: int | None
) -> CommonSize:
    """Chooses the size of all images: their own if they have but one, which resizing would hurt.

    Else it is the smaller, by area, of the two sets' median sizes.

    Args:
        headers: Of both sets, at least one image each.
        names: Labels of the sets.
        side: Side of the square to take where sizes differ; None: the smaller median.
    """
    sizes = [[(header.width, header.height) for header in one] for one in headers]
    distinct = {size for one in sizes for size in one}
    if len(distinct) == 1:
        return CommonSize(*distinct.pop(), source=None)
    if side is not None:
        return CommonSize(side, side, source="as --size asks")
    medians = [
        (median_low(width for width, _ in one), median_low(height for _, height in one))
        for one in sizes
    ]
    smaller = min((0, 1), key=lambda i: medians[i][0] * medians[i][1])
    return CommonSize(
        *medians[smaller], source=f"the median size of {names[smaller]}, the smaller of the two"
    )
