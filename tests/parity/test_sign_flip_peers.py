"""Tests of few runs against SciPy's permutation test and Holm's definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ganeval.statistics.intervals import holm, t_interval
from ganeval.statistics.sign_flips import label_permutation_test, sign_flip_test

pytestmark = pytest.mark.peer

Array = np.ndarray[Any, np.dtype[np.float64]]


def absolute_mean(d: Array, axis: int = -1) -> Array:
    return np.abs(np.mean(d, axis=axis))


def absolute_difference(x: Array, y: Array, axis: int = -1) -> Array:
    return np.abs(np.mean(x, axis=axis) - np.mean(y, axis=axis))


def scipy_p(data: tuple[Array, ...], statistic: Callable[..., Array], kind: str) -> float:
    result = stats.permutation_test(
        data,
        statistic,
        permutation_type=kind,
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    return float(result.pvalue)


@pytest.mark.parametrize("case", range(50))
def test_sign_flips_equal_scipy(case: int) -> None:
    rng = np.random.default_rng(case)
    d = rng.normal(rng.uniform(-1, 1), rng.uniform(0.1, 10), rng.integers(2, 12))
    expected = scipy_p((d,), absolute_mean, "samples")
    assert sign_flip_test(d).p == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", range(30))
def test_relabelling_equals_scipy(case: int) -> None:
    rng = np.random.default_rng(100 + case)
    first = rng.normal(70, 2, rng.integers(2, 7))
    second = rng.normal(71, 2, rng.integers(2, 7))
    expected = scipy_p((first, second), absolute_difference, "independent")
    assert label_permutation_test(first, second).p == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", range(50))
def test_holm_equals_its_definition(case: int) -> None:
    """The adjusted p is the smallest level at which Holm's procedure, run as written, rejects."""
    rng = np.random.default_rng(case)
    p = (rng.integers(1, 65, rng.integers(1, 9)) / 64 * rng.choice([0.1, 1])).tolist()
    adjusted = holm(p)
    for level in np.concatenate([adjusted, [0.01, 0.05, 0.2]]):
        for slack in (-1e-12, 1e-12):
            assert holm_rejects(p, level + slack) == [a <= level + slack for a in adjusted]


def holm_rejects(p: list[float], level: float) -> list[bool]:
    """Steps down from the smallest p and stops at the first above level/(those left)."""
    rejected = [False] * len(p)
    if level >= 1:
        return [True] * len(p)
    for step, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[index] > level / (len(p) - step):
            break
        rejected[index] = True
    return rejected


@pytest.mark.parametrize("n", [3, 5, 8, 20])
def test_t_interval_equals_scipy(n: int) -> None:
    d = np.random.default_rng(n).normal(3, 2, n)
    se = float(d.std(ddof=1)) / np.sqrt(n)
    expected = stats.t.interval(0.95, n - 1, loc=d.mean(), scale=se)
    assert t_interval(float(d.mean()), se, n - 1) == pytest.approx(expected, abs=1e-12)
