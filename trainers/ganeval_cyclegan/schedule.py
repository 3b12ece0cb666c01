"""The factor on both learning rates over a run.

Source of ``jz2020`` and ``jz2025``: junyanz/pytorch-CycleGAN-and-pix2pix, whose code counted the
epoch one ahead until 2025, so that its last epoch trained at rate 0.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from ganeval.errors import InputError
from ganeval_cyclegan.config import ScheduleConfig

PLATEAU_FACTOR: Final = 0.2
PLATEAU_THRESHOLD: Final = 0.01
PLATEAU_PATIENCE: Final = 5


def factor(
    config: ScheduleConfig,
    *,
    update: int,
    epoch: int,
    planned_updates: int | None,
    updates_per_epoch: int | None = None,
) -> float:
    """Returns what the learning rates are multiplied with in one update, from 0 to 1.

    - jz2025: 1 - max(0, e - n) / (d + 1) in epoch e, with n constant and d decay epochs
    - jz2020: the same with e + 1
    - updates: 1 - max(0, u - s) / (U - s) in update u of U, with s = start or U / 2
    - step: gamma to the number of whole ``step_epochs`` gone by
    - cosine: (1 + cos(π u / U)) / 2
    - none and plateau: 1; a plateau has a state, see `Plateau`

    Args:
        config: Policy and its lengths.
        update: Updates done before this one.
        epoch: Of this update, from 1.
        planned_updates: Of the whole run, U; None where the budget is a time.
        updates_per_epoch: Where given, U of a run without ``planned_updates`` is that of the
            constant and decay epochs.

    Raises:
        InputError: The policy needs a planned end and there is none.
    """
    match config.policy:
        case "jz2025":
            return _linear(epoch, config)
        case "jz2020":
            return _linear(epoch + 1, config)
        case "step":
            return config.gamma ** ((epoch - 1) // config.step_epochs)
        case "updates":
            total = _planned(config, planned_updates, updates_per_epoch)
            start = total / 2 if config.start is None else config.start
            return 1.0 if update <= start else max(0.0, 1 - (update - start) / (total - start))
        case "cosine":
            total = _planned(config, planned_updates, updates_per_epoch)
            return (1 + math.cos(math.pi * min(update / total, 1.0))) / 2
    return 1.0


@dataclass
class Plateau:
    """Lowers the rates when a value has stopped falling; the rule of torch's ReduceLROnPlateau.

    Attributes:
        factor: On the learning rates.
        best: Lowest value so far; None before the first.
        waited: Values in a row that did not fall below the best by 1 %.
    """

    factor: float = 1.0
    best: float | None = None
    waited: int = 0

    def step(self, value: float) -> None:
        """Takes in the value of one more epoch; lower is better, and it has to be positive."""
        if self.best is None or value < self.best * (1 - PLATEAU_THRESHOLD):
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited > PLATEAU_PATIENCE:
            self.factor *= PLATEAU_FACTOR
            self.waited = 0

    def state(self) -> dict[str, Any]:
        """Returns plain values."""
        return asdict(self)

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` returned."""
        self.factor, self.best = state["factor"], state["best"]
        self.waited = state["waited"]


def _linear(epoch: int, config: ScheduleConfig) -> float:
    # A run with a budget of its own may go on beyond the last epoch of the schedule.
    return max(0.0, 1 - max(0, epoch - config.constant) / (config.decay + 1))


def _planned(
    config: ScheduleConfig, planned_updates: int | None, updates_per_epoch: int | None
) -> int:
    if planned_updates is not None:
        return planned_updates
    epochs = config.constant + config.decay
    if updates_per_epoch is None or not epochs:
        raise InputError(
            f"schedule.policy {config.policy} needs to know the number of updates",
            hint="Set budget.updates or budget.images, or schedule.policy to none.",
        )
    return epochs * updates_per_epoch
