"""A rung: fitted on one part, tested once on another, repeated on further splits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, labelled

from ganeval.classifier.examples import Examples
from ganeval.classifier.knn import KnnModel
from ganeval.classifier.ladder import Climbed, climb, corrected_estimate, further_splits
from ganeval.classifier.linear import LinearModel, fit_linear
from ganeval.classifier.split import split_examples
from ganeval.errors import GanevalError
from ganeval.statistics.auc import auc_value


def sets(
    units: int, crops: int = 1, dimension: int = 20, shift: float = 0.0, seed: int = 0
) -> tuple[Examples, np.ndarray]:
    """Both sets with so many pictures each, cut into crops that are much alike."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], units * crops)
    pictures = np.repeat(rng.normal(size=(2 * units, dimension)), crops, axis=0)
    matrix = pictures + 0.3 * rng.normal(size=(len(labels), dimension))
    matrix[:, :5] += shift * labels[:, None]
    return labelled(labels, [f"picture {i // crops}" for i in range(len(labels))]), matrix


def pairs(count: int, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of pictures and of fakes made from them, which are little else; and labels."""
    rng = np.random.default_rng(seed)
    sources = rng.normal(size=(count, 20))
    fakes = sources + 0.3 * rng.normal(size=(count, 20))
    fakes[:, :5] += shift
    return np.concatenate([sources, fakes]), np.repeat([0, 1], count)


def climbed(
    name: str, matrix: np.ndarray, examples: Examples, seed: int = 0, **how: bool
) -> Climbed:
    settings = replace(SETTINGS, seed=seed)
    split = split_examples(examples, settings.split, seed)
    return climb(
        name,  # type: ignore[arg-type]
        "raw",
        matrix,
        examples,
        split,
        pairs_confirmed=how.get("pairs", False),
        settings=settings,
        splits=None if how.get("seeds") else [],
    )


def test_a_difference_is_found_and_described() -> None:
    examples, matrix = sets(100, shift=0.8)
    found = climbed("features", matrix, examples, seeds=True)
    split = split_examples(examples, SETTINGS.split, 0)
    model = fit_linear(matrix, examples.labels, split.rows("train"), split.rows("validation"))
    # The rung learns from its rows in the order of their contents: another rounding.
    np.testing.assert_allclose(found.scores, model.scores(matrix), atol=1e-6)
    assert isinstance(found.model, LinearModel)
    held = split.rows("test")
    fake = examples.labels[held] == 1
    auc = auc_value(found.scores[held][fake], found.scores[held][~fake])
    rung = found.rung
    assert rung.test.value == pytest.approx(auc)
    assert rung.test.n == {"real": 25, "fake": 25}
    assert (rung.name, rung.pixels, rung.probe, rung.dimension) == ("features", "raw", False, 20)
    assert rung.p is not None
    assert rung.p < 1e-4
    assert rung.p_below is not None
    assert rung.p_below > 0.99
    assert rung.note == f"C = {model.strength:g}"
    assert [one.seed for one in rung.seeds] == [0, 1, 2, 3, 4]
    assert rung.seeds[0].auc == pytest.approx(auc)
    assert rung.corrected is not None
    assert rung.corrected.value == pytest.approx(np.mean([one.auc for one in rung.seeds]))


def test_probes_are_marked() -> None:
    examples, matrix = sets(40, shift=1)
    assert climbed("compression", matrix, examples).rung.probe
    knn = climbed("knn", matrix, examples)
    assert isinstance(knn.model, KnnModel)
    assert knn.rung.note == "7 neighbours"
    assert not knn.rung.probe


def test_units_are_groups_and_not_crops() -> None:
    examples, matrix = sets(40, crops=4, shift=1)
    rung = climbed("features", matrix, examples).rung
    assert rung.test.n == {"real": 10, "fake": 10}


def test_further_splits_are_those_of_the_next_seeds() -> None:
    examples, matrix = sets(60, shift=0.3)
    again = climbed("features", matrix, examples, seed=1).rung
    more = climbed("features", matrix, examples, seeds=True).rung.seeds
    assert more[1].seed == 1
    assert more[1].auc == pytest.approx(again.test.value)
    assert [seed for seed, _ in further_splits(examples, SETTINGS)] == [1, 2, 3, 4]


def test_the_corrected_interval_is_that_of_nadeau_and_bengio() -> None:
    examples, _ = sets(100)
    split = split_examples(examples, SETTINGS.split, 0)
    found = corrected_estimate([0.6, 0.7, 0.65, 0.55, 0.7], examples, split)
    assert found.value == pytest.approx(0.64)
    # 120 units learnt from and 50 held out; t of 4 degrees of freedom from a table.
    se = math.sqrt((1 / 5 + 50 / 120) * np.var([0.6, 0.7, 0.65, 0.55, 0.7], ddof=1))
    assert found.se == pytest.approx(se)
    assert found.high == pytest.approx(0.64 + 2.7764 * se, abs=1e-4)
    assert found.low == pytest.approx(0.64 - 2.7764 * se, abs=1e-4)
    alone = corrected_estimate([0.6], examples, split)
    assert (alone.value, alone.se, alone.low) == (0.6, None, None)
    assert alone.reason


@pytest.mark.parametrize("name", ["features", "knn"])
def test_pairs_split_at_random_fall_below_chance(name: str) -> None:
    matrix, labels = pairs(200)
    undeclared = climbed(name, matrix, labelled(labels)).rung
    assert undeclared.test.value is not None
    assert undeclared.test.value < 0.45
    assert undeclared.p_below is not None
    assert undeclared.p_below < 0.01
    declared = labelled(labels, [f"pair {i % 200}" for i in range(400)])
    rung = climbed(name, matrix, declared, pairs=True).rung
    assert rung.p_below is not None
    assert rung.p_below > 0.01
    assert rung.p is not None
    assert rung.p > 0.01


def test_pairs_are_compared_in_pairs() -> None:
    matrix, labels = pairs(120, shift=0.15)
    examples = labelled(labels, [f"pair {i % 120}" for i in range(240)])
    paired = climbed("features", matrix, examples, pairs=True).rung
    unpaired = climbed("features", matrix, examples).rung
    assert "signed-rank" in paired.method
    assert paired.p is not None
    assert unpaired.p is not None
    assert paired.p < unpaired.p / 10


@pytest.mark.parametrize("name", ["features", "knn"])
def test_other_names_change_no_score(name: str) -> None:
    """Another order of the files, as other names give it, changes no bit."""
    examples, matrix = sets(60, shift=0.3)
    order = np.random.default_rng(0).permutation(120)
    order = np.concatenate([order[order < 60], order[order >= 60]])
    renamed = replace(examples.take(order), keys=examples.keys)
    first, second = climbed(name, matrix, examples), climbed(name, matrix[order], renamed)
    np.testing.assert_array_equal(first.scores[order], second.scores)
    assert first.rung.p == second.rung.p


def test_a_number_that_is_not_finite_names_its_image() -> None:
    examples, matrix = sets(40)
    matrix[3, 2] = np.nan
    with pytest.raises(GanevalError, match=r"3 of real: the rung spectrum got .* of 1 image"):
        climbed("spectrum", matrix, examples)
