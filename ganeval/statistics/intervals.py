"""Confidence intervals from an estimate and its standard error."""

from __future__ import annotations

import math

from scipy.special import stdtrit


def t_interval(
    value: float, se: float, df: int, level: float = 0.95, lower_bound: float = -math.inf
) -> tuple[float, float]:
    """Returns value ± t·se with Student's t at the given degrees of freedom.

    Args:
        value: The estimate.
        se: Its standard error, >= 0.
        df: Degrees of freedom, >= 1.
        level: Confidence level, 0 < level < 1.
        lower_bound: Smallest value the quantity can have; the lower end stops there.

    Returns:
        The two ends, in the unit of value.
    """
    half_width = float(stdtrit(df, 0.5 + level / 2)) * se
    return max(lower_bound, value - half_width), value + half_width
