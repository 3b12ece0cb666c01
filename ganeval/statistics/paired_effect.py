"""The smallest mean difference of pairs that the signed-rank test finds often enough."""

from __future__ import annotations

import math

from scipy.special import ndtri


def minimal_detectable_effect(
    sd: float, n: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Returns (z(alpha/2) + z(power)) sqrt(pi/3) sd/sqrt(n); 2.8 x 1.023 sd/sqrt(n) as a rule.

    Differences are taken for normal; sqrt(pi/3) is what ranks cost against Student's t then.

    Args:
        sd: Standard deviation of the differences, >= 0.
        n: Independent pairs, at least 1.
        alpha: Two-sided level.
        power: How often the effect is to be found.

    Returns:
        In the unit of ``sd``.

    Raises:
        ValueError: An argument is out of its range.

    Source: Hodges and Lehmann, Annals of Mathematical Statistics 27 (1956) 324, for the efficiency
    3/pi of the test.
    """
    if not (sd >= 0 and n >= 1 and 0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"sd {sd}, n {n}, alpha {alpha}, power {power} is out of range")
    reach = float(ndtri(1 - alpha / 2) + ndtri(power))
    return reach * math.sqrt(math.pi / 3) * sd / math.sqrt(n)
