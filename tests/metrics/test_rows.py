"""Checks and orders of feature rows."""

from __future__ import annotations

import numpy as np
import pytest

import ganeval.metrics.rows as module
from ganeval.errors import InputError
from ganeval.metrics.rows import (
    NonFiniteFeaturesError,
    check_rows,
    hold_same_rows,
    in_digest_order,
)

ROWS = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_bad_row_is_named(bad: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 4)
    rows = ROWS.copy()
    rows[6, 1] = rows[8, 0] = bad
    with pytest.raises(NonFiniteFeaturesError, match="row 6 of the fake features") as caught:
        check_rows(rows, "fake")
    assert (caught.value.row, caught.value.side) == (6, "fake")


@pytest.mark.parametrize("rows", [ROWS[0], ROWS.astype(int), ROWS[:, :0]])
def test_features_are_a_float_table(rows: np.ndarray) -> None:
    with pytest.raises(InputError, match="float array"):
        check_rows(rows)


def test_too_few_rows_are_counted() -> None:
    with pytest.raises(InputError, match=r"at least 2 images per side, got 1 real$"):
        check_rows(ROWS[:1], "real", at_least=2)


def test_order_follows_digests_alone() -> None:
    digests = [f"{(7 * i) % 10}" for i in range(10)]
    codes = np.arange(10) // 2
    rows, groups = in_digest_order(ROWS, codes, digests)
    mixed = np.random.default_rng(1).permutation(10)
    again, same_groups = in_digest_order(ROWS[mixed], codes[mixed], [digests[i] for i in mixed])
    np.testing.assert_array_equal(rows, again)
    np.testing.assert_array_equal(groups, same_groups)
    np.testing.assert_array_equal(rows[0], ROWS[0])
    np.testing.assert_array_equal(rows[1], ROWS[3])


def test_without_digests_the_order_follows_the_features() -> None:
    mixed = np.random.default_rng(1).permutation(10)
    codes = np.arange(10)
    np.testing.assert_array_equal(
        in_digest_order(ROWS, codes)[0], in_digest_order(ROWS[mixed], codes)[0]
    )


def test_one_digest_per_row_is_needed() -> None:
    with pytest.raises(InputError, match="2 digests were given for 10 rows"):
        in_digest_order(ROWS, np.arange(10), ["a", "b"])


def test_same_rows_in_another_order_are_the_same_set() -> None:
    assert hold_same_rows(ROWS, ROWS[::-1])
    assert not hold_same_rows(ROWS, ROWS[:9])
    assert not hold_same_rows(ROWS, np.roll(ROWS, 1, axis=1))
    twice = np.concatenate([ROWS[:1], ROWS[:1], ROWS[2:]])
    assert not hold_same_rows(ROWS, twice)
    swapped = ROWS.copy()  # equal first column, equal columns as multisets, other rows
    swapped[[0, 1], 1] = swapped[[1, 0], 1]
    assert not hold_same_rows(ROWS, swapped)
