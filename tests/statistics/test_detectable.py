"""The smallest effects n seeds can show: the published tables, and SciPy's noncentral t."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from ganeval.errors import InputError
from ganeval.statistics.detectable import SeedTest, minimal_detectable
from ganeval.statistics.sign_flips import flip_p_values, label_permutation_test

SIGN_FLIPS = {6: 1.78, 7: 1.33, 8: 1.18, 9: 1.08, 10: 1.00}
PAIRED_T = {2: 11.6, 3: 3.26, 4: 2.13, 5: 1.68, 6: 1.43, 7: 1.27, 8: 1.16, 9: 1.07, 10: 1.00}
PAIRED_T_OF_THREE = {3: 5.67, 4: 3.12, 5: 2.29, 6: 1.88, 7: 1.62, 8: 1.45, 9: 1.32, 10: 1.22}
ROUNDED = 6e-3  # half a unit of the last digit printed, and where the bisection stops


@pytest.mark.parametrize("n", SIGN_FLIPS)
def test_sign_flip_row_is_the_published_one(n: int) -> None:
    # Both sides are simulations; a power off by 0.01 moves the effect by 0.02 to 0.04.
    assert minimal_detectable(n) == pytest.approx(SIGN_FLIPS[n], abs=0.05)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_too_few_pairs_show_nothing_whatever_the_effect(n: int) -> None:
    assert minimal_detectable(n) == math.inf


@pytest.mark.parametrize("n", PAIRED_T)
def test_paired_t_row_is_the_published_one(n: int) -> None:
    seen = minimal_detectable(n, test="paired t")
    # The exact 11.55 of two pairs was printed as 11.6.
    assert seen == pytest.approx(PAIRED_T[n], abs=0.07 if n == 2 else ROUNDED)


@pytest.mark.parametrize("n", PAIRED_T_OF_THREE)
def test_paired_t_row_of_three_comparisons_is_the_published_one(n: int) -> None:
    seen = minimal_detectable(n, 0.05 / 3, test="paired t")
    assert seen == pytest.approx(PAIRED_T_OF_THREE[n], abs=ROUNDED)


@pytest.mark.parametrize(("n", "test"), [(5, "paired t"), (9, "paired t"), (6, "two-sample t")])
def test_power_of_the_t_test_is_that_of_the_noncentral_t(n: int, test: SeedTest) -> None:
    df = n - 1 if test == "paired t" else 2 * n - 2
    effect = minimal_detectable(n, 0.02, 0.9, test)
    critical = stats.t.isf(0.01, df)
    power = stats.nct.sf(critical, df, effect * math.sqrt(n))
    # Bisection stops within 0.1 % of the effect, where power grows by 0.3 or less per 100 %.
    assert power == pytest.approx(0.9, abs=2e-3)


def test_power_of_two_pairs_is_an_integral() -> None:
    effect = minimal_detectable(2, test="paired t")
    critical, shift = stats.t.isf(0.025, 1), effect * math.sqrt(2)

    def found(root: float) -> float:  # of a chi-square of one degree
        return float(2 * stats.norm.pdf(root) * stats.norm.cdf(shift - critical * root))

    power, _ = integrate.quad(found, 0, 10)
    assert power == pytest.approx(0.8, abs=2e-3)


def test_the_effect_is_found_as_often_as_promised() -> None:
    effect = minimal_detectable(8)
    d = np.random.default_rng(77).normal(effect, 1, (4_000, 8))
    power = np.mean(flip_p_values(d) <= 0.05)
    assert power == pytest.approx(0.8, abs=0.025)  # three sd of 4,000 draws, and of the simulation


def test_unpaired_runs_are_found_as_often_as_promised() -> None:
    effect = minimal_detectable(5, test="permuted labels")
    rng = np.random.default_rng(78)
    found = [
        label_permutation_test(
            rng.normal(effect, math.sqrt(0.5), 5), rng.normal(0, math.sqrt(0.5), 5)
        ).p
        <= 0.05
        for _ in range(1_500)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
    assert minimal_detectable(3, test="permuted labels") == math.inf


def test_many_seeds_are_left_to_the_t_test() -> None:
    assert minimal_detectable(20) == minimal_detectable(20, test="paired t")
    paired = minimal_detectable(9, test="two-sample t")
    assert minimal_detectable(9, test="permuted labels") == paired


def test_more_seeds_and_fewer_comparisons_show_smaller_effects() -> None:
    assert minimal_detectable(9) < minimal_detectable(8) < minimal_detectable(8, 0.05 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("n", [11, 12, 13, 14, 15, 16])
def test_flips_and_t_agree_with_many_seeds(n: int) -> None:
    by_t = minimal_detectable(n, test="paired t")
    assert minimal_detectable(n) == pytest.approx(by_t, rel=0.03)  # 1,024 studies: 0.0125 of power


def test_questions_without_answer_are_refused() -> None:
    for n, alpha, power in ((1, 0.05, 0.8), (8, 0.6, 0.8), (8, 0.05, 0.05), (8, 0.05, 1.0)):
        with pytest.raises(InputError, match="wanted"):
            minimal_detectable(n, alpha, power)
