"""How long training a network will take, told before it starts and refused if it is long."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import InputError

WARM_UP_STEPS: Final = 3
LONGEST: Final = 30 * 60.0
"""Seconds that are spent without having been agreed to."""


@dataclass(frozen=True)
class TrainingTime:
    """The longest that training can take, if nothing ends it early.

    Args:
        step: Seconds per training step.
        steps: Steps at most.
        score: Seconds per image that is scored.
        scored: Images scored at most.
        batch: Images per step.
        fits: Number of trainings announced at once.
    """

    step: float
    steps: int
    score: float
    scored: int
    batch: int
    fits: int = 1

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.fits * (self.step * self.steps + self.score * self.scored)

    @property
    def text(self) -> str:
        """What is announced."""
        times = f"{self.fits} times, " if self.fits > 1 else ""
        return (
            f"The network is trained {times}for at most {duration(self.seconds)} "
            f"({self.steps * self.batch:,} views of training images, "
            f"{self.batch / self.step:.0f} a second); it may end early."
        )

    def check(self, settings: ClassifySettings) -> None:
        """Refuses what takes more than half an hour.

        Raises:
            InputError: It does, and the user has not agreed to it.
        """
        if self.seconds <= LONGEST or settings.yes:
            return
        quicker = (
            "--preset default"
            if settings.preset == "cmpe258"
            else f"--crop {max(32, settings.crop // 2)}"
        )
        raise InputError(
            f"training the network would take up to {duration(self.seconds)} on this machine",
            hint=f"--yes runs it all the same; {quicker}, --preset quick (no network) or "
            "--device cuda on a machine with a GPU take less time.",
        )


def seconds_per_step(times: list[float]) -> float:
    """Returns the time of a step from those of the warm-up; the first one also prepares memory."""
    later = times[1:] or times
    return sum(later) / len(later)


def duration(seconds: float) -> str:
    """Says a time in the unit that fits: ``50 s``, ``4 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


class Stopwatch:
    """Times consecutive steps."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._last = time.perf_counter()

    def lap(self) -> None:
        """Ends a step."""
        now = time.perf_counter()
        self.times.append(now - self._last)
        self._last = now
