"""Effects over training seeds, against SciPy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganeval.errors import InputError
from ganeval.statistics.seed_effects import (
    bca_interval,
    equivalence,
    equivalence_p,
    paired_effect,
    unpaired_effect,
)

D = np.array([0.5, 0.2, 0.3, 0.1, 0.4, -0.1])
EXACT = 1e-12  # sums of a few terms of order one


def test_effect_of_pairs() -> None:
    effect = paired_effect(D, better="lower")
    assert effect.n == 6
    assert effect.mean == pytest.approx(D.mean(), abs=EXACT)
    assert effect.sd == pytest.approx(np.std(D, ddof=1), abs=EXACT)
    assert effect.dz == pytest.approx(D.mean() / np.std(D, ddof=1), abs=EXACT)
    expected = stats.t.interval(0.95, 5, D.mean(), stats.sem(D))
    assert (effect.low, effect.high) == pytest.approx(expected, abs=EXACT)
    assert "roughly normal" in effect.method
    assert effect.range is None


def test_improvement_counts_ties_half_and_knows_which_way_is_better() -> None:
    d = np.array([-1.0, -2.0, 0.0, 3.0])
    assert paired_effect(d, better="lower").improvement_probability == 2.5 / 4
    assert paired_effect(d, better="higher").improvement_probability == 1.5 / 4


def test_few_seeds_show_their_range_and_one_or_two_no_interval() -> None:
    five = paired_effect(D[:5])
    assert five.range == (0.1, 0.5)
    assert five.low is not None
    two = paired_effect(D[:2])
    assert (two.low, two.high) == (None, None)
    assert two.sd is not None
    assert "2 seeds" in two.method
    one = paired_effect(D[:1])
    assert (one.sd, one.dz, one.low) == (None, None, None)
    assert "1 seed," in one.method


def test_equal_differences_have_no_standardised_effect() -> None:
    effect = paired_effect(np.full(4, 0.25))
    assert (effect.sd, effect.dz, effect.low, effect.high) == (0.0, None, 0.25, 0.25)


def test_effect_of_unpaired_runs_is_welch() -> None:
    rng = np.random.default_rng(1)
    variant, base = rng.normal(1, 2, 6), rng.normal(0, 1, 4)
    effect = unpaired_effect(variant, base, 0.9, better="higher")
    expected = stats.ttest_ind(variant, base, equal_var=False).confidence_interval(0.9)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=EXACT)
    assert effect.n == 4
    assert effect.sd == pytest.approx(math.hypot(variant.std(ddof=1), base.std(ddof=1)), abs=EXACT)
    wins = stats.mannwhitneyu(variant, base).statistic / 24
    assert effect.improvement_probability == pytest.approx(wins, abs=EXACT)


def test_unpaired_runs_without_spread_have_an_interval_of_no_width() -> None:
    effect = unpaired_effect(np.full(3, 2.0), np.full(3, 1.5))
    assert (effect.low, effect.high, effect.sd) == (0.5, 0.5, 0.0)


@pytest.mark.peer
@pytest.mark.parametrize("n", [10, 14, 25])
def test_bca_interval_is_that_of_scipy_on_the_same_draws(n: int) -> None:
    d = np.random.default_rng(n).gamma(1.0, 2.0, n)
    expected = stats.bootstrap(
        (d,), np.mean, n_resamples=5_000, method="BCa", rng=np.random.default_rng(3)
    ).confidence_interval
    result = bca_interval(d, draws=5_000, rng=np.random.default_rng(3))
    # Same resamples; SciPy finds the jackknife by leaving out, which rounds differently.
    assert result == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_bca_needs_ten_seeds() -> None:
    with pytest.raises(InputError, match="10 or more"):
        bca_interval(np.arange(9.0))
    assert bca_interval(np.ones(10)) == (1.0, 1.0)
    d = np.random.default_rng(1).normal(size=12)
    assert bca_interval(d) == bca_interval(d)


@pytest.mark.parametrize("margin", [0.05, 0.3, 1.0])
def test_equivalence_is_the_larger_of_two_one_sided_t_tests(margin: float) -> None:
    above = stats.ttest_1samp(D, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(D, margin, alternative="less").pvalue
    assert equivalence(D, margin) == pytest.approx(max(above, below), abs=EXACT)


def test_equivalence_without_spread_is_certain() -> None:
    assert equivalence(np.full(5, 0.1), 0.2) == 0.0
    assert equivalence(np.full(5, 0.2), 0.2) == 1.0
    assert equivalence_p(0.0, 0.1, 7, 10.0) < 1e-9


def test_effects_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="at least one pair"):
        paired_effect(np.array([]))
    with pytest.raises(InputError, match="each arm"):
        unpaired_effect(np.ones(3), np.array([]))
    with pytest.raises(InputError, match="two seeds"):
        equivalence(np.ones(1), 0.1)
    with pytest.raises(InputError, match="margin"):
        equivalence(np.ones(3), 0.0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "covered"), [(3, 0.75), (5, 0.83), (8, 0.88), (10, 0.90)])
def test_percentile_intervals_over_few_seeds_are_as_narrow_as_published(
    n: int, covered: float
) -> None:
    """The reason for t and for BCa from ten seeds on only."""
    rng = np.random.default_rng(n)
    hits = 0
    for _ in range(2_000):
        d = rng.normal(size=n)
        low, high = np.quantile(d[rng.integers(0, n, (2_000, n))].mean(axis=1), [0.025, 0.975])
        hits += low <= 0 <= high
    assert hits / 2_000 == pytest.approx(covered, abs=0.03)  # three sd of 2,000 trials
