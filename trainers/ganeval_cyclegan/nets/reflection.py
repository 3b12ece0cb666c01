"""Padding whose backward pass is deterministic on CUDA as well.

torch's own reflection and replication pads add gradients in no fixed order there, and refuse to
run under ``torch.use_deterministic_algorithms``. Picking rows and columns by index gives the same
values bit for bit; its gradient is summed in a fixed order.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ganeval_cyclegan.nets.blueprint import Pad

PadMode = Literal["reflect", "replicate"]


class IndexPad2d(nn.Module):
    """Pads ``[n, c, h, w]`` by index; it has no parameters, hence no keys.

    Args:
        sides: Pixels to add left, right, top and bottom, as torch's pads count them.
        mode: What fills the border.
    """

    def __init__(self, sides: tuple[int, int, int, int], mode: PadMode) -> None:
        super().__init__()
        self.sides = sides
        self.mode = mode

    def forward(self, images: Tensor) -> Tensor:
        """Returns ``[n, c, h + top + bottom, w + left + right]``."""
        left, right, top, bottom = self.sides
        for dim, before, after in ((2, top, bottom), (3, left, right)):
            if before or after:
                index = self._index(images.shape[dim], before, after, images.device)
                images = images.index_select(dim, index)
        return images

    def _index(self, size: int, before: int, after: int, device: torch.device) -> Tensor:
        index = torch.arange(-before, size + after, device=device)
        if self.mode == "replicate":
            return index.clamp(0, size - 1)
        return (size - 1) - ((size - 1) - index.abs()).abs()


def reflection_pad(pad: Pad) -> nn.ReflectionPad2d:
    """Returns torch's reflection pad."""
    vertical, horizontal = (pad, pad) if isinstance(pad, int) else pad
    return nn.ReflectionPad2d((horizontal, horizontal, vertical, vertical))


def make_padding_deterministic(network: nn.Module) -> None:
    """Puts `IndexPad2d` in the place of every reflection and replication pad; keys stay."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReflectionPad2d):
                setattr(module, name, IndexPad2d(_four(child.padding), "reflect"))
            elif isinstance(child, nn.ReplicationPad2d):
                setattr(module, name, IndexPad2d(_four(child.padding), "replicate"))


def _four(padding: tuple[int, ...]) -> tuple[int, int, int, int]:
    left, right, top, bottom = padding
    return left, right, top, bottom
