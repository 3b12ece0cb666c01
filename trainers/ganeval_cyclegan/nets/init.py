"""Initial weights, drawn from a generator that is handed in."""

from __future__ import annotations

import torch
from torch import nn

from ganeval_cyclegan.config import InitConfig


def initialise(module: nn.Module, config: InitConfig, generator: torch.Generator) -> None:
    """Draws the weights of all layers in module order; biases are 0.

    Convolutions and linear layers follow ``config.type``; batch norm draws its weight from
    N(1, 0.02²). With ``config.shared`` every layer starts the generator anew, a negative control.

    Args:
        module: Its parameters are overwritten.
        config: Distribution and gain.
        generator: CPU generator; the weights must lie on the CPU.
    """
    seed = generator.initial_seed()
    with torch.no_grad():
        for layer in module.modules():
            if config.shared:
                generator.manual_seed(seed)
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                _draw(layer.weight, config, generator)
                if layer.bias is not None:
                    layer.bias.zero_()
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1.0, 0.02, generator=generator)
                layer.bias.zero_()


def _draw(weight: torch.Tensor, config: InitConfig, generator: torch.Generator) -> None:
    match config.type:
        case "normal":
            nn.init.normal_(weight, 0.0, config.gain, generator=generator)
        case "xavier_normal":
            nn.init.xavier_normal_(weight, config.gain, generator=generator)
        case "kaiming_normal":
            nn.init.kaiming_normal_(weight, a=0, mode="fan_in", generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, config.gain, generator=generator)
