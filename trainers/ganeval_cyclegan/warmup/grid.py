"""One picture of 64 generated images, always of the same noise."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganeval_cyclegan.pixels import to_pixels
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.warmup.networks import WarmupGenerator

SIDE: Final = 8
_TILE: Final = 48  # smaller images are enlarged by whole pixels to about this side
_GAP: Final = 4
_PAPER: Final = 255


def fixed_noise(streams: Streams, latent: int) -> Tensor:
    """Returns the noise ``[64, latent]`` of every picture of a run."""
    generator = torch.Generator().manual_seed(streams.key("eval", "z"))
    return torch.randn(SIDE * SIDE, latent, generator=generator)


@torch.no_grad()
def draw_grid(generator: WarmupGenerator, noise: Tensor) -> Image.Image:
    """Returns the grey picture, eight images by eight."""
    device = next(generator.parameters()).device
    tiles = to_pixels(generator(noise.to(device)))[..., 0]
    scale = max(1, round(_TILE / max(tiles.shape[1:])))
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = tiles.shape[1] + _GAP, tiles.shape[2] + _GAP
    picture = np.full((SIDE * height + _GAP, SIDE * width + _GAP), _PAPER, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = _GAP + i // SIDE * height, _GAP + i % SIDE * width
        picture[top : top + height - _GAP, left : left + width - _GAP] = tile
    return Image.fromarray(picture)
