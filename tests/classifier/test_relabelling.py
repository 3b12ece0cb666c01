"""Labels under which there is nothing to find."""

from __future__ import annotations

import numpy as np

from ganeval.classifier.relabelling import halved_labels, neighbour_labels, shuffled_labels

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1])
GROUPS = ["a", "a", "b", "c", "d", "d", "e", "f", "p", "p", "q", "q", "r", "s"]
PARTS = np.array([0, 0, 0, 2, 0, 0, 2, 2, 0, 0, 2, 2, -1, -1])


def draws(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([shuffled_labels(LABELS, GROUPS, PARTS, rng) for _ in range(count)])


def test_groups_stay_whole_and_pairs_swap() -> None:
    drawn = draws(400)
    for first, second in ((0, 1), (4, 5)):
        np.testing.assert_array_equal(drawn[:, first], drawn[:, second])
    np.testing.assert_array_equal(drawn[:, [8, 10]] + drawn[:, [9, 11]], 1)
    # One of a, b, d is fake, each as often; pairs swap by fair coins. Five deviations are 50.
    fakes = drawn[:, [0, 2, 4, 8, 10]].sum(axis=0)
    assert np.abs(fakes - np.array([400 / 3, 400 / 3, 400 / 3, 200, 200])).max() < 50


def test_every_part_keeps_its_groups_of_each_label() -> None:
    drawn = draws(50)
    np.testing.assert_array_equal(drawn[:, [0, 2, 4]].sum(axis=1), 1)  # a, b real; d fake
    np.testing.assert_array_equal(drawn[:, [3, 6, 7]].sum(axis=1), 2)  # c real; e, f fake
    np.testing.assert_array_equal(drawn[:, [12, 13]].sum(axis=1), 1)
    assert len(np.unique(drawn, axis=0)) > 10


def test_the_true_labels_are_not_changed() -> None:
    before = LABELS.copy()
    draws(1)
    np.testing.assert_array_equal(LABELS, before)


def test_halves_hold_whole_groups_of_every_part() -> None:
    groups = [str(i // 2) for i in range(40)]
    parts = np.repeat([0, 1, 2, -1], 10)
    chosen = np.arange(0, 30)
    rng = np.random.default_rng(0)
    over = []
    for _ in range(200):
        labels = halved_labels(chosen, groups, parts, rng)
        np.testing.assert_array_equal(labels[::2], labels[1::2])
        assert not labels[30:].any()
        halves = [int(labels[parts == part].sum()) // 2 for part in (0, 1, 2)]
        assert set(halves) <= {2, 3}
        over.append(halves[0] == 3)
    assert 60 < sum(over) < 140  # 100 within more than five standard deviations


def test_neighbours_share_labels_and_couples_do_not() -> None:
    labels = neighbour_labels(45, 300, np.random.default_rng(0))
    assert labels.shape == (300, 45)
    assert (labels[:, 40:] == -1).all()
    blocks = labels[:, :40].reshape(300, 10, 4)
    np.testing.assert_array_equal(blocks.min(axis=2), blocks.max(axis=2))
    np.testing.assert_array_equal(blocks[:, ::2, 0] + blocks[:, 1::2, 0], 1)
    assert np.abs(blocks[:, ::2, 0].sum(axis=0) - 150).max() < 52  # six standard deviations
