"""Guided backpropagation: only what raises the target passes back through a ReLU."""

from __future__ import annotations

from typing import Final

import torch

from ganeval.errors import InputError
from ganeval.saliency.maps.guided_functions import GuidedFunctions
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import Batch, Passes, Task, largest_channel, score_gradients

NAME: Final = "guided-backprop"


def guided_backprop(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes the gradient map with a guided backward pass of ReLU, ReLU6 and Hardtanh(0, b).

    There a gradient passes where the input was inside the open range and the gradient is positive.
    Calls are caught at the function, so modules, in place or not, functions and tensor methods are
    all guided; the network is not touched.

    ``info`` has ``guided`` and ``nonlinearities``, the calls in one forward pass that were guided
    and all of them, and ``unguided``, the others by name.

    Raises:
        InputError: Nothing can be guided, so that the map would be the gradient.

    Source:
        Springenberg et al., arXiv 1412.6806. Read with care: arXiv 1810.03292, 1805.07039 and
        1912.09818 show that it largely ignores the later weights of a network.
    """
    passes = Passes(task, NAME, len(task))
    functions = GuidedFunctions()

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        functions.reset()

        def score(x: torch.Tensor) -> torch.Tensor:
            with functions:
                return task.score(batch)(x)

        scores, gradients = score_gradients(score, batch.x)
        if functions.guided == 0:
            raise _nothing_guided(task, functions)
        passes.add(batch)
        return largest_channel(gradients).float(), scores.double()

    values, logits = task.each(of)
    info = {
        "guided": functions.guided,
        "nonlinearities": functions.guided + functions.unguided.total(),
        "unguided": dict(functions.unguided),
        "logit": logits,
    }
    return {NAME: Maps(values, [None] * len(task), info)}


def _nothing_guided(task: Task, functions: GuidedFunctions) -> InputError:
    others = ", ".join(f"{name} {calls}x" for name, calls in functions.unguided.most_common())
    found = f"it calls {others}" if others else "no nonlinearity was seen"
    return InputError(
        f"{NAME}: {task.model.facts.name} has no ReLU that can be guided ({found}), so the map "
        "would be the plain gradient",
        hint="Leave guided-backprop out of --methods.",
    )
