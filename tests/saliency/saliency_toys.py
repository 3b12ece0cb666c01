"""Folders of small images, and a classifier of colours, made by code."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

SIDE = 16
OWN = {"mean": (0.0,), "std": (1.0,), "side": SIDE}


class Colours(nn.Module):
    """Three classes, one per channel: how strongly blobs of that colour stand out."""

    def __init__(self) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        self.first = nn.Conv2d(3, 12, 3, padding=1)
        self.second = nn.Conv2d(12, 12, 3, padding=1)
        self.last = nn.Linear(12, 3)
        for weights in self.parameters():
            weights.data.normal_(0, 0.4, generator=draws)
        self.last.weight.data[:, :3] += 2 * torch.eye(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = torch.relu(self.second(torch.relu(self.first(x))))
        scores: torch.Tensor = self.last(found.mean((2, 3)))
        return scores


def colours() -> nn.Module:
    """The factory behind ``--model saliency_toys:colours``."""
    return Colours()


def make_images(count: int, *, seed: int = 0, side: int = SIDE) -> np.ndarray:
    """Blobs of one colour on a dark ground, uint8 ``[count, side, side, 3]``."""
    rng = np.random.default_rng(seed)
    images = rng.integers(10, 60, (count, side, side, 3)).astype(np.uint8)
    for i, image in enumerate(images):
        row, column = rng.integers(1, side - side // 2, 2)
        image[row : row + side // 2, column : column + side // 2, i % 3] = rng.integers(180, 250)
    return images


def save_folder(folder: Path, images: np.ndarray, name: str = "img{:03d}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / name.format(i))
    return folder


def recoloured(images: np.ndarray) -> np.ndarray:
    """What a weak transfer does: less contrast, a warm tint."""
    x = images / 255
    changed = x * np.array([0.9, 0.7, 0.5]) + 0.1
    return np.rint(255 * changed).astype(np.uint8)


def script(path: Path) -> Path:
    """Saves the classifier as a TorchScript program."""
    with warnings.catch_warnings():  # torch recommends torch.export; users still have such files
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Colours().eval(), torch.rand(2, 3, SIDE, SIDE)), path)
    return path


class WithRelu(nn.Module):
    """A classifier whose class scores pass a ReLU, and are 0 for dark images."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Colours()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = torch.relu(self.body(x) - self.body(torch.zeros_like(x)) - 0.1)
        return scores


def colours_with_relu() -> nn.Module:
    """The factory behind ``--model saliency_toys:colours_with_relu``."""
    return WithRelu()
