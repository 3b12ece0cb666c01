"""The kernel k(x, y) = (xᵀy/d + 1)³ and the U-statistic made of its sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ganeval.metrics.rows import Floats, Rows

_Number = int | npt.NDArray[np.int64]
_Sum = np.floating[Any] | Floats


def cubic_kernel(one: Rows, other: Rows) -> Rows:
    """Returns k of all pairs of rows, ``[n, m]``, in their dtype."""
    base = one @ other.T
    base /= one.shape[1]
    base += 1
    cube: Rows = base * base
    cube *= base
    return cube


def u_statistic(own: _Sum, other: _Sum, cross: _Sum, n: _Number, m: _Number) -> Floats:
    """Returns own/(n(n-1)) + other/(m(m-1)) - 2·cross/(nm), broadcast.

    Args:
        own: Sum of k over ordered pairs of distinct images of one side.
        other: The same of the other side.
        cross: Sum of k over all pairs across.
        n: Images of the one side.
        m: Images of the other.

    Source: Gretton et al., Journal of Machine Learning Research 13 (2012) 723, lemma 6.
    """
    return np.asarray(own / (n * (n - 1)) + other / (m * (m - 1)) - 2 * cross / (n * m))


def squared_discrepancy(one: Rows, other: Rows) -> float:
    """Returns the U-statistic of two sets of rows, with products in their dtype."""
    own, others = cubic_kernel(one, one), cubic_kernel(other, other)
    sums = [np.sum(k, dtype=np.float64) - np.trace(k, dtype=np.float64) for k in (own, others)]
    cross = np.sum(cubic_kernel(one, other), dtype=np.float64)
    return float(u_statistic(sums[0], sums[1], cross, len(one), len(other)))
