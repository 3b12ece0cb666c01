"""Domains in memory, as evaluations and samples see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ganeval_cyclegan.pixels import to_tensor


class SmallDomain:
    """Random images of a seed, some grey levels brighter the larger the shift."""

    def __init__(
        self, n: int, seed: int, side: int = 16, channels: int = 3, shift: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(0, 200, (n, side, side, channels)) + shift
        self.pixels: npt.NDArray[np.uint8] = pixels.clip(0, 255).astype(np.uint8)
        self.keys = [f"{seed}/{i:03d}.png" for i in range(n)]

    def __len__(self) -> int:
        return len(self.keys)

    def test_batch(self, indices: Sequence[int]) -> Tensor:
        return to_tensor(self.pixels[list(indices)])


@dataclass
class SmallData:
    train_A: SmallDomain
    train_B: SmallDomain
    held_A: SmallDomain
    held_B: SmallDomain


def small_data(train: int = 6, held: int = 5, **shapes: dict[str, Any]) -> SmallData:
    """Both domains; ``A`` and ``B`` are options of `SmallDomain`."""
    a, b = shapes.get("A", {}), {"shift": 55, **shapes.get("B", {})}
    return SmallData(
        SmallDomain(train, 1, **a),
        SmallDomain(train, 2, **b),
        SmallDomain(held, 3, **a),
        SmallDomain(held, 4, **b),
    )
