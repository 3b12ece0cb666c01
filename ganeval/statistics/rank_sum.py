"""The rank-sum comparison of two samples: how often one value exceeds another, and by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ganeval.statistics.auc import Values, auc_value, delong_variance, logit_interval
from ganeval.statistics.ranks import mann_whitney


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


def rank_sum(first: Values, second: Values, level: float = 0.95) -> RankSum:
    """Compares two independent samples by their ranks.

    The p-value is that of Wilcoxon and of Mann and Whitney in the normal approximation, with the
    correction for ties and for continuity. The standard error is that of DeLong, DeLong and
    Clarke-Pearson 1988; the interval is made on the logit scale, so that it stays within 0..1.

    Args:
        first: float64 ``[n]``, n at least 2, finite.
        second: float64 ``[m]``, m at least 2, finite.
        level: Confidence level of the interval.
    """
    auc = auc_value(second, first)
    se = math.sqrt(delong_variance(second, first))
    low = high = None
    if se > 0 and 0 < auc < 1:
        low, high = logit_interval(auc, se, level)
    tails = mann_whitney(second, first, exact=False)
    return RankSum(auc, se, low, high, min(1.0, 2 * min(tails.p, tails.p_below)))
