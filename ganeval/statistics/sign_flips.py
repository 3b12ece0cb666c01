"""Exact tests of few training runs: flips of paired differences, permutations of two arms.

With five pairs no sign-flip test can reach 0.05, whatever the effect. So every result carries the
smallest p its design allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.statistics.streams import generator

Floats = npt.NDArray[np.float64]

EXACT_FLIPS: Final = 16
"""Most pairs of which all 2^n sign flips are made."""

EXACT_RELABELLINGS: Final = 200_000
"""Most ways to deal two arms' runs that are all made."""

DRAWS: Final = 100_000
"""Random flips or permutations beyond that."""

_TIE: Final = 1e-12  # of the largest value: what rounding can move a mean by, and more
_BLOCK: Final = 1 << 21  # means held at once


@dataclass(frozen=True)
class SignFlip:
    """A two-sided test of "the differences of pairs are symmetric about 0".

    Attributes:
        p: Its p-value, never 0.
        smallest_p: The smallest p that this many pairs can give.
        n: Number of pairs.
        exact: Whether all 2^n flips were made.
        draws: Flips made.
    """

    p: float
    smallest_p: float
    n: int
    exact: bool
    draws: int


@dataclass(frozen=True)
class LabelPermutation:
    """A two-sided test of "the runs of two arms are exchangeable".

    Attributes:
        p: Its p-value, never 0.
        smallest_p: The smallest p that these numbers of runs can give.
        n: Runs of the first arm.
        m: Runs of the second arm.
        exact: Whether all ways to deal the runs were tried.
        draws: Ways tried.
    """

    p: float
    smallest_p: float
    n: int
    m: int
    exact: bool
    draws: int


def sign_flip_test(differences: Floats, *, seed: int = 0) -> SignFlip:
    """Tests whether paired differences have mean 0, by flipping their signs.

    The statistic is |mean d|. Up to 16 pairs all 2^n flips are made and p is the share that gives
    as much; beyond, 100,000 random ones and p = (1 + b)/(B + 1). Zeros stay in; a mean that falls
    short by 1e-12 of the largest |d| counts as equal.

    Args:
        differences: float ``[n]``, one per pair, n at least 1, finite.
        seed: Seed of the random flips.

    Raises:
        InputError: No difference, or one that is not finite.

    Source: Fisher, The Design of Experiments (1935), section 21; of random flips Phipson and Smyth,
    Statistical Applications in Genetics and Molecular Biology 9 (2010) 39.
    """
    values = _checked(differences, "differences")
    n = len(values)
    exact = n <= EXACT_FLIPS
    if exact:
        p = float(flip_p_values(values[None, :])[0])
    else:
        p = (1 + _random_flips_as_large(values, seed)) / (DRAWS + 1)
    return SignFlip(p, smallest_paired_p(n), n, exact, 2**n if exact else DRAWS)


def flip_p_values(differences: Floats) -> Floats:
    """Returns the exact p-values of many sign-flip tests of one size.

    Args:
        differences: float ``[k, n]``, one test per row, n 1..16.

    Returns:
        float64 ``[k]``.
    """
    shares: Floats = flip_counts(differences) / 2.0 ** (differences.shape[1] - 1)
    return shares


