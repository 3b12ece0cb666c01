"""Effects of units, and the standard error of a difference made of them."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.metrics.parts import Parts, difference, from_replicates, from_rows, mean_of
from ganeval.statistics.resampling import influence_standard_error, jackknife_standard_error

RNG = np.random.default_rng(0)


def test_rows_give_the_influence_standard_error_over_groups() -> None:
    effects, codes = RNG.normal(size=12), np.repeat(np.arange(4), 3)
    effects -= effects.mean()
    side = from_rows(effects, codes, 4)
    assert side is not None
    # The same sum in the same order but for rounding.
    assert side.standard_error() == pytest.approx(
        influence_standard_error(effects, codes), rel=1e-14
    )


def test_replicates_give_the_jackknife_standard_error() -> None:
    replicates = RNG.normal(size=9)
    side = from_replicates(replicates, np.arange(9)[::-1].copy(), 12)
    assert side is not None
    assert side.standard_error() == pytest.approx(jackknife_standard_error(replicates), rel=1e-14)
    assert side.held.sum() == 9


def mean_parts(values: np.ndarray, reals: np.ndarray) -> Parts:
    """The mean of a set minus the mean of the reals, a metric whose effects are exact."""
    n, m = len(values), len(reals)
    return Parts(
        float(values.mean() - reals.mean()),
        from_rows(-(reals - reals.mean()) / m, np.arange(m), m),
        from_rows((values - values.mean()) / n, np.arange(n), n),
    )


def test_what_pairs_share_cancels_in_their_difference() -> None:
    reals, source = RNG.normal(size=50), RNG.normal(size=40)
    noise = RNG.normal(size=(2, 40)) * 0.1
    a, b = (mean_parts(source + one, reals) for one in noise)
    delta, se, df = difference(a, b, paired=True)
    pairs = noise[0] - noise[1]
    # The classic paired t: reals and source are gone to the last bit but rounding.
    assert delta == pytest.approx(pairs.mean(), rel=1e-10)
    assert se == pytest.approx(pairs.std(ddof=1) / np.sqrt(40), rel=1e-10)
    assert df == 39
    assert se < difference(a, b, paired=False)[1] / 3


def test_a_set_against_itself_differs_by_nothing() -> None:
    a = mean_parts(RNG.normal(size=20), RNG.normal(size=20))
    assert difference(a, a, paired=True)[:2] == (0.0, 0.0)


def test_the_mean_over_draws_averages_values_and_effects() -> None:
    reals, values = RNG.normal(size=20), RNG.normal(size=(2, 10))
    one, other = (mean_parts(v, reals) for v in values)
    mean = mean_of([one, other])
    assert mean.value == pytest.approx((one.value + other.value) / 2)
    assert mean.fake is not None
    assert one.fake is not None
    assert other.fake is not None
    np.testing.assert_allclose(mean.fake.effects, (one.fake.effects + other.fake.effects) / 2)


def test_random_draws_that_sets_share_add_only_what_differs() -> None:
    draws, shift = RNG.normal(size=(2, 400))
    a, b = (Parts(float(d.mean()), None, None, d) for d in (draws, draws + 0.1 * shift))
    assert a.standard_error() == pytest.approx(draws.std(ddof=1) / 20)
    assert difference(a, b, paired=True)[1] == pytest.approx(0.1 * shift.std(ddof=1) / 20)
