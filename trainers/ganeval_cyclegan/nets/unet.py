"""The UNet generator of the published code: blocks inside blocks, whose nesting makes the keys.

Source: Isola et al., arXiv 1611.07004.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganeval_cyclegan.config import GeneratorConfig
from ganeval_cyclegan.nets.blueprint import NUM_DOWNS, GeneratorBlueprint
from ganeval_cyclegan.nets.norms import norm_layer, uses_bias


class UNetGenerator(nn.Module):
    """Halves the image ``num_downs`` times and doubles it as often, with a skip at every level.

    Args:
        in_channels: Channels of the source domain.
        out_channels: Channels of the target domain.
        config: Width, norm and dropout; its ``arch`` gives the number of levels.
        num_downs: Number of levels, at least 5, where it is neither 7 nor 8.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: GeneratorConfig,
        *,
        num_downs: int | None = None,
    ) -> None:
        super().__init__()
        self.num_downs: int = NUM_DOWNS[config.arch] if num_downs is None else num_downs
        self.blueprint = GeneratorBlueprint(
            in_channels=in_channels,
            out_channels=out_channels,
            config=config,
            num_downs=self.num_downs,
        )
        widths = [config.ngf * min(2**level, 8) for level in range(self.num_downs)]
        block: nn.Module = InnermostBlock(widths[-2], widths[-1], config)
        for level in range(self.num_downs - 2, 0, -1):
            block = MiddleBlock(
                widths[level - 1], widths[level], block, config, dropout=_drops(config, level)
            )
        self.model = OutermostBlock(in_channels, out_channels, widths[0], block, config)

    def forward(self, images: Tensor) -> Tensor:
        """Translates ``[n, in_channels, h, w]`` to ``[n, out_channels, h, w]``, both in [-1, 1].

        Sides must be multiples of ``2 ** num_downs``.
        """
        output: Tensor = self.model(images)
        return output


def _drops(config: GeneratorConfig, level: int) -> bool:
    """Whether a middle level has dropout; the published code has it where 512 meets 512."""
    return config.dropout == "all" or (config.dropout == "unet3" and level >= 4)


class OutermostBlock(nn.Module):
    """The level of the image itself: no norm, tanh, no skip."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int,
        inner: nn.Module,
        config: GeneratorConfig,
    ) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(in_channels, width, 4, stride=2, padding=1, bias=uses_bias(config.norm)),
            inner,
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * width, out_channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Returns images of the size it was given."""
        output: Tensor = self.model(images)
        return output


class MiddleBlock(nn.Module):
    """One level between the outermost and the innermost.

    The published code alters the skip in place by the LeakyReLU. It is the same network: a ReLU
    follows the concatenation, and ReLU(LeakyReLU(x)) = ReLU(x).
    """

    def __init__(
        self,
        outer: int,
        width: int,
        inner: nn.Module,
        config: GeneratorConfig,
        *,
        dropout: bool,
    ) -> None:
        super().__init__()
        bias = uses_bias(config.norm)
        self.model = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(outer, width, 4, stride=2, padding=1, bias=bias),
            norm_layer(config.norm, width),
            inner,
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * width, outer, 4, stride=2, padding=1, bias=bias),
            norm_layer(config.norm, outer),
            *([nn.Dropout(0.5)] if dropout else []),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Returns the features and what the level makes of them, ``[n, 2 * outer, h, w]``."""
        return torch.cat([features, self.model(features)], dim=1)


class InnermostBlock(nn.Module):
    """The bottleneck; no norm on its map, which is a single pixel at the smallest size."""

    def __init__(self, outer: int, width: int, config: GeneratorConfig) -> None:
        super().__init__()
        bias = uses_bias(config.norm)
        self.model = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(outer, width, 4, stride=2, padding=1, bias=bias),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, outer, 4, stride=2, padding=1, bias=bias),
            norm_layer(config.norm, outer),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Returns the features and what the level makes of them, ``[n, 2 * outer, h, w]``."""
        return torch.cat([features, self.model(features)], dim=1)
