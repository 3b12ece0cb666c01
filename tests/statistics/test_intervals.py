"""Student's t interval and test, and Holm's correction."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from ganeval.statistics.intervals import holm, share_interval, t_interval, two_sided_p


@pytest.mark.parametrize(("df", "level"), [(1, 0.95), (4, 0.9), (19, 0.95), (299, 0.99)])
def test_equals_the_quantiles_of_the_t_distribution(df: int, level: float) -> None:
    expected = stats.t.interval(level, df, loc=2.0, scale=0.3)
    # Two implementations of one quantile, each right to a few units in the last place.
    assert t_interval(2.0, 0.3, df, level) == pytest.approx(expected, rel=1e-12)


def test_stops_at_the_lower_bound() -> None:
    low, high = t_interval(1.0, 5.0, 10, lower_bound=0.0)
    assert low == 0.0
    assert high > 1.0


def test_stops_at_the_upper_bound() -> None:
    low, high = t_interval(0.9, 0.5, 10, upper_bound=1.0)
    assert high == 1.0
    assert low < 0.9


@pytest.mark.parametrize("value", [-3.0, 0.4, 12.0])
def test_p_is_that_of_the_t_test(value: float) -> None:
    # Two implementations of one distribution function.
    assert two_sided_p(value, 1.5, 17) == pytest.approx(
        2 * stats.t.sf(abs(value) / 1.5, 17), rel=1e-10
    )


def test_no_difference_without_spread_is_certain() -> None:
    assert two_sided_p(0.0, 0.0, 5) == 1.0
    assert two_sided_p(1.0, 0.0, 5) == 0.0


def test_holm_adjusts_as_published() -> None:
    # Holm 1979 by hand: 4·0.01, 3·0.02 raised to nothing, 2·0.03 kept monotone, 1·0.5.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("hits", "n"), [(0, 50), (1, 50), (20, 50), (49, 50), (50, 50)])
def test_a_share_of_independent_draws_has_wilson_s_interval(hits: int, n: int) -> None:
    p = hits / n
    error = math.sqrt(p * (1 - p) / n)
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    # A million degrees of freedom: t is the normal quantile to 3e-6.
    assert share_interval(p, error, 10**6, n) == pytest.approx(
        (expected.low, expected.high), abs=1e-5
    )


def test_a_share_without_spread_still_has_a_width() -> None:
    low, high = share_interval(0.0, 0.0, 19, 100)
    assert low == 0.0
    # t²/(n + t²) with t = 2.093.
    assert high == pytest.approx(2.093**2 / (100 + 2.093**2), rel=1e-3)
    assert share_interval(1.0, 0.0, 19, 100)[0] == pytest.approx(1 - high, rel=1e-12)


def test_a_share_whose_draws_hang_together_has_a_wider_interval() -> None:
    narrow, wide = share_interval(0.4, 0.03, 19, 300), share_interval(0.4, 0.09, 19, 300)
    assert wide[0] < narrow[0] < 0.4 < narrow[1] < wide[1]


def test_more_draws_than_units_are_not_believed() -> None:
    assert share_interval(0.4, 1e-6, 19, 100) == share_interval(0.4, 0.02, 19, 100)
