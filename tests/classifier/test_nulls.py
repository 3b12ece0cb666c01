"""Null controls: silent where nothing is wrong, loud where groups are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from classifier.made_sets import SETTINGS, labelled

from ganeval.classifier.colour import colour_matrix
from ganeval.classifier.examples import Examples, Scores, Split
from ganeval.classifier.neighbouring import neighbouring_files
from ganeval.classifier.nulls import RUNS, null_controls
from ganeval.classifier.split import split_examples
from ganeval.records.classify import NullControl

Matrix = npt.NDArray[np.float64]


def named(labels: Sequence[int], groups: Sequence[str] | None = None) -> Examples:
    """Images whose names have the order of their rows."""
    return replace(labelled(labels, groups), keys=[f"{i:05}.png" for i in range(len(labels))])


def controls(matrix: Matrix, examples: Examples, **how: object) -> dict[str, NullControl]:
    settings = replace(SETTINGS, **how)  # type: ignore[arg-type]
    split = split_examples(examples, settings.split, settings.seed)
    found = null_controls(
        "features",
        {"features": matrix},
        examples,
        split,
        pairs_confirmed=False,
        settings=settings,
    )
    return {one.name: one for one in found}


def alarms(found: dict[str, NullControl]) -> list[str]:
    return [name for name, one in found.items() if one.alarm]


def crops(pictures: int, each: int, seed: int = 0) -> Matrix:
    """Crops of so many pictures in order, much like each other within a picture."""
    rng = np.random.default_rng(seed)
    matrix = np.repeat(rng.normal(size=(pictures, 32)), each, axis=0)
    return matrix + 0.4 * rng.normal(size=matrix.shape)


def test_sets_of_independent_images_raise_no_alarm() -> None:
    labels = np.repeat([0, 1], 120)
    matrix = np.random.default_rng(0).normal(size=(240, 32)) + 0.5 * labels[:, None]
    found = controls(matrix, named(labels))
    assert list(found) == ["shuffled", "real-real", "neighbours-real", "neighbours-fake"]
    assert not alarms(found)
    for one in found.values():
        assert len(one.runs) == RUNS
        assert one.auc.value == pytest.approx(np.mean(one.runs))
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.auc.value < one.high
        assert one.p_holm is not None
        assert not one.remedy


def test_the_band_of_shuffled_labels_is_that_of_the_rank_sum() -> None:
    labels = np.repeat([0, 1], 100)
    matrix = np.random.default_rng(1).normal(size=(200, 8))
    one = controls(matrix, named(labels))["shuffled"]
    assert one.auc.n == {"real": 25, "fake": 25}
    se0 = np.sqrt((25 + 25 + 1) / (12 * 25 * 25))
    assert one.high == pytest.approx(0.5 + 2.576 * se0 / np.sqrt(RUNS), rel=1e-3)
    assert one.low == pytest.approx(0.5 - 2.576 * se0 / np.sqrt(RUNS), rel=1e-3)


def test_four_crops_that_nobody_declared_raise_the_alarm() -> None:
    labels = np.repeat([0, 1], 120)
    found = controls(crops(60, 4), named(labels))
    assert alarms(found) == ["neighbours-real", "neighbours-fake"]
    assert (found["neighbours-real"].auc.value or 0) > 0.9
    assert "--groups" in found["neighbours-real"].remedy
    assert "real" in found["neighbours-real"].display


def test_declared_crops_raise_none() -> None:
    labels = np.repeat([0, 1], 120)
    groups = [f"picture {i // 4}" for i in range(240)]
    assert not alarms(controls(crops(60, 4), named(labels, groups)))


def test_a_folder_sorted_by_class_raises_none() -> None:
    rng = np.random.default_rng(0)
    matrix = np.repeat(3 * rng.normal(size=(6, 32)), 40, axis=0) + rng.normal(size=(240, 32))
    found = controls(matrix, named(np.repeat([0, 1], 120)))
    assert not alarms(found)
    assert (found["neighbours-real"].auc.value or 1) < 0.52


def test_crops_in_one_set_alone_accuse_that_set() -> None:
    matrix = np.concatenate([np.random.default_rng(5).normal(size=(120, 32)), crops(30, 4)])
    assert alarms(controls(matrix, named(np.repeat([0, 1], 120)))) == ["neighbours-fake"]


def test_labels_that_reach_the_features_raise_the_alarm() -> None:
    """A network that is shown the labels of the test part, as a leaking loader would."""
    labels = np.repeat([0, 1], 60)
    examples = named(labels)
    split = split_examples(examples, SETTINGS.split, 0)
    seen: list[Split] = []

    def leaking(shown: Examples, parts: Split) -> Scores:
        seen.append(parts)
        noise = np.random.default_rng(0).normal(size=len(shown))
        return noise + 3.0 * shown.labels

    def honest(shown: Examples, parts: Split) -> Scores:
        return np.random.default_rng(0).normal(size=len(shown))

    for fit, alarm in ((leaking, True), (honest, False)):
        found = null_controls(
            "cnn",
            {},
            examples,
            split,
            pairs_confirmed=False,
            settings=replace(SETTINGS, null_check="full", preset="thorough"),
            fit_network=fit,
        )
        assert [(one.name, one.rung, one.alarm) for one in found] == [
            ("shuffled", "cnn", alarm),
            ("real-real", "cnn", alarm),
        ]
        assert len(found[0].runs) == 1
    assert not (seen[1].parts[labels == 1] >= 0).any()


def test_the_network_is_fitted_only_on_request() -> None:
    def never(shown: Examples, parts: Split) -> Scores:
        raise AssertionError

    labels = np.repeat([0, 1], 50)
    matrix = np.random.default_rng(0).normal(size=(100, 6))
    examples = named(labels)
    split = split_examples(examples, SETTINGS.split, 0)
    how = {"pairs_confirmed": False, "fit_network": never}
    found = null_controls(
        "cnn",
        {"colour": matrix},
        examples,
        split,
        settings=SETTINGS,
        **how,  # type: ignore[arg-type]
    )
    assert {one.rung for one in found} == {"colour", "knn"}
    none = replace(SETTINGS, null_check="none")
    assert not null_controls("cnn", {}, examples, split, settings=none, **how)  # type: ignore[arg-type]


def test_too_few_units_are_said_to_be_too_few() -> None:
    labels = np.repeat([0, 1], 10)
    matrix = np.random.default_rng(0).normal(size=(20, 6))
    examples = named(labels)
    found = controls(matrix, examples)
    for one in found.values():
        if one.name != "shuffled":
            assert one.auc.value is None
            assert one.auc.reason
            assert (one.p, one.p_holm, one.alarm) == (None, None, False)


def test_neighbours_alarm_is_no_accident() -> None:
    """Forty sets of independent files: p at or below 0.05 at most 7 times (99.9 % of chance)."""
    small = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        held = rng.permutation(80) < 20
        found = neighbouring_files(
            rng.normal(size=(80, 16)), [str(i) for i in range(80)], ~held, held, rng, 20, orders=99
        )
        assert found is not None
        small += found.p <= 0.05
    assert small <= 7


def test_equal_seeds_give_equal_controls() -> None:
    labels = np.repeat([0, 1], 40)
    matrix = np.random.default_rng(0).normal(size=(80, 6))
    found = controls(matrix, named(labels))
    assert found == controls(matrix, named(labels))
    assert found["shuffled"].runs != controls(matrix, named(labels), seed=1)["shuffled"].runs


@pytest.fixture(scope="module")
def squares() -> npt.NDArray[np.uint8]:
    """120 squares of 64 pixels from two photographs, in no order, four crops of 48 of each."""
    from sklearn.datasets import load_sample_images

    whole = [
        photo[64 * i : 64 * i + 64, 64 * j : 64 * j + 64]
        for photo in load_sample_images().images
        for i in range(6)
        for j in range(10)
    ]
    rng = np.random.default_rng(0)
    cut = []
    for square in rng.permutation(len(whole)):
        for top, left in rng.integers(17, size=(4, 2)):
            cut.append(whole[square][top : top + 48, left : left + 48])
    return np.array(cut)


@pytest.mark.slow
def test_crops_of_photographs_are_noticed(squares: npt.NDArray[np.uint8]) -> None:
    matrix = colour_matrix(squares)
    labels = np.repeat([0, 1], 240)
    split = split_examples(named(labels), SETTINGS.split, 0)
    found = null_controls(
        "colour",
        {"colour": matrix},
        named(labels),
        split,
        pairs_confirmed=False,
        settings=SETTINGS,
    )
    assert [one.name for one in found if one.alarm] == ["neighbours-real", "neighbours-fake"]
    declared = named(labels, [f"square {i // 4}" for i in range(480)])
    split = split_examples(declared, SETTINGS.split, 0)
    found = null_controls(
        "colour",
        {"colour": matrix},
        declared,
        split,
        pairs_confirmed=False,
        settings=SETTINGS,
    )
    assert not any(one.alarm for one in found)
    assert {one.name: one.auc.n for one in found}["shuffled"] == {"real": 15, "fake": 15}
