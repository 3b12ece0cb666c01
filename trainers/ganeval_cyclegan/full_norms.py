"""Norms that compute in float32 inside a network whose convolutions run in half precision."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_NORMS = (nn.BatchNorm2d, nn.InstanceNorm2d)


def keep_norms_full(network: nn.Module, device: torch.device) -> None:
    """Makes norms convert half-precision input to float32, where torch would not.

    CUDA kernels keep mean and variance in float32 whatever the input. On a CPU torch rounds the
    mean to the type of the input, which is an error of a thousandth of a standard deviation and
    more.
    """
    if device.type == "cuda":
        return
    for module in network.modules():
        if isinstance(module, _NORMS):
            module.register_forward_pre_hook(_full)


def _full(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    (images,) = arguments
    return (images.float() if images.dtype in (torch.bfloat16, torch.float16) else images,)
