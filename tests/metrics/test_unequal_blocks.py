"""Replicates as if every block had the same size."""

from __future__ import annotations

import numpy as np

from ganeval.metrics.unequal_blocks import block_codes, block_sizes, level
from ganeval.statistics.resampling import jackknife_standard_error


def test_rows_know_their_block() -> None:
    codes = block_codes([np.array([3, 0]), np.empty(0, np.int64), np.array([1])], 5)
    assert codes.tolist() == [0, 2, -1, 0, -1]
    assert block_sizes(codes, 3).tolist() == [2, 0, 1]


def test_a_bias_of_one_over_n_is_no_difference_between_blocks() -> None:
    removed, n, bias = np.array([0, 3, 5, 12]), 100, 40.0
    replicates = 2 + bias / (n - removed)
    levelled = level(2 + bias / n, replicates, removed, n)
    assert jackknife_standard_error(replicates) > 0.02
    np.testing.assert_allclose(levelled, replicates.mean(), rtol=1e-14)


def test_equal_blocks_stay_as_they_are() -> None:
    replicates = np.array([1.0, 3.0, 2.5])
    np.testing.assert_allclose(
        level(2.0, replicates, np.array([4, 4, 4]), 12), replicates, rtol=1e-15
    )


def test_nothing_changes_where_nothing_or_everything_is_left_out() -> None:
    replicates = np.array([2.0, 2.0])
    assert level(2.0, replicates, np.array([0, 0]), 7) is replicates
    assert level(2.0, replicates, np.array([7, 0]), 7) is replicates
