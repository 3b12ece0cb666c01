"""CMMD: the Gaussian kernel's discrepancy of embeddings of length 1."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ive

import ganeval.metrics.gaussian_kernel as module
from ganeval.errors import InputError
from ganeval.metrics.gaussian_kernel import cmmd, cmmd_jackknife
from ganeval.statistics.resampling import jackknife_standard_error

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(31, 8)).astype(np.float32)
FAKE = (RNG.normal(size=(22, 8)) + 0.3).astype(np.float32)
REAL_BLOCKS = np.array_split(RNG.permutation(31), 6)
FAKE_BLOCKS = np.array_split(RNG.permutation(22), 5)


def pair_by_pair(
    real: np.ndarray, fake: np.ndarray, sigma: float = 10.0, unbiased: bool = False
) -> float:
    """The definition, one pair after the other."""
    sides = [[x / math.sqrt(math.fsum(x * x)) for x in s.astype(float)] for s in (real, fake)]

    def mean(one: list, other: list, skip: bool) -> float:
        values = [
            math.expm1(-(math.dist(x, y) ** 2) / (2 * sigma**2))
            for i, x in enumerate(one)
            for j, y in enumerate(other)
            if not (skip and i == j)
        ]
        return math.fsum(values) / len(values)

    within = [mean(side, side, unbiased) for side in sides]
    return 1000 * (sum(within) - 2 * mean(sides[0], sides[1], False))


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("sigma", [10.0, 0.7])
@pytest.mark.parametrize("block", [7, 1024])
def test_equals_its_definition(
    sigma: float, unbiased: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    value = cmmd(REAL, FAKE, sigma=sigma, unbiased=unbiased)
    # Squared distances of unit vectors from products are right to 1e-15 of 4, k to that / σ².
    assert value == pytest.approx(pair_by_pair(REAL, FAKE, sigma, unbiased), rel=1e-10)
    assert cmmd(REAL, FAKE, sigma=sigma, unbiased=unbiased, scale=1.0) == pytest.approx(
        value / 1000, rel=1e-12
    )


def test_a_circle_against_a_point_is_a_bessel_function() -> None:
    # Equally spaced points integrate exp(-(1 - cos φ)/σ²) exactly: its mean over the circle is
    # exp(-1/σ²) I0(1/σ²), within the circle as against any point of it.
    angles = np.arange(64) * 2 * np.pi / 64
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 3.0
    for sigma in (10.0, 1.0):
        mean = ive(0, 1 / sigma**2)
        value = cmmd(circle, np.array([[0.2, 0.0]]), sigma=sigma)
        assert value == pytest.approx(1000 * (1 - mean), rel=1e-12)


def test_two_points_are_as_far_apart_as_their_angle() -> None:
    one, other = np.array([[5.0, 0.0]]), np.array([[0.0, 0.1]])
    assert cmmd(one, other) == pytest.approx(-2000 * math.expm1(-0.01), rel=1e-13)
    # An angle of 1e-5: float32, or 1 - k, would be left with no digit of k - 1 = -5e-13.
    near = np.array([[1.0, 1e-5]])
    assert cmmd(one, near) == pytest.approx(1e-9, rel=1e-5)


def test_a_set_has_no_distance_to_itself() -> None:
    assert cmmd(REAL, REAL) == 0.0
    assert cmmd(REAL, REAL[::-1]) == 0.0
    assert cmmd_jackknife(REAL, REAL[::-1].copy(), REAL_BLOCKS, REAL_BLOCKS).value == 0.0
    assert cmmd(REAL, REAL, unbiased=True) < 0


def test_only_directions_count() -> None:
    lengths = RNG.uniform(0.1, 50, size=(31, 1))
    assert cmmd(REAL * lengths, FAKE) == pytest.approx(cmmd(REAL, FAKE), rel=1e-6)


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("block", [7, 1024])
def test_replicates_are_those_of_computing_again(
    unbiased: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "level", lambda value, replicates, removed, n: replicates)
    result = cmmd_jackknife(REAL, FAKE, REAL_BLOCKS, FAKE_BLOCKS, unbiased=unbiased)
    real = [cmmd(np.delete(REAL, b, axis=0), FAKE, unbiased=unbiased) for b in REAL_BLOCKS]
    fake = [cmmd(REAL, np.delete(FAKE, b, axis=0), unbiased=unbiased) for b in FAKE_BLOCKS]
    assert result.value == pytest.approx(cmmd(REAL, FAKE, unbiased=unbiased), rel=1e-10)
    np.testing.assert_allclose(result.real, real, rtol=1e-10)
    np.testing.assert_allclose(result.fake, fake, rtol=1e-10)


def test_one_array_may_stand_on_both_sides_in_different_blocks() -> None:
    other_blocks = np.array_split(np.arange(31), 4)
    result = cmmd_jackknife(REAL, REAL, REAL_BLOCKS, other_blocks, unbiased=True)
    copied = cmmd_jackknife(REAL, REAL.copy(), REAL_BLOCKS, other_blocks, unbiased=True)
    np.testing.assert_array_equal(result.real, copied.real)
    np.testing.assert_array_equal(result.fake, copied.fake)


def test_unequal_and_empty_blocks_are_levelled() -> None:
    uneven = [np.arange(3), np.empty(0, np.int64), np.arange(3, 31)[::2], np.arange(3, 31)[1::2]]
    result = cmmd_jackknife(REAL, FAKE, uneven, FAKE_BLOCKS)
    # The empty block says nothing, so it stands where the mean of all stands.
    assert result.real[1] == pytest.approx(result.real.mean(), rel=1e-12)


def test_one_block_leaves_nothing_to_compare() -> None:
    result = cmmd_jackknife(REAL, FAKE, [np.arange(31)], [np.arange(22)])
    assert result.real.tolist() == result.fake.tolist() == [result.value]


def test_unfit_input_is_refused() -> None:
    empty = FAKE.copy()
    empty[4] = 0
    with pytest.raises(InputError, match="row 4 of the fake embeddings is zero"):
        cmmd(REAL, empty)
    with pytest.raises(InputError, match="row 4 of the real embeddings is zero"):
        cmmd_jackknife(empty, REAL, FAKE_BLOCKS, REAL_BLOCKS)
    with pytest.raises(InputError, match="real side has 8 features"):
        cmmd(REAL, FAKE[:, :3])
    with pytest.raises(InputError, match="at least 2 images per side, got 1 fake"):
        cmmd(REAL, FAKE[:1], unbiased=True)
    with pytest.raises(InputError, match="width of the kernel must be positive, got 0"):
        cmmd(REAL, FAKE, sigma=0)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_standard_errors_are_of_the_size_of_the_spread(shift: float) -> None:
    rng = np.random.default_rng(3)
    values = np.empty((200, 2))
    for run in range(200):
        real, fake = rng.normal(size=(80, 16)), rng.normal(size=(60, 16)) + shift
        blocks = [np.array_split(rng.permutation(n), 20) for n in (80, 60)]
        result = cmmd_jackknife(real, fake, *blocks)
        error = math.hypot(*map(jackknife_standard_error, (result.real, result.fake)))
        values[run] = result.value, error
    ratio = values[:, 1].mean() / values[:, 0].std(ddof=1)
    # An SD of 200 values is known to 5 %; under the null the jackknife errs on the wide side.
    assert 0.85 <= ratio <= 1.5, ratio
