"""All that must be known to build one network; it lies beside exported weights."""

from __future__ import annotations

from typing import Final, Literal

from ganeval_cyclegan.config import DiscriminatorConfig, GeneratorConfig, Section

Pad = int | tuple[int, int]
"""Pixels on each side: of all four, or vertical and horizontal."""

NUM_DOWNS: Final = {"unet_128": 7, "unet_256": 8}


class GeneratorBlueprint(Section):
    """A generator."""

    role: Literal["generator"] = "generator"
    in_channels: int
    out_channels: int
    config: GeneratorConfig
    first_pad: Pad = 3
    last_pad: Pad = 3
    num_downs: int | None = None


class DiscriminatorBlueprint(Section):
    """A discriminator."""

    role: Literal["discriminator"] = "discriminator"
    in_channels: int
    heads: int = 1
    config: DiscriminatorConfig


Blueprint = GeneratorBlueprint | DiscriminatorBlueprint
