"""The gradient of the difference of two logits."""

from __future__ import annotations

import torch

from ganeval.errors import InputError
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import (
    Batch,
    Passes,
    Task,
    chosen_logits,
    largest_channel,
    score_gradients,
)


def contrast(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes M = max over channels of abs(d(S_a - S_b)/dx): what tells one class from another.

    a is the target. b is the class handed in as ``against``; of two classes, the other one. Of a
    detector with one logit, which is itself such a difference, the logit is taken.

    ``info`` has ``difference``, the difference of the logits of each image.

    Raises:
        InputError: There are more than two classes and nothing to compare with, or the target is
            compared with itself.

    Source:
        Simonyan, Vedaldi and Zisserman, arXiv 1312.6034, section 3.1, of a difference of scores.
    """
    against = _against(task)
    passes = Passes(task, "contrast", len(task))

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        found: list[torch.Tensor] = []

        def difference(x: torch.Tensor) -> torch.Tensor:
            logits = task.model.logits(x)
            score = chosen_logits(logits, batch.targets)
            found.append(score.detach().double())
            if against is None:
                return score
            return score - chosen_logits(logits, against[batch.rows].to(logits.device))

        scores, gradients = score_gradients(difference, batch.x)
        passes.add(batch)
        return largest_channel(gradients).float(), found[0], scores.double()

    values, logits, differences = task.each(of)
    info = {"logit": logits, "difference": differences}
    return {"contrast": Maps(values, [None] * len(task), info)}


def _against(task: Task) -> torch.Tensor | None:
    """The classes whose scores are subtracted; None where the logit is a difference already."""
    if task.model.outputs == 1:
        return None
    against = task.against
    if against is None:
        if task.model.outputs > 2:
            raise InputError(
                f"contrast: the model has {task.model.outputs} classes, so the class to compare "
                "the target with must be given"
            )
        against = 1 - task.targets
    if bool((against == task.targets).any()):
        raise InputError("contrast: a target is compared with itself")
    return against
