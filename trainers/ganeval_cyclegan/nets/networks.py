"""The four networks of a CycleGAN, by the names of the published code."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn


@dataclass
class Networks:
    """The networks of one run.

    Attributes:
        G_A: Translates A to B.
        G_B: Translates B to A.
        D_A: Judges images of domain **B**.
        D_B: Judges images of domain **A**.
    """

    G_A: nn.Module
    G_B: nn.Module
    D_A: nn.Module
    D_B: nn.Module

    def items(self) -> Iterator[tuple[str, nn.Module]]:
        """Yields name and network, generators first."""
        for name in ("G_A", "G_B", "D_A", "D_B"):
            yield name, getattr(self, name)

    def parameters_of(self, *names: str) -> Iterator[nn.Parameter]:
        """Yields the parameters of the named networks, in that order."""
        return itertools.chain.from_iterable(getattr(self, name).parameters() for name in names)

    def to(
        self,
        device: str | torch.device | None = None,
        *,
        dtype: torch.dtype | None = None,
        memory_format: torch.memory_format | None = None,
    ) -> Self:
        """Moves all four in place, as ``nn.Module.to`` does."""
        options: dict[str, Any] = {"device": device, "dtype": dtype, "memory_format": memory_format}
        for _, network in self.items():
            network.to(**{name: value for name, value in options.items() if value is not None})
        return self

    def train(self, mode: bool = True) -> Self:
        """Sets dropout and batch norms of all four to training or evaluation."""
        for _, network in self.items():
            network.train(mode)
        return self

    def state(self) -> dict[str, dict[str, Tensor]]:
        """Returns the state dict of each network."""
        return {name: network.state_dict() for name, network in self.items()}

    def load(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Takes up what `state` returned, strictly."""
        for name, network in self.items():
            network.load_state_dict(state[name], strict=True)
