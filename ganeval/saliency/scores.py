"""What a classifier says of the images of a condition, beside their maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.saliency.model import PixelModel
from ganeval.saliency.targets import Indices, Logits, probabilities

FAKE, REAL = 0, 1
"""Classes of a detector with one logit: its output, and what it is held against."""


@dataclass(frozen=True)
class Scores:
    """Scores of the targets in one condition.

    Args:
        target: int64 ``[n]``.
        logit: float64 ``[n]``; NaN where the condition was not made for a pair.
        probability: The same.
        rank: Of the target, 1 is the top; int64 ``[n]``, 0 where not made.
        top: The class with the highest score, -1 where not made.
        rms: Change of the image against before, white = 1; None: of before itself.
    """

    target: Indices
    logit: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    rank: Indices
    top: Indices
    rms: npt.NDArray[np.float64] | None = None

    @property
    def made(self) -> npt.NDArray[np.bool_]:
        """For which pairs the condition was made."""
        return np.asarray(self.rank > 0)


def scores_of(
    logits: Logits,
    target: Indices,
    rms: npt.NDArray[np.float64] | None = None,
    *,
    rows: npt.NDArray[np.int64] | None = None,
    count: int | None = None,
) -> Scores:
    """Returns the scores of targets, spread over all pairs.

    Of a detector with one logit the classes are `FAKE` and `REAL`, and its score is that of fake.

    Args:
        logits: float64 ``[m, C]``.
        target: int64 ``[m]``.
        rms: float64 ``[m]``.
        rows: Places of the ``m`` images among the pairs; None: they are all pairs.
        count: Number of pairs; None: ``m``.
    """
    chosen = np.take_along_axis(logits, target[:, None], axis=1)[:, 0]
    probability = np.take_along_axis(probabilities(logits), target[:, None], axis=1)[:, 0]
    if logits.shape[1] == 1:
        fake = logits[:, 0] > 0
        rank, top = np.where(fake, 1, 2), np.where(fake, FAKE, REAL)
    else:
        rank = 1 + (logits > chosen[:, None]).sum(axis=1)
        top = logits.argmax(axis=1)
    rank, top = rank.astype(np.int64), top.astype(np.int64)
    if rows is None:
        return Scores(target, chosen, probability, rank, top, rms)
    size = len(rows) if count is None else count

    def spread(values: npt.NDArray[np.generic], empty: float) -> npt.NDArray[np.generic]:
        wide = np.full(size, empty, values.dtype)
        wide[rows] = values
        return wide

    return Scores(
        spread(target, 0),  # type: ignore[arg-type]
        spread(chosen, np.nan),  # type: ignore[arg-type]
        spread(probability, np.nan),  # type: ignore[arg-type]
        spread(rank, 0),  # type: ignore[arg-type]
        spread(top, -1),  # type: ignore[arg-type]
        None if rms is None else spread(rms, np.nan),  # type: ignore[arg-type]
    )


def class_names(model: PixelModel, index: int) -> str:
    """Returns the name of a class, of a detector with one logit also that of its other side."""
    if model.outputs == 1:
        return ("fake", "real")[index] if model.detector else str(index)
    return model.class_name(index)
