"""The founding report's network, preset ``cmpe258``: six convolutions and three dense layers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import torch
from torch import nn

from ganeval.classifier.network import KeyedDropout

REPORT_SIDE: Final = 256
_PAIRS: Final = ((32, 0.2), (64, 0.3), (128, 0.5))
_DENSE: Final = ((1024, 0.4), (512, 0.5))
_MOMENTUM: Final = 0.01  # what Keras calls 0.99
_EPSILON: Final = 1e-3


class ReportNetwork(nn.Module):
    """Classifier of 135,035,554 weights for images of 256 px, as the report lists its layers.

    Takes float32 ``[n, 3, side, side]`` in 0..1. Each convolution and hidden dense layer is
    followed by ReLU and then by batch norm. The last layer has two outputs, real and fake; the
    logit is their difference, so that softmax cross-entropy is that of the logit.

    Args:
        side: Side of the images, a multiple of 8; the weights of the first dense layer grow with
            its square.
    """

    def __init__(self, side: int = REPORT_SIDE) -> None:
        super().__init__()
        self.side = side
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        width = 3
        for pair, (channels, rate) in enumerate(_PAIRS, start=1):
            for half in "ab":
                layers[f"conv{pair}{half}"] = nn.Conv2d(width, channels, 3, padding=1)
                layers[f"relu{pair}{half}"] = nn.ReLU()
                layers[f"norm{pair}{half}"] = nn.BatchNorm2d(
                    channels, eps=_EPSILON, momentum=_MOMENTUM
                )
                width = channels
            layers[f"pool{pair}"] = nn.MaxPool2d(2)
            layers[f"drop{pair}"] = KeyedDropout(rate, whole_channels=False)
        layers["flatten"] = nn.Flatten()
        width *= (side // 8) ** 2
        for i, (outputs, rate) in enumerate(_DENSE, start=4):
            layers[f"dense{i}"] = nn.Linear(width, outputs)
            layers[f"relu{i}"] = nn.ReLU()
            layers[f"norm{i}"] = nn.BatchNorm1d(outputs, eps=_EPSILON, momentum=_MOMENTUM)
            layers[f"drop{i}"] = KeyedDropout(rate, whole_channels=False)
            width = outputs
        layers["dense6"] = nn.Linear(width, 2)
        self.layers = nn.Sequential(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns one logit per image, float32 ``[n]``; positive means fake."""
        outputs: torch.Tensor = self.layers(x)
        return outputs[:, 1] - outputs[:, 0]
