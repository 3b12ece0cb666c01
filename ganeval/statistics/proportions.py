"""Shares of right answers: intervals, lower bounds, and the exact power of a binomial test."""

from __future__ import annotations

from scipy.special import bdtrc, betaincinv, ndtri

from ganeval.statistics.intervals import score_interval


def wilson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Returns Wilson's score interval of a share.

    Args:
        hits: Right answers, 0..n; may be fractional.
        n: Independent answers, above 0.
        level: Confidence level.

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209.
    """
    return score_interval(hits / n, n, float(ndtri((1 + level) / 2)))


def clopper_pearson_bound(hits: float, n: float, alpha: float) -> float:
    """Returns the exact one-sided lower bound of a share.

    The share below which this many hits or more have a probability under alpha.

    Args:
        hits: Right answers, 0..n; fractional for an effective number of answers.
        n: Independent answers, above 0.
        alpha: Probability that the bound lies above the truth, at most.

    Source: Clopper and Pearson, Biometrika 26 (1934) 404; for effective numbers Korn and Graubard,
    Survey Methodology 24 (1998) 193.
    """
    return float(betaincinv(hits, n - hits + 1, alpha)) if hits > 0 else 0.0


def total_variation_bound(
    caught: float, fakes: float, passed: float, reals: float, alpha: float = 0.0125
) -> float:
    """Returns a lower bound on the total variation distance between fakes and reals.

    Any rule gives distance >= TPR + TNR - 1; the bound is max(0, L(TPR) + L(TNR) - 1).

    Args:
        caught: Share of the fakes that the rule calls fake, TPR.
        fakes: Number of independent fakes.
        passed: Share of the reals that the rule calls real, TNR.
        reals: Number of independent reals.
        alpha: Level of each of the two bounds L; their joint level is at most twice that.

    Returns:
        0..1.
    """
    of_fakes = clopper_pearson_bound(caught * fakes, fakes, alpha)
    return max(0.0, of_fakes + clopper_pearson_bound(passed * reals, reals, alpha) - 1)


def binomial_power(accuracy: float, n: int, alpha: float = 0.05) -> float:
    """Returns how often an exact one-sided binomial test finds an accuracy above 1/2.

    Args:
        accuracy: The true probability of a right answer, 0.5..1.
        n: Independent answers.
        alpha: Level of the test.
    """
    return float(bdtrc(critical_hits(n, alpha) - 1, n, accuracy))


def critical_hits(n: int, alpha: float = 0.05) -> int:
    """Returns the fewest right answers of n that guessing reaches with probability <= alpha.

    Where even n of n are too likely it is n + 1, which is never reached.
    """
    return next(k for k in range(n // 2 + 1, n + 2) if float(bdtrc(k - 1, n, 0.5)) <= alpha)