def flip_counts(differences: Floats) -> npt.NDArray[np.int64]:
    """Returns how many flips with the first sign kept give a |mean| as large, for many tests.

    The other half of the 2^n flips are their mirror images, so p is this number over 2^(n-1).

    Args:
        differences: float ``[k, n]``, one test per row, n 1..16.

    Returns:
        int64 ``[k]``, at least 1.
    """
    signs = _half_of_all_signs(differences.shape[1])
    step = max(1, _BLOCK // len(signs))
    counts = [
        np.count_nonzero(np.abs(rows @ signs.T) >= _at_least(rows, len(signs[0]))[:, None], axis=1)
        for rows in (
            differences[start : start + step] for start in range(0, len(differences), step)
        )
    ]
    return np.concatenate([np.empty(0, np.int64), *counts]).astype(np.int64)


def label_permutation_test(first: Floats, second: Floats, *, seed: int = 0) -> LabelPermutation:
    """Tests whether two arms of unpaired runs have one mean, by dealing the runs anew.

    The statistic is the absolute difference of the two means. All ways to deal are tried where they
    are at most 200,000, else 100,000 random ones with p = (1 + b)/(B + 1).

    Args:
        first: float ``[n]``, n at least 1, finite.
        second: float ``[m]``, m at least 1, finite.
        seed: Seed of the random permutations.

    Raises:
        InputError: An arm without a value, or a value that is not finite.

    Source: Pitman, Supplement to the Journal of the Royal Statistical Society 4 (1937) 119.
    """
    one, other = (
        _checked(first, "values of the first arm"),
        _checked(second, "values of the second"),
    )
    n, m = len(one), len(other)
    pooled = np.concatenate([one, other])
    pooled = pooled - pooled.mean()  # the sum of one arm then tells the difference of means
    # Sums of n of the pooled values are proportional to the difference: (1/n + 1/m) times it.
    reached = abs(float(pooled[:n].sum())) - _TIE * n * float(np.abs(pooled).max())
    exact = math.comb(n + m, n) <= EXACT_RELABELLINGS
    sums = _sums_of_all(pooled, n) if exact else _sums_of_random(pooled, n, seed)
    count, draws = 0, 0
    for block in sums:
        count += int(np.count_nonzero(np.abs(block) >= reached))
        draws += len(block)
    p = count / draws if exact else (1 + count) / (draws + 1)
    return LabelPermutation(p, smallest_unpaired_p(n, m), n, m, exact, draws)


def smallest_paired_p(n: int) -> float:
    """Returns the smallest two-sided p of a sign-flip test of n pairs: 2^(1-n), 0.0625 for five."""
    if n < 1:
        raise InputError(f"a sign-flip test needs at least one pair, and {n} were given")
    return 2.0 ** (1 - n) if n <= EXACT_FLIPS else 1 / (DRAWS + 1)


def smallest_unpaired_p(n: int, m: int) -> float:
    """Returns the smallest two-sided p of a permutation test of n against m runs.

    It is 2/C(2n, n) for arms of one size, whose labels can be swapped as a whole; 1/C(n + m, n)
    otherwise.
    """
    if min(n, m) < 1:
        raise InputError(f"a permutation test needs runs in both arms, and {n} and {m} were given")
    ways = math.comb(n + m, n)
    if ways > EXACT_RELABELLINGS:
        return 1 / (DRAWS + 1)
    return (2 if n == m else 1) / ways


def seeds_needed(m: int, alpha: float = 0.05, paired: bool = True) -> int:
    """Returns the fewest seeds per arm with which m comparisons can reach alpha after Holm.

    The most extreme outcome of all must have m times its p at or below alpha.

    Args:
        m: Comparisons of the family, at least 1.
        alpha: Level, 0 < alpha <= 0.5.
        paired: Whether runs of two arms with equal seeds are pairs.

    Raises:
        InputError: m or alpha out of range, or a family too large for the random permutations.
    """
    if m < 1 or not 0 < alpha <= 0.5:
        raise InputError(
            f"{m} comparisons at level {alpha:g}: wanted 1 or more, at 0 < alpha <= 0.5"
        )
    for n in range(1, EXACT_FLIPS + 2):
        smallest = smallest_paired_p(n) if paired else smallest_unpaired_p(n, n)
        if m * smallest <= alpha:
            return n
    raise InputError(
        f"no number of seeds lets {m} comparisons reach {alpha:g}: "
        f"{DRAWS:,} random permutations give p = {1 / (DRAWS + 1):.1g} at the least",
        hint="declare fewer comparisons",
    )


def _checked(values: Floats, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise InputError(f"the {name} must be a list of at least one finite number")
    return array


@lru_cache(maxsize=4)
def _half_of_all_signs(n: int) -> Floats:
    """All ``[2^(n-1), n]`` signs whose first is +1."""
    bits = np.arange(2 ** (n - 1))[:, None] >> np.arange(n - 1)[None, :] & 1
    signs = np.ones((len(bits), n))
    signs[:, 1:] -= 2 * bits
    signs.flags.writeable = False
    return signs


def _at_least(rows: Floats, n: int) -> Floats:
    """The |sum| from which a flip counts as equal or more, per row."""
    reached: Floats = np.abs(rows.sum(axis=1)) - _TIE * n * np.abs(rows).max(axis=1)
    return reached


def _random_flips_as_large(values: Floats, seed: int) -> int:
    rng = generator(seed, "sign flips")
    reached = _at_least(values[None, :], len(values))[0]
    step = max(1, _BLOCK // len(values))
    count = 0
    for start in range(0, DRAWS, step):
        size = (min(step, DRAWS - start), len(values))
        sums = (2.0 * rng.integers(0, 2, size, dtype=np.int8) - 1) @ values
        count += int(np.count_nonzero(np.abs(sums) >= reached))
    return count


def _sums_of_all(pooled: Floats, n: int) -> Iterator[Floats]:
    """Sums of every choice of n of the values, block by block."""
    ways = math.comb(len(pooled), n)
    flat = (index for chosen in combinations(range(len(pooled)), n) for index in chosen)
    step = max(1, _BLOCK // n)
    for start in range(0, ways, step):
        size = min(step, ways - start)
        block = np.fromiter(flat, dtype=np.int64, count=size * n).reshape(size, n)
        yield pooled[block].sum(axis=1)


def _sums_of_random(pooled: Floats, n: int, seed: int) -> Iterator[Floats]:
    rng = generator(seed, "permuted arms")
    step = max(1, _BLOCK // len(pooled))
    for start in range(0, DRAWS, step):
        shuffled = np.tile(pooled, (min(step, DRAWS - start), 1))
        yield rng.permuted(shuffled, axis=1)[:, :n].sum(axis=1)
