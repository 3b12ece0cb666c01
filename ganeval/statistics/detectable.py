"""The smallest effect that a test over n seeds finds often enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtr, stdtrit

from ganeval.errors import InputError
from ganeval.statistics.sign_flips import (
    EXACT_FLIPS,
    flip_counts,
    smallest_paired_p,
    smallest_unpaired_p,
)
from ganeval.statistics.streams import generator

Floats = npt.NDArray[np.float64]
SeedTest = Literal["sign flips", "permuted labels", "paired t", "two-sample t"]
"""Tests of two arms over training seeds."""

_STUDIES: Final = 10_000  # simulated; power is then known to 0.004, the effect to 0.01
_MEANS: Final = 1 << 25  # of all flips of all studies; with 16 pairs 1,024 studies are left
_QUANTILES: Final = 20_000  # of the spread, for the t tests
_PRECISION: Final = 5e-4  # of the effect, where bisection stops
_RELABELLINGS: Final = 5_000  # more are left to the t test, which then is all but equal
_TIE: Final = 1e-12


@lru_cache(maxsize=256)
def minimal_detectable(
    n: int, alpha: float = 0.05, power: float = 0.8, test: SeedTest = "sign flips"
) -> float:
    """Returns the smallest mean difference found with the power asked for, in units of sd(d).

    Differences are normal. For the exact tests the power is simulated, keyed by n alone, so that
    equal questions have equal answers; beyond 16 pairs, or 7 runs per arm, that of the t test
    stands in.

    Args:
        n: Pairs, or runs per arm, at least 2.
        alpha: Two-sided level, 0 < alpha <= 0.5; that of a family of m by Holm is alpha/m.
        power: How often the effect is to be found, above alpha and below 1.
        test: Which test. For unpaired arms sd(d) is √2 times the sd of one run.

    Returns:
        Above 0; infinity where the test cannot reach alpha, whatever the effect.

    Raises:
        InputError: n, alpha or power out of range.
    """
    if n < 2 or not 0 < alpha <= 0.5 or not alpha < power < 1:
        raise InputError(
            f"{n} seeds, alpha {alpha:g}, power {power:g}: wanted 2 or more seeds, "
            "0 < alpha <= 0.5 and alpha < power < 1"
        )
    if test in ("paired t", "two-sample t"):
        return _smallest(_t_power(n, n - 1 if test == "paired t" else 2 * n - 2, alpha), power)
    if test == "sign flips":
        if smallest_paired_p(n) > alpha:
            return math.inf
        if n <= EXACT_FLIPS:
            by_t = minimal_detectable(n, alpha, power, "paired t")
            return _smallest(_flip_power(n, alpha), power, by_t)
        return minimal_detectable(n, alpha, power, "paired t")
    if smallest_unpaired_p(n, n) > alpha:
        return math.inf
    by_t = minimal_detectable(n, alpha, power, "two-sample t")
    if math.comb(2 * n, n) <= _RELABELLINGS:
        return _smallest(_relabelling_power(n, alpha), power, by_t)
    return by_t


def _t_power(n: int, df: int, alpha: float) -> Callable[[float], float]:
    """Power of a two-sided t test: a normal probability averaged over the spread that is seen.

    SciPy's noncentral t distribution errs far out, where two or three seeds lie.
    """
    critical = float(stdtrit(df, 1 - alpha / 2))
    quantiles = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    reach = critical * np.sqrt(2 * gammaincinv(df / 2, quantiles) / df)

    def found(effect: float) -> float:
        shift = effect * math.sqrt(n)
        return float(np.mean(ndtr(shift - reach) + ndtr(-shift - reach)))

    return found


def _flip_power(n: int, alpha: float) -> Callable[[float], float]:
    studies = min(_STUDIES, _MEANS // 2 ** (n - 1))
    noise = generator(n, "power of sign flips").normal(size=(studies, n))
    allowed = _most_allowed(alpha, 2 ** (n - 1))

    def found(effect: float) -> float:
        return float(np.mean(flip_counts(noise + effect) <= allowed))

    return found


def _relabelling_power(n: int, alpha: float) -> Callable[[float], float]:
    """Power of the permutation test of two arms of n; runs have sd 1/√2, so that sd(d) is 1."""
    chosen = np.array([c for c in combinations(range(2 * n), n) if c[0] == 0])
    signs = np.full((len(chosen), 2 * n), -1.0)  # half of all: the others are mirror images
    np.put_along_axis(signs, chosen, 1.0, axis=1)
    noise = generator(n, "power of permuted labels").normal(0, math.sqrt(0.5), (_STUDIES, 2 * n))
    noise -= noise.mean(axis=1, keepdims=True)
    allowed = _most_allowed(alpha, len(chosen))

    def found(effect: float) -> float:
        values = noise.copy()
        values[:, :n] += effect / 2
        values[:, n:] -= effect / 2
        sums = np.abs(values @ signs.T)  # the first row of signs is the labels themselves
        counts = np.count_nonzero(sums >= sums[:, :1] * (1 - _TIE), axis=1)
        return float(np.mean(counts <= allowed))

    return found


def _most_allowed(alpha: float, ways: int) -> int:
    """The most ways of all that may give as much for p to be at alpha or below."""
    return math.floor(alpha * ways * (1 + _TIE))


def _smallest(power_at: Callable[[float], float], power: float, near: float = 1.0) -> float:
    """Bisects for the effect at which the power is reached; it grows with the effect."""
    low, high = near, near
    while power_at(high) < power:
        low, high = high, 1.2 * high
    while low == high or power_at(low) >= power:
        low, high = low / 1.2, low
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return (low + high) / 2
