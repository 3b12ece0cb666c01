from __future__ import annotations

import math

import pytest
from scipy import stats

from ganeval.statistics.proportions import (
    binomial_power,
    clopper_pearson_bound,
    critical_hits,
    total_variation_bound,
    wilson,
)


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (1, 50), (20, 50), (330, 360), (50, 50)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_s_interval_is_scipy_s(hits: int, n: int, level: float) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
    # Two implementations of one closed form.
    assert wilson(hits, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_s_interval_of_the_founding_report() -> None:
    # 91.67 % of 360; the definitions print [.884, .941].
    assert wilson(330, 360) == pytest.approx((0.884, 0.941), abs=5e-4)


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (1, 50), (20, 50), (49, 50), (50, 50)])
@pytest.mark.parametrize("alpha", [0.0125, 0.05])
def test_clopper_and_pearson_s_bound_is_scipy_s(hits: int, n: int, alpha: float) -> None:
    test = stats.binomtest(hits, n, alternative="greater")
    expected = test.proportion_ci(1 - alpha, method="exact").low
    # SciPy inverts the same function by search.
    assert clopper_pearson_bound(hits, n, alpha) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "expected"), [(90, 0.907), (25, 0.704)])
def test_bound_of_complete_separation_is_the_published_one(n: int, expected: float) -> None:
    bound = clopper_pearson_bound(n, n, 0.0125)
    assert bound == pytest.approx(0.0125 ** (1 / n), rel=1e-12)
    assert bound**2 == pytest.approx(expected, abs=5e-4)


def test_total_variation_is_bounded_by_both_rates() -> None:
    lower = [stats.beta.ppf(0.0125, hits, n - hits + 1) for hits, n in ((80, 90), (60, 70))]
    found = total_variation_bound(80 / 90, 90, 60 / 70, 70)
    assert found == pytest.approx(sum(lower) - 1, rel=1e-9)
    assert found < 80 / 90 + 60 / 70 - 1
    assert total_variation_bound(0.5, 90, 0.5, 90) == 0.0


@pytest.mark.parametrize("n", [4, 20, 21, 180, 1500])
def test_critical_number_is_the_first_that_guessing_hardly_reaches(n: int) -> None:
    k = critical_hits(n)
    assert stats.binom.sf(k - 1, n, 0.5) <= 0.05 or k == n + 1
    assert stats.binom.sf(k - 2, n, 0.5) > 0.05


def test_power_is_the_chance_of_a_significant_test() -> None:
    for n, accuracy in ((20, 0.8), (50, 0.69), (180, 0.6)):
        significant = (
            k for k in range(n + 1) if stats.binomtest(k, n, alternative="greater").pvalue <= 0.05
        )
        expected = math.fsum(float(stats.binom.pmf(k, n, accuracy)) for k in significant)
        assert binomial_power(accuracy, n) == pytest.approx(expected, rel=1e-9)
    # Four answers cannot be significant: 1/16 > 0.05.
    assert binomial_power(1.0, 4) == 0.0
