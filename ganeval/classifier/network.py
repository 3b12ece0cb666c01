"""The default network of the rung ``cnn``: six convolutions, and a score for every patch."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import torch
from torch import nn

from ganeval.statistics.streams import generator

Pool = Literal["mean", "top10"]

CHANNELS: Final = (32, 32, 64, 64, 128, 128)
RECEPTIVE_FIELD: Final = 32
"""Side of the square of pixels that one patch score depends on."""

STRIDE: Final = 4
"""Pixels from one patch to the next; patch (i, j) is centred at (4 i + 1.5, 4 j + 1.5)."""

SMALLEST: Final = 32
"""Shortest side of an image that the network takes, pixels."""

_TOP_SHARE: Final = 0.1


class KeyedDropout(nn.Module):
    """Dropout whose draws come from a generator that is handed in, never from torch's own.

    Args:
        rate: Share of values set to zero in training; the others are scaled up.
        whole_channels: Zero channels of an image, not single values.
    """

    def __init__(self, rate: float, *, whole_channels: bool) -> None:
        super().__init__()
        self.rate = rate
        self.whole_channels = whole_channels
        self.source: torch.Generator | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns ``x`` with dropped values in training, ``x`` itself otherwise."""
        if not self.training:
            return x
        if self.source is None:
            raise RuntimeError("dropout in training needs a generator; call key_dropout first")
        shape = x.shape[:2] + (1,) * (x.ndim - 2) if self.whole_channels else x.shape
        keep = torch.empty(shape, device=x.device, dtype=x.dtype)
        keep.bernoulli_(1 - self.rate, generator=self.source)
        return x * keep.div_(1 - self.rate)

    def __getstate__(self) -> dict[str, Any]:
        """A copy of the network has no generator: torch's cannot be copied."""
        return {**self.__dict__, "source": None}

    def extra_repr(self) -> str:
        """Shows the settings where the network is printed."""
        return f"rate={self.rate}, whole_channels={self.whole_channels}"


class _ConvBlock(nn.Module):
    """3x3 convolution, batch norm, ReLU; of the same size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.bn: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = self.bn(self.conv(x))
        return normed.relu_()


class PatchNetwork(nn.Module):
    """Fully convolutional classifier of 288,033 weights for images of any size from 32 px.

    Two blocks of 32, 64 and 128 channels each; maximum over 2x2 after the first two pairs, channel
    dropout 0.1 after every pair, a 1x1 convolution to one score per patch. Takes float32
    ``[n, 3, H, W]`` in -1..1.

    Args:
        pool: How the patch scores become the logit: their mean, or the mean of the highest tenth.
    """

    def __init__(self, pool: Pool = "mean") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for i, outputs in enumerate(CHANNELS):
            layers.append(_ConvBlock(inputs, outputs))
            inputs = outputs
            if i in (1, 3):
                layers.append(nn.MaxPool2d(2))
            if i % 2:
                layers.append(KeyedDropout(0.1, whole_channels=True))
        self.body = nn.Sequential(*layers)
        self.last = nn.Conv2d(inputs, 1, 1)
        self.pool = pool

    def patches(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the patch logits, float32 ``[n, H // 4, W // 4]``."""
        scores: torch.Tensor = self.last(self.body(x))
        return scores[:, 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns one logit per image, float32 ``[n]``; positive means fake."""
        return pooled(self.patches(x).flatten(1), self.pool)


def pooled(patches: torch.Tensor, pool: Pool) -> torch.Tensor:
    """Returns the logits ``[n]`` of images whose patch scores are ``[n, patches]``."""
    if pool == "mean":
        return patches.mean(1)
    highest = max(1, round(_TOP_SHARE * patches.shape[1]))
    return patches.topk(highest, dim=1).values.mean(1)


def parameter_count(network: nn.Module) -> int:
    """Returns the number of trainable weights."""
    return sum(weights.numel() for weights in network.parameters() if weights.requires_grad)


def initialise(network: nn.Module, seed: int) -> None:
    """Fills every weight anew; the draws depend on the seed and the name of the layer alone.

    Weights are uniform. Those of `PatchNetwork` lie within ±sqrt(1/fan in), torch's own choice for
    convolutions. Those of the report's network are He-uniform, within ±sqrt(6/fan in), and its last
    layer's Glorot-uniform, within ±sqrt(6/(fan in + fan out)). Biases are 0.
    """
    layers = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }
    last = list(layers)[-1]
    for name, layer in layers.items():
        fan_in, fan_out = layer.weight[0].numel(), layer.weight[:, 0].numel()
        if isinstance(network, PatchNetwork):
            limit = (1 / fan_in) ** 0.5
        else:
            limit = (6 / (fan_in + fan_out if name == last else fan_in)) ** 0.5
        rng = generator(seed, f"cnn weights {name}")
        # Scaled in place: the preset's largest layer holds half a gigabyte.
        values = rng.random(tuple(layer.weight.shape), dtype=np.float32)
        values *= 2 * limit
        values -= limit
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(values))
            if layer.bias is not None:
                layer.bias.zero_()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_parameters()  # ones and zeros: draws nothing


def key_dropout(network: nn.Module, seed: int, epoch: int) -> None:
    """Gives the network's dropout the draws of one epoch."""
    device = next(network.parameters()).device
    source = torch.Generator(device)
    source.manual_seed(int(generator(seed, f"cnn dropout {epoch}").integers(2**63)))
    for module in network.modules():
        if isinstance(module, KeyedDropout):
            module.source = source
