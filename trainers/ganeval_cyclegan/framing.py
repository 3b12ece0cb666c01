"""Images of any size through a generator: padded to a size that it takes, and cropped back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ganeval_cyclegan.nets.reflection import IndexPad2d
from ganeval_cyclegan.nets.unet import UNetGenerator

_OUTER = 3  # pixels that an outer 7x7 convolution takes off each side


class Framed:
    """A generator that takes images of any size.

    Images are reflected at their lower and right border up to the next size that the generator
    takes, as often as needed, and the output is cropped. The upper left corner stays where it is,
    so strides fall on the same pixels as in training. Images of a fitting size go through as they
    are.

    Args:
        generator: A generator of this package.

    Attributes:
        in_channels: Channels of its input.
        out_channels: Channels of its output.
        gains: Rows and columns by which the output is larger than the input.
    """

    def __init__(self, generator: nn.Module) -> None:
        self.generator = generator
        convolutions = [one for one in generator.modules() if isinstance(one, nn.Conv2d)]
        self.in_channels = convolutions[0].in_channels
        if isinstance(generator, UNetGenerator):
            *_, last = (one for one in generator.modules() if isinstance(one, nn.ConvTranspose2d))
            self.out_channels = last.out_channels
            self._multiple, self._smallest, self._first_pad = 1 << generator.num_downs, 1, 0
            self._grows = self.gains = (0, 0)
            return
        self.out_channels = convolutions[-1].out_channels
        self._multiple = 1 << sum(one.stride[0] == 2 for one in convolutions)
        first, *inner, last_pad = [
            pad for one in generator.modules() if (pad := _padding(one)) is not None
        ]
        self._grows = _growth(first)
        self.gains = tuple_sum(self._grows, _growth(last_pad))
        # A side inside must exceed the reflection there, and a norm needs more than one pixel.
        self._smallest = max([max(pad) + 1 for pad in inner], default=2)
        self._first_pad = max(first)

    def padded(self, height: int, width: int) -> tuple[int, int]:
        """Returns the smallest size, at least the given one, that the generator takes."""
        return self._padded(height, 0), self._padded(width, 1)

    def __call__(self, images: Tensor) -> Tensor:
        """Translates float ``[n, C, h, w]`` to ``[n, C', h + gains[0], w + gains[1]]``."""
        height, width = images.shape[2:]
        output: Tensor = self.generator(reflected(images, *self.padded(height, width)))
        return output[:, :, : height + self.gains[0], : width + self.gains[1]]

    def _padded(self, side: int, axis: int) -> int:
        padded = max(side, self._first_pad + 1)
        padded = max(padded, self._multiple * self._smallest - self._grows[axis])
        return padded + -(padded + self._grows[axis]) % self._multiple


def reflected(images: Tensor, height: int, width: int) -> Tensor:
    """Returns ``[..., height, width]``: images reflected at their lower and right border.

    Unlike torch's own padding it may be larger than the image, which is then reflected repeatedly.
    """
    for axis, size in ((2, height), (3, width)):
        side = images.shape[axis]
        if size > side:
            index = np.pad(np.arange(side), (0, size - side), mode="reflect")
            images = images.index_select(axis, torch.from_numpy(index).to(images.device))
    return images


def tuple_sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Adds element by element."""
    return one[0] + other[0], one[1] + other[1]


def _growth(padding: tuple[int, int, int, int]) -> tuple[int, int]:
    """Rows and columns that a pad adds beyond what the convolution behind it takes off."""
    left, right, top, bottom = padding
    return top + bottom - 2 * _OUTER, left + right - 2 * _OUTER


def _padding(module: nn.Module) -> tuple[int, int, int, int] | None:
    """Left, right, top and bottom of a pad; None of any other layer."""
    if isinstance(module, IndexPad2d):
        return module.sides
    if isinstance(module, nn.ReflectionPad2d | nn.ReplicationPad2d):
        left, right, top, bottom = module.padding
        return left, right, top, bottom
    return None
