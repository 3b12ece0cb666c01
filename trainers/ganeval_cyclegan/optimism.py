"""How far a best value is best by luck: what choosing among many noisy values brings."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

_REACH = 12.0  # standard deviations; beyond lies less than 1e-32 of a normal
_POINTS = 24_001  # odd, as Simpson's rule needs; steps of 0.001


def expected_minimum(count: int) -> float:
    """Returns the expected smallest of ``count`` independent standard normal values.

    E = ∫ x · K φ(x) (1 - Φ(x))^(K-1) dx, integrated by Simpson's rule: 0 for one value, -1.54 for
    10, -2.51 for 100.

    Args:
        count: At least 1.

    Source: density of the first order statistic; David and Nagaraja, Order Statistics, section 2.1.
    """
    x = np.linspace(-_REACH, _REACH, _POINTS)
    log_density = np.log(count) - x**2 / 2 - np.log(2 * np.pi) / 2 + (count - 1) * log_ndtr(-x)
    weights = np.full(_POINTS, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    step = x[1] - x[0]
    return float(np.sum(weights * x * np.exp(log_density)) * step / 3)


def optimism(evaluations: int, se: float | None, window: int = 1) -> float | None:
    """Returns by how much the best of equally good checkpoints beats their mean on average.

    Args:
        evaluations: How many values the best was picked from.
        se: Standard error of one value; None: unknown.
        window: Values that each was averaged over. Averages that overlap vary together, so what is
            returned is then an upper bound (Slepian's inequality).

    Returns:
        At least 0, in the unit of ``se``; None where that is unknown.
    """
    if se is None:
        return None
    return abs(expected_minimum(evaluations)) * se / float(np.sqrt(window))
