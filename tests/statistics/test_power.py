from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganeval.statistics.auc import auc_value
from ganeval.statistics.power import (
    auc_of_pair_effect,
    auc_standard_error,
    balanced_trials,
    null_standard_error,
    trials_for_accuracy,
    visible_accuracy,
    visible_auc,
    visible_pair_effect,
)
from ganeval.statistics.ranks import mann_whitney, mid_ranks, signed_rank

# Units per class: null standard error, AUC seen, accuracy seen, as the definitions print them.
TABLE = {
    10: (0.132, 0.80, 0.80),
    15: (0.107, 0.75, 0.72),
    25: (0.083, 0.70, 0.69),
    36: (0.069, 0.67, 0.65),
    50: (0.058, 0.64, 0.63),
    90: (0.043, 0.61, 0.60),
    180: (0.031, 0.575, 0.57),
    360: (0.022, 0.55, 0.55),
    750: (0.015, 0.54, 0.53),
}


@pytest.mark.parametrize("n", TABLE)
def test_power_table_is_the_published_one(n: int) -> None:
    null_se, auc, accuracy = TABLE[n]
    # The rows 25 and 180 were rounded twice, 0.08246 to 0.0825 to 0.083: half a unit and a tenth.
    assert null_standard_error(n, n) == pytest.approx(null_se, abs=5.5e-4)
    # Half a unit of the last digit printed, the row at 180 with one digit more.
    assert visible_auc(n, n) == pytest.approx(auc, abs=5e-4 if n == 180 else 5e-3)
    # Printed up to the next step of a grid of 0.005, then rounded: at most 0.0075 away.
    assert visible_accuracy(2 * n) == pytest.approx(accuracy, abs=7.5e-3)


@pytest.mark.parametrize("trials", [20, 50, 180, 1500])
def test_accuracy_seen_is_the_smallest_with_that_power(trials: int) -> None:
    seen = visible_accuracy(trials)
    assert seen is not None
    critical = int(stats.binom.isf(0.05, trials, 0.5)) + 1
    assert stats.binom.sf(critical - 1, trials, seen) >= 0.8 - 1e-9
    assert stats.binom.sf(critical - 1, trials, seen - 1e-4) < 0.8


def test_auc_seen_solves_its_equation() -> None:
    for m, n in ((12, 80), (36, 36), (500, 20)):
        auc = visible_auc(m, n, alpha=0.01, power=0.9)
        assert auc is not None
        expected = stats.norm.isf(0.01) * null_standard_error(m, n)
        expected += stats.norm.ppf(0.9) * auc_standard_error(auc, m, n)
        assert auc - 0.5 == pytest.approx(expected, rel=1e-9)


def test_standard_error_is_that_of_exponential_scores() -> None:
    # Exponential fakes of rate (1 - A)/A against reals of rate 1 have AUC A; the form is exact.
    rng = np.random.default_rng(0)
    auc, m, n = 0.75, 30, 20
    fakes, reals = rng.exponential(auc / (1 - auc), (4000, m)), rng.exponential(1, (4000, n))
    found = [auc_value(x, y) for x, y in zip(fakes, reals, strict=True)]
    expected = auc_standard_error(auc, m, n)
    # A mean of 4,000 to four standard errors; their SD to four times 1/√8000.
    assert np.mean(found) == pytest.approx(auc, abs=4 * expected / math.sqrt(4000))
    assert np.std(found) == pytest.approx(expected, rel=0.045)


def test_too_few_units_see_nothing() -> None:
    assert visible_auc(1, 1) is None
    assert visible_auc(2, 2) is None
    assert visible_accuracy(4) is None
    assert visible_pair_effect(5) is None


def test_unequal_classes_are_worth_fewer_answers() -> None:
    assert balanced_trials(50, 50) == 100
    assert balanced_trials(10, 1000) == 39


@pytest.mark.parametrize(
    ("accuracy", "n"), [(0.51, 15_455), (0.52, 3_863), (0.55, 617), (0.6, 153), (0.7, 37)]
)
def test_images_for_an_accuracy_are_the_published_numbers(accuracy: float, n: int) -> None:
    assert trials_for_accuracy(accuracy) == n


def test_null_error_of_pairs_is_smaller_the_more_alike_they_are() -> None:
    rng = np.random.default_rng(1)
    for share in (0.0, 0.8):
        values, correlations = [], []
        for _ in range(1500):
            pictures = math.sqrt(share) * rng.normal(size=50)
            fakes, reals = pictures + math.sqrt(1 - share) * rng.normal(size=(2, 50))
            values.append(auc_value(fakes, reals))
            correlations.append(np.corrcoef(mid_ranks(fakes), mid_ranks(reals))[0, 1])
        found = null_standard_error(50, 50, 50, float(np.mean(correlations)))
        # An SD of 1,500 runs is known to 1/√3000 = 1.8 %; three of these.
        assert found == pytest.approx(np.std(values), rel=0.055)


def test_pair_effect_is_noether_s() -> None:
    # 2.487 = 1.645 + 0.842 as the definitions print it.
    assert visible_pair_effect(90) == pytest.approx(0.5 + 2.487 / math.sqrt(270), abs=1e-4)


def rejections(runs: int, n: int, correlation: float | None) -> float:
    """Share of runs in which the AUC that is said to be seen with 80 % power is found."""
    rng = np.random.default_rng(2)
    if correlation is None:
        auc = visible_auc(n, n)
    else:
        effect = visible_pair_effect(n)
        auc = None if effect is None else auc_of_pair_effect(effect, correlation)
    assert auc is not None
    shift = math.sqrt(2) * stats.norm.ppf(auc)
    found = 0
    for _ in range(runs):
        pictures = math.sqrt(correlation or 0.0) * rng.normal(size=n)
        noise = math.sqrt(1 - (correlation or 0.0))
        fakes, reals = pictures + noise * rng.normal(size=(2, n))
        fakes += shift
        test = mann_whitney(fakes, reals) if correlation is None else signed_rank(fakes - reals)
        found += test.p < 0.05
    return found / runs


@pytest.mark.slow
@pytest.mark.parametrize("n", [25, 50, 90])
@pytest.mark.parametrize("correlation", [None, 0.0, 0.8])
def test_effects_said_to_be_seen_are_seen_in_four_runs_of_five(
    n: int, correlation: float | None
) -> None:
    # The share of 3,000 runs has a standard error of 0.7 %; the rest is for the approximation.
    # Noether's variance is that without an effect, too large for what only 25 pairs can show.
    few_pairs = correlation is not None and n < 50
    assert 0.77 <= rejections(3000, n, correlation) <= (0.87 if few_pairs else 0.83)
