"""The logistic regression of the ladder against scikit-learn's, and its promises."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest

from ganeval.classifier.linear import (
    STRENGTHS,
    LinearProblem,
    balanced_log_loss,
    fit_linear,
)
from ganeval.errors import GanevalError


def features(
    n: int, dimension: int, shift: float, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Correlated numbers of which the first 20 lie higher for fakes; one third of n are fakes."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3 == 0).astype(np.int64)
    factors = rng.normal(size=(n, 12)) @ rng.normal(size=(12, dimension))
    matrix = factors + 2 * rng.normal(size=(n, dimension))
    matrix[:, :20] += shift * labels[:, None]
    return matrix.astype(np.float32), labels


def parts(n: int) -> tuple[npt.NDArray[np.int64], ...]:
    return tuple(np.split(np.arange(n), [int(0.6 * n), int(0.75 * n)]))


@pytest.mark.parametrize(("n", "dimension"), [(150, 400), (300, 54)])
def test_scores_are_those_of_scikit_learn(n: int, dimension: int) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    matrix, labels = features(n, dimension, 0.7)
    matrix[:, 3] = 1.5
    train, validation, _ = parts(n)
    scaler = StandardScaler().fit(matrix[train].astype(np.float64))
    standardised = scaler.transform(matrix.astype(np.float64))
    for strength in STRENGTHS:
        oracle = LogisticRegression(
            C=strength, class_weight="balanced", solver="newton-cholesky", tol=1e-10, max_iter=500
        ).fit(standardised[train], labels[train])
        model = fit_linear(matrix, labels, train, validation, [strength])
        np.testing.assert_allclose(
            model.scores(matrix), oracle.decision_function(standardised), atol=1e-4
        )
        assert model.weights[3] == 0
        assert model.strength == strength


def test_strength_is_the_one_with_the_lowest_validation_loss() -> None:
    from sklearn.metrics import log_loss

    matrix, labels = features(200, 60, 0.5)
    train, validation, _ = parts(200)
    losses = {}
    for strength in STRENGTHS:
        model = fit_linear(matrix, labels, train, validation, [strength])
        p = 1 / (1 + np.exp(-model.scores(matrix)[validation]))
        held = labels[validation]
        weights = np.where(held == 1, 1 / (held == 1).sum(), 1 / (held == 0).sum())
        losses[strength] = log_loss(held, p, sample_weight=weights)
    chosen = fit_linear(matrix, labels, train, validation)
    assert chosen.strength == min(losses, key=lambda strength: losses[strength])
    assert chosen.validation_loss == pytest.approx(min(losses.values()), rel=1e-6)


def test_only_the_training_rows_are_fitted_and_standardised_by() -> None:
    matrix, labels = features(120, 30, 0.5)
    train, validation, test = parts(120)
    model = fit_linear(matrix, labels, train, validation)
    changed, other = matrix.copy(), labels.copy()
    changed[test] = 1e6
    other[test] = 1 - other[test]
    again = fit_linear(changed, other, train, validation)
    np.testing.assert_array_equal(model.scores(matrix), again.scores(matrix))
    changed[validation] *= 3
    same = fit_linear(changed, other, train, validation, [model.strength])
    np.testing.assert_array_equal(model.mean, same.mean)
    np.testing.assert_array_equal(model.scale, same.scale)


def test_without_validation_the_middle_strength_is_taken() -> None:
    matrix, labels = features(60, 10, 0.5)
    model = fit_linear(matrix, labels, np.arange(60), np.arange(0))
    assert (model.strength, model.validation_loss) == (0.1, None)


def test_a_problem_fits_each_labelling_as_if_alone() -> None:
    matrix, labels = features(90, 200, 0.5)
    train, validation, _ = parts(90)
    problem = LinearProblem(matrix, train)
    for shuffled in (labels, np.random.default_rng(0).permutation(labels)):
        together = problem.fit(shuffled, validation).scores(matrix)
        alone = fit_linear(matrix, shuffled, train, validation).scores(matrix)
        np.testing.assert_array_equal(together, alone)


def test_separable_rows_and_equal_rows_end_in_finite_scores() -> None:
    matrix, labels = features(60, 40, 50.0)
    train, validation, _ = parts(60)
    scores = fit_linear(matrix, labels, train, validation, [100.0]).scores(matrix)
    assert np.isfinite(scores).all()
    assert scores[labels == 1].min() > scores[labels == 0].max()
    flat = fit_linear(np.ones_like(matrix), labels, train, validation)
    np.testing.assert_allclose(flat.scores(np.ones_like(matrix)), 0, atol=1e-6)


def test_rows_of_one_class_and_numbers_that_are_not_finite_are_refused() -> None:
    matrix, labels = features(60, 10, 0.5)
    train, validation, _ = parts(60)
    with pytest.raises(GanevalError, match="one class"):
        fit_linear(matrix, np.zeros(60, np.int64), train, validation)
    for row in (train[0], validation[0]):
        broken = matrix.copy()
        broken[row, 2] = np.nan
        with pytest.raises(GanevalError, match="not finite"):
            fit_linear(broken, labels, train, validation)


def test_balanced_log_loss_weighs_classes_alike() -> None:
    scores = np.array([0.0, 0.0, 0.0, np.log(3)])
    labels = np.array([0, 0, 0, 1])
    assert balanced_log_loss(scores, labels) == pytest.approx((np.log(2) + np.log(4 / 3)) / 2)


def test_hundred_refits_take_seconds() -> None:
    """About 0.1 s each on a busy core; scikit-learn's needs about 1 s for the seven values."""
    matrix, labels = features(600, 1280, 0.3)
    train, validation, _ = parts(600)
    started = time.perf_counter()
    problem = LinearProblem(matrix, train)
    for _ in range(3):
        problem.fit(labels, validation)
    assert time.perf_counter() - started < 6
