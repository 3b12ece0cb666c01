"""Small generators in files, and small images to translate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from ganeval_cyclegan.config import GeneratorConfig, InitConfig
from ganeval_cyclegan.nets.blueprint import GeneratorBlueprint
from ganeval_cyclegan.nets.build import build_from
from ganeval_cyclegan.nets.init import initialise


def generator(seed: int = 0, channels: tuple[int, int] = (3, 3), **config: Any) -> nn.Module:
    """A small generator with weights that make pictures of some contrast."""
    pads = {name: config.pop(name) for name in ("first_pad", "last_pad") if name in config}
    chosen = GeneratorConfig(**{"ngf": 4, "n_blocks": 1, **config})
    network = build_from(
        GeneratorBlueprint(
            in_channels=channels[0],
            out_channels=channels[1],
            config=chosen,
            num_downs=5 if chosen.arch != "resnet" else None,
            **pads,
        )
    )
    initialise(network, InitConfig(gain=0.2), torch.Generator().manual_seed(seed))
    return network.eval()


def save_official(network: nn.Module, path: Path) -> Path:
    """The file that the published code would write: the state dict alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), path)
    return path


def make_images(folder: Path, names: dict[str, tuple[int, int]], *, grey: bool = False) -> Path:
    """Smooth random pictures by name, height and width."""
    for seed, (name, (height, width)) in enumerate(names.items()):
        rng = np.random.default_rng(seed)
        coarse = rng.integers(0, 256, (4, 4) if grey else (4, 4, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    return folder
