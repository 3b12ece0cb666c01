"""Histograms of what discriminators think."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval_cyclegan.discriminator_histograms import (
    BINS,
    PATCH_IMAGES,
    DiscriminatorScores,
    Scores,
    histogram,
    read_histograms,
    write_scores,
)


def maps(*means: float, side: int = 3) -> list[Scores]:
    return [np.full((side, side), mean, np.float32) for mean in means]


def scores(
    train: list[Scores], held: list[Scores], fake: list[Scores], threshold: float | None = 0.5
) -> DiscriminatorScores:
    return DiscriminatorScores(train, held, fake, threshold)


def test_every_image_lies_in_one_bin_of_a_shared_range() -> None:
    found = histogram("D_A", scores(maps(1.0, 0.9), maps(0.4), maps(0.0, 0.1, 0.2)), 7)
    assert (found.update, found.discriminator) == (7, "D_A")
    assert len(found.edges) == BINS + 1
    assert (found.edges[0], found.edges[-1]) == (0.0, 1.0)
    assert (sum(found.real), sum(found.held_out), sum(found.fake)) == (2, 1, 3)
    assert found.real[-1] == 1
    assert found.fake[0] == 1


def test_accuracy_is_the_mean_over_both_kinds() -> None:
    # Half of the reals and all fakes are called rightly.
    found = histogram("D_A", scores(maps(1.0, 0.2), maps(), maps(0.0, 0.1, 0.2)), 1)
    assert found.accuracy == 0.75
    assert histogram("D", scores(maps(1.0), maps(), maps(0.0), None), 1).accuracy is None


def test_a_score_at_the_threshold_is_called_fake() -> None:
    assert histogram("D", scores(maps(0.5), [], maps(0.5)), 1).accuracy == 0.5


def test_overlap_is_one_for_equal_and_none_for_separate_scores() -> None:
    assert histogram("D", scores(maps(0.1, 0.9), [], maps(0.1, 0.9)), 1).overlap == 1
    assert histogram("D", scores(maps(0.8, 0.9), [], maps(0.1, 0.2)), 1).overlap == 0
    half = histogram("D", scores(maps(0.1, 0.9), [], maps(0.1, 0.5)), 1)
    assert half.overlap == 0.5


def test_equal_scores_and_empty_sets_make_histograms_too() -> None:
    alike = histogram("D", scores(maps(0.3, 0.3), [], maps(0.3)), 1)
    assert sum(alike.real) == 2
    assert alike.edges == sorted(set(alike.edges))
    empty = histogram("D", scores([], [], []), 1)
    assert (sum(empty.real), empty.accuracy, empty.overlap) == (0, None, None)
    assert scores([], [], []).gap is None


def test_scores_that_are_not_finite_are_left_out() -> None:
    found = histogram("D", scores(maps(0.5, float("nan")), [], maps(float("inf"), 0.1)), 1)
    assert (sum(found.real), sum(found.fake)) == (1, 1)


def test_gap_is_the_mean_of_training_reals_less_that_of_others() -> None:
    assert scores(maps(0.9, 0.7), maps(0.5), []).gap == pytest.approx(0.3)


@pytest.mark.parametrize("threshold", [0.5, None])
def test_files_give_back_the_histograms(tmp_path: Path, threshold: float | None) -> None:
    rng = np.random.default_rng(0)
    random = [list(rng.normal(size=(70, 2, 3)).astype(np.float32)) for _ in range(3)]
    both = {"D_A": scores(*random, threshold), "D_B": scores(*random[::-1], threshold)}
    path = tmp_path / "eval" / "dscores.npz"
    write_scores(path, both, 12)
    assert read_histograms(path) == [histogram(name, one, 12) for name, one in both.items()]
    file = np.load(path)
    assert file["D_A_train_patch"].shape == (PATCH_IMAGES * 6,)
    assert file["D_A_train_image"].shape == (70,)


def test_maps_of_different_size_lie_in_one_file(tmp_path: Path) -> None:
    write_scores(tmp_path / "s.npz", {"D": scores(maps(1.0) + maps(0.0, side=5), [], [])}, 1)
    file = np.load(tmp_path / "s.npz")
    assert file["D_train_image"].tolist() == [1.0, 0.0]
    assert file["D_train_patch"].shape == (9 + 25,)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read as scores"):
        read_histograms(tmp_path / "s.npz")
