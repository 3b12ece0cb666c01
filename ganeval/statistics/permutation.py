"""Permutation tests of "these two labels mean nothing"."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.bool_]


def can_be_permuted(labels: Labels, strata: npt.NDArray[np.int64]) -> bool:
    """Tells whether any stratum holds both labels, so that a permutation can change something."""
    return any(np.ptp(labels[strata == stratum].astype(int)) > 0 for stratum in np.unique(strata))


def permuted_labels(
    labels: Labels, strata: npt.NDArray[np.int64], count: int, rng: np.random.Generator
) -> Labels:
    """Shuffles labels among the units of each stratum.

    Args:
        labels: bool ``[G]``, the label of every unit.
        strata: int ``[G]``; units exchange labels only within their stratum.
        count: Number of independent shuffles B.
        rng: Source of the shuffles.

    Returns:
        bool ``[B, G]``.
    """
    shuffled = np.tile(labels, (count, 1))
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        shuffled[:, inside] = rng.permuted(shuffled[:, inside], axis=1)
    return shuffled


def permutation_p(
    observed: float, permuted: npt.NDArray[np.float64], tolerance: float = 0.0
) -> float:
    """Returns the one-sided p-value (1 + #{T_b >= T}) / (B + 1), which is never 0.

    Args:
        observed: The statistic T with the true labels; large speaks against the null.
        permuted: float ``[B]``, the statistic under permuted labels.
        tolerance: A permuted value this far below T still counts as equal (rounding).

    Source: Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010)
    39, arXiv 1603.05766.
    """
    return (1 + int(np.count_nonzero(permuted >= observed - tolerance))) / (len(permuted) + 1)
