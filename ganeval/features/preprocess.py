"""Resize modes and normalisation, and both as torch operators.

An image enters as uint8 ``[n, H, W, 3]`` (0..255) and leaves as float32 ``[n, 3, size, size]``.
Nothing is quantised in between, except in the modes of Pillow. The modes are not interchangeable;
docs/definitions.md tells by how many grey levels they differ.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ganeval.features.pillow_resize import resize_with_pillow

if TYPE_CHECKING:
    import torch

Interpolation = Literal[
    "bilinear",
    "bilinear-antialias",
    "bicubic-antialias",
    "tf1",
    "pillow-nearest",
    "pillow-box",
    "pillow-bilinear",
    "pillow-hamming",
    "pillow-bicubic",
    "pillow-lanczos",
]
Geometry = Literal["squash", "short-side", "crop-then-resize"]


@dataclass(frozen=True)
class Preprocess:
    """How a decoded image becomes the input of a network.

    Args:
        interpolation: ``bilinear`` (half-pixel centres, no antialiasing), ``bilinear-antialias``,
            ``bicubic-antialias`` (a = -0.5) or ``tf1`` (source position = index * in/out, no half
            pixel, no antialiasing: TensorFlow 1's resize_bilinear); or ``pillow-`` and one of
            Pillow's filters, on uint8, rounded to whole grey levels.
        size: Side of the square the network sees, pixels.
        mean: Per channel, on the 0..255 scale.
        std: Per channel, on the 0..255 scale.
        clip: Clip to 0..255 after resizing (bicubic overshoots).
        geometry: ``squash`` makes the image a square whatever its aspect ratio. Only with Pillow's
            filters: ``short-side`` resizes the shorter side and cuts the middle out,
            ``crop-then-resize`` cuts the middle square out and resizes it.
        resized: Side of the square, or the shorter side, after resizing and before the middle of
            ``size`` is cut out; 0: ``size``, nothing is cut.
    """

    interpolation: Interpolation
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    clip: bool = False
    geometry: Geometry = "squash"
    resized: int = 0

    def __post_init__(self) -> None:
        if not self.on_pillow and (self.geometry != "squash" or self.resized):
            raise ValueError(f"{self.interpolation} only squashes")

    @property
    def on_pillow(self) -> bool:
        """Whether Pillow resizes; see `ganeval.features.pillow_resize`."""
        return self.interpolation.startswith("pillow-")

    @property
    def after_pillow(self) -> Preprocess:
        """What is left to do to an image that `resize_with_pillow` has made ready."""
        return dataclasses.replace(self, interpolation="bilinear", geometry="squash", resized=0)

    @property
    def normalisation(self) -> str:
        """Resizing by Pillow, if any, and the normalisation in words, for the record."""
        mean, std = (
            str(v[0]) if len(set(v)) == 1 else "(" + ", ".join(f"{x:g}" for x in v) + ")"
            for v in (self.mean, self.std)
        )
        return f"{self._steps()}{'clip 0..255, ' if self.clip else ''}(x - {mean})/{std}"

    def _steps(self) -> str:
        if not self.on_pillow:
            return ""
        resized = self.resized or self.size
        first = {
            "squash": f"to {resized}²",
            "short-side": f"short side to {resized}",
            "crop-then-resize": f"middle square to {resized}²",
        }[self.geometry]
        cut = f"middle {self.size}², " if resized != self.size or "short" in self.geometry else ""
        return f"{first} ({self.interpolation}), {cut}"


def apply_with_torch(images: torch.Tensor, preprocess: Preprocess) -> torch.Tensor:
    """Resizes and normalises with torch.

    Args:
        images: uint8 ``[n, H, W, 3]``, 0..255, any device.
        preprocess: What to do.

    Returns:
        float32 ``[n, 3, size, size]``, channels-last in memory.
    """
    import torch
    from torch.nn import functional

    if preprocess.on_pillow:
        images = _resize_with_pillow(images, preprocess)
        preprocess = preprocess.after_pillow
    x = images.permute(0, 3, 1, 2).to(torch.float32)  # [n, 3, H, W]
    size = (preprocess.size, preprocess.size)
    if tuple(x.shape[2:]) == size:
        pass  # every mode is the identity here
    elif preprocess.interpolation == "tf1":
        x = _resize_tf1(x, preprocess.size)
    else:
        mode, _, antialias = preprocess.interpolation.partition("-")
        x = functional.interpolate(
            x, size=size, mode=mode, align_corners=False, antialias=bool(antialias)
        )
    if preprocess.clip:
        x = x.clamp(0.0, 255.0)
    mean = torch.tensor(preprocess.mean, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=x.device).view(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def _resize_with_pillow(images: torch.Tensor, preprocess: Preprocess) -> torch.Tensor:
    """uint8 ``[n, H, W, 3]`` to ``[n, size, size, 3]`` on the same device, by way of the CPU."""
    import torch

    ready = [resize_with_pillow(image, preprocess) for image in images.cpu().numpy()]
    return torch.from_numpy(np.stack(ready)).to(images.device)


def _resize_tf1(x: torch.Tensor, size: int) -> torch.Tensor:
    """TensorFlow 1's ``resize_bilinear(align_corners=False)``: float32 ``[n, c, h, w]``."""
    import torch

    def axis(length: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        # The position is computed in float32, as TensorFlow does: index * float32(in/out).
        scale = torch.tensor(length / size, dtype=torch.float32)
        position = torch.arange(size, dtype=torch.float32) * scale
        low = position.floor().long()
        high = (low + 1).clamp(max=length - 1)
        weight = position - low
        return low.to(x.device), high.to(x.device), weight.to(x.device)

    top, bottom, dy = axis(x.shape[2])
    left, right, dx = axis(x.shape[3])
    dy = dy[:, None]
    upper, lower = x[:, :, top], x[:, :, bottom]
    upper = upper[..., left] + (upper[..., right] - upper[..., left]) * dx
    lower = lower[..., left] + (lower[..., right] - lower[..., left]) * dx
    return upper + (lower - upper) * dy
