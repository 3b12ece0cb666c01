"""Grad-CAM: which cells of a layer's feature maps speak for the target."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.saliency.layers import auto_layer, module_at
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import Batch, Passes, Task


def grad_cam(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes L = ReLU(sum_k a_k A_k) of a layer's feature maps A_k, enlarged to the image.

    a_k is the mean over positions of dS/dA_k. L is enlarged bilinearly, corners not aligned. An L
    that is zero everywhere is flagged ``no_positive_evidence``. Only what comes after the layer is
    differentiated.

    ``info`` has ``layer``, its path.

    Raises:
        InputError: The network has no such layer, or the score does not depend on it.

    Source:
        Selvaraju et al., arXiv 1610.02391, equations 1 and 2.
    """
    layer = auto_layer(task.model) if task.settings.layer is None else task.settings.layer
    module = module_at(task.model, layer)
    passes = Passes(task, "grad-cam", len(task))

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        with _taken(module) as taken:
            scores = task.score(batch)(batch.x)
        cells = _weighed(taken[-1], scores, layer).clamp(min=0)
        side = task.model.side
        enlarged = functional.interpolate(
            cells[:, None], size=(side, side), mode="bilinear", align_corners=False
        )
        passes.add(batch)
        return enlarged[:, 0].float(), scores.detach().double()

    values, logits = task.each(of)
    flags: list[str | None] = [None if map_.any() else "no_positive_evidence" for map_ in values]
    return {"grad-cam": Maps(values, flags, {"layer": layer, "logit": logits})}


@contextmanager
def _taken(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """While it is open, what the module returns is taken as the start of a new graph.

    The network goes on with a copy, so that an activation in place after it changes nothing here.
    """
    taken: list[torch.Tensor] = []

    def take(_: nn.Module, __: tuple[object, ...], made: torch.Tensor) -> torch.Tensor:
        taken.append(made.detach().requires_grad_())
        return taken[-1].clone()

    handle = module.register_forward_hook(take)
    try:
        yield taken
    finally:
        handle.remove()


def _weighed(maps: torch.Tensor, scores: torch.Tensor, layer: str) -> torch.Tensor:
    """sum_k a_k A_k in float64, ``[m, h, w]``."""
    gradients = None
    if scores.requires_grad:
        (gradients,) = torch.autograd.grad(scores.sum(), maps, allow_unused=True)
    if gradients is None:
        raise InputError(
            f"--layer {layer}: the score does not depend on it in a way that can be differentiated",
            hint="Choose another --layer.",
        )
    weights = gradients.double().mean((2, 3), keepdim=True)
    return (weights * maps.detach().double()).sum(1)
