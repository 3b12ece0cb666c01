"""Moments merge and come apart without losing digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ganeval.metrics.moments as module
from ganeval.errors import InputError
from ganeval.metrics.moments import Moments

# Means of 40 and spreads of 1: centring must happen before squaring, or five digits are lost.
ROWS = (np.random.default_rng(0).normal(size=(60, 7)) + 40).astype(np.float32)
EXACT = 1e-12  # relative; rounding of 60 float64 additions


def assert_same(one: Moments, other: Moments, tolerance: float = EXACT) -> None:
    assert one.n == other.n
    np.testing.assert_allclose(one.mean, other.mean, rtol=tolerance)
    scale = np.abs(other.scatter).max()
    np.testing.assert_allclose(one.scatter, other.scatter, atol=tolerance * scale)


def test_covariance_is_numpys() -> None:
    moments = Moments.of(ROWS)
    wide = ROWS.astype(np.float64)
    np.testing.assert_allclose(moments.mean, wide.mean(axis=0), rtol=EXACT)
    np.testing.assert_allclose(moments.covariance(), np.cov(wide.T), atol=EXACT)
    np.testing.assert_allclose(moments.covariance(ddof=0), np.cov(wide.T, ddof=0), atol=EXACT)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 59), unique=True, max_size=8), st.randoms(use_true_random=False))
def test_any_merge_tree_gives_the_same(cuts: list[int], random: object) -> None:
    parts = [Moments.of(part) for part in np.split(ROWS, sorted(cuts))]
    while len(parts) > 1:
        random.shuffle(parts)  # type: ignore[attr-defined]
        parts = [parts[0].merge(parts[1]), *parts[2:]]
    assert_same(parts[0], Moments.of(ROWS))


def test_streaming_in_batches_from_nothing() -> None:
    moments = Moments.empty(7)
    for start in range(0, 60, 25):
        moments = moments.update(ROWS[start : start + 25])
    assert_same(moments.update(ROWS[:0]), Moments.of(ROWS))


@pytest.mark.parametrize("part", [1, 3, 58])
def test_removing_a_part_undoes_the_merge(part: int) -> None:
    left = Moments.of(ROWS).remove(Moments.of(ROWS[:part]))
    assert_same(left, Moments.of(ROWS[part:]), 1e-11)  # a subtraction of nearly equal scatters


def test_removing_everything_leaves_nothing() -> None:
    moments = Moments.of(ROWS)
    assert moments.remove(moments).n == 0


def test_blocks_bound_memory_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Moments.of(ROWS)
    monkeypatch.setattr(module, "_BLOCK", 9)
    assert_same(Moments.of(ROWS), whole)


def test_statistics_round_trip() -> None:
    moments = Moments.of(ROWS)
    again = Moments.from_statistics(moments.mean, moments.covariance(), 60)
    assert_same(again, moments)


def test_statistics_without_n_keep_their_covariance_and_refuse_the_rest() -> None:
    moments = Moments.from_statistics(np.zeros(2), np.eye(2))
    np.testing.assert_array_equal(moments.covariance(), np.eye(2))
    with pytest.raises(InputError, match="without n"):
        moments.covariance(ddof=0)
    with pytest.raises(InputError, match="number of images"):
        moments.merge(moments)


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="do not fit together"):
        Moments.from_statistics(np.zeros(3), np.eye(2))
    with pytest.raises(InputError, match="7 and of 2 features"):
        Moments.of(ROWS).merge(Moments.of(ROWS[:, :2]))
    with pytest.raises(InputError, match="cannot be removed"):
        Moments.of(ROWS[:3]).remove(Moments.of(ROWS))
    with pytest.raises(InputError, match="at least 2 images"):
        Moments.of(ROWS[:1]).covariance()
    with pytest.raises(InputError, match="at least 2 images"):
        Moments.from_statistics(np.zeros(2), np.eye(2), n=1)
