"""Images and weights for benchmarks, made where none are given."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def make_jpegs(target: Path, count: int, source: Path | None, seed: int) -> Path:
    """Fills ``target`` with ``count`` images: the first of ``source``, else 256 px photo crops."""
    target.mkdir(parents=True)
    if source is not None:
        files = sorted(p for p in source.iterdir() if p.suffix.lower() in (".jpg", ".png"))
        if len(files) < count:
            sys.exit(f"{source} holds {len(files)} images, fewer than --images {count}")
        for file in files[:count]:
            shutil.copy(file, target)
        return target
    from sklearn.datasets import load_sample_images

    photos = load_sample_images().images
    rng = np.random.default_rng(seed)
    for i in range(count):
        photo = photos[i % len(photos)]
        top, left = (int(rng.integers(0, side - 256)) for side in photo.shape[:2])
        crop = photo[top : top + 256, left : left + 256]
        Image.fromarray(crop).save(target / f"{i:05d}.jpg", quality=92)
    return target


def random_weights(path: Path) -> Path:
    """Seeded random Inception weights in pytorch-fid's layout; activations stay finite."""
    import torch

    from ganeval.features.inception_network import FIDInception

    torch.manual_seed(0)
    network = FIDInception().inception
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    torch.save(network.state_dict(), path)
    return path
