"""CLIP's image encoder as a torch module."""

from __future__ import annotations

from typing import Any, cast

import timm
import torch
from torch import nn
from torch.nn import functional

from ganeval.features.state import load_tensors, read_script_state, read_state
from ganeval.features.weights import WeightsFile

# CLIP was trained with x * sigmoid(1.702 x); the name without quickgelu computes GELU itself.
_ARCHITECTURE = "vit_large_patch14_clip_quickgelu_336"

# OpenAI's names and timm's, replaced in this order.
_NAMES = (
    ("visual.", ""),
    ("conv1.", "patch_embed.proj."),
    ("positional_embedding", "pos_embed"),
    ("class_embedding", "cls_token"),
    ("transformer.resblocks.", "blocks."),
    ("ln_pre.", "norm_pre."),
    ("ln_post.", "norm."),
    (".ln_", ".norm"),
    (".attn.in_proj_", ".attn.qkv."),
    (".attn.out_proj.", ".attn.proj."),
    (".mlp.c_fc.", ".mlp.fc1."),
    (".mlp.c_proj.", ".mlp.fc2."),
)


class ClipFeatures(nn.Module):
    """Maps float32 ``[n, 3, 336, 336]``, normalised, to embeddings of length 1, ``[n, 768]``.

    Args:
        options: Overrides of the architecture, as `timm.create_model` takes them.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.model: Any = timm.create_model(_ARCHITECTURE, pretrained=False, **options)

    @classmethod
    def load(cls, weights: WeightsFile, **options: Any) -> ClipFeatures:
        """Builds the network with weights in OpenAI's layout or timm's, in evaluation mode.

        OpenAI's file is a TorchScript program, which is opened only if it is the published one.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls(**options)
        reads = read_script_state if weights.verified else read_state
        state = reads(weights.path)
        if "visual.class_embedding" in state:
            state = from_openai(state)
        load_tensors(network.model, state, weights.path, network="CLIP ViT-L/14 336 px")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, 768]``."""
        return (functional.normalize(cast(torch.Tensor, self.model(x)), dim=1),)


def from_openai(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Renames the image encoder's tensors of OpenAI's CLIP; the text encoder's are left out."""
    renamed = {}
    for name, values in state.items():
        if not name.startswith("visual."):
            continue
        for old, new in _NAMES:
            name = name.replace(old, new)
        renamed[name] = values.float()
    renamed["cls_token"] = renamed["cls_token"].reshape(1, 1, -1)
    renamed["pos_embed"] = renamed["pos_embed"][None]
    renamed["head.weight"] = renamed.pop("proj").T.contiguous()
    renamed["head.bias"] = torch.zeros(len(renamed["head.weight"]))  # CLIP's projection has none
    return renamed
