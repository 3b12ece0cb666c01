"""The rank-sum comparison of two samples: how often one value exceeds another, and by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

_Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankSum:
    """How two samples lie to each other.

    Args:
        auc: Probability that a value of the second sample exceeds one of the first, ties counted
            half; 0.5 without difference, 0..1.
        se: Its standard error; 0 where the samples do not overlap.
        low: Lower end of the interval; None where there is none.
        high: Upper end.
        p: Two-sided p-value of equal distributions.
    """

    auc: float
    se: float
    low: float | None
    high: float | None
    p: float


def rank_sum(first: _Values, second: _Values, level: float = 0.95) -> RankSum:
    """Compares two independent samples by their ranks.

    The p-value is that of Wilcoxon and of Mann and Whitney in the normal approximation, with the
    correction for ties and for continuity. The standard error is that of DeLong, DeLong and
    Clarke-Pearson 1988; the interval is made on the logit scale, so that it stays within 0..1.

    Args:
        first: float64 ``[n]``, n at least 2, finite.
        second: float64 ``[m]``, m at least 2, finite.
        level: Confidence level of the interval.
    """
    n, m = len(first), len(second)
    below = _placements(second, first)  # per value of the second: share of the first below it
    above = 1 - _placements(first, second)
    auc = float(below.mean())
    se = math.sqrt(below.var(ddof=1) / m + above.var(ddof=1) / n)
    low = high = None
    if se > 0 and 0 < auc < 1:
        logit, width = math.log(auc / (1 - auc)), se / (auc * (1 - auc))
        reach = float(ndtri((1 + level) / 2)) * width
        low, high = (1 / (1 + math.exp(-(logit + side * reach))) for side in (-1, 1))
    return RankSum(auc, se, low, high, _p_value(first, second, auc))


def _placements(values: _Values, among: _Values) -> _Values:
    """Share of ``among`` below each of the values, ties counted half."""
    ordered = np.sort(among)
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    shares: _Values = (left + right) / (2 * len(among))
    return shares


def _p_value(first: _Values, second: _Values, auc: float) -> float:
    n, m = len(first), len(second)
    total = n + m
    _, ties = np.unique(np.concatenate([first, second]), return_counts=True)
    tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - tied)
    if variance <= 0:  # all values are equal
        return 1.0
    distance = max(abs(auc - 0.5) * n * m - 0.5, 0.0)
    return min(1.0, 2 * float(ndtr(-distance / math.sqrt(variance))))
