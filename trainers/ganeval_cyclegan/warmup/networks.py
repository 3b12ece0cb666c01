"""The two fully connected networks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganeval_cyclegan.config import InitConfig
from ganeval_cyclegan.nets.build import without_weights
from ganeval_cyclegan.nets.init import initialise
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.warmup.config import WarmupConfig

_SLOPE = 0.2


class WarmupGenerator(nn.Module):
    """Makes images of noise by fully connected layers and a tanh.

    Args:
        latent: Length of the noise.
        widths: Of the hidden layers.
        height: Of the images, pixels.
        width: Of the images, pixels.
    """

    def __init__(self, latent: int, widths: Sequence[int], height: int, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *_hidden(latent, widths),
            nn.Linear(widths[-1], height * width),
            nn.Tanh(),
            nn.Unflatten(1, (1, height, width)),
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Returns images ``[n, 1, height, width]`` in -1..1 of noise ``[n, latent]``."""
        images: Tensor = self.model(noise)
        return images


class WarmupDiscriminator(nn.Module):
    """Scores whole images by fully connected layers; no sigmoid.

    Args:
        pixels: Of one image.
        widths: Of the hidden layers.
    """

    def __init__(self, pixels: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Flatten(), *_hidden(pixels, widths), nn.Linear(widths[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        """Returns raw scores ``[n, 1, 1, 1]``, shaped like the maps of other discriminators."""
        scores: Tensor = self.model(images)
        return scores[:, :, None, None]


def build_warmup(
    config: WarmupConfig, height: int, width: int, streams: Streams
) -> tuple[WarmupGenerator, WarmupDiscriminator]:
    """Builds both networks of a settled configuration; the weights depend on the seed alone."""
    widths_G, widths_D = config.widths_G or (), config.widths_D or ()
    generator = without_weights(lambda: WarmupGenerator(config.latent, widths_G, height, width))
    discriminator = without_weights(lambda: WarmupDiscriminator(height * width, widths_D))
    init = InitConfig(type="kaiming_normal")
    initialise(generator, init, streams.torch("init.G"))
    initialise(discriminator, init, streams.torch("init.D"))
    return generator, discriminator


def build_optimizer(config: WarmupConfig, network: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Returns the optimiser that the configuration names, with one learning rate."""
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr=rate)
    return torch.optim.Adam(network.parameters(), lr=rate, betas=config.betas, fused=True)


def _hidden(inputs: int, widths: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in zip([inputs, *widths], widths, strict=False):
        layers += [nn.Linear(before, after), nn.LeakyReLU(_SLOPE, inplace=True)]
    return layers
