"""The discriminators: scores of overlapping patches, of single pixels, or of large patches.

Source: Isola et al., arXiv 1611.07004; ``stride4`` is the network of the report mnist-svhn.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ganeval_cyclegan.config import DiscriminatorConfig
from ganeval_cyclegan.nets.blueprint import DiscriminatorBlueprint
from ganeval_cyclegan.nets.maps import patch_layers, same_padding
from ganeval_cyclegan.nets.norms import norm_layer, uses_bias


class PatchDiscriminator(nn.Module):
    """Scores patches; ``n_layers`` convolutions of stride 2, 3 of them see 70x70 pixels.

    Args:
        in_channels: Channels of the images it judges.
        config: Depth, width, kernel, norms, padding and head.
        heads: Scores per patch: 1, or 2 for the loss d2gan.
    """

    def __init__(self, in_channels: int, config: DiscriminatorConfig, heads: int = 1) -> None:
        super().__init__()
        self.blueprint = DiscriminatorBlueprint(in_channels=in_channels, heads=heads, config=config)
        channels = in_channels
        layers: list[nn.Module] = []
        for layer in patch_layers(config):
            width = heads if layer.width is None else layer.width
            bias = uses_bias(config.norm) if layer.normed else True
            layers.append(_convolution(channels, width, layer.stride, config, bias=bias))
            if layer.normed:
                layers.append(norm_layer(config.norm, width))
            if layer.width is not None:
                layers.append(nn.LeakyReLU(0.2, inplace=True))
            channels = width
        if config.head == "tanh":
            layers.append(nn.Tanh())
        self.model = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Returns raw scores ``[n, heads, h', w']`` of images ``[n, in_channels, h, w]``."""
        scores: Tensor = self.model(images)
        return scores


class Stride4Discriminator(PatchDiscriminator):
    """Four convolutions of stride 2 and the last one: a receptive field of 94 pixels."""


class PixelDiscriminator(nn.Module):
    """Scores every pixel on its own by convolutions of 1x1."""

    def __init__(self, in_channels: int, config: DiscriminatorConfig, heads: int = 1) -> None:
        super().__init__()
        self.blueprint = DiscriminatorBlueprint(in_channels=in_channels, heads=heads, config=config)
        width, bias = config.ndf, uses_bias(config.norm)
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, width, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 1, bias=bias),
            norm_layer(config.norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, heads, 1, bias=bias),
        ]
        if config.head == "tanh":
            layers.append(nn.Tanh())
        self.net = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Returns raw scores ``[n, heads, h, w]`` of images ``[n, in_channels, h, w]``."""
        scores: Tensor = self.net(images)
        return scores


class SameConv2d(nn.Conv2d):
    """A convolution whose output has ``ceil(n / stride)`` pixels per side.

    The zeros are split over both sides, the smaller half first, as TensorFlow's "same" does.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Returns ``[n, out_channels, ceil(h / stride), ceil(w / stride)]``."""
        top, bottom = same_padding(input.shape[2], self.kernel_size[0], self.stride[0])
        left, right = same_padding(input.shape[3], self.kernel_size[1], self.stride[1])
        return super().forward(F.pad(input, (left, right, top, bottom)))


def _convolution(
    in_channels: int, out_channels: int, stride: int, config: DiscriminatorConfig, *, bias: bool
) -> nn.Conv2d:
    if config.padding == "same":
        return SameConv2d(in_channels, out_channels, config.kernel, stride=stride, bias=bias)
    return nn.Conv2d(
        in_channels,
        out_channels,
        config.kernel,
        stride=stride,
        padding=(config.kernel - 1) // 2,
        bias=bias,
    )


def build_discriminator(
    config: DiscriminatorConfig, in_channels: int, heads: int = 1
) -> PatchDiscriminator | PixelDiscriminator:
    """Builds the discriminator that a configuration names."""
    if config.arch == "pixel":
        return PixelDiscriminator(in_channels, config, heads)
    if config.arch == "stride4":
        return Stride4Discriminator(in_channels, config, heads)
    return PatchDiscriminator(in_channels, config, heads)
