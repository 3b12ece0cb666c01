"""DINOv2 as a torch module for images of 224 px."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import timm
import torch
from torch import nn
from torch.nn import functional

from ganeval.features.state import load_tensors, read_state

_TRAINED_GRID = 37  # 518 px / 14 px
_GRID = 16  # 224 px / 14 px
_OFFSET = 0.1  # Meta adds it against rounding down; it shifts the positions that are sampled


class DinoV2Features(nn.Module):
    """Maps float32 ``[n, 3, 224, 224]``, normalised, to class tokens ``[n, d]``.

    Args:
        architecture: timm's name.
        options: Overrides of the architecture, as `timm.create_model` takes them.
    """

    def __init__(self, architecture: str, **options: Any) -> None:
        super().__init__()
        self.model: Any = timm.create_model(
            architecture, pretrained=False, num_classes=0, img_size=14 * _GRID, **options
        )

    @classmethod
    def load(cls, architecture: str, path: Path, **options: Any) -> DinoV2Features:
        """Builds the network with the weights of ``path``, in evaluation mode.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls(architecture, **options)
        state = read_state(path)
        state.pop("mask_token", None)  # for training
        positions = state.get("pos_embed")
        if positions is not None and positions.ndim == 3:
            state["pos_embed"] = resample_positions(positions)
        load_tensors(network.model, state, path, network=f"DINOv2 ({architecture})")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, d]``."""
        return (cast(torch.Tensor, self.model.forward_features(x)[:, 0]),)


def resample_positions(positions: torch.Tensor) -> torch.Tensor:
    """Resamples position embeddings for 224 px as Meta's code does when it sees such images.

    The scale is (16 + 0.1)/37, bicubic without antialiasing; timm's own resampling is antialiased
    and without the offset.

    Args:
        positions: ``[1, 1 + 37 * 37, d]``, the class token's first; others are returned as they
            are.

    Returns:
        float32 ``[1, 1 + 16 * 16, d]``.
    """
    if positions.shape[1] != 1 + _TRAINED_GRID**2:
        return positions
    token, grid = positions[:, :1].float(), positions[:, 1:].float()
    grid = grid.reshape(1, _TRAINED_GRID, _TRAINED_GRID, -1).permute(0, 3, 1, 2)
    scale = (_GRID + _OFFSET) / _TRAINED_GRID
    grid = functional.interpolate(
        grid, scale_factor=(scale, scale), mode="bicubic", antialias=False
    )
    return torch.cat([token, grid.flatten(2).transpose(1, 2)], dim=1)
