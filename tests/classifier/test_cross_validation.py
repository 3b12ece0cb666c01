"""The test of few groups: mean fold AUC, refits under shuffled labels, no interval."""

from __future__ import annotations

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, labelled

from ganeval.classifier.cross_validation import REFITS
from ganeval.classifier.examples import Examples
from ganeval.classifier.ladder import Climbed, cross_validated
from ganeval.classifier.linear import fit_linear
from ganeval.classifier.rungs import unit_auc
from ganeval.classifier.split import cross_validation_folds


def crops(pictures: int, shift: float, seed: int = 0) -> tuple[Examples, np.ndarray]:
    """Four crops of so many pictures of each set."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], 4 * pictures)
    matrix = np.repeat(rng.normal(size=(2 * pictures, 15)), 4, axis=0)
    matrix += 0.3 * rng.normal(size=matrix.shape)
    matrix[:, :4] += shift * labels[:, None]
    return labelled(labels, [f"picture {i // 4}" for i in range(len(labels))]), matrix


def crossed(examples: Examples, matrix: np.ndarray, refits: int = 19) -> Climbed:
    folds = cross_validation_folds(examples, 5, 0)
    return cross_validated(
        "features", "raw", matrix, examples, folds, settings=SETTINGS, refits=refits
    )


def test_a_difference_is_found_without_an_interval() -> None:
    examples, matrix = crops(10, 2.0)
    told: list[tuple[int, int]] = []
    found = cross_validated(
        "features",
        "raw",
        matrix,
        examples,
        cross_validation_folds(examples, 5, 0),
        settings=SETTINGS,
        progress=lambda label, done, total, unit="images": told.append((done, total)),
    )
    assert told[-1] == (REFITS, REFITS)
    rung = found.rung
    assert rung.p == 1 / (REFITS + 1)
    assert rung.test.n == {"real": 10, "fake": 10}
    assert (rung.test.se, rung.test.low, rung.test.high) == (None, None, None)
    assert rung.test.reason
    assert rung.validation is None


def test_the_statistic_is_the_mean_of_fold_aucs_of_groups() -> None:
    examples, matrix = crops(9, 0.8)
    found = crossed(examples, matrix)
    nothing = np.empty(0, np.int64)
    aucs = []
    for fold in cross_validation_folds(examples, 5, 0):
        test = fold.rows("test")
        rest = np.setdiff1d(np.arange(len(examples)), test)
        scores = fit_linear(matrix, examples.labels, rest, nothing).scores(matrix)
        np.testing.assert_allclose(found.scores[test], scores[test], atol=1e-9)
        groups = [examples.groups[row] for row in test]
        aucs.append(unit_auc(scores[test], examples.labels[test], groups))
    assert found.rung.test.value == pytest.approx(np.mean(aucs))


def test_units_of_a_fold_are_means_of_groups() -> None:
    scores = np.array([0.0, 2.0, 5.0, 3.0, 1.5])
    labels = np.array([0, 0, 0, 1, 1])
    # Reals: a is 1, b is 5; fakes: b is 3, c is 1.5: both above a, none above b.
    assert unit_auc(scores, labels, ["a", "a", "b", "b", "c"]) == 0.5


@pytest.mark.slow
def test_crops_that_mean_nothing_are_not_found() -> None:
    """Twelve nulls at 5 %: more than 3 rejections have a chance of 0.2 %."""
    p_values = [crossed(*crops(8, 0.0, seed), 19).rung.p or 0 for seed in range(12)]
    assert sum(p <= 0.05 for p in p_values) <= 3
    assert min(p_values) > 0
