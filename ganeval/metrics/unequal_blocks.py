"""Delete-a-block replicates where blocks are of unequal size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganeval.metrics.jackknifed import Blocks
from ganeval.metrics.rows import Floats

Codes = npt.NDArray[np.int64]


def block_codes(blocks: Blocks, n: int) -> Codes:
    """Returns the block of every row, int64 ``[n]``; -1 for rows of no block."""
    codes = np.full(n, -1, dtype=np.int64)
    for code, block in enumerate(blocks):
        codes[block] = code
    return codes


def block_sizes(codes: Codes, count: int) -> Codes:
    """Returns the number of rows of each of ``count`` blocks."""
    return np.bincount(codes[codes >= 0], minlength=count)


def level(value: float, replicates: Floats, removed: Codes, n: int) -> Floats:
    """Returns replicates as if every block had the same size.

    Where a metric is biased by c/n, leaving out a large block lifts it more than leaving out a
    small one, which says nothing about the images in them; leaving out an empty block does not
    lift it at all. The lift of all blocks together tells c. Replicates of blocks of equal size
    stay as they are.

    Args:
        value: The metric from all n images.
        replicates: float64 ``[G]``, the metric without each block.
        removed: int ``[G]``, images in each block.
        n: Images of the side.

    Source: the expansion of bias behind Quenouille, Biometrika 43 (1956) 353.
    """
    if not removed.any() or (removed == n).any():  # nothing, or everything, is left out
        return replicates
    shrunk = 1 / (n - removed) - 1 / n
    total = float(shrunk.sum())
    slope = float((replicates - value).sum()) / total
    levelled: Floats = replicates - slope * (shrunk - total / len(shrunk))
    return levelled
