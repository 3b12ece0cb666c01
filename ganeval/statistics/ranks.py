"""Rank tests of "fakes score no higher than reals": Mann and Whitney's, and Wilcoxon's of pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from ganeval.statistics.auc import TINY, Values, wins

EXACT_PAIRS: Final = 10_000
"""Largest m·n of which Mann and Whitney's exact distribution is counted out."""

EXACT_DIFFERENCES: Final = 50
"""Most pairs of which Wilcoxon's exact distribution is counted out."""


@dataclass(frozen=True)
class RankTest:
    """A one-sided test; large values of the statistic say that fakes score higher.

    Args:
        statistic: Its value.
        p: Probability of a value this large or larger without difference, never 0.
        p_below: Probability of a value this small or smaller, never 0.
        method: How the two were computed, in words.
        zeros: Differences of exactly 0, which were left out.
    """

    statistic: float
    p: float
    p_below: float
    method: str
    zeros: int = 0


def mid_ranks(values: Values) -> Values:
    """Returns ranks from 1, equal values sharing the mean of theirs; float64 ``[n]``."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Values = (ends - (counts - 1) / 2)[which]
    return ranks


def mann_whitney(fakes: Values, reals: Values, *, exact: bool | None = None) -> RankTest:
    """Tests whether fakes score higher than reals, all units independent.

    The statistic is U, the number of pairs in which the fake scores higher, ties counted half. Its
    distribution is exact when m·n <= 10,000 and no two scores are equal; else normal, corrected for
    ties and for continuity.

    Args:
        fakes: float ``[m]``, m at least 1, finite.
        reals: float ``[n]``, n at least 1, finite.
        exact: Forces one or the other; None decides as above. True with ties is not exact.

    Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50.
    """
    m, n = len(fakes), len(reals)
    u = wins(fakes, reals)
    _, ties = np.unique(np.concatenate([fakes, reals]), return_counts=True)
    if exact is None:
        exact = m * n <= EXACT_PAIRS and len(ties) == m + n
    if exact:
        p, p_below = _exact_tails(win_probabilities(m, n), u)
        return RankTest(u, p, p_below, "Mann-Whitney rank-sum test, exact")
    variance = m * n / 12 * (m + n + 1 - _tied(ties) / ((m + n) * (m + n - 1)))
    p, p_below = _normal_tails(u, m * n / 2, variance)
    return RankTest(
        u, p, p_below, "Mann-Whitney rank-sum test, normal with tie and continuity correction"
    )


def signed_rank(differences: Values) -> RankTest:
    """Tests whether the fakes of pairs score higher than their reals.

    The statistic is W+, the sum of the ranks of |d| over the positive differences. Zeros are left
    out and counted. Its distribution is exact for at most 50 differences without ties or zeros;
    else normal, corrected for ties and for continuity. Without any difference p is 1.

    Args:
        differences: float ``[G]``, fake less real of every pair, finite.

    Source: Wilcoxon, Biometrics Bulletin 1 (1945) 80.
    """
    moved = differences[differences != 0]
    n, zeros = len(moved), len(differences) - len(moved)
    if n == 0:
        return RankTest(0.0, 1.0, 1.0, "Wilcoxon signed-rank test, no difference at all", zeros)
    sizes = np.abs(moved)
    w = float(mid_ranks(sizes)[moved > 0].sum())
    _, ties = np.unique(sizes, return_counts=True)
    if n <= EXACT_DIFFERENCES and len(ties) == n and zeros == 0:
        p, p_below = _exact_tails(signed_rank_probabilities(n), w)
        return RankTest(w, p, p_below, "Wilcoxon signed-rank test, exact")
    variance = n * (n + 1) * (2 * n + 1) / 24 - _tied(ties) / 48
    p, p_below = _normal_tails(w, n * (n + 1) / 4, variance)
    method = "Wilcoxon signed-rank test, normal with tie and continuity correction"
    return RankTest(w, p, p_below, method, zeros)


@lru_cache(maxsize=64)
def win_probabilities(m: int, n: int) -> Values:
    """Returns the distribution of U without difference or ties; float64 ``[m·n + 1]``.

    The highest of i fakes and j reals is a fake with probability i/(i+j), and then wins j pairs.
    The recursion adds positive terms only, so that the far tails are right to their last digits.

    Args:
        m: Fakes, at least 1.
        n: Reals, at least 1.
    """
    one = np.ones(1)
    rows = [one for _ in range(n + 1)]  # by number of reals, for the fakes so far
    for i in range(1, m + 1):
        last = one
        for j in range(1, n + 1):
            current = np.zeros(i * j + 1)
            current[j:] = rows[j] * (i / (i + j))
            current[: len(last)] += last * (j / (i + j))
            rows[j] = last = current
    rows[n].flags.writeable = False
    return rows[n]


@lru_cache(maxsize=64)
def signed_rank_probabilities(n: int) -> Values:
    """Returns the distribution of W+ without difference, ties or zeros.

    Args:
        n: Differences, 1..50: the counts then are exact in float64.

    Returns:
        float64 ``[n(n+1)/2 + 1]``.
    """
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1
    for rank in range(1, n + 1):
        counts[rank:] += counts[:-rank].copy()
    probabilities: Values = counts / 2.0**n
    probabilities.flags.writeable = False
    return probabilities


def _tied(counts: npt.NDArray[np.int64]) -> float:
    """The sum of t³ - t over the numbers t of equal values."""
    t = counts.astype(np.float64)
    return float((t**3 - t).sum())


def _exact_tails(probabilities: Values, statistic: float) -> tuple[float, float]:
    at = round(statistic)
    upper, lower = float(probabilities[at:].sum()), float(probabilities[: at + 1].sum())
    return min(1.0, upper), min(1.0, lower)  # rounding may lift a sum of all above 1


def _normal_tails(statistic: float, mean: float, variance: float) -> tuple[float, float]:
    if variance <= 0:  # all values are equal
        return 1.0, 1.0
    sd = math.sqrt(variance)
    p = float(ndtr(-(statistic - mean - 0.5) / sd))
    p_below = float(ndtr((statistic - mean + 0.5) / sd))
    return max(p, TINY), max(p_below, TINY)
