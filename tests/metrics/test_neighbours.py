"""The nearest real image of every fake one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ganeval.metrics.nearest as module
from ganeval.errors import InputError
from ganeval.metrics.neighbours import nearest_real

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(40, 5)).astype(np.float32)
FAKE = RNG.normal(size=(23, 5)).astype(np.float32)


def brute_force(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    difference = fake[:, None].astype(np.float64) - real[None].astype(np.float64)
    distances = np.sqrt((difference**2).sum(axis=2))
    return distances.argmin(axis=1), distances.min(axis=1)


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("block", [7, 1024])
def test_equals_measuring_every_pair(
    offset: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_PAIRS", 5)
    real, fake = REAL + np.float32(offset), FAKE + np.float32(offset)
    index, distance = nearest_real(real, fake)
    expected = brute_force(real, fake)
    np.testing.assert_array_equal(index, expected[0])
    np.testing.assert_allclose(distance, expected[1], rtol=1e-14)  # the same sums of squares
    assert index.dtype == np.int64


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 99))
def test_ties_go_to_the_smallest_index(n: int, m: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)  # points of a grid, so that most distances are tied
    real, fake = rng.integers(0, 3, (n, d)) * 1.0, rng.integers(0, 3, (m, d)) * 1.0
    index, distance = nearest_real(real, fake)
    expected = brute_force(real, fake)
    np.testing.assert_array_equal(index, expected[0])
    np.testing.assert_array_equal(distance, expected[1])


def test_ties_across_blocks_go_to_the_earlier_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 3)
    index, distance = nearest_real(np.tile(REAL[:4], (5, 1)), REAL[:4])
    np.testing.assert_array_equal(index, np.arange(4))
    np.testing.assert_array_equal(distance, np.zeros(4))


def test_copies_have_distance_exactly_zero() -> None:
    far = REAL * 100 + 7
    index, distance = nearest_real(far, far[[5, 2, 30]])
    assert index.tolist() == [5, 2, 30]
    assert distance.tolist() == [0.0, 0.0, 0.0]


def test_no_fakes_have_no_neighbours() -> None:
    index, distance = nearest_real(REAL, FAKE[:0])
    assert len(index) == len(distance) == 0


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        nearest_real(REAL[:0], FAKE)
    with pytest.raises(InputError, match="real side has 5 features"):
        nearest_real(REAL, FAKE[:, :2])
