"""torchvision's classifiers without their classifier."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torchvision import models
from torchvision.transforms._presets import ImageClassification

from ganeval.errors import InputError, unknown_name
from ganeval.features.model_facts import ModelFacts
from ganeval.features.preprocess import Preprocess
from ganeval.features.state import load_tensors, read_state

_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.")


def find_facts(model: str) -> ModelFacts:
    """Finds out what `TorchvisionExtractor` needs to know of a model.

    Raises:
        InputError: There is no such classifier or no such weights, or its features are not those
            of one last layer.
    """
    weights = _weights(model)
    transform = weights.transforms()
    if not isinstance(transform, ImageClassification):
        raise InputError(
            f"torchvision:{model}: prepares images in a way that ganeval does not know"
        )
    (size,), (resized,) = transform.crop_size, transform.resize_size
    preprocess = Preprocess(
        f"pillow-{transform.interpolation.value}",  # type: ignore[arg-type]
        size=size,
        mean=_levels(transform.mean),
        std=_levels(transform.std),
        geometry="short-side",
        resized=resized,
    )
    return ModelFacts(
        dimension=_dimension(model, size),
        preprocess=vars(preprocess),
        url=weights.url,
    )


def _weights(model: str) -> Any:
    """The member of torchvision's enumeration of weights that a name asks for."""
    name, dot, tag = model.partition(".")
    known = models.list_models(module=models)
    if name not in known:
        raise unknown_name("torchvision classifier", name, known)
    enumeration: Any = models.get_model_weights(name)
    if not dot:
        return enumeration.DEFAULT
    if tag not in enumeration.__members__:
        raise unknown_name(f"weights of torchvision:{name}", tag, enumeration.__members__)
    return enumeration[tag]


def _levels(unit: list[float]) -> tuple[float, float, float]:
    """From the scale 0..1 to 0..255."""
    red, green, blue = (255 * value for value in unit)
    return red, green, blue


def _build(model: str) -> nn.Module:
    """The model as it is with its published weights, in evaluation mode, with whatever values."""
    name = model.partition(".")[0]
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"init_weights": False, "transform_input": True, "aux_logits": True}
    elif name.startswith("vit_"):
        options = {"image_size": _weights(model).meta["min_size"][0]}
    return cast(nn.Module, models.get_model(name, weights=None, **options)).eval()


def _classifier(network: nn.Module) -> tuple[str, nn.Module]:
    """Name and module of the last layer with weights."""
    layers = (nn.Linear, nn.Conv2d)
    named = [item for item in network.named_modules() if isinstance(item[1], layers)]
    name, module = named[-1]
    return name, module


def _dimension(model: str, size: int) -> int:
    """Length of the features, found by a run on torch's device without data.

    Raises:
        InputError: The last layer's output is not the model's output.
    """
    try:
        with torch.device("meta"):
            network = _build(model)
    except NotImplementedError:  # some models need numbers to be built
        network = _build(model).to("meta")
    _, classifier = _classifier(network)
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    classifier.register_forward_hook(lambda _, given, made: seen.append((given[0], made)))
    with torch.no_grad():
        output = network(torch.zeros(1, 3, size, size, device="meta"))
    if len(seen) == 1:
        given, made = seen[0]
        if made is output and given.ndim == 2:
            return int(given.shape[1])
        if isinstance(network, models.SqueezeNet):
            return int(given.shape[1])
    raise InputError(
        f"torchvision:{model}: its output is not that of one last layer, so it is not clear which "
        "features it has",
        hint="Save the part you mean with torch.jit.save and use torchscript:FILE.",
    )


class TorchvisionFeatures(nn.Module):
    """A classifier whose last layer is the identity.

    SqueezeNet's last layer is a convolution in front of the pooling; without it the pooling takes
    the mean of its input, which is never negative, so that the ReLU between them does nothing.
    """

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = _build(model)
        self.classifier, _ = _classifier(self.model)
        self.model.set_submodule(self.classifier, nn.Identity())

    @classmethod
    def load(cls, model: str, path: Path) -> TorchvisionFeatures:
        """Builds the network with the weights of ``path``, in evaluation mode.

        The classifier in the file is passed over, so a model trained on other classes loads too.

        Raises:
            InputError: The file is damaged or holds other tensors.
        """
        network = cls(model)
        state = read_state(path)
        for name in list(state):
            if name.startswith(f"{network.classifier}."):
                del state[name]
            elif "densenet" in model and (new := _OLD_DENSENET.sub(r"\1\2.", name)) != name:
                state[new] = state.pop(name)
        if not hasattr(state, "_metadata"):  # mnasnet wants to know its version
            state = OrderedDict(state)
            vars(state)["_metadata"] = vars(network.model.state_dict())["_metadata"]
        load_tensors(network.model, state, path, network=f"torchvision's {model}")
        return network.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Returns the one layer, float32 ``[n, d]``."""
        return (cast(torch.Tensor, self.model(x)),)
