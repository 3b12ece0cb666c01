"""The ResNet generator of the published code: one flat Sequential, whose indices are the keys.

Source: Zhu et al., arXiv 1703.10593; Johnson et al., arXiv 1603.08155.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ganeval_cyclegan.config import GeneratorConfig
from ganeval_cyclegan.nets.blueprint import GeneratorBlueprint, Pad
from ganeval_cyclegan.nets.norms import norm_layer, uses_bias
from ganeval_cyclegan.nets.reflection import reflection_pad


class ResNetGenerator(nn.Module):
    """Downsamples ``n_down`` times, runs ``n_blocks`` residual blocks, upsamples as often.

    Args:
        in_channels: Channels of the source domain.
        out_channels: Channels of the target domain.
        config: Blocks, widths, norm, padding.
        first_pad: Reflection around the input; more than 3 makes the output larger than the input.
        last_pad: Reflection before the last convolution; less than 3 makes the output smaller.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: GeneratorConfig,
        *,
        first_pad: Pad = 3,
        last_pad: Pad = 3,
    ) -> None:
        super().__init__()
        self.blueprint = GeneratorBlueprint(
            in_channels=in_channels,
            out_channels=out_channels,
            config=config,
            first_pad=first_pad,
            last_pad=last_pad,
        )
        bias, norm = uses_bias(config.norm), config.norm
        layers: list[nn.Module] = [
            reflection_pad(first_pad),
            nn.Conv2d(in_channels, config.ngf, 7, bias=bias),
            norm_layer(norm, config.ngf),
            nn.ReLU(inplace=True),
        ]
        width = config.ngf
        for _ in range(config.n_down):
            layers += [
                nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias),
                norm_layer(norm, 2 * width),
                nn.ReLU(inplace=True),
            ]
            width *= 2
        layers += [ResNetBlock(width, config) for _ in range(config.n_blocks)]
        for _ in range(config.n_down):
            layers += [
                nn.ConvTranspose2d(
                    width, width // 2, 3, stride=2, padding=1, output_padding=1, bias=bias
                ),
                norm_layer(norm, width // 2),
                nn.ReLU(inplace=True),
            ]
            width //= 2
        layers += [reflection_pad(last_pad), nn.Conv2d(width, out_channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Translates ``[n, in_channels, h, w]`` to ``[n, out_channels, h, w]``, both in [-1, 1].

        Sides must be multiples of ``2 ** n_down``; see `ganeval_cyclegan.nets.sizes`.
        """
        output: Tensor = self.model(images)
        return output


class ResNetBlock(nn.Module):
    """x + conv_block(x); nothing after the sum unless ``block_activation`` says so."""

    def __init__(self, width: int, config: GeneratorConfig) -> None:
        super().__init__()
        dropout = config.dropout in ("blocks", "all")
        self.conv_block = nn.Sequential(
            *_padded_convolution(width, config),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            *_padded_convolution(width, config),
        )
        self.activate = config.block_activation == "relu"

    def forward(self, features: Tensor) -> Tensor:
        """Returns features of the shape it was given."""
        output: Tensor = features + self.conv_block(features)
        return F.relu(output) if self.activate else output


def _padded_convolution(width: int, config: GeneratorConfig) -> list[nn.Module]:
    pad = config.kernel // 2
    layers: list[nn.Module] = []
    if config.pad == "reflect":
        layers.append(nn.ReflectionPad2d(pad))
    elif config.pad == "replicate":
        layers.append(nn.ReplicationPad2d(pad))
    return [
        *layers,
        nn.Conv2d(
            width,
            width,
            config.kernel,
            padding=pad if config.pad == "zero" else 0,
            bias=uses_bias(config.norm),
        ),
        norm_layer(config.norm, width),
    ]
