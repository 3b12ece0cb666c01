"""What a test of a given size could have shown: the smallest effect it finds often enough."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.special import ndtr, ndtri

from ganeval.statistics.proportions import binomial_power


def null_standard_error(m: int, n: int, pairs: int = 0, correlation: float = 0.0) -> float:
    """Returns the standard error of the AUC without difference.

    It is √((m + n + 1)/(12 m n)); each pair whose ranks correlate takes ρ/(6 m n) off the variance.

    Args:
        m: Fake units.
        n: Real units.
        pairs: Groups that hold one of each.
        correlation: Spearman's correlation ρ of the two scores of a pair, -1..1.

    Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50; of pairs by the
    covariance of two placements, ρ/12.
    """
    return math.sqrt((m + n + 1 - 2 * pairs * correlation) / (12 * m * n))


def auc_standard_error(auc: float, m: int, n: int) -> float:
    """Returns the standard error of an AUC in the exponential model.

    The variance is [A(1-A) + (m-1)(Q1-A²) + (n-1)(Q2-A²)]/(mn), Q1 = A/(2-A), Q2 = 2A²/(1+A).

    Args:
        auc: The true AUC A, 0..1.
        m: Fakes.
        n: Reals.

    Source: Hanley and McNeil, Radiology 143 (1982) 29.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    return math.sqrt(max(variance, 0.0) / (m * n))


def visible_auc(m: int, n: int, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Returns the smallest AUC that the one-sided rank-sum test finds often enough.

    It solves A - 1/2 = z(alpha) se0 + z(power) se1(A), se0 without difference and se1 with it.

    Args:
        m: Fake units, at least 1.
        n: Real units, at least 1.
        alpha: Level of the test.
        power: How often it is to be found.

    Returns:
        0.5..1; None where even complete separation is too little.
    """
    reach = -float(ndtri(alpha)) * null_standard_error(m, n)
    if 0.5 + reach >= 1:
        return None

    def found(auc: float) -> bool:
        return auc - 0.5 >= reach + float(ndtri(power)) * auc_standard_error(auc, m, n)

    return _smallest(found)


def visible_accuracy(trials: int, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Returns the smallest accuracy that the exact binomial test against 1/2 finds often enough.

    Args:
        trials: Independent answers; for two classes see `balanced_trials`.
        alpha: Level of the test, one-sided.
        power: How often it is to be found.

    Returns:
        0.5..1; None where even right answers throughout are too few.
    """
    if binomial_power(1.0, trials, alpha) < power:
        return None
    return _smallest(lambda accuracy: binomial_power(accuracy, trials, alpha) >= power)


def balanced_trials(m: int, n: int) -> int:
    """Returns how many answers a balanced accuracy of m and n units is worth: 4/(1/m + 1/n)."""
    return int(4 * m * n / (m + n))


def trials_for_accuracy(accuracy: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Returns how many held-out images show an accuracy, by the normal approximation.

    It is the N at which Φ((ε√N - z(alpha)/2)/√(1/4 - ε²)) = power, ε = accuracy - 1/2.

    Args:
        accuracy: The true accuracy, above 0.5 and below 1.
        alpha: Level of the test, one-sided.
        power: How often it is to be found.

    Source: Lopez-Paz and Oquab, arXiv 1610.06545, theorem 1.
    """
    excess = accuracy - 0.5
    spread = float(ndtri(power)) * math.sqrt(0.25 - excess**2) - float(ndtri(alpha)) / 2
    return math.ceil((spread / excess) ** 2)


def visible_pair_effect(pairs: int, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Returns the smallest P(d_i + d_j > 0) that the signed-rank test finds often enough.

    d is fake less real of a pair, i and j two pairs; it is 1/2 + (z(alpha) + z(power))/√(3G).

    Args:
        pairs: Number of pairs G, at least 1.
        alpha: Level of the test, one-sided.
        power: How often it is to be found.

    Returns:
        0.5..1; None where it would be above 1.

    Source: Noether, Journal of the American Statistical Association 82 (1987) 645.
    """
    effect = 0.5 + (float(ndtri(power)) - float(ndtri(alpha))) / math.sqrt(3 * pairs)
    return effect if effect < 1 else None


def auc_of_pair_effect(effect: float, correlation: float) -> float:
    """Returns the AUC at which correlated pairs have an effect P(d_i + d_j > 0).

    For normal scores of one spread: A = Φ(√((1 - ρ)/2)·Φ⁻¹(effect)); the more alike the two of a
    pair, the smaller the AUC that is seen.

    Args:
        effect: P(d_i + d_j > 0), above 0 and below 1.
        correlation: Correlation ρ of the two scores of a pair, -1..1.
    """
    return float(ndtr(math.sqrt((1 - correlation) / 2) * float(ndtri(effect))))


def _smallest(found: Callable[[float], bool]) -> float:
    """Bisects 0.5..1 for the smallest value that is found; 1 always is."""
    low, high = 0.5, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high
