"""Batch norm over the images of all processes, not of each for itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganeval_cyclegan.distributed import World
from ganeval_cyclegan.nets.networks import Networks


class SharedBatchNorm2d(nn.BatchNorm2d):
    """A batch norm whose statistics are those of the batches of all processes together.

    Args:
        like: The layer whose parameters and statistics it takes over.
        world: The processes; all of them call the layer in the same order, on equal shapes.
    """

    def __init__(self, like: nn.BatchNorm2d, world: World) -> None:
        super().__init__(like.num_features, like.eps, like.momentum)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.num_batches_tracked = like.num_batches_tracked
        self._world = world

    def forward(self, input: Tensor) -> Tensor:
        """Normalises ``[n, c, h, w]``; in evaluation mode by the running statistics."""
        if not self.training:
            return super().forward(input)
        images = input if input.dtype == torch.float64 else input.float()
        count = images.numel() // images.shape[1] * self._world.size
        mean = _sum(images.sum((0, 2, 3)), self._world) / count
        away = images - mean[:, None, None]
        variance = _sum(away.square().sum((0, 2, 3)), self._world) / count
        self._follow(mean.detach(), variance.detach() * (count / max(count - 1, 1)))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return away * scale[:, None, None] + self.bias[:, None, None]

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.momentum is not None
        for kept, found in ((self.running_mean, mean), (self.running_var, variance)):
            if kept is not None:
                kept.lerp_(found.to(kept), self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


def share_norms(nets: Networks, world: World) -> None:
    """Puts shared batch norms in the place of all others; parameters and their names stay."""
    for _, network in nets.items():
        for module in list(network.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.BatchNorm2d):
                    setattr(module, name, SharedBatchNorm2d(child, world))


class _Sum(torch.autograd.Function):
    """The sum over the processes; its gradient is the sum of theirs, of any order."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, world: World) -> Tensor:
        ctx.world = world
        return world.sum(tensor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _sum(gradients[0], ctx.world), None


def _sum(tensor: Tensor, world: World) -> Tensor:
    total: Tensor = _Sum.apply(tensor, world)
    return total
