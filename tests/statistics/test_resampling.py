"""Standard errors against the textbook case, the mean."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.statistics.groups import group_codes
from ganeval.statistics.resampling import (
    influence_standard_error,
    jackknife_bias,
    jackknife_standard_error,
    redrawn_groups,
)

VALUES = np.random.default_rng(5).normal(size=24)
EXACT = 1e-13  # sums of two dozen terms of order one


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    leave_one_out = (VALUES.sum() - VALUES) / 23
    expected = VALUES.std(ddof=1) / np.sqrt(24)
    assert jackknife_standard_error(leave_one_out) == pytest.approx(expected, rel=EXACT)


def test_jackknife_bias_of_the_plain_variance_is_exact() -> None:
    replicates = np.array([np.delete(VALUES, i).var() for i in range(24)])
    corrected = VALUES.var() - jackknife_bias(float(VALUES.var()), replicates)
    assert corrected == pytest.approx(VALUES.var(ddof=1), rel=EXACT)


def test_influence_of_a_mean_gives_its_standard_error() -> None:
    contributions = (VALUES - VALUES.mean()) / 24
    expected = VALUES.std(ddof=1) / np.sqrt(24)
    result = influence_standard_error(contributions, group_codes(None, 24))
    assert result == pytest.approx(expected, rel=EXACT)


def test_influence_over_groups_is_that_of_the_group_sums() -> None:
    codes = group_codes([i // 3 for i in range(24)], 24)
    contributions = (VALUES - VALUES.mean()) / 24
    means = VALUES.reshape(8, 3).mean(axis=1)
    expected = means.std(ddof=1) / np.sqrt(8)
    assert influence_standard_error(contributions, codes) == pytest.approx(expected, rel=EXACT)


def test_groups_are_redrawn_whole() -> None:
    codes = group_codes(["a", "b", "a", "c", "b"], 5)
    drawn = redrawn_groups(codes, np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=5)
    assert counts[0] == counts[2]
    assert counts[1] == counts[4]
    assert counts[0] + counts[1] + counts[3] == 3
