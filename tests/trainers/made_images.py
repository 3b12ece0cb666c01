"""Small image files made by code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.resolve import resolve


def pixels(seed: int, height: int = 40, width: int = 40, channels: int = 3) -> np.ndarray:
    """Smooth noise, uint8 ``[h, w, C]``."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, channels), dtype=np.uint8)
    if channels == 1:
        image = Image.fromarray(coarse[:, :, 0]).resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(image)[:, :, None]
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def folder(path: Path, n: int, first: int = 0, **size: Any) -> Path:
    """A folder of PNG images; equal numbers from the first on are equal images."""
    path.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + n):
        array = pixels(i, **size)
        Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(
            path / f"{i:03d}.png"
        )
    return path


def tiny_config(*changes: str) -> TrainConfig:
    """The preset tiny at 32 pixels with no more evaluation than asked for."""
    return resolve(preset="tiny", changes=["data.workers=0", *changes]).config
