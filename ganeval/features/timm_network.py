"""timm's models without their classifier."""

from __future__ import annotations

import difflib
import math
from pathlib import Path
from typing import Any, cast

import timm
import torch
from timm.data.config import resolve_data_config
from torch import nn

from ganeval.errors import InputError, unknown_name
from ganeval.features.model_facts import ModelFacts
from ganeval.features.preprocess import Preprocess
from ganeval.features.state import read_state


def find_facts(model: str) -> ModelFacts:
    """Finds out what `TimmExtractor` needs to know of a model.

    Raises:
        InputError: There is no such model, it takes no square colour images, or it has no pooled
            features.
    """
    config = _configuration(model)
    return ModelFacts(
        dimension=_dimension(model),
        preprocess=vars(_preprocess(model, config)),
        url=config.url or "",
        hub=config.hf_hub_id or "",
        licence=config.license or "",
    )


def _configuration(model: str) -> Any:
    """The configuration of a model and its weights."""
    name, _, tag = model.partition(".")
    if not timm.is_model(name):
        known = timm.list_models()
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        if near:
            raise unknown_name("timm model", name, near)
        raise InputError(
            f"no timm model {name!r} among the {len(known)} of timm {timm.__version__}",
            hint="timm.list_models() lists them.",
        )
    tagged = timm.list_models(f"{name}.*", pretrained=True)
    if tag and model not in tagged:
        tags = [known.partition(".")[2] for known in tagged]
        raise unknown_name(f"weights of timm:{name}", tag, tags)
    return timm.models.get_pretrained_cfg(model)


def _preprocess(model: str, config: Any) -> Preprocess:
    """Timm's evaluation transform: shorter side, crop, normalisation."""
    resolve: Any = resolve_data_config
    data = resolve({}, pretrained_cfg=config.to_dict())
    channels, height, width = data["input_size"]
    geometry = {"center": "short-side", "squash": "squash"}.get(data["crop_mode"])
    if channels != 3 or height != width or geometry is None:
        raise InputError(
            f"timm:{model}: takes images of {width}x{height}x{channels} with crop mode "
            f"{data['crop_mode']}; ganeval prepares square colour images with center or squash"
        )
    return Preprocess(
        f"pillow-{data['interpolation']}",  # type: ignore[arg-type]
        size=height,
        mean=_levels(data["mean"]),
        std=_levels(data["std"]),
        geometry=geometry,  # type: ignore[arg-type]
        resized=math.floor(height / data["crop_pct"]),
    )


def _levels(unit: tuple[float, ...]) -> tuple[float, float, float]:
    """From the scale 0..1 to 0..255."""
    red, green, blue = (255 * value for value in unit)
    return red, green, blue


def _dimension(model: str) -> int:
    """Length of the features, found by a run on torch's device without data."""
    network: Any
    try:
        with torch.device("meta"):
            network = timm.create_model(model, pretrained=False).eval()
    except (NotImplementedError, RuntimeError):  # some models need numbers to be built
        network = timm.create_model(model, pretrained=False).eval().to("meta")
    size = network.pretrained_cfg["input_size"]
    try:
        with torch.no_grad():
            pooled = _pooled(network, torch.zeros(1, *size, device="meta"))
    except (AttributeError, TypeError, RuntimeError, NotImplementedError) as error:
        raise InputError(
            f"timm:{model}: has no pooled features: {str(error).splitlines()[0]}"
        ) from error
    if not isinstance(pooled, torch.Tensor) or pooled.ndim != 2:
        raise InputError(f"timm:{model}: its features before the classifier are not one vector")
    return int(pooled.shape[1])


def _pooled(network: Any, x: torch.Tensor) -> Any:
    return network.forward_head(network.forward_features(x), pre_logits=True)


class TimmFeatures(nn.Module):
    """The model up to, and without, its last layer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.model: Any = network

    @classmethod
    def load(cls, model: str, path: Path) -> TimmFeatures:
        """Builds the network with the weights of ``path``, in evaluation mode.

        timm itself translates the layouts in which its models were published. A file of a model
        trained on other classes loads too.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        state = read_state(path)
        options: dict[str, Any] = {}
        overlay: dict[str, Any] = {"state_dict": state}
        head = state.get(f"{_configuration(model).classifier}.weight")
        if head is not None:
            options = {"num_classes": head.shape[0]}
            overlay |= {**options, "label_offset": 0}
        try:
            network = timm.create_model(
                model, pretrained=True, pretrained_cfg_overlay=overlay, **options
            )
        except (RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise InputError(
                f"{path}: not the weights of timm's {model}: {' '.join(lines)[:300]}"
            ) from error
        return cls(network).eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, d]``."""
        return (cast(torch.Tensor, _pooled(self.model, x)),)
