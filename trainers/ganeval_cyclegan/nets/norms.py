"""Normalisation layers, and which convolutions keep a bias beside them."""

from __future__ import annotations

from torch import nn

from ganeval_cyclegan.config import Norm


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Returns the layer: instance norms keep no running statistics, plain ones no parameters."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=norm == "instance-affine", track_running_stats=False)


def uses_bias(norm: Norm) -> bool:
    """Tells whether a convolution in front of the norm has a bias: not with batch norm."""
    return norm != "batch"
