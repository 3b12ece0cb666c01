"""Small networks whose maps are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ganeval.saliency.model import PixelModel, wrap_network

SIDE = 16


def random_images(count: int, *, side: int = SIDE, seed: int = 0) -> torch.Tensor:
    """Images of white noise, float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.random((count, 3, side, side), dtype=np.float32))


def keys(count: int) -> list[str]:
    return [f"pair{i}" for i in range(count)]


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


class Linear(nn.Module):
    """Logits w.x + b, in float64."""

    def __init__(self, classes: int = 3, side: int = SIDE) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal(classes, 3, side, side, seed=1))
        self.bias = nn.Parameter(normal(classes, seed=2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double().flatten(1) @ self.weight.flatten(1).T + self.bias


class Quadratic(nn.Module):
    """One logit x'Qx with a diagonal and a shifted diagonal, in float64."""

    def __init__(self, side: int = SIDE) -> None:
        super().__init__()
        self.own = nn.Parameter(normal(3, side, side, seed=3))
        self.next = nn.Parameter(normal(3, side, side, seed=4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.double()
        both = self.own * x * x + self.next * x * x.roll(1, dims=3)
        return both.sum((1, 2, 3))[:, None]


class Convolutional(nn.Module):
    """Two convolutions, global mean, linear; the activation is handed in."""

    def __init__(
        self,
        activation: Callable[[], nn.Module] = nn.ReLU,
        *,
        classes: int = 4,
        seed: int = 0,
        last_relu: bool = False,
    ) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.act1 = activation()
        self.second = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(12)
        self.act2 = activation()
        self.last = nn.Linear(12, classes)
        self.last_relu = last_relu
        for i, weights in enumerate(self.parameters()):
            scale = weights[0].numel() ** -0.5 if weights.ndim > 1 else 0.3
            made = scale * 1.7 * normal(*weights.shape, seed=100 * seed + i)
            weights.data.copy_(made.abs() + 0.5 if weights is self.norm.weight else made)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.act1(self.first(x))
        return self.act2(self.norm(self.second(hidden)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.last(self.features(x).mean((2, 3)))
        return logits.relu() if self.last_relu else logits


def wrapped(network: nn.Module, *, side: int = SIDE, detector: bool = False) -> PixelModel:
    """A network of raw pixels."""
    return wrap_network(network, side=side, detector=detector)
