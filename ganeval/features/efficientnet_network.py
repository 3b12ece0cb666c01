"""EfficientNet-Lite0 as a torch module: timm's network with another project's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import timm
import torch
from torch import nn

from ganeval.errors import InputError
from ganeval.features.state import load_tensors, read_state


class EfficientNetFeatures(nn.Module):
    """Maps float32 ``[n, 3, 224, 224]`` in -1..1 to pooled features ``[n, 1280]``."""

    def __init__(self) -> None:
        super().__init__()
        self.model: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)

    @classmethod
    def load(cls, path: Path) -> EfficientNetFeatures:
        """Builds the network with the weights of ``path``, in evaluation mode.

        The file's names (``_blocks.3._bn0.weight``) and timm's (``blocks.2.0.bn1.weight``) differ,
        but both list the same 296 tensors in the order of the forward pass.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls()
        state = read_state(path)
        own = network.model.state_dict()
        if len(state) != len(own):
            raise InputError(
                f"{path}: not the weights of EfficientNet-Lite0: "
                f"{len(state)} tensors instead of {len(own)}"
            )
        renamed = dict(zip(own, state.values(), strict=True))
        load_tensors(network.model, renamed, path, network="EfficientNet-Lite0")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, 1280]``."""
        pooled = self.model.forward_head(self.model.forward_features(x), pre_logits=True)
        return (cast(torch.Tensor, pooled),)
