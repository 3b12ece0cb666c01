"""The gradient of the target's logit."""

from __future__ import annotations

import torch

from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import Batch, Passes, Task, largest_channel, score_gradients


def gradient(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes M = max over channels of abs(g), where g = dS/dx.

    ``info`` has ``grad_l1``, the mean of abs(g) over pixels and channels of each image.

    Source:
        Simonyan, Vedaldi and Zisserman, arXiv 1312.6034, section 3.1.
    """
    passes = Passes(task, "gradient", len(task))

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        scores, gradients = score_gradients(task.score(batch), batch.x)
        passes.add(batch)
        sizes = gradients.double().abs().mean((1, 2, 3))
        return largest_channel(gradients).float(), scores.double(), sizes

    values, logits, sizes = task.each(of)
    return {"gradient": Maps(values, [None] * len(task), {"logit": logits, "grad_l1": sizes})}
