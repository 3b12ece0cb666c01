"""Nearest neighbours: an image is as fake as the training images most like it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, Labels, Rows, Scores
from ganeval.errors import GanevalError

_BLOCK = 256  # rows whose distances to all training rows are held at once
_GATHERED = 32 << 20  # bytes of neighbours that are held at once
_CLOSE = 1e-6  # added to a distance, so that an equal image weighs much but not infinitely


@dataclass(frozen=True)
class KnnModel:
    """The training images, on the unit sphere.

    Args:
        directions: float32 ``[n, d]``, rows of norm 1 (0 stays 0).
        labels: int64 ``[n]``, 0 real and 1 fake.
        k: Number of neighbours that are asked, odd.
    """

    directions: npt.NDArray[np.float32]
    labels: Labels
    k: int

    def scores(self, matrix: npt.NDArray[np.floating]) -> Scores:
        """Scores every row by its k nearest training rows, float64 ``[n]``.

        Their share of fakes s, each weighing 1/(distance + 1e-6) and both classes made equally
        common, becomes the log odds of (k s + 1/2) / (k + 1), which is finite and of the order of
        s. A training row is its own nearest.
        """
        fake = self.labels == FAKE
        balance = np.where(fake, 0.5 / max(fake.sum(), 1), 0.5 / max((~fake).sum(), 1))
        distances, nearest = neighbours(unit_rows(matrix), self.directions, self.k)
        votes = balance[nearest] / (distances + _CLOSE)
        shares = (votes * fake[nearest]).sum(axis=1) / votes.sum(axis=1)
        odds: Scores = np.log((self.k * shares + 0.5) / (self.k * (1 - shares) + 0.5))
        return odds


def fit_knn(matrix: npt.NDArray[np.floating], labels: Labels, train: Rows) -> KnnModel:
    """Keeps the training rows; k is the root of their number, rounded down and made odd.

    Args:
        matrix: float ``[n, d]``, as they come: rows are brought to norm 1.
        labels: int64 ``[n]``, 0 real and 1 fake.
        train: Rows to learn from.

    Raises:
        GanevalError: The training rows are of one class, or some number is not finite.
    """
    if len(np.unique(labels[train])) < 2:
        raise GanevalError("the training images are of one class")
    k = math.isqrt(len(train)) | 1
    return KnnModel(unit_rows(matrix[train]), labels[train], min(k, len(train)))


def unit_rows(matrix: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Returns rows divided by their norm, float32 ``[n, d]``; rows of zeros stay.

    Raises:
        GanevalError: Some number is not finite.
    """
    rows = np.empty(matrix.shape, np.float32)
    for start in range(0, len(matrix), _BLOCK):
        wide = np.asarray(matrix[start : start + _BLOCK], np.float64)
        if not np.isfinite(wide).all():
            raise GanevalError("an image has a number that is not finite")
        norms = np.linalg.norm(wide, axis=1, keepdims=True)
        rows[start : start + _BLOCK] = wide / np.where(norms > 0, norms, 1)
    return rows


def neighbours(
    asked: npt.NDArray[np.float32], among: npt.NDArray[np.float32], k: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Finds the k nearest of some rows for each of others.

    Args:
        asked: float32 ``[m, d]``, rows of norm 1 or 0.
        among: float32 ``[n, d]``, the same; n at least k.
        k: Number of neighbours.

    Returns:
        Euclidean distances float64 ``[m, k]`` and positions in ``among`` ``[m, k]``, ascending.
    """
    distances = np.empty((len(asked), k))
    nearest = np.empty((len(asked), k), np.int64)
    squares = np.square(among).sum(axis=1)
    step = max(1, min(_BLOCK, _GATHERED // (8 * k * among.shape[1])))
    for start in range(0, len(asked), step):
        some = asked[start : start + step]
        # Products tell the order. Distances of the chosen are taken from differences, since
        # products lose near zero what decides how much a copy weighs.
        farness = squares - 2 * (some @ among.T)
        chosen = np.sort(np.argpartition(farness, k - 1, axis=1)[:, :k])
        gaps = among[chosen].astype(np.float64)
        gaps -= some[:, None, :]
        distances[start : start + step] = np.sqrt(np.square(gaps, out=gaps).sum(axis=2))
        nearest[start : start + step] = chosen
    return distances, nearest
