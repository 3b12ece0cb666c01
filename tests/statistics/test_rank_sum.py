from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ganeval.statistics.rank_sum import rank_sum


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.4, 2.0])
def test_auc_and_p_are_those_of_scipy(ties: bool, shift: float) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, 40), rng.normal(shift, 1.5, 33)
    if ties:
        first, second = np.round(first), np.round(second)
    found = rank_sum(first, second)
    peer = stats.mannwhitneyu(second, first, method="asymptotic")
    assert found.auc == pytest.approx(peer.statistic / (40 * 33), abs=1e-12)
    assert found.p == pytest.approx(peer.pvalue, rel=1e-9)


def test_the_standard_error_is_delongs() -> None:
    first, second = np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 5.0, 6.0])
    wins = (second[:, None] > first) + 0.5 * (second[:, None] == first)
    expected = wins.mean(1).var(ddof=1) / 4 + wins.mean(0).var(ddof=1) / 3
    assert rank_sum(first, second).se == pytest.approx(expected**0.5, rel=1e-12)


def test_swapping_the_samples_mirrors_the_result() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 1, 30), rng.normal(1, 1, 25)
    one, other = rank_sum(first, second), rank_sum(second, first)
    assert (one.auc, one.low, one.high) == pytest.approx(
        (1 - other.auc, 1 - other.high, 1 - other.low)
    )  # type: ignore[operator]
    assert one.p == pytest.approx(other.p)


def test_samples_apart_have_no_interval_and_equal_ones_no_difference() -> None:
    apart = rank_sum(np.arange(10.0), np.arange(20.0, 30.0))
    assert (apart.auc, apart.se, apart.low) == (1.0, 0.0, None)
    assert apart.p < 0.001
    equal = rank_sum(np.ones(10), np.ones(12))
    assert (equal.auc, equal.p) == (0.5, 1.0)


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    truth = stats.norm.cdf(1 / 2**0.5)
    held = 0
    for _ in range(1000):
        found = rank_sum(rng.normal(0, 1, 50), rng.normal(1, 1, 50))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    # Binomial spread at 1000 draws is 0.007.
    assert 0.93 <= held / 1000 <= 0.97
