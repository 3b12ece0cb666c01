"""A rung of the ladder: what is fitted, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Examples, Labels, Rows, Scores
from ganeval.classifier.knn import KnnModel, fit_knn
from ganeval.classifier.linear import LinearModel, LinearProblem
from ganeval.errors import GanevalError
from ganeval.records.classify import Rung, RungName
from ganeval.statistics.auc import auc_value

Matrix = npt.NDArray[np.floating]

DISPLAYS: Final[dict[RungName, str]] = {
    "metadata": "File metadata",
    "bytes": "Bytes per pixel",
    "compression": "Compression traces",
    "colour": "Colour histogram",
    "spectrum": "Spectrum",
    "features": "Network features, logistic",
    "knn": "Network features, neighbours",
    "cnn": "CNN",
}


@dataclass(frozen=True)
class Climbed:
    """A rung with what it says of every image.

    Args:
        rung: For the record.
        scores: float64 ``[n]``, log odds of "fake" for every example.
        model: What was fitted: to the training part, or to all images after a cross-validation.
    """

    rung: Rung
    scores: Scores
    model: LinearModel | KnnModel


class RungProblem:
    """A rung's numbers and training rows, to be fitted under one labelling or under many.

    Args:
        name: The rung.
        matrix: float ``[n, d]``.
        train: Rows to learn from.
        validation: Rows to choose by; the neighbours' rung has nothing to choose.
    """

    def __init__(self, name: RungName, matrix: Matrix, train: Rows, validation: Rows) -> None:
        self._name = name
        self._matrix = matrix
        self._train = train
        self._validation = validation
        self._linear = None if name == "knn" else LinearProblem(matrix, train)

    def fit(self, labels: Labels) -> LinearModel | KnnModel:
        """Fits one labelling, int64 ``[n]``.

        Raises:
            GanevalError: The training rows are of one class.
        """
        if self._linear is None:
            return fit_knn(self._matrix, labels, self._train)
        return self._linear.fit(labels, self._validation)


def unit_auc(scores: Scores, labels: Labels, groups: Sequence[str]) -> float:
    """Returns the AUC of the means of every class in every group.

    Args:
        scores: float64 ``[n]``.
        labels: int64 ``[n]``, both classes.
        groups: Group of each image.
    """
    names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    means = []
    for label in (FAKE, REAL):
        chosen = labels == label
        counts = np.bincount(codes[chosen], minlength=len(names))
        sums = np.bincount(codes[chosen], weights=scores[chosen], minlength=len(names))
        means.append(sums[counts > 0] / counts[counts > 0])
    return auc_value(*means)


def unit_counts(examples: Examples, rows: Rows) -> dict[str, int]:
    """Returns the number of groups with reals and with fakes among some rows."""
    groups = np.array(examples.groups)[rows]
    labels = examples.labels[rows]
    return {
        name: len(np.unique(groups[labels == label]))
        for name, label in (("real", REAL), ("fake", FAKE))
    }


def require_finite(name: RungName, matrix: Matrix, examples: Examples) -> None:
    """Refuses numbers that are not finite.

    Raises:
        GanevalError: It names the first image that has one.
    """
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        row = int(bad[0])
        raise GanevalError(
            f"{examples.keys[row]} of {examples.name(row)}: the rung {name} got a number that is "
            f"not finite, of {len(bad)} {'image' if len(bad) == 1 else 'images'} in all",
            hint=f"Look at the image, or leave the rung {name} out by --rungs.",
        )


def choice_note(model: LinearModel | KnnModel) -> str:
    """Says what was chosen in fitting a model."""
    if isinstance(model, KnnModel):
        return f"{model.k} neighbours"
    return f"C = {model.strength:g}"
