"""Small images in files, made from a seed: smooth fields of colour, each unlike the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

Pixels = np.ndarray


def field(seed: int, side: int = 32) -> Pixels:
    """A smooth image, uint8 ``[side, side, 3]``."""
    noise = np.random.default_rng(seed).normal(size=(side, side, 3))
    smooth = gaussian_filter(noise, (2, 2, 0))
    scaled = 128 + 50 * smooth / smooth.std()
    return np.clip(scaled, 0, 255).round().astype(np.uint8)


def fields(count: int, first: int = 0, side: int = 32) -> dict[str, Pixels]:
    """So many images by stem."""
    return {f"{i:03}": field(first + i, side) for i in range(count)}


def write(folder: Path, images: Mapping[str, Pixels]) -> dict[str, Path]:
    """Writes images as PNG; returns the file of every stem."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for stem, pixels in images.items():
        files[stem] = folder / f"{stem}.png"
        Image.fromarray(pixels).save(files[stem])
    return files
