"""Between 8-bit pixels and what networks see: float32, -1 black, 1 white."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pixels = npt.NDArray[np.uint8]
Rounding = Literal["round", "truncate"]


def to_tensor(images: Pixels) -> Tensor:
    """Returns float32 ``[n, C, H, W]`` in -1..1 of uint8 ``[n, H, W, C]``: (x/255 - 0.5) / 0.5."""
    # torch warns of arrays that may not be written to, as decoded images are.
    held = images if images.flags.writeable else images.copy()
    tensor = torch.from_numpy(np.ascontiguousarray(held)).permute(0, 3, 1, 2)
    return tensor.to(torch.float32).div_(255).sub_(0.5).div_(0.5).contiguous()


def to_pixels(images: Tensor, rounding: Rounding = "round") -> Pixels:
    """Returns uint8 ``[n, H, W, C]`` of float ``[n, C, H, W]`` in -1..1, finite.

    Args:
        images: Values beyond -1..1 are clamped.
        rounding: ``round`` to the nearest level; ``truncate`` cuts the fraction off, as the
            published code does, and darkens by half a level on average.
    """
    values = images.detach().to("cpu", torch.float32)
    if rounding == "round":
        levels = values.add(1).mul_(127.5).clamp_(0, 255).round_()
    else:
        levels = values.add(1).div_(2).mul_(255).clamp_(0, 255)
    return np.ascontiguousarray(levels.to(torch.uint8).permute(0, 2, 3, 1).numpy())


def luma(images: Pixels) -> Pixels:
    """Returns the grey uint8 ``[..., 1]`` of RGB uint8 ``[..., 3]``.

    (19595 R + 38470 G + 7471 B + 32768) >> 16: the luma of ITU-R BT.601 in 16-bit fixed point, as
    Pillow computes it; equal channels stay what they are.
    """
    wide = images.astype(np.uint32)
    grey = (19595 * wide[..., 0] + 38470 * wide[..., 1] + 7471 * wide[..., 2] + 32768) >> 16
    return grey.astype(np.uint8)[..., None]


def with_channels(images: Pixels, channels: int) -> Pixels:
    """Returns RGB uint8 ``[..., 3]`` as it is, or its luma ``[..., 1]``."""
    return images if channels == 3 else luma(images)
