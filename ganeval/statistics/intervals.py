"""Confidence intervals and p-values from an estimate and its standard error."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import stdtr, stdtrit


def t_interval(
    value: float,
    se: float,
    df: int,
    level: float = 0.95,
    lower_bound: float = -math.inf,
    upper_bound: float = math.inf,
) -> tuple[float, float]:
    """Returns value ± t·se with Student's t at the given degrees of freedom.

    Args:
        value: The estimate.
        se: Its standard error, >= 0.
        df: Degrees of freedom, >= 1.
        level: Confidence level, 0 < level < 1.
        lower_bound: Smallest value the quantity can have; the lower end stops there.
        upper_bound: Largest value the quantity can have; the upper end stops there.

    Returns:
        The two ends, in the unit of value.
    """
    half_width = float(stdtrit(df, 0.5 + level / 2)) * se
    return max(lower_bound, value - half_width), min(upper_bound, value + half_width)


def share_interval(
    share: float, se: float, df: int, units: int, level: float = 0.95
) -> tuple[float, float]:
    """Returns an interval for a share; it stays within 0..1 and always has a width.

    Near 0 and 1 value ± t·se is too short, and of no width where every unit did the same. This is
    Wilson's score interval for as many independent draws as would have this standard error, at
    most one per unit; a standard error of 0 tells nothing, and one per unit is taken.

    Args:
        share: The estimate, 0..1.
        se: Its standard error, >= 0.
        df: Degrees of freedom of Student's t, >= 1.
        units: Number of independent units behind the share, >= 1.
        level: Confidence level, 0 < level < 1.

    Returns:
        The two ends.

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209; the number of
    draws as in Korn and Graubard, Survey Methodology 24 (1998) 193.
    """
    variance = share * (1 - share)
    draws = float(units)
    if se > 0 and variance > 0:
        draws = min(draws, max(variance / se**2, 1.0))
    return score_interval(share, draws, float(stdtrit(df, 0.5 + level / 2)))


def score_interval(share: float, draws: float, quantile: float) -> tuple[float, float]:
    """Returns Wilson's interval of a share: all values that lie within a quantile of it.

    Args:
        share: The estimate, 0..1.
        draws: Independent draws behind it, above 0.
        quantile: Standard errors to either side, for example 1.96.

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209.
    """
    q = quantile
    centre = (share + q * q / (2 * draws)) / (1 + q * q / draws)
    spread = share * (1 - share) / draws + (q / (2 * draws)) ** 2
    half_width = q / (1 + q * q / draws) * math.sqrt(spread)
    return min(share, max(0.0, centre - half_width)), max(share, min(1.0, centre + half_width))


def two_sided_p(value: float, se: float, df: int) -> float:
    """Returns the p-value of "the true value is 0" by Student's t.

    Args:
        value: The estimate.
        se: Its standard error, >= 0; 0 with a value of 0 gives 1.
        df: Degrees of freedom, >= 1.
    """
    if se == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * stdtr(df, -abs(value) / se))


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values adjusted for their number by Holm's step-down method, in the given order.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
