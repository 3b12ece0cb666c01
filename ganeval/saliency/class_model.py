"""What a perfect member of a class looks like to a model, beside the scores of real images.

The score of such a picture runs far away from what real images reach: SqueezeNet 1.1 gives several
hundred where the 95th percentile of photographs is 22. So a second picture is the least pattern
that the model takes for the class: the first on the way with the score of a real image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from ganeval.saliency.ascent import Ascent, AscentSettings, ascend
from ganeval.saliency.class_goals import Goal
from ganeval.saliency.model import PixelModel

FLAT: Final = "class score is flat"
"""Flag of a class whose score has no gradient at the mean colour nor at any noise start."""

MATCH_QUANTILE: Final = 0.95

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RealScores:
    """S_c of real images: quantiles, largest, number."""

    q5: float
    q50: float
    q95: float
    largest: float
    n: int


@dataclass(frozen=True)
class ClassModel:
    """The pictures of one class.

    Args:
        goal: The score that was raised.
        settings: How.
        ascents: One per restart that found a gradient.
        real: Scores of real images; None: none were given.
        flag: `FLAT`, or None.
    """

    goal: Goal
    settings: AscentSettings
    ascents: tuple[Ascent, ...]
    real: RealScores | None
    flag: str | None

    @property
    def best(self) -> Ascent | None:
        """The ascent with the largest S_c - lambda ||I||^2, of equal ones the first."""
        strength = self.settings.strength

        def objective(one: Ascent) -> float:
            return one.final.score - strength * one.final.norm**2

        return max(self.ascents, key=objective, default=None)

    @property
    def score_spread(self) -> float | None:
        """Largest less smallest final score of the restarts; None with fewer than two."""
        scores = [one.final.score for one in self.ascents]
        return max(scores) - min(scores) if len(scores) > 1 else None


def make_class_model(
    model: PixelModel,
    goal: Goal,
    settings: AscentSettings,
    *,
    real_logits: npt.NDArray[np.float64] | None = None,
    progress: Progress = lambda done, total: None,
) -> ClassModel:
    """Draws a class.

    Args:
        model: The classifier.
        goal: The score to raise; see `ganeval.saliency.class_goals.class_goals`.
        settings: How.
        real_logits: Of real images, ``[n, C]``; without them there is no matched picture.
        progress: Told how many ascents are done.
    """
    real = None if real_logits is None or not len(real_logits) else _real(goal, real_logits)
    ascents: list[Ascent] = []
    for restart in range(settings.restarts):
        found = ascend(
            model, goal, settings, restart=restart, match=None if real is None else real.q95
        )
        if found is not None:
            ascents.append(found)
        progress(restart + 1, settings.restarts)
    return ClassModel(goal, settings, tuple(ascents), real, None if ascents else FLAT)


def _real(goal: Goal, logits: npt.NDArray[np.float64]) -> RealScores:
    scores = goal.scores(torch.from_numpy(np.asarray(logits, np.float64))).numpy()
    low, middle, high = np.quantile(scores, [0.05, 0.5, MATCH_QUANTILE])
    return RealScores(float(low), float(middle), float(high), float(scores.max()), len(scores))
