"""Small classifiers made by code, with seeded weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.model import PixelModel, wrap_network

SIDE = 16


class Plain(nn.Module):
    """Two convolutions with batch norm, dropout, a class convolution, global pooling."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True)
        )
        self.block = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=True))
        self.drop = nn.Dropout(0.5)
        self.head = nn.Conv2d(8, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(self.drop(self.block(self.stem(x))))
        return scores.mean((2, 3))


class Linear(nn.Module):
    """Scores w.x + b."""

    def __init__(self, classes: int = 2, side: int = SIDE) -> None:
        super().__init__()
        self.last = nn.Linear(3 * side * side, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.last(x.flatten(1))
        return found


class Functional(nn.Module):
    """Returns a function of the pixels; has one weight that does nothing, for a device."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function
        self.idle = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> object:
        return self.function(x)  # type: ignore[operator]


def colour_means(x: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(x, x.shape[-1]).flatten(1)


def seeded(network: nn.Module, seed: int = 0, scale: float = 0.3) -> nn.Module:
    """Fills weights and running statistics from a generator of its own."""
    draws = keyed_generator(seed, "weights", type(network).__name__)
    for tensor in [*network.parameters(), *network.buffers()]:
        if tensor.is_floating_point():
            tensor.data.copy_(scale * torch.randn(tensor.shape, generator=draws))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_var is not None:
            module.running_var.abs_().add_(0.5)
    return network


def plain_model(classes: int = 5, **options: object) -> PixelModel:
    return wrap_network(seeded(Plain(classes)), side=SIDE, **options)  # type: ignore[arg-type]


def images(count: int, seed: int = 0, side: int = SIDE) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=keyed_generator(seed, "images", "toy"))
