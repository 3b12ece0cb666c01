"""The images of one update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Unpaired training images of both domains.

    Attributes:
        A: float32 ``[b, C_A, H_A, W_A]`` in -1..1.
        B: float32 ``[b, C_B, H_B, W_B]`` in -1..1.
    """

    A: Tensor
    B: Tensor

    def to(self, *args: Any, **kwargs: Any) -> Batch:
        """Returns the batch with both tensors moved or converted as by ``Tensor.to``."""
        return Batch(self.A.to(*args, **kwargs), self.B.to(*args, **kwargs))
