"""A network that ``torch.compile`` makes faster where it can, and that never fails for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn


class Compiled:
    """Calls a network compiled, or as it is once that has failed.

    The network itself stays as it was, so that its keys carry no prefix.

    Args:
        network: What to call.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._fast: Callable[[Tensor], Tensor] | None = None
        self._failed = False

    def __call__(self, images: Tensor) -> Tensor:
        """Returns what the network returns."""
        if not self._failed:
            try:
                if self._fast is None:
                    self._fast = torch.compile(self._network)
                return self._fast(images)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # the compilers behind it fail in many ways
                reason = str(error).strip().splitlines() or [type(error).__name__]
                warnings.warn(
                    f"run.compile: {type(self._network).__name__} runs uncompiled: {reason[0]}",
                    RuntimeWarning,
                    stacklevel=2,
                )
                self._failed = True
        scores: Tensor = self._network(images)
        return scores
