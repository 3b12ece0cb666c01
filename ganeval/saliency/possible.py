"""Which of the maps asked for can be made of a model."""

from __future__ import annotations

import numpy as np

from ganeval.errors import InputError
from ganeval.records import Notice
from ganeval.saliency.explain import explain
from ganeval.saliency.layers import auto_layer, module_at
from ganeval.saliency.maps.registry import METHODS, Method, find_methods
from ganeval.saliency.model import PixelModel
from ganeval.saliency.settings import ALL, SaliencySettings
from ganeval.saliency.targets import Targets


def possible_methods(
    settings: SaliencySettings, model: PixelModel, targets: Targets
) -> tuple[list[Method], list[Notice]]:
    """Returns the methods asked for; of ``all`` those that go with the model.

    Args:
        settings: Names of methods.
        model: The classifier.
        targets: A contrast of more than two classes needs a second one.

    Returns:
        The methods, and which were left out and why.

    Raises:
        InputError: A method that was asked for by name does not go with the model, or none does.
    """
    if settings.methods != (ALL,):
        chosen = find_methods(settings.methods)
        for method in chosen:
            _require(method, settings, model, targets)
        return chosen, []
    found: list[Method] = []
    notices = []
    for method in METHODS.values():
        try:
            _require(method, settings, model, targets)
            found.append(method)
        except InputError as error:
            text = f"{method.title} is left out: {error.message}."
            notices.append(Notice(code="method_left_out", text=text, data={"method": method.name}))
    if not found:
        raise InputError(f"--methods all: none of them can look into {model.facts.name}")
    return found, notices


def _require_guided(model: PixelModel) -> None:
    """Refuses a network without a ReLU, of which the map would be the plain gradient."""
    grey = np.full((1, 3, model.side, model.side), 0.5, np.float32)
    explain(model, grey, ["guided-backprop"], [0], keys=["grey"], micro_batch=1)


def _require(
    method: Method, settings: SaliencySettings, model: PixelModel, targets: Targets
) -> None:
    if "modules" in method.needs and model.scripted:
        raise InputError(
            f"{method.name}: {model.facts.name} is a TorchScript program, which cannot be looked "
            "into",
            hint="Give the network as module:factory with --weights, or use other methods.",
        )
    if method.name == "guided-backprop":
        _require_guided(model)
    if "layer" in method.needs:
        if settings.layer is None:
            auto_layer(model)
        else:
            module_at(model, settings.layer)
    if method.name == "contrast" and model.outputs > 2 and targets.against is None:
        raise InputError(
            f"contrast: {model.facts.name} has {model.outputs} classes, and two are held against "
            "each other",
            hint="Name them: --target contrast:A,B.",
        )
