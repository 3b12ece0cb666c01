"""Hodges and Lehmann's shift and its interval; McNemar's test; the smallest visible effect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganeval.statistics.hodges_lehmann import hodges_lehmann
from ganeval.statistics.mcnemar import mcnemar_exact
from ganeval.statistics.paired_effect import minimal_detectable_effect


def walsh_median(values: np.ndarray) -> float:
    n = len(values)
    return float(np.median([(values[i] + values[j]) / 2 for i in range(n) for j in range(i, n)]))


@pytest.mark.parametrize("n", [2, 5, 12])
def test_the_shift_is_the_median_of_walsh_averages(n: int) -> None:
    values = np.random.default_rng(n).normal(1, 2, n)
    shift, low, high = hodges_lehmann(values, seed=0, draws=200)
    assert shift == pytest.approx(walsh_median(values), abs=1e-12)
    assert low <= shift <= high


def test_the_interval_is_that_of_redrawn_differences() -> None:
    values = np.random.default_rng(1).normal(size=9)
    _, low, high = hodges_lehmann(values, seed=0, draws=4000)
    rng = np.random.default_rng(2)
    redrawn = [walsh_median(values[rng.integers(9, size=9)]) for _ in range(2000)]
    # Two sets of draws: the error of a 2.5 % quantile of 2,000 is about 0.06 of their spread.
    near = 0.2 * np.std(redrawn)
    assert [low, high] == pytest.approx(np.quantile(redrawn, [0.025, 0.975]).tolist(), abs=near)


def test_the_unit_is_the_mean_of_a_group() -> None:
    values = np.array([1.0, 3.0, 5.0, 7.0, 0.0])
    grouped = hodges_lehmann(values, np.array([0, 0, 1, 1, 2]), seed=3)
    assert grouped == hodges_lehmann(np.array([2.0, 6.0, 0.0]), seed=3)


def test_equal_seeds_agree_and_a_single_group_has_no_interval() -> None:
    values = np.arange(6.0)
    assert hodges_lehmann(values, seed=1) == hodges_lehmann(values, seed=1)
    assert hodges_lehmann(values, np.zeros(6, np.int64), seed=1) == (2.5, -math.inf, math.inf)
    with pytest.raises(ValueError, match="no finite"):
        hodges_lehmann(np.array([1.0, np.nan]), seed=1)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 6), (6, 1), (3, 3), (12, 30)])
def test_mcnemar_is_the_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected, rel=1e-12)


def test_the_rule_of_thumb_of_the_visible_effect() -> None:
    # 2.8 and 1.023 are rounded from 2.8016 and 1.0233.
    assert minimal_detectable_effect(0.4, 25) == pytest.approx(2.8 * 1.023 * 0.4 / 5, rel=1e-3)
    assert minimal_detectable_effect(0.4, 25, alpha=0.01) > minimal_detectable_effect(0.4, 25)
