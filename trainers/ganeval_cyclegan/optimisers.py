"""One Adam for both generators and one for both discriminators, and their learning rates."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from ganeval_cyclegan.config import OptimConfig


def adam(
    parameters: Iterable[nn.Parameter], rate: float, config: OptimConfig, *, fused: bool
) -> torch.optim.Adam:
    """Builds an optimiser.

    Args:
        parameters: Of two networks.
        rate: Learning rate before any schedule.
        config: Betas and eps.
        fused: All tensors in one kernel; equal but for rounding.
    """
    return torch.optim.Adam(
        list(parameters), lr=rate, betas=config.betas, eps=config.eps, fused=fused
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate
