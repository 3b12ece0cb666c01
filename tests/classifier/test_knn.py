"""The neighbours' rung against scikit-learn's, and its promises."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.classifier.knn import fit_knn, neighbours, unit_rows
from ganeval.errors import GanevalError


def test_scores_follow_scikit_learn_when_classes_are_equally_common() -> None:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import normalize

    rng = np.random.default_rng(0)
    labels = np.arange(300) % 2
    matrix = rng.normal(size=(300, 40)) + 0.4 * labels[:, None]
    train = np.arange(200)
    model = fit_knn(matrix, labels, train)
    assert model.k == 15  # the root of 200, rounded down to 14, made odd
    oracle = KNeighborsClassifier(model.k, weights=lambda d: 1 / (d + 1e-6))
    oracle.fit(normalize(matrix[train]), labels[train])
    shares = oracle.predict_proba(normalize(matrix))[:, 1]
    expected = np.log((15 * shares + 0.5) / (15 * (1 - shares) + 0.5))
    # The sphere is float32: distances of order 1 to 1e-7, so shares as well. A row's distance to
    # itself is 1e-7 at most in place of 0, a tenth of what is added to it.
    np.testing.assert_allclose(model.scores(matrix)[200:], expected[200:], atol=1e-4)


def test_a_copy_decides_and_the_rare_class_counts_as_much() -> None:
    rng = np.random.default_rng(1)
    labels = np.r_[np.zeros(90), np.ones(10)].astype(np.int64)
    matrix = rng.normal(size=(100, 8))
    model = fit_knn(matrix, labels, np.arange(100))
    copies = model.scores(matrix * 7)
    assert (copies[labels == 1] > 0).all()
    assert (copies[labels == 0] < 0).all()
    # Of unknown rows nine in ten neighbours are real; weighted by rarity the mean stays near 0.
    unknown = model.scores(rng.normal(size=(500, 8)))
    assert abs(unknown.mean()) < 1


def test_a_row_scores_the_same_alone_and_among_others() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(700, 30)).astype(np.float32)
    model = fit_knn(matrix, np.arange(700) % 2, np.arange(300))
    together = model.scores(matrix)
    np.testing.assert_array_equal(model.scores(matrix[5:6]), together[5:6])
    np.testing.assert_array_equal(model.scores(matrix[290:]), together[290:])


def test_neighbours_are_the_nearest() -> None:
    rng = np.random.default_rng(3)
    rows = unit_rows(rng.normal(size=(80, 6)))
    distances, nearest = neighbours(rows[:20], rows[20:], 4)
    every = np.linalg.norm(rows[:20, None] - rows[None, 20:], axis=2)
    for line, found in zip(every, nearest, strict=True):
        assert set(found) == set(np.argsort(line)[:4])
    np.testing.assert_allclose(distances, np.take_along_axis(every, nearest, 1), atol=1e-6)


def test_rows_of_zeros_and_bad_numbers() -> None:
    assert unit_rows(np.zeros((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
    matrix = np.ones((6, 3))
    with pytest.raises(GanevalError, match="one class"):
        fit_knn(matrix, np.zeros(6, np.int64), np.arange(6))
    matrix[1, 1] = np.inf
    with pytest.raises(GanevalError, match="not finite"):
        fit_knn(matrix, np.arange(6) % 2, np.arange(6))
