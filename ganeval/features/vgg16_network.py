"""torchvision's VGG16 up to its second fully connected layer."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import nn
from torchvision.models import vgg16

from ganeval.features.state import load_tensors, read_state

_AFTER_FC2 = 5  # classifier: fc1, ReLU, dropout, fc2, ReLU, then dropout and fc3


class Vgg16Features(nn.Module):
    """Maps float32 ``[n, 3, 224, 224]``, normalised, to ``fc2`` after ReLU, ``[n, 4096]``."""

    def __init__(self) -> None:
        super().__init__()
        # init_weights=False: the default takes seconds, to be overwritten.
        self.model = vgg16(weights=None, init_weights=False)
        self.model.classifier = self.model.classifier[:_AFTER_FC2]

    @classmethod
    def load(cls, path: Path) -> Vgg16Features:
        """Builds the network with the weights of ``path``, in evaluation mode.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls()
        state = read_state(path)
        for name in ("classifier.6.weight", "classifier.6.bias"):
            state.pop(name, None)
        load_tensors(network.model, state, path, network="torchvision's VGG16")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, 4096]``."""
        return (cast(torch.Tensor, self.model(x)),)
