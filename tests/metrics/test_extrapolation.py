"""The Fréchet distance extrapolated to infinitely many images."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import ganeval.metrics.extrapolation as module
from ganeval.errors import InputError
from ganeval.metrics.extrapolation import Extrapolation, fid_infinity
from ganeval.metrics.frechet import Factored, frechet_distance
from ganeval.metrics.moments import Moments

D = 8
WIDTHS = 1 / np.sqrt(np.arange(1, D + 1))
SCALE, SHIFT = 1.3, 0.2
TRUTH = float(np.square(WIDTHS * (1 - SCALE)).sum() + D * SHIFT**2)
"""Distance of the two Gaussians below (Dowson and Landau 1982, commuting covariances)."""


def reals(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, D)) * WIDTHS


def fakes(rng: np.random.Generator, n: int) -> np.ndarray:
    return reals(rng, n) * SCALE + SHIFT


RNG = np.random.default_rng(0)
REAL, FAKE = reals(RNG, 60), fakes(RNG, 50)


def value_of(result: Extrapolation) -> float:
    assert result.estimate.value is not None
    return result.estimate.value


def test_the_line_is_drawn_by_least_squares() -> None:
    result = fid_infinity(REAL, FAKE, seed=0)
    assert result.sizes.tolist() == [25, 30, 35, 40, 45, 50]
    expected = np.polynomial.Polynomial.fit(1 / result.sizes, result.distances, 1).convert().coef[0]
    assert value_of(result) == pytest.approx(expected, rel=1e-10)
    assert value_of(result) < result.distances[-1] < result.distances[0]


def test_the_last_size_is_all_of_a_set() -> None:
    whole = FAKE[:50]
    result = fid_infinity(REAL[:50], whole, seed=0)
    # The quick routine of replicates is right to about 1e-6.
    assert result.distances[-1] == pytest.approx(frechet_distance(REAL[:50], whole), rel=1e-6)
    moments = Moments.of(REAL)
    result = fid_infinity(moments, whole, seed=0)
    assert result.distances[-1] == pytest.approx(frechet_distance(moments, whole), rel=1e-6)


def test_every_draw_is_without_replacement_and_contains_the_smaller_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Moments] = []

    def factored(side: Moments) -> object:
        drawn.append(side)
        return side

    monkeypatch.setattr(module, "factored", factored)
    numbers = np.arange(40.0)[:, None] ** np.arange(1, 3)  # a sum of numbers and of their squares
    one = module._set(numbers, None)
    sizes = np.array([20, 24, 28, 32, 36, 40])
    list(one.draws(sizes, np.random.default_rng(0)))
    assert [moments.n for moments in drawn] == sizes.tolist()
    assert drawn[-1].mean * 40 == pytest.approx(numbers.sum(axis=0))
    for small, large in pairwise(drawn):
        assert large.n is not None
        assert small.n is not None
        added = large.remove(small)
        assert added.n == 4
        assert (np.diag(added.scatter) >= 0).all()


def test_whole_groups_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Moments] = []
    monkeypatch.setattr(module, "factored", drawn.append)
    numbers = np.repeat(np.arange(10.0), 4)[:, None]
    one = module._set(numbers, [str(int(x)) for x in numbers[:, 0]])
    list(one.draws(np.array([4, 12]), np.random.default_rng(0)))
    assert drawn[0].scatter[0, 0] == 0  # four images of one group


def test_a_seed_makes_it_repeatable() -> None:
    first, again = fid_infinity(REAL, FAKE, seed=3), fid_infinity(REAL, FAKE, seed=3)
    assert first.estimate == again.estimate
    assert fid_infinity(REAL, FAKE, seed=4).estimate.value != first.estimate.value


def test_fake_sets_share_the_draws_of_the_reals(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[np.ndarray] = []

    def distance(real: Factored, fake: Factored) -> float:
        drawn.append(real.mean)
        return 1.0

    monkeypatch.setattr(module, "replicate_distance", distance)
    for fake in (FAKE, FAKE * 3):
        fid_infinity(REAL, fake, seed=3)
    half = len(drawn) // 2
    np.testing.assert_array_equal(drawn[:half], drawn[half:])
    assert len(np.unique(drawn[:half], axis=0)) == half


def test_effects_are_those_behind_the_standard_error() -> None:
    result = fid_infinity(REAL, FAKE, seed=0)
    assert result.real is not None
    assert result.fake is not None
    assert result.repeat_se is not None
    variance = result.repeat_se**2
    for effects in (result.real, result.fake):
        n = len(effects)
        assert effects.sum() == pytest.approx(0, abs=1e-12)
        variance += n / (n - 1) * float(np.square(effects).sum())
    assert result.estimate.se == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert fid_infinity(Moments.of(REAL), FAKE, seed=0).real is None


def test_copies_of_images_count_once_in_the_standard_error() -> None:
    twice = np.repeat(FAKE, 2, axis=0)
    labels = [str(i // 2) for i in range(100)]
    plain = fid_infinity(REAL, twice, seed=0).estimate
    grouped = fid_infinity(REAL, twice, seed=0, fake_groups=labels).estimate
    assert plain.se is not None
    assert grouped.se is not None
    assert grouped.se > 1.2 * plain.se


@pytest.mark.parametrize(
    ("real", "fake", "reason"),
    [
        (REAL, FAKE[:15], "at least 20 images per side for 8 features, and one side has 15"),
        (REAL[:19], FAKE, "one side has 19"),
        (REAL, Moments.of(FAKE), "statistics hold none"),
        (REAL, REAL[::-1], "both sides hold the same images"),
    ],
)
def test_there_is_no_value_where_it_would_mean_nothing(real, fake, reason: str) -> None:
    result = fid_infinity(real, fake, seed=0)
    assert result.estimate.value is None
    assert result.estimate.reason is not None
    assert reason in result.estimate.reason
    assert len(result.sizes) == len(result.distances) == 0


def test_half_of_a_set_must_have_a_covariance_of_full_rank() -> None:
    wide = np.random.default_rng(1).normal(size=(2, 79, 40))
    result = fid_infinity(wide[0], wide[1], seed=0)
    assert result.estimate.value is None
    assert "at least 80 images per side for 40 features" in (result.estimate.reason or "")
    few = [str(i % 4) for i in range(50)]
    estimate = fid_infinity(REAL, FAKE, seed=0, fake_groups=few).estimate
    assert estimate.value is not None
    assert estimate.se is None
    assert "at least 5 independent groups" in (estimate.reason or "")


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="real side has 8 features"):
        fid_infinity(REAL, FAKE[:, :2], seed=0)
    with pytest.raises(InputError, match="at least 2 repeats, got 1"):
        fid_infinity(REAL, FAKE, seed=0, repeats=1)


def test_the_interval_covers_the_distance_of_the_distributions() -> None:
    rng = np.random.default_rng(5)
    values = np.empty((60, 4))
    for run in range(60):
        estimate = fid_infinity(reals(rng, 60), fakes(rng, 50), seed=run, repeats=8).estimate
        values[run] = estimate.value, estimate.se, estimate.low, estimate.high
    spread = values[:, 0].std(ddof=1)
    # The plain distance is 0.94 on average, 1.6 of its own spreads above the truth of 0.56.
    assert abs(values[:, 0].mean() - TRUTH) < 3 * spread / np.sqrt(60)
    # An SD of 60 values is known to 9 %, a coverage of 0.95 to 0.028.
    assert 0.8 <= values[:, 1].mean() / spread <= 1.5
    assert np.mean((values[:, 2] <= TRUTH) & (values[:, 3] >= TRUTH)) >= 0.87


@pytest.mark.slow
@pytest.mark.parametrize("statistics", [False, True])
def test_it_is_zero_on_average_where_nothing_differs(statistics: bool) -> None:
    rng = np.random.default_rng(6)
    truth = Moments.from_statistics(np.zeros(D), np.diag(WIDTHS**2))
    values = np.empty((100, 2))
    for run in range(100):
        real = truth if statistics else reals(rng, 80)
        estimate = fid_infinity(real, reals(rng, 80), seed=run).estimate
        values[run] = estimate.value, estimate.se
    spread = values[:, 0].std(ddof=1)
    assert abs(values[:, 0].mean()) < 3 * spread / 10 + 0.005  # what is left of the order 1/n²
    assert 0.8 <= values[:, 1].mean() / spread <= 1.8
