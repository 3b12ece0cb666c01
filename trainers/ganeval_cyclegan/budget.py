"""When a run ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.data.sampling import Sampling


@dataclass(frozen=True)
class Budget:
    """The end of a run: the first that is reached.

    Attributes:
        updates: Optimiser steps of the generators; None: no such limit.
        seconds: Spent training, all parts of the run together; None: no such limit.
    """

    updates: int | None
    seconds: float | None

    def is_spent(self, update: int, seconds: float) -> bool:
        """Tells whether a run that came so far ends."""
        return (self.updates is not None and update >= self.updates) or (
            self.seconds is not None and seconds >= self.seconds
        )

    def left(self, update: int, seconds: float, per_update: float | None) -> float | None:
        """Returns the seconds that are left, from how long an update takes; None: unknown."""
        ends = [] if self.seconds is None else [max(self.seconds - seconds, 0.0)]
        if self.updates is not None and per_update is not None:
            ends.append((self.updates - update) * per_update)
        return min(ends, default=None)


def budget_of(config: TrainConfig, sampling: Sampling) -> Budget:
    """Returns the end that a configuration sets.

    Without a budget it is that of the constant and decay epochs. Images are counted per domain: an
    update draws a batch for each step of the discriminators, and the last of an epoch may be
    smaller than the others.

    Args:
        config: The run.
        sampling: Of its images.
    """
    chosen, limits = config.budget, []
    if chosen.updates is not None:
        limits.append(chosen.updates)
    if chosen.images is not None:
        limits.append(ceil(sampling.updates_for(chosen.images) / config.optim.d_steps))
    if not limits and chosen.minutes is None:
        epochs = config.schedule.constant + config.schedule.decay
        limits.append(epochs * sampling.updates_per_epoch)
    seconds = None if chosen.minutes is None else 60 * chosen.minutes
    return Budget(min(limits, default=None), seconds)
