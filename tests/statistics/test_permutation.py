"""Permutations of labels, and the p-value that is never 0."""

from __future__ import annotations

import numpy as np

from ganeval.statistics.permutation import can_be_permuted, permutation_p, permuted_labels

LABELS = np.array([True, True, False, False, False, True])
STRATA = np.array([1, 1, 1, 2, 2, 2])


def test_labels_move_only_within_their_stratum() -> None:
    shuffled = permuted_labels(LABELS, STRATA, 200, np.random.default_rng(0))
    assert (shuffled[:, :3].sum(axis=1) == 2).all()
    assert (shuffled[:, 3:].sum(axis=1) == 1).all()
    assert len(np.unique(shuffled, axis=0)) == 9  # 3 ways in either stratum


def test_shuffles_are_uniform() -> None:
    shuffled = permuted_labels(LABELS, np.zeros(6, int), 6000, np.random.default_rng(1))
    # Each place is real half of the time; five SDs of a share of 6000 draws are 0.032.
    assert np.abs(shuffled.mean(axis=0) - 0.5).max() < 0.032


def test_one_label_per_stratum_cannot_be_permuted() -> None:
    assert not can_be_permuted(np.array([True, True, False]), np.array([1, 1, 2]))
    assert can_be_permuted(LABELS, STRATA)


def test_p_counts_ties_and_the_observed_labelling() -> None:
    permuted = np.array([0.5, 1.0, 1.0 - 1e-15, 2.0])
    assert permutation_p(1.0, permuted) == 3 / 5
    assert permutation_p(1.0, permuted, tolerance=1e-12) == 4 / 5
    assert permutation_p(9.0, permuted) == 1 / 5
