"""Logistic regression on numbers per image, fast enough to be refitted a hundred times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from ganeval.classifier.examples import FAKE, Labels, Rows, Scores
from ganeval.errors import GanevalError

Floats = npt.NDArray[np.float64]

STRENGTHS: Final = tuple(10.0**power for power in range(-4, 3))
"""Values of C that are tried: the larger, the freer the weights."""

WITHOUT_VALIDATION: Final = 0.1
"""The C of a fit that has no validation images to choose by: the middle of those."""

_NEGLIGIBLE = 1e-7  # singular value over the largest: what lies below is rounding
_GRADIENT = 1e-10  # of the loss per image, where a fit ends
_ITERATIONS = 2000
_BLOCK = 4096  # rows that are scored at once


@dataclass(frozen=True)
class LinearModel:
    """A fitted logistic regression; its score is the log odds of "fake", classes equally common.

    Args:
        mean: float64 ``[d]``, of the training images.
        scale: float64 ``[d]``, their standard deviation; 1 where it is 0.
        weights: float64 ``[d]``, of the standardised numbers; 0 where the deviation is 0.
        intercept: Score of an image that is the mean.
        strength: The C that was chosen.
        validation_loss: Its log loss on the validation images; None without such.
    """

    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float
    strength: float
    validation_loss: float | None

    def scores(self, matrix: npt.NDArray[np.floating]) -> Scores:
        """Returns the decision value of every row, float64 ``[n]``; higher is more fake."""
        slopes = self.weights / self.scale
        scores = np.empty(len(matrix))
        for start in range(0, len(matrix), _BLOCK):
            # A product with a matrix would round a row by how many others there are.
            moved = np.asarray(matrix[start : start + _BLOCK], np.float64) - self.mean
            scores[start : start + _BLOCK] = (moved * slopes).sum(axis=1)
        return scores + self.intercept


def fit_linear(
    matrix: npt.NDArray[np.floating],
    labels: Labels,
    train: Rows,
    validation: Rows,
    strengths: Sequence[float] = STRENGTHS,
) -> LinearModel:
    """Fits an L2-penalised logistic regression to the training rows.

    The numbers are standardised by mean and standard deviation of the training rows. The loss is
    C times the sum of the log losses, classes weighted by n / (2 n of the class), plus half the
    squared norm of the weights; the intercept is free. C is the one with the lowest log loss on
    the validation rows, both classes counting half.

    Args:
        matrix: float ``[n, d]``.
        labels: int64 ``[n]``, 0 real and 1 fake.
        train: Rows to learn from, of both classes.
        validation: Rows to choose C by; without any, C is 0.1.
        strengths: Values of C to choose from.

    Raises:
        GanevalError: The training rows are of one class, or some number is not finite.
    """
    return LinearProblem(matrix, train).fit(labels, validation, strengths)


class LinearProblem:
    """Training rows made ready to be fitted under many labellings.

    Log loss and penalty do not change when the standardised rows are rotated, so all fits share
    one rotation into at most as many coordinates as there are training rows; along it the
    curvature of the loss is nearly diagonal, which is what makes the fits short.

    Args:
        matrix: float ``[n, d]``.
        train: Rows to learn from.

    Raises:
        GanevalError: Some number is not finite.
    """

    def __init__(self, matrix: npt.NDArray[np.floating], train: Rows) -> None:
        self.matrix = matrix
        self.train = train
        rows = np.asarray(matrix[train], np.float64)
        if not np.isfinite(rows).all():
            raise GanevalError("a training image has a number that is not finite")
        self._mean = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        deviation = rows.std(axis=0) if len(rows) else np.zeros(rows.shape[1])
        # As scikit-learn does: what rounding alone could have made is no deviation.
        size = np.abs(rows).max(axis=0, initial=0.0)
        self._varies = deviation > 10 * np.finfo(np.float64).eps * np.maximum(size, 1e-300)
        self._scale = np.where(self._varies, deviation, 1.0)
        rows -= self._mean
        rows /= self._scale
        rows[:, ~self._varies] = 0
        self._basis, self._squares = _rotation(rows)
        self._rotated = rows @ self._basis

    def fit(
        self, labels: Labels, validation: Rows, strengths: Sequence[float] = STRENGTHS
    ) -> LinearModel:
        """Fits one labelling; see `fit_linear`.

        Args:
            labels: int64 ``[n]``; those of the training and validation rows matter.
            validation: Rows to choose C by.
            strengths: Values of C to choose from.

        Raises:
            GanevalError: The training rows are of one class, or some number is not finite.
        """
        signs = np.where(labels[self.train] == FAKE, 1.0, -1.0)
        fakes = int(np.count_nonzero(signs > 0))
        if not 0 < fakes < len(signs):
            raise GanevalError("the training images are of one class")
        shares = np.where(signs > 0, 1 / fakes, 1 / (len(signs) - fakes)) * len(signs) / 2
        tried = sorted(strengths) if len(validation) else [WITHOUT_VALIDATION]
        held = self._rotate(validation)
        best: LinearModel | None = None
        start = np.zeros(self._rotated.shape[1] + 1)
        for strength in tried:
            start = self._minimise(signs, shares, strength, start)
            loss = None
            if len(validation):
                loss = balanced_log_loss(held @ start[:-1] + start[-1], labels[validation])
            if best is None or (loss or 0.0) < (best.validation_loss or 0.0):
                best = self._model(start, strength, loss)
        assert best is not None
        return best

    def _rotate(self, rows: Rows) -> Floats:
        standardised = (np.asarray(self.matrix[rows], np.float64) - self._mean) / self._scale
        if not np.isfinite(standardised).all():
            raise GanevalError("a validation image has a number that is not finite")
        rotated: Floats = standardised @ self._basis
        return rotated

    def _model(self, solution: Floats, strength: float, loss: float | None) -> LinearModel:
        weights = np.where(self._varies, self._basis @ solution[:-1], 0.0)
        return LinearModel(self._mean, self._scale, weights, float(solution[-1]), strength, loss)

    def _minimise(self, signs: Floats, shares: Floats, strength: float, start: Floats) -> Floats:
        """Minimises the loss per image from a start; coordinates and the intercept, ``[r + 1]``.

        Coordinates are measured in units in which the curvature at zero weights is 1.
        """
        n = len(signs)
        penalty = 1 / (strength * n)
        curvature = np.append(self._squares / (4 * n) + penalty, 0.25)
        unit = 1 / np.sqrt(curvature)

        def loss(point: Floats) -> tuple[float, Floats]:
            solution = point * unit
            weights = solution[:-1]
            margins = signs * (self._rotated @ weights + solution[-1])
            value = shares @ np.logaddexp(0, -margins) / n + penalty / 2 * (weights @ weights)
            pulls = -signs * shares * expit(-margins) / n
            slope = np.append(pulls @ self._rotated + penalty * weights, pulls.sum())
            return float(value), slope * unit

        found = minimize(
            loss,
            start / unit,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS, "ftol": 0.0, "gtol": _GRADIENT, "maxcor": 20},
        )
        solution: Floats = found.x * unit
        return solution


def balanced_log_loss(scores: Scores, labels: Labels) -> float:
    """Returns the mean log loss of log odds, every class that is there counting the same.

    Args:
        scores: float64 ``[n]``, log odds of "fake", n at least 1.
        labels: int64 ``[n]``.
    """
    losses = np.logaddexp(0, np.where(labels == FAKE, -scores, scores))
    return float(np.mean([losses[labels == label].mean() for label in np.unique(labels)]))


def _rotation(rows: Floats) -> tuple[Floats, Floats]:
    """Orthonormal directions ``[d, r]`` that hold all rows; their squared singular values."""
    n, d = rows.shape
    if d <= n:
        squares, basis = np.linalg.eigh(rows.T @ rows)
        return basis, np.maximum(squares, 0)
    squares, left = np.linalg.eigh(rows @ rows.T)
    kept = squares > squares.max(initial=0.0) * _NEGLIGIBLE**2
    # Squares below the rounding of the largest one are noise; 1e-14 is above it.
    return rows.T @ (left[:, kept] / np.sqrt(squares[kept])), squares[kept]
