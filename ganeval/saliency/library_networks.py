"""Classifiers that torchvision and timm build by name, with their last layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import timm
import torch
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from torch import nn
from torchvision import models

from ganeval.errors import InputError, MissingFileError
from ganeval.features.efficientnet_network import EfficientNetFeatures
from ganeval.features.preprocess import Preprocess
from ganeval.features.state import read_state
from ganeval.features.timm_extractor import TimmExtractor
from ganeval.features.timm_network import TimmFeatures
from ganeval.features.torchvision_extractor import TorchvisionExtractor
from ganeval.features.torchvision_network import TorchvisionFeatures
from ganeval.features.weights import WeightsFile, resolve_published, resolve_weights
from ganeval.saliency.opened import Opened

_IMAGENET: Final = 1000
_HALF: Final = (127.5, 127.5, 127.5)
_ALTERNATIVE: Final = "--model efficientnet-lite0 goes on without it."


def open_efficientnet(weights: Path | None) -> Opened:
    """Opens the bundled classifier of ImageNet's 1,000 classes.

    Its evaluation crop is that of timm's tf_efficientnet_lite0: shorter side to 256, centre 224.
    """
    found = resolve_weights("efficientnet-lite0", weights)
    network = EfficientNetFeatures.load(found.path).model
    preprocess = Preprocess("pillow-bicubic", 224, _HALF, _HALF, geometry="short-side", resized=256)
    return Opened(
        cast(nn.Module, network),
        found.sha256,
        preprocess,
        classes=imagenet_names(),
        outputs=_IMAGENET,
        published_outputs=_IMAGENET,
        notices=_unverified("efficientnet-lite0", found),
    )


def open_torchvision(model: str, weights: Path | None) -> Opened:
    """Opens a classifier of torchvision, ``squeezenet1_1`` or ``resnet50.IMAGENET1K_V1``.

    Raises:
        InputError: There is no such classifier, or the file is not its weights.
        MissingFileError: The weights are nowhere and cannot be fetched.
    """
    extractor = TorchvisionExtractor(model)
    published = replace(extractor.published, alternative=_ALTERNATIVE)
    found = resolve_published(published, weights)
    features = TorchvisionFeatures.load(model, found.path)
    last = _last_layer(read_state(found.path), features.classifier, found.path, model)
    features.model.set_submodule(features.classifier, last)
    name, _, tag = model.partition(".")
    enumeration: Any = models.get_model_weights(name)
    meta = (enumeration[tag] if tag else enumeration.DEFAULT).meta
    outputs = len(last.weight)
    classes = tuple(meta["categories"])
    known = outputs == len(classes)
    return Opened(
        features.model,
        found.sha256,
        extractor.facts.make_preprocess(),
        classes=classes if known else None,
        outputs=outputs,
        published_outputs=len(classes),
        notices=_unverified(f"torchvision's {model}", found) if known else (),
    )


def open_timm(model: str, weights: Path | None) -> Opened:
    """Opens a classifier of timm.

    Raises:
        InputError: There is no such model, it has no classes, or the file is not its weights.
        MissingFileError: The weights are nowhere and cannot be fetched.
    """
    extractor = TimmExtractor(model)
    try:
        found = extractor.weights(weights, None)
    except MissingFileError as error:
        error.hint = (error.hint or "").replace("--extractor efficient", "--model efficient")
        raise
    network = TimmFeatures.load(model, found.path).model
    config: Any = timm.models.get_pretrained_cfg(model)
    published = int(config.num_classes)
    outputs = int(network.num_classes)
    if outputs == 0:
        raise InputError(
            f"--model {model}: these weights have no classes, only features",
            hint="Choose weights of timm that were trained as a classifier.",
        )
    return Opened(
        cast(nn.Module, network),
        found.sha256,
        extractor.facts.make_preprocess(),
        classes=_timm_names(network, outputs),
        outputs=outputs,
        published_outputs=published or outputs,
        notices=_unverified(f"timm's {model}", found) if outputs == published else (),
    )


def imagenet_names() -> tuple[str, ...]:
    """Returns the names of ImageNet's 1,000 classes, as torchvision lists them."""
    meta: Any = models.SqueezeNet1_1_Weights.DEFAULT.meta
    return tuple(meta["categories"])


def _last_layer(
    state: dict[str, torch.Tensor], path: str, file: Path, model: str
) -> nn.Linear | nn.Conv2d:
    """The last layer as a file has it, whatever its number of classes."""
    weight, bias = state.get(f"{path}.weight"), state.get(f"{path}.bias")
    if weight is None or bias is None or weight.ndim not in (2, 4) or len(bias) != len(weight):
        raise InputError(
            f"{file}: not the weights of torchvision's {model}: the last layer, {path}, is missing"
        )
    layer: nn.Linear | nn.Conv2d
    if weight.ndim == 2:
        layer = nn.Linear(weight.shape[1], len(weight))
    else:
        layer = nn.Conv2d(weight.shape[1], len(weight), (weight.shape[2], weight.shape[3]))
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer.eval()


def _timm_names(network: Any, outputs: int) -> tuple[str, ...] | None:
    subset = infer_imagenet_subset(network.pretrained_cfg)
    if outputs == _IMAGENET and subset == "imagenet-1k":
        return imagenet_names()
    if not subset:
        return None
    info: Any = ImageNetInfo(subset)
    if info.num_classes() != outputs:
        return None
    return tuple(info.index_to_description(index) for index in range(outputs))


def _unverified(network: str, found: WeightsFile) -> tuple[str, ...]:
    """Class names are the published weights', and this may be another file."""
    if found.verified:
        return ()
    return (
        f"{found.path.name} is not the published file of {network}: class names are those of the "
        "published weights.",
    )
