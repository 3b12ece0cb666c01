"""Building of networks from the configuration of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import torch
from torch import nn

from ganeval_cyclegan.config import GeneratorConfig, TrainConfig
from ganeval_cyclegan.domain_shapes import Domain, domain_shape
from ganeval_cyclegan.nets.adapter import outer_pads
from ganeval_cyclegan.nets.blueprint import Blueprint, DiscriminatorBlueprint, Pad
from ganeval_cyclegan.nets.discriminators import (
    PatchDiscriminator,
    PixelDiscriminator,
    build_discriminator,
)
from ganeval_cyclegan.nets.init import initialise
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.reflection import make_padding_deterministic
from ganeval_cyclegan.nets.resnet import ResNetGenerator
from ganeval_cyclegan.nets.unet import UNetGenerator
from ganeval_cyclegan.streams import Streams

Generator = ResNetGenerator | UNetGenerator
Discriminator = PatchDiscriminator | PixelDiscriminator
N = TypeVar("N", bound=nn.Module)

JUDGES: Final[dict[str, Domain]] = {"D_A": "B", "D_B": "A"}
"""The domain whose images a discriminator judges."""


def build_generator(
    config: GeneratorConfig,
    in_channels: int,
    out_channels: int,
    *,
    first_pad: Pad = 3,
    last_pad: Pad = 3,
) -> Generator:
    """Builds the generator that a configuration names; the pads are those of a ResNet."""
    if config.arch == "resnet":
        return ResNetGenerator(
            in_channels, out_channels, config, first_pad=first_pad, last_pad=last_pad
        )
    return UNetGenerator(in_channels, out_channels, config)


def build_networks(config: TrainConfig, streams: Streams) -> Networks:
    """Builds and initialises the four networks of a run, on the CPU.

    The weights depend on the seed of the run alone, so that all processes start alike.

    Args:
        config: The run.
        streams: Each network draws from its own: ``init.G_A`` and so on.
    """
    networks = Networks(
        G_A=without_weights(lambda: _generator(config, "A", "B")),
        G_B=without_weights(lambda: _generator(config, "B", "A")),
        D_A=without_weights(lambda: _discriminator(config, "D_A")),
        D_B=without_weights(lambda: _discriminator(config, "D_B")),
    )
    for name, network in networks.items():
        initialise(network, config.nets.init, streams.torch(f"init.{name}", shared=True))
        if config.run.deterministic:
            make_padding_deterministic(network)
    return networks


def build_from(blueprint: Blueprint) -> Generator | Discriminator:
    """Builds the network of a blueprint; see `without_weights`."""
    return without_weights(lambda: skeleton(blueprint))


def skeleton(blueprint: Blueprint) -> Generator | Discriminator:
    """Builds the network of a blueprint on the meta device: keys and shapes, no memory."""
    with torch.device("meta"):
        if isinstance(blueprint, DiscriminatorBlueprint):
            return build_discriminator(blueprint.config, blueprint.in_channels, blueprint.heads)
        channels = blueprint.in_channels, blueprint.out_channels
        if blueprint.config.arch == "resnet":
            return ResNetGenerator(
                *channels,
                blueprint.config,
                first_pad=blueprint.first_pad,
                last_pad=blueprint.last_pad,
            )
        return UNetGenerator(*channels, blueprint.config, num_downs=blueprint.num_downs)


def _generator(config: TrainConfig, source: Domain, target: Domain) -> Generator:
    first, last = outer_pads(config, source, target)
    channels = [domain_shape(config, domain).channels for domain in (source, target)]
    return build_generator(config.nets.G, *channels, first_pad=first, last_pad=last)


def _discriminator(config: TrainConfig, name: str) -> Discriminator:
    channels = domain_shape(config, JUDGES[name]).channels
    return build_discriminator(config.nets.D, channels, heads(config, name))


def heads(config: TrainConfig, discriminator: str) -> int:
    """Returns how many scores per patch a discriminator gives: 2 where its domain is dual."""
    return 2 if config.dual.domains in ("both", JUDGES[discriminator]) else 1


def without_weights(build: Callable[[], N]) -> N:
    """Builds a network without drawing from torch's global generator.

    Weights and biases are 0 until `initialise` or a checkpoint fills them; norms are as new.
    """
    with torch.device("meta"):
        network = build()
    network.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            module.reset_parameters()
    return network
