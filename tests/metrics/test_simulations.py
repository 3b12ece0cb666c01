"""Long-run behaviour where the truth is known; seeded, so the bands hold or fail for good."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.metrics.floor import excess_over_floor
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.kernel import kid
from ganeval.metrics.uncertainty import frechet

pytestmark = pytest.mark.slow

D, N = 256, 60
SPECTRUM = 1 / np.sqrt(np.arange(1, D + 1))  # standard deviations that fall off as in networks


def sample(rng: np.random.Generator, n: int, scale: float = 1.0) -> np.ndarray:
    return rng.normal(size=(n, D)) * SPECTRUM * scale


def excess(real: np.ndarray, fake: np.ndarray, seed: int) -> tuple[float, float]:
    names = [[f"{i:03d}" for i in range(len(rows))] for rows in (real, fake)]
    result = excess_over_floor(real, fake, real_digests=names[0], fake_digests=names[1], seed=seed)
    assert result is not None
    excess = result.floor.excess
    assert excess.value is not None
    assert excess.se is not None
    return excess.value, excess.se


def test_standard_errors_are_of_the_size_of_the_spread() -> None:
    rng = np.random.default_rng(0)
    values = np.empty((200, 2, 2))
    for run in range(200):
        real, fake = sample(rng, N), sample(rng, N, 1.2) + 0.05
        estimate = frechet(real, fake).estimate
        values[run] = (estimate.value, estimate.se), excess(real, fake, run)
    ratios = values[:, :, 1].mean(axis=0) / values[:, :, 0].std(axis=0, ddof=1)
    # An SD of 200 values is known to 5 %; first-order standard errors err on the wide side here.
    assert 0.9 <= ratios[0] <= 1.7, ratios
    assert 0.9 <= ratios[1] <= 1.7, ratios


def test_excess_is_zero_on_average_where_nothing_differs() -> None:
    rng = np.random.default_rng(1)
    values = [excess(sample(rng, N), sample(rng, N), run)[0] for run in range(200)]
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(200)
    assert abs(mean) <= 3 * error, (mean, error)


def test_less_variety_lowers_the_distance_and_raises_the_excess() -> None:
    rng = np.random.default_rng(2)
    changes = np.empty((30, 2))
    for run in range(30):
        real, fake = sample(rng, N), sample(rng, N)
        shrunk = fake.mean(axis=0) + 0.7 * (fake - fake.mean(axis=0))
        changes[run] = (
            frechet_distance(real, shrunk) - frechet_distance(real, fake),
            excess(real, shrunk, run)[0] - excess(real, fake, run)[0],
        )
    assert (changes[:, 0] < 0).all()
    assert (changes[:, 1] > 0).all()


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_kid_intervals_cover_the_truth(shift: float) -> None:
    d, n = 32, 50
    # For Gaussians the means of k are moments of a normal variable: E (z/d + 1)³ with z = xᵀy.
    mean = np.zeros(d)
    mean[0] = shift * d
    truth = (
        _mean_kernel(mean, mean)
        + _mean_kernel(0 * mean, 0 * mean)
        - 2 * _mean_kernel(mean, 0 * mean)
    )
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(300):
        estimate = kid(
            rng.normal(size=(n, d)) + mean, rng.normal(size=(n, d)), permutations=0
        ).estimate
        covered += estimate.low <= truth <= estimate.high
    # 0.95 with 300 runs has an SD of 0.013; under the null the interval is a little wide.
    assert 0.93 <= covered / 300 <= 0.99


def _mean_kernel(first: np.ndarray, second: np.ndarray) -> float:
    """E (z/d + 1)³ with z = xᵀy, for independent x ~ N(first, I) and y ~ N(second, I)."""
    d, mean = len(first), first @ second
    variance = first @ first + second @ second + d
    square, cube = mean**2 + variance, mean**3 + 3 * mean * variance + 6 * mean
    return float(1 + 3 * mean / d + 3 * square / d**2 + cube / d**3)


def test_p_values_are_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(4)
    p = []
    for run in range(200):
        test = kid(sample(rng, 40), sample(rng, 40), permutations=199, seed=run).test
        assert test is not None
        p.append(test.p)
    # 5 % of 200 with an SD of 1.5 %; 0.08 is two of them above.
    assert np.mean(np.array(p) <= 0.05) <= 0.08
    assert 0.4 <= np.mean(p) <= 0.6  # the mean of 200 uniform values has an SD of 0.02


def test_intervals_of_crops_need_their_groups() -> None:
    rng = np.random.default_rng(5)
    photos, crops, d = 15, 4, 32
    labels = [str(i // crops) for i in range(photos * crops)]

    def crops_of_photos() -> np.ndarray:
        scenes = np.repeat(rng.normal(size=(photos, d)), crops, axis=0)
        return scenes + 0.3 * rng.normal(size=scenes.shape)

    plain, grouped = [], []
    for _ in range(200):
        real, fake = crops_of_photos() + 0.3, crops_of_photos()
        plain.append(kid(real, fake, permutations=0).estimate)
        grouped.append(
            kid(real, fake, real_groups=labels, fake_groups=labels, permutations=0).estimate
        )
    truth = np.mean([estimate.value for estimate in plain])
    coverage = [np.mean([e.low <= truth <= e.high for e in side]) for side in (plain, grouped)]
    # Four crops of a photo are worth one image: taken for four, the interval is half as wide as
    # it should be and covers as rarely as ±0.98 SD does, 0.67. A share of 200 has an SD of 0.03.
    assert coverage[0] < 0.8
    assert coverage[1] >= 0.91
