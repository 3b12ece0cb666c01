"""A small classifier of handwritten digits, trained in seconds, and its images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

SIDE = 32
TRAINED = 1400  # images; the others test


class Digits(nn.Module):
    """Three convolutions and a global mean; 24,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 1, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(x)
        return scores


def network() -> nn.Module:
    """The factory behind ``--model saliency.digits_network:network``."""
    return Digits()


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Returns all digits, float32 ``[1797, 32, 32]`` in [0, 1], and their classes, shuffled."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    small = torch.from_numpy(found.images[:, None].astype(np.float32) / 16)
    large = functional.interpolate(small, size=SIDE, mode="bilinear", align_corners=False)
    return large[order, 0].numpy(), found.target[order]


def train(path: Path) -> float:
    """Trains the network, saves its state dict and returns its accuracy on the other images."""
    images, labels = digits()
    x = torch.from_numpy(images)[:, None].expand(-1, 3, -1, -1)
    y = torch.from_numpy(labels)
    draws = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Digits()
    step = torch.optim.Adam(net.parameters(), lr=4e-3)
    for _ in range(28):
        for rows in torch.randperm(TRAINED, generator=draws).split(50):
            loss = functional.cross_entropy(net(x[rows]), y[rows])
            step.zero_grad()
            loss.backward()
            step.step()
    torch.save(net.state_dict(), path)
    with torch.no_grad():
        found = net(x[TRAINED:]).argmax(1)
    return float((found == y[TRAINED:]).double().mean())
