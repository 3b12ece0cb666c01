"""MIND: sorted projections along random directions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

import ganeval.metrics.sliced as module
from ganeval.errors import InputError
from ganeval.metrics.sliced import mind, mind_jackknife
from ganeval.metrics.unit_vectors import random_directions
from ganeval.statistics.resampling import jackknife_standard_error
from ganeval.statistics.streams import generator

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(40, 6)).astype(np.float32)
FAKE = (RNG.normal(size=(40, 6)) * 1.3 + 0.2).astype(np.float32)
REAL_BLOCKS = np.array_split(RNG.permutation(40), 5)
FAKE_BLOCKS = np.array_split(RNG.permutation(40), 7)


def directions_of(seed: int, count: int, d: int) -> np.ndarray:
    return random_directions(count, d, generator(seed, "mind directions"))


def transported(one: np.ndarray, other: np.ndarray) -> float:
    """Squared distance of two samples on the line, every image cut into equal shares."""
    pieces = math.lcm(len(one), len(other))
    cut = [np.repeat(np.sort(x), pieces // len(x)) for x in (one, other)]
    return float(np.mean((cut[0] - cut[1]) ** 2))


def sliced(real: np.ndarray, fake: np.ndarray, units: np.ndarray) -> float:
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    return float(
        3 * real.shape[1] * np.mean([transported(real @ unit, fake @ unit) for unit in units])
    )


@pytest.mark.parametrize("values", [1, 400, 1 << 21])
def test_equals_its_definition(values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_VALUES", values)
    monkeypatch.setattr(module, "_ROWS", 7)
    result = mind(REAL, FAKE, directions=50, seed=3)
    assert result.value == pytest.approx(sliced(REAL, FAKE, directions_of(3, 50, 6)), rel=1e-12)
    assert result.directions == 50
    assert result.by_direction.mean() == pytest.approx(result.value, rel=1e-14)


def test_a_shift_is_three_times_its_square() -> None:
    shift = np.array([0.3, 0, 0, 0.4, 0, 0])
    result = mind(REAL.astype(float), REAL + shift, directions=4000, seed=0)
    # Along u the distance is (uᵀc)², whose mean over directions is |c|²/d.
    along = 18 * np.square(directions_of(0, 4000, 6) @ shift)
    np.testing.assert_allclose(result.by_direction, along, rtol=1e-9)
    assert abs(result.value - 3 * 0.25) < 3 * result.direction_se


def test_gaussians_of_two_widths_are_three_d_times_the_difference_squared() -> None:
    grid = norm.ppf((np.arange(2000) + 0.5) / 2000)[:, None]
    result = mind(grid, 2 * grid + 1, directions=2, seed=0)  # on the line all directions agree
    # W² of N(0, 1) and N(1, 4) is 1 + 1; the tails beyond 2000 quantiles hold 1 % of the variance.
    assert result.value == pytest.approx(3 * 2, rel=0.01)


def test_the_same_images_have_no_distance_in_any_order() -> None:
    assert mind(REAL, REAL[::-1], directions=20, seed=0).value == pytest.approx(0, abs=1e-25)


def test_direction_error_is_the_spread_over_seeds() -> None:
    real, fake = REAL, FAKE + np.array([2.0, 0, 0, 0, 0, 0], np.float32)
    runs = [mind(real, fake, directions=30, seed=seed) for seed in range(150)]
    spread = np.std([run.value for run in runs], ddof=1)
    # An SD of 150 values is known to 6 %.
    assert np.mean([run.direction_se for run in runs]) == pytest.approx(spread, rel=0.2)


def test_directions_cancel_in_a_difference_that_shares_them() -> None:
    far = np.array([2.0, 0, 0, 0, 0, 0], np.float32)
    pairs = [
        [mind(REAL, fake, directions=30, seed=seed) for fake in (FAKE + far, FAKE * 1.02 + far)]
        for seed in range(100)
    ]
    spread = np.std([a.value - b.value for a, b in pairs], ddof=1)
    errors = [(a.by_direction - b.by_direction).std(ddof=1) / math.sqrt(30) for a, b in pairs]
    assert np.mean(errors) == pytest.approx(spread, rel=0.25)
    assert np.mean(errors) < 0.2 * np.mean([a.direction_se for a, _ in pairs])


def test_the_larger_side_is_thinned_out() -> None:
    more = np.concatenate([FAKE, FAKE + 1])
    result = mind(REAL, more, directions=20, seed=1)
    assert result.n == 40
    kept = np.sort(generator(1, "mind thinning").choice(80, size=40, replace=False))
    assert result.value == mind(REAL, more[kept], directions=20, seed=1).value
    assert mind(more, REAL, directions=20, seed=1).value == pytest.approx(result.value, rel=1e-12)


def test_replicates_leave_the_other_side_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "level", lambda value, replicates, removed, n: replicates)
    monkeypatch.setattr(module, "_VALUES", 300)
    result = mind_jackknife(REAL, FAKE, REAL_BLOCKS, FAKE_BLOCKS, directions=20, seed=2)
    units = directions_of(2, 20, 6)
    real = [sliced(np.delete(REAL, block, axis=0), FAKE, units) for block in REAL_BLOCKS]
    fake = [sliced(REAL, np.delete(FAKE, block, axis=0), units) for block in FAKE_BLOCKS]
    assert result.jackknifed.value == mind(REAL, FAKE, directions=20, seed=2).value
    np.testing.assert_allclose(result.jackknifed.real, real, rtol=1e-11)
    np.testing.assert_allclose(result.jackknifed.fake, fake, rtol=1e-11)
    assert result.direction_se == mind(REAL, FAKE, directions=20, seed=2).direction_se


def test_images_that_were_thinned_out_have_no_effect() -> None:
    more = np.concatenate([FAKE, FAKE + 1])
    kept = set(generator(1, "mind thinning").choice(80, size=40, replace=False).tolist())
    gone = np.array([i for i in range(80) if i not in kept])
    blocks = [gone, *np.array_split(np.array(sorted(kept)), 5)]
    result = mind_jackknife(REAL, more, REAL_BLOCKS, blocks, directions=20, seed=1).jackknifed
    assert result.fake[0] == pytest.approx(result.fake.mean(), rel=1e-12)
    assert np.ptp(result.fake[1:]) > 0


def test_one_block_leaves_nothing_to_compare() -> None:
    everything = [np.arange(40)]
    result = mind_jackknife(REAL, FAKE, everything, everything, directions=5, seed=0).jackknifed
    assert result.real.tolist() == result.fake.tolist() == [result.value]


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="at least 2 directions, got 1"):
        mind(REAL, FAKE, directions=1, seed=0)
    with pytest.raises(InputError, match="real side has 6 features"):
        mind(REAL, FAKE[:, :2], seed=0)
    with pytest.raises(InputError, match="at least 1"):
        mind_jackknife(REAL[:0], FAKE, REAL_BLOCKS, FAKE_BLOCKS, seed=0)


@pytest.mark.parametrize(("n", "scale"), [(60, 1.0), (60, 1.3), (110, 1.3)])
def test_standard_errors_are_of_the_size_of_the_spread(n: int, scale: float) -> None:
    rng = np.random.default_rng(4)
    widths = 1 / np.sqrt(np.arange(1, 25))
    values = np.empty((100, 2))
    for run in range(100):
        real, fake = rng.normal(size=(n, 24)) * widths, rng.normal(size=(60, 24)) * widths * scale
        blocks = [np.array_split(rng.permutation(len(x)), 20) for x in (real, fake)]
        result = mind_jackknife(real, fake, *blocks, directions=40, seed=0).jackknifed
        error = math.hypot(*map(jackknife_standard_error, (result.real, result.fake)))
        values[run] = result.value, error
    ratio = values[:, 1].mean() / values[:, 0].std(ddof=1)
    # One seed, so the directions add nothing to the spread. An SD of 100 values is known to 7 %.
    assert 0.7 <= ratio <= 1.6, ratio
