"""Nearest real image of every fake one, by Euclidean distance of their features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganeval.metrics.rows import Floats, Rows, centred, check_rows, check_same_dimension

_BLOCK = 1024  # rows per side whose distances are held at once
_PAIRS = 4096  # pairs of rows subtracted at once (64 MB at d = 2048)
_ROUNDING = 1e-10  # of |x|² + |y|²: squared distances closer than this are told apart exactly

Indices = npt.NDArray[np.int64]


def nearest_real(real: Rows, fake: Rows) -> tuple[Indices, Floats]:
    """Returns, for every fake row, the nearest real row and its distance.

    Candidates are found from |x|² + |y|² - 2xᵀy in blocks and then measured directly, so copies
    have distance exactly 0 and memory does not grow with the number of pairs.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.

    Returns:
        int64 ``[m]`` indices into the reals, the smallest of equally near ones, and float64
        ``[m]`` distances.

    Raises:
        InputError: There are no real rows, the dimensions differ, or values are not finite.
    """
    check_rows(real, "real", at_least=1)
    check_rows(fake, "fake", at_least=0)
    check_same_dimension(real.shape[1], fake.shape[1])
    index, squared = np.zeros(len(fake), np.int64), np.full(len(fake), np.inf)
    centre = real.mean(axis=0, dtype=np.float64)
    for start in range(0, len(fake), _BLOCK):
        block = slice(start, start + _BLOCK)
        for column in range(0, len(real), _BLOCK):
            near, distance = _nearest(real[column : column + _BLOCK], fake[block], centre)
            better = distance < squared[block]  # of equals the earlier block stays
            index[block][better] = near[better] + column
            squared[block][better] = distance[better]
    return index, np.sqrt(squared)


def _nearest(real: Rows, fake: Rows, centre: Floats) -> tuple[Indices, Floats]:
    """Index and squared distance of the nearest real row in one block."""
    x, y = centred(real, centre), centred(fake, centre)
    sizes = np.square(y).sum(axis=1)[:, None] + np.square(x).sum(axis=1)
    approximate, margin = sizes - 2 * (y @ x.T), _ROUNDING * sizes
    nearest = (approximate + margin).min(axis=1, keepdims=True)
    rows, columns = np.nonzero(approximate - margin <= nearest)
    exact = np.concatenate(
        [
            np.square(np.subtract(fake[rows[part]], real[columns[part]], dtype=np.float64)).sum(
                axis=1
            )
            for part in (slice(start, start + _PAIRS) for start in range(0, len(rows), _PAIRS))
        ]
    )
    best = np.lexsort((exact, rows))  # stable: of equals the smallest column comes first
    first = best[np.searchsorted(rows, np.arange(len(fake)))]
    return columns[first].astype(np.int64), exact[first]
