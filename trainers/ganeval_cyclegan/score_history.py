"""Scores of all evaluations so far: their moving averages, and which of them is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from ganeval.records import Best, Direction, Estimate, Score
from ganeval_cyclegan.config import EvalConfig
from ganeval_cyclegan.optimism import optimism

Measured = tuple[str, str, Literal["lower", "higher"], Estimate]
"""Identifier of a metric, its name to print, the better direction, and the value."""

NetworkKind = Literal["raw", "ema"]
"""The weights themselves, or their moving average."""


class ScoreHistory:
    """Scores in the order they were found; what they hold is part of a checkpoint.

    Args:
        config: Window of the moving average, and what the best is chosen by.
    """

    def __init__(self, config: EvalConfig) -> None:
        self._config = config
        self._smooth = config.save_best.endswith("_ma")
        self._chosen_by = config.save_best.removesuffix("_ma")
        self._best: Score | None = None
        self._since = 0  # scores from before the run chose by this rule
        self.scores: list[Score] = []

    def add(
        self, direction: Direction, kind: NetworkKind, measured: Measured, update: int, epoch: int
    ) -> Score:
        """Takes in one measurement and returns it with its trailing moving average.

        The average spans the last evaluations of the same metric, network and direction, fewer at
        the start; those without a value are passed over.
        """
        name, display, better, estimate = measured
        before = [
            one.estimate.value
            for one in self.scores
            if (one.direction, one.network, one.name) == (direction, kind, name)
        ]
        window = [*before, estimate.value][-self._config.moving_average :]
        known = [value for value in window if value is not None]
        score = Score(
            update=update,
            epoch=epoch,
            direction=direction,
            network=kind,
            name=name,
            display=display,
            better=better,
            estimate=estimate,
            smooth=math.fsum(known) / len(known) if known else None,
            window=max(len(known), 1),
        )
        self.scores.append(score)
        return score

    def is_best(self, score: Score) -> bool:
        """Tells whether a score beats all before it by the rule of the run, and remembers it."""
        value = self._value(score)
        if not self._counts(score) or value is None:
            return False
        best = None if self._best is None else self._value(self._best)
        beaten = best is None or (value < best if score.better == "lower" else value > best)
        if beaten:
            self._best = score
        return beaten

    def best(self, checkpoint: str) -> Best | None:
        """Describes the best so far; None where nothing is to be chosen, or nothing was yet.

        The optimism takes the standard error of the best value for the noise of every value. Part
        of that noise is common to all checkpoints, which see the same images, and does not help
        any of them to win, so the optimism is rather too large than too small.

        Args:
            checkpoint: Where its networks lie, relative to the run folder.
        """
        score = self._best
        value = None if score is None else self._value(score)
        if score is None or value is None:
            return None
        candidates = self.scores[self._since :]
        known = sum(self._counts(one) and self._value(one) is not None for one in candidates)
        words = [score.display, score.direction]
        words += ["moving average of the weights"] if score.network == "ema" else []
        words += [f"mean of the last {score.window} values"] if self._smooth else []
        return Best(
            update=score.update,
            epoch=score.epoch,
            metric=", ".join(words),
            value=value,
            evaluations=known,
            optimism=optimism(known, score.estimate.se, score.window if self._smooth else 1),
            split="test" if self._config.on == "test" else "held-out",
            checkpoint=checkpoint,
        )

    def state(self) -> dict[str, Any]:
        """Returns what a checkpoint needs to hold: plain values."""
        return {
            "scores": [score.model_dump() for score in self.scores],
            "best": None if self._best is None else self._best.model_dump(),
            "rule": self._rule(),
            "since": self._since,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` returned.

        Where the run chooses by another rule from now on, the choice begins anew: the checkpoints
        of the evaluations before were not kept for it.
        """
        self.scores = [Score.model_validate(score) for score in state["scores"]]
        if state["rule"] != self._rule():
            self._best, self._since = None, len(self.scores)
            return
        best, self._since = state["best"], state["since"]
        self._best = None if best is None else Score.model_validate(best)

    def _rule(self) -> list[Any]:
        """What the best is chosen by, of plain values."""
        chosen = self._config
        window = chosen.moving_average if self._smooth else 1
        return [chosen.save_best, chosen.best_direction, chosen.best_network, window]

    def _counts(self, score: Score) -> bool:
        """Tells whether a score is one of those that the best is chosen from."""
        return (
            score.name == self._chosen_by
            and score.direction == self._config.best_direction
            and score.network == self._config.best_network
        )

    def _value(self, score: Score) -> float | None:
        return score.smooth if self._smooth else score.estimate.value


def scaled_name(display: str) -> str:
    """Returns the name of a metric with the power of ten that `scaled` multiplies it by."""
    return f"{display} ×10³" if display.startswith("KID") else display


def scaled(display: str, value: float) -> float:
    """Returns a value as it is printed everywhere: KID times 1,000."""
    return value * 1000 if display.startswith("KID") else value


def told(best: Best) -> str:
    """Returns a sentence about the best checkpoint that does not hide how it was chosen."""
    display, comma, more = best.metric.partition(",")
    text = (
        f"Best of {best.evaluations} evaluations by {scaled_name(display)}{comma}{more}: "
        f"{scaled(display, best.value):.4g} at update {best.update:,} (epoch {best.epoch})"
    )
    if best.optimism:
        text += (
            "; of as many equally good checkpoints the best would seem "
            f"{scaled(display, best.optimism):.2g} better than it is"
        )
    if best.split == "test":
        text += "; chosen on the test images, so it is no result on unseen ones (test-peek)"
    return f"{text}."
