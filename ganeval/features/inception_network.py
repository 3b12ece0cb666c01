"""The FID Inception as a torch module with all layers as outputs."""

from __future__ import annotations

from pathlib import Path

import torch
from pytorch_fid import inception as blocks
from torch import nn
from torch.nn import functional
from torchvision.models import inception_v3

from ganeval.features.state import load_state

SFID_CHANNELS = 7


class FIDInception(nn.Module):
    """Maps float32 ``[n, 3, 299, 299]`` in -1..1 to the six layers of `Inception2015`."""

    def __init__(self) -> None:
        super().__init__()
        # init_weights=False: the default draws truncated normals for a minute, to be overwritten.
        net = inception_v3(
            num_classes=1008,
            aux_logits=False,
            transform_input=False,
            weights=None,
            init_weights=False,
        )
        net.Mixed_5b = blocks.FIDInceptionA(192, pool_features=32)
        net.Mixed_5c = blocks.FIDInceptionA(256, pool_features=64)
        net.Mixed_5d = blocks.FIDInceptionA(288, pool_features=64)
        net.Mixed_6b = blocks.FIDInceptionC(768, channels_7x7=128)
        net.Mixed_6c = blocks.FIDInceptionC(768, channels_7x7=160)
        net.Mixed_6d = blocks.FIDInceptionC(768, channels_7x7=160)
        net.Mixed_6e = blocks.FIDInceptionC(768, channels_7x7=192)
        net.Mixed_7b = blocks.FIDInceptionE_1(1280)
        net.Mixed_7c = blocks.FIDInceptionE_2(2048)
        self.inception = net

    @classmethod
    def load(cls, path: Path) -> FIDInception:
        """Builds the network with the weights of ``path``, in evaluation mode.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls()
        load_state(network.inception, path, network="the FID Inception (pytorch-fid's layout)")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Returns layers 64, 192, 768, 2048, sfid and logits, float32 ``[n, d]`` each.

        The first channels of Mixed_6d are those of its ``branch1x1`` after ReLU, because a block
        joins its branches in that order; sFID takes seven of them, flattened in the order
        height, width, channel (Nash et al. 2021, arXiv 2103.03841).
        """
        net = self.inception
        x = net.Conv2d_2b_3x3(net.Conv2d_2a_3x3(net.Conv2d_1a_3x3(x)))
        first = functional.max_pool2d(x, 3, stride=2)  # [n, 64, 73, 73]
        x = net.Conv2d_4a_3x3(net.Conv2d_3b_1x1(first))
        second = functional.max_pool2d(x, 3, stride=2)  # [n, 192, 35, 35]
        x = net.Mixed_5d(net.Mixed_5c(net.Mixed_5b(second)))
        x = net.Mixed_6d(net.Mixed_6c(net.Mixed_6b(net.Mixed_6a(x))))  # [n, 768, 17, 17]
        spatial = x[:, :SFID_CHANNELS].permute(0, 2, 3, 1).flatten(1)  # [n, 2023]
        third = net.Mixed_6e(x)  # [n, 768, 17, 17]
        x = net.Mixed_7c(net.Mixed_7b(net.Mixed_7a(third)))  # [n, 2048, 8, 8]
        pooled = x.mean((2, 3))
        logits = functional.linear(pooled, net.fc.weight)  # without the bias, as the graph gives
        return first.mean((2, 3)), second.mean((2, 3)), third.mean((2, 3)), pooled, spatial, logits
