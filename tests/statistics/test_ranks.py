from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ganeval.statistics.ranks import (
    mann_whitney,
    mid_ranks,
    signed_rank,
    signed_rank_probabilities,
    win_probabilities,
)


def test_mid_ranks_are_scipy_s() -> None:
    values = np.array([3.0, 1.0, 3.0, 2.0, 3.0, 2.0])
    assert mid_ranks(values).tolist() == stats.rankdata(values).tolist()


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 5), (7, 4)])
def test_wins_are_distributed_as_all_orders_count_them(m: int, n: int) -> None:
    counts = np.zeros(m * n + 1)
    for places in itertools.combinations(range(m + n), m):
        counts[sum(place - i for i, place in enumerate(places))] += 1
    assert win_probabilities(m, n) == pytest.approx(counts / counts.sum(), rel=1e-12)


@pytest.mark.parametrize(("m", "n"), [(1, 40), (12, 9), (25, 25), (100, 100)])
@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.5, 9.0])
def test_exact_rank_sum_is_scipy_s(m: int, n: int, shift: float) -> None:
    rng = np.random.default_rng(0)
    fakes, reals = rng.normal(shift, 1, m), rng.normal(0, 1, n)
    found = mann_whitney(fakes, reals)
    above = stats.mannwhitneyu(fakes, reals, alternative="greater", method="exact")
    below = stats.mannwhitneyu(fakes, reals, alternative="less", method="exact")
    assert found.statistic == above.statistic
    # SciPy sums the lower tail and takes far upper ones from 1, which leaves 1e-15 absolute.
    assert found.p == pytest.approx(above.pvalue, rel=1e-9, abs=1e-14)
    assert found.p_below == pytest.approx(below.pvalue, rel=1e-9, abs=1e-14)
    assert "exact" in found.method


def test_complete_separation_has_the_probability_of_one_order() -> None:
    found = mann_whitney(np.arange(100.0, 150.0), np.arange(60.0))
    # m·n additions and products of positive terms, each right to 1e-16.
    assert found.p == pytest.approx(1 / math.comb(110, 50), rel=1e-12)
    assert found.p_below == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("m", "n", "ties"), [(101, 100, False), (30, 12, True), (150, 90, True)])
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.8])
def test_beyond_that_it_is_scipy_s_normal_form(m: int, n: int, ties: bool, shift: float) -> None:
    rng = np.random.default_rng(1)
    fakes, reals = rng.normal(shift, 1, m), rng.normal(0, 1, n)
    if ties:
        fakes, reals = np.round(fakes, 1), np.round(reals, 1)
    found = mann_whitney(fakes, reals)
    above = stats.mannwhitneyu(fakes, reals, alternative="greater", method="asymptotic")
    below = stats.mannwhitneyu(fakes, reals, alternative="less", method="asymptotic")
    assert found.statistic == above.statistic
    assert found.p == pytest.approx(above.pvalue, rel=1e-9)
    assert found.p_below == pytest.approx(below.pvalue, rel=1e-9)
    assert "normal" in found.method


def test_equal_scores_say_nothing() -> None:
    found = mann_whitney(np.ones(20), np.ones(30))
    assert (found.statistic, found.p, found.p_below) == (300.0, 1.0, 1.0)


def test_no_p_value_is_zero_however_far_apart() -> None:
    far = mann_whitney(np.arange(3000.0, 6000.0), np.arange(3000.0))
    assert 0 < far.p < 1e-300
    assert signed_rank(np.linspace(1, 2, 4000)).p > 0


@pytest.mark.parametrize("n", [1, 2, 7, 10])
def test_signed_ranks_are_distributed_as_all_signs_count_them(n: int) -> None:
    counts = np.zeros(n * (n + 1) // 2 + 1)
    for signs in itertools.product([0, 1], repeat=n):
        counts[sum(rank * sign for rank, sign in enumerate(signs, 1))] += 1
    assert signed_rank_probabilities(n).tolist() == (counts / 2**n).tolist()


@pytest.mark.parametrize("n", [3, 20, 50])
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.4, 5.0])
def test_exact_signed_rank_is_scipy_s(n: int, shift: float) -> None:
    differences = np.random.default_rng(2).normal(shift, 1, n)
    found = signed_rank(differences)
    above = stats.wilcoxon(differences, alternative="greater", method="exact")
    below = stats.wilcoxon(differences, alternative="less", method="exact")
    assert found.statistic == above.statistic
    assert found.p == pytest.approx(above.pvalue, rel=1e-9)
    assert found.p_below == pytest.approx(below.pvalue, rel=1e-9)
    assert "exact" in found.method


@pytest.mark.parametrize(("n", "digits"), [(51, 9), (30, 0), (120, 1)])
def test_with_ties_zeros_or_many_pairs_it_is_scipy_s_normal_form(n: int, digits: int) -> None:
    differences = np.round(np.random.default_rng(3).normal(0.3, 1, n), digits)
    found = signed_rank(differences)
    kind = {"method": "asymptotic", "correction": True}
    above = stats.wilcoxon(differences, alternative="greater", **kind)
    below = stats.wilcoxon(differences, alternative="less", **kind)
    assert found.statistic == above.statistic
    assert found.p == pytest.approx(above.pvalue, rel=1e-9)
    assert found.p_below == pytest.approx(below.pvalue, rel=1e-9)
    assert found.zeros == int((differences == 0).sum())
    assert "normal" in found.method


def test_pairs_without_any_difference_say_nothing() -> None:
    found = signed_rank(np.zeros(12))
    assert (found.p, found.p_below, found.zeros) == (1.0, 1.0, 12)
