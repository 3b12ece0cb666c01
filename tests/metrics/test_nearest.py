"""The nearest row of another set, with and without its block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ganeval.metrics.nearest as module
from ganeval.metrics.nearest import Measure, nearest_rows
from ganeval.metrics.unit_vectors import random_directions, unit_rows
from ganeval.statistics.streams import generator

RNG = np.random.default_rng(0)
ONE = RNG.normal(size=(23, 5)).astype(np.float32)
OTHER = RNG.normal(size=(40, 5)).astype(np.float32)
BLOCKS = np.array_split(RNG.permutation(40), 6)


def every_distance(one: np.ndarray, other: np.ndarray, measure: Measure) -> np.ndarray:
    one, other = one.astype(np.float64), other.astype(np.float64)
    if measure == "euclidean":
        return np.sqrt(((one[:, None] - other[None]) ** 2).sum(axis=2))
    lengths = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(other, axis=1)
    return 1 - np.abs(one @ other.T) / lengths


@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
@pytest.mark.parametrize("block", [7, 1024])
def test_equals_measuring_every_pair(
    measure: Measure, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_PAIRS", 3)
    found = nearest_rows(ONE, OTHER, measure, BLOCKS)
    distances = every_distance(ONE, OTHER, measure)
    np.testing.assert_array_equal(found.index[:, 0], distances.argmin(axis=1))
    np.testing.assert_allclose(found.distance[:, 0], distances.min(axis=1), rtol=1e-12)
    for number, rows in enumerate(BLOCKS):
        left = np.delete(distances, rows, axis=1)
        index, distance = found.without(number)
        np.testing.assert_array_equal(index, np.delete(np.arange(40), rows)[left.argmin(axis=1)])
        np.testing.assert_allclose(distance, left.min(axis=1), rtol=1e-12)


@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
def test_a_row_is_not_its_own_neighbour(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 9)
    found = nearest_rows(OTHER, OTHER, measure, BLOCKS, within=True)
    distances = every_distance(OTHER, OTHER, measure)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(found.index[:, 0], distances.argmin(axis=1))
    np.testing.assert_allclose(found.distance[:, 0], distances.min(axis=1), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(2, 12), st.integers(1, 3), st.integers(0, 99))
def test_ties_go_to_the_smallest_index(n: int, m: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)  # points of a grid, so that most distances are tied
    one, other = rng.integers(1, 4, (n, d)) * 1.0, rng.integers(1, 4, (m, d)) * 1.0
    blocks = np.array_split(rng.permutation(m), 2)
    found = nearest_rows(one, other, "euclidean", blocks)
    distances = every_distance(one, other, "euclidean")
    np.testing.assert_array_equal(found.index[:, 0], distances.argmin(axis=1))
    np.testing.assert_array_equal(found.distance[:, 0], distances.min(axis=1))


@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
def test_copies_have_distance_exactly_zero(measure: Measure) -> None:
    far = np.tile(OTHER * 100 + 7, (2, 1))
    found = nearest_rows(far[[5, 2, 30]], far, measure)
    assert found.index[:, 0].tolist() == [5, 2, 30]
    assert found.distance[:, 0].tolist() == [0.0, 0.0, 0.0]


def test_the_cosine_distance_knows_no_sign_and_no_length() -> None:
    found = nearest_rows(OTHER[[3, 9]] * np.array([[-2.0], [0.5]]), OTHER, "cosine")
    assert found.index[:, 0].tolist() == [3, 9]
    assert found.distance[:, 0].tolist() == [0.0, 0.0]  # scaled by powers of two: no rounding


def test_tiny_cosine_distances_keep_their_digits() -> None:
    one, other = np.array([[1.0, 1e-9]]), np.array([[1.0, 0.0]])
    distance = nearest_rows(one, other, "cosine").distance[0, 0]
    # 1 - cos of an angle a is a²/2; taken from 1 - x·y it would be 0 in float64.
    assert distance == pytest.approx(5e-19, rel=1e-9)


def test_nothing_is_nearest_where_nothing_is_left() -> None:
    found = nearest_rows(ONE, OTHER, "euclidean", [np.arange(40), np.empty(0, np.int64)])
    index, distance = found.without(0)
    assert set(index.tolist()) == {-1}
    assert np.isinf(distance).all()


def test_unit_rows_neither_overflow_nor_vanish() -> None:
    rows = unit_rows(np.array([[3e200, 4e200], [3e-200, 4e-200]]))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.6, 0.8]], rtol=1e-15)


def test_directions_do_not_depend_on_how_many_are_drawn_at_once() -> None:
    whole = random_directions(10, 4, generator(3, "x"))
    rng = generator(3, "x")
    parts = np.concatenate([random_directions(count, 4, rng) for count in (1, 6, 3)])
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-15)
