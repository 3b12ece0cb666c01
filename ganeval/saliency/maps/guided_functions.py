"""Nonlinear functions as they are called, with another backward pass where they are ReLUs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_Bounded = tuple[torch.Tensor, float, float, bool]
"""A call of a function that bounds its input: input, lower and upper bound, in place."""


class GuidedFunctions(TorchFunctionMode):
    """While it is entered, ReLU, ReLU6 and Hardtanh(0, b) have a guided backward pass.

    Calls are caught wherever they come from, and only in this thread.

    Attributes:
        guided: Calls that were guided since `reset`.
        unguided: Calls of other nonlinear functions by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.guided = 0
        self.unguided: Counter[str] = Counter()

    def reset(self) -> None:
        """Counts anew."""
        self.guided = 0
        self.unguided = Counter()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Called by torch instead of ``func``."""
        kwargs = kwargs or {}
        bind = _BOUNDED.get(func)
        if bind is not None:
            z, lower, upper, inplace = bind(*args, **kwargs)
            if lower == 0:
                self.guided += 1
                return _GuidedReLU.apply(z, upper, inplace)
            self.unguided["hardtanh"] += 1
        elif (name := _OTHERS.get(func)) is not None:
            self.unguided[name] += 1
        return func(*args, **kwargs)


class _GuidedReLU(torch.autograd.Function):
    """min(max(z, 0), upper), whose backward pass lets positive gradients of open cells through."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, upper: float, inplace: bool) -> torch.Tensor:
        ctx.save_for_backward((z > 0) & (z < upper))
        limit = None if math.isinf(upper) else upper
        if inplace:
            ctx.mark_dirty(z)
            return z.clamp_(min=0, max=limit)
        return z.clamp(min=0, max=limit)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (is_open,) = ctx.saved_tensors
        (gradient,) = gradients
        return torch.where(is_open & (gradient > 0), gradient, 0.0), None, None


def _relu(input: torch.Tensor, inplace: bool = False) -> _Bounded:
    return input, 0.0, math.inf, inplace


def _relu_in_place(input: torch.Tensor) -> _Bounded:
    return input, 0.0, math.inf, True


def _relu6(input: torch.Tensor, inplace: bool = False) -> _Bounded:
    return input, 0.0, 6.0, inplace


def _hardtanh(
    input: torch.Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> _Bounded:
    return input, float(min_val), float(max_val), inplace


def _hardtanh_in_place(
    input: torch.Tensor, min_val: float = -1.0, max_val: float = 1.0
) -> _Bounded:
    return input, float(min_val), float(max_val), True


_BOUNDED: Final[dict[Any, Callable[..., _Bounded]]] = {
    functional.relu: _relu,
    torch.relu: _relu,
    torch.Tensor.relu: _relu,
    functional.relu_: _relu_in_place,
    torch.relu_: _relu_in_place,
    torch.Tensor.relu_: _relu_in_place,
    functional.relu6: _relu6,
    functional.hardtanh: _hardtanh,
    functional.hardtanh_: _hardtanh_in_place,
}

_OTHER_NAMES: Final = (
    "celu",
    "clamp",
    "clamp_max",
    "clamp_min",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "prelu",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
)


def _others() -> dict[Any, str]:
    found: dict[Any, str] = {torch.special.expit: "sigmoid"}
    for owner in (functional, torch, torch.Tensor):
        for name in _OTHER_NAMES:
            for spelling in (name, f"{name}_"):
                function = getattr(owner, spelling, None)
                if function is not None:
                    found[function] = name
    return found


_OTHERS: Final = _others()
