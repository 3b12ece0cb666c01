"""The layers whose activations Grad-CAM can weigh, found by looking at one forward pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from ganeval.errors import InputError, unknown_name
from ganeval.saliency.model import PixelModel

_SHOWN: Final = 8


@dataclass(frozen=True)
class Layer:
    """A module that returns one feature map per channel.

    Args:
        path: Of the module in the network.
        channels: Number of feature maps.
        height: Of a feature map, cells.
        width: Of a feature map, cells.
    """

    path: str
    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.path} ({self.channels} x {self.height} x {self.width})"


@dataclass(frozen=True)
class _Returned:
    """What a module returned, in the order in which modules ended."""

    path: str
    module: nn.Module
    tensor: torch.Tensor


def auto_layer(model: PixelModel) -> str:
    """Returns the path of the last layer with feature maps that are not class scores.

    Raises:
        InputError: There is none, or modules cannot be looked into.
    """
    for layer in reversed(candidate_layers(model)):
        if layer.channels != model.outputs:
            return layer.path
    raise InputError(
        f"{model.facts.name}: the network has no layer of feature maps, which grad-cam needs",
        hint="Leave grad-cam out of --methods.",
    )


def candidate_layers(model: PixelModel) -> list[Layer]:
    """Returns the layers with feature maps of more than one cell, in the order of the forward pass.

    A tensor that several modules return, such as a block and the activation at its end, goes by
    the outermost of them. Dropout and Identity are passed over, since they return what they got.

    Raises:
        InputError: Modules cannot be looked into.
    """
    layers: dict[int, Layer] = {}
    for one in _returned_maps(model):
        # The outermost module that returns a tensor ends last, and takes its place anew.
        layers.pop(id(one.tensor), None)
        layers[id(one.tensor)] = Layer(one.path, *one.tensor.shape[1:])
    return list(layers.values())


def module_at(model: PixelModel, path: str) -> nn.Module:
    """Returns the module of a layer.

    Args:
        model: The classifier.
        path: Of the module, as `candidate_layers` gives it.

    Raises:
        InputError: There is no such module, it returns no feature maps, or modules cannot be
            looked into.
    """
    _refuse_scripted(model)
    try:
        module = model.network.get_submodule(path) if path else None
    except AttributeError:
        module = None
    if module is not None and any(one.module is module for one in _returned_maps(model)):
        return module
    layers = candidate_layers(model)
    if module is None:
        near = unknown_name("layer", path, [layer.path for layer in layers]).message
        if "did you mean" not in near:
            near = f"no layer {path!r}"
        error = InputError(f"--layer: {near}")
    else:
        error = InputError(f"--layer {path}: this module does not return one set of feature maps")
    shown = "\n".join(f"  {layer}" for layer in layers[-_SHOWN:])
    error.hint = f"The last layers with feature maps (channels x height x width):\n{shown}"
    raise error


def _returned_maps(model: PixelModel) -> list[_Returned]:
    """Feature maps by the module that returned them; modules called twice are left out.

    A module that is called twice, such as one activation shared by a block, has no one feature map.
    """
    _refuse_scripted(model)
    seen: list[_Returned] = []
    calls: Counter[int] = Counter()
    handles = []

    def watch(path: str, module: nn.Module) -> None:
        def note(_: nn.Module, __: tuple[object, ...], made: object) -> None:
            calls[id(module)] += 1
            if isinstance(made, torch.Tensor) and made.ndim == 4 and made[0, 0].numel() > 1:
                seen.append(_Returned(path, module, made))

        handles.append(module.register_forward_hook(note))

    try:
        for path, module in model.network.named_modules():
            if path and not _passes_through(module):
                watch(path, module)
        grey = torch.full((1, 3, model.side, model.side), 0.5, dtype=model.dtype)
        with torch.no_grad():
            model.logits(grey.to(model.device))
    finally:
        for handle in handles:
            handle.remove()
    return [one for one in seen if calls[id(one.module)] == 1]


def _passes_through(module: nn.Module) -> bool:
    name = type(module).__name__
    return isinstance(module, nn.Identity) or "dropout" in name.lower() or name == "DropPath"


def _refuse_scripted(model: PixelModel) -> None:
    if model.scripted:
        raise InputError(
            f"{model.facts.name}: grad-cam needs the modules of a network, and a TorchScript "
            "program has none that can be watched",
            hint="Give the network as module:factory with --weights, or use other methods.",
        )
