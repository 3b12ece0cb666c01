"""Layers of the patch discriminators: sizes of their maps, receptive fields."""

from __future__ import annotations

from dataclasses import dataclass

from ganeval_cyclegan.config import DiscriminatorConfig


@dataclass(frozen=True)
class PatchLayer:
    """One convolution of a patch discriminator.

    Attributes:
        width: Output channels; None for the last one, whose channels are the heads.
        stride: In pixels.
        normed: Whether a norm follows.
    """

    width: int | None
    stride: int
    normed: bool


def patch_layers(config: DiscriminatorConfig) -> list[PatchLayer]:
    """Returns the convolutions of a ``patch`` or ``stride4`` discriminator."""
    halvings = 4 if config.arch == "stride4" else config.n_layers
    layers = [
        PatchLayer(config.ndf * min(2**i, 8), 2, normed=i > 0 or config.first_norm)
        for i in range(halvings)
    ]
    if config.arch == "patch":
        layers.append(PatchLayer(config.ndf * min(2**halvings, 8), 1, normed=True))
    return [*layers, PatchLayer(None, 1, normed=False)]


def same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Returns zeros before and after, so that ``ceil(side / stride)`` pixels come out."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def map_sides(config: DiscriminatorConfig, side: int) -> list[int]:
    """Returns the side after every convolution, the last one being that of the map of scores.

    A side below 1 means that the kernel does not fit; nothing sensible follows it.
    """
    if config.arch == "pixel":
        return [side] * 3
    found = [side]
    for layer in patch_layers(config):
        if config.padding == "same":
            found.append(-(-found[-1] // layer.stride))
        else:
            pad = (config.kernel - 1) // 2
            found.append((found[-1] + 2 * pad - config.kernel) // layer.stride + 1)
    return found[1:]


def receptive_field(config: DiscriminatorConfig) -> int:
    """Returns the side, in pixels, of the square that one score depends on."""
    if config.arch == "pixel":
        return 1
    strides = [layer.stride for layer in patch_layers(config)]
    field, jump = 1, 1
    for stride in strides:
        field += (config.kernel - 1) * jump
        jump *= stride
    return field
