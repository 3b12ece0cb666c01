"""The same network with random weights, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import torch
from torch import nn

from ganeval.errors import InputError
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.model import PixelModel

Which = Literal["last", "all"]

_LOOKED: Final = 4  # noise images by which the layers are scaled


@contextmanager
def randomised(model: PixelModel, which: Which, seed: int, draw: int) -> Iterator[PixelModel]:
    """Gives the network random weights; on leaving it is as it was, bit for bit.

    Matrices and kernels are normal with variance 1/inputs, then scaled so that every layer returns
    values of standard deviation 1 on noise images: untrained values that neither die nor explode,
    whatever the network. Biases are 0, gains 1, running means 0 and variances 1. torch's global
    generators are neither read nor set.

    Args:
        model: Open; the same object is yielded.
        which: ``last``, the layer called last, or ``all``.
        seed: Random seed of the run.
        draw: Number of the draw.

    Raises:
        InputError: The network is a TorchScript program, or has no weights in the layers it calls.

    Source: the check itself, Adebayo et al., arXiv 1810.03292; the scaling, Mishkin and Matas,
    arXiv 1511.06422.
    """
    if model.scripted:
        raise InputError(
            f"{model.facts.name} is a TorchScript program, whose layers cannot get random weights",
            hint="Give the network as module:factory with --weights.",
        )
    looked = _noise(model, seed)
    called = _called(model, looked)
    if not called:
        raise InputError(f"{model.facts.name}: no layer of the network has weights")
    # Weights that sit in a module which is never called by itself count to the whole network.
    chosen = called[-1:] if which == "last" else list(model.network.modules())
    kept = [
        (tensor, tensor.detach().clone())
        for tensor in {id(t): t for module in chosen for _, t in _own(module)}.values()
    ]
    try:
        with torch.no_grad():
            draws = keyed_generator(seed, f"random weights, {which}", str(draw))
            for module in chosen:
                for name, tensor in _own(module):
                    _fill(name, tensor, draws)
            _scale(model, chosen, looked)
        yield model
    finally:
        with torch.no_grad():
            for tensor, former in kept:
                tensor.copy_(former)


def _own(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Weights and statistics of a module itself, without those of the modules in it."""
    statistics = [
        (name, tensor)
        for name, tensor in module.named_buffers(recurse=False)
        if name in ("running_mean", "running_var")
    ]
    return [*module.named_parameters(recurse=False), *statistics]


def _noise(model: PixelModel, seed: int) -> torch.Tensor:
    draws = keyed_generator(seed, "random weights", "images")
    noise = torch.rand(_LOOKED, 3, model.side, model.side, generator=draws)
    return noise.to(model.device, model.dtype)


def _called(model: PixelModel, looked: torch.Tensor) -> list[nn.Module]:
    """Modules with weights of their own, in the order in which they end."""
    called: list[nn.Module] = []

    def note(module: nn.Module, given: Any, found: Any) -> None:
        called.append(module)

    own = [one for one in model.network.modules() if any(True for _ in one.parameters(False))]
    handles = [module.register_forward_hook(note) for module in own]
    try:
        with torch.no_grad():
            model.logits(looked)
    finally:
        for handle in handles:
            handle.remove()
    return called


def _fill(name: str, tensor: torch.Tensor, draws: torch.Generator) -> None:
    if tensor.ndim >= 2:
        drawn = torch.randn(tensor.shape, generator=draws)
        tensor.copy_(drawn / (tensor[0].numel() ** 0.5))
    else:
        tensor.fill_(0.0 if "bias" in name or name == "running_mean" else 1.0)


def _scale(model: PixelModel, chosen: list[nn.Module], looked: torch.Tensor) -> None:
    """Scales each matrix or kernel, from the first to the last, in one pass."""
    scaled: set[int] = set()

    def unit(module: nn.Module, given: Any, found: Any) -> Any:
        weight = module.weight
        assert isinstance(weight, torch.Tensor)  # chosen for it
        if not isinstance(found, torch.Tensor) or id(weight) in scaled:
            return None
        scaled.add(id(weight))
        spread = float(found.std())
        if not spread > 0:
            return None
        weight.div_(spread)
        return found / spread  # the bias is 0

    wanted = [one for one in chosen if _is_linear(one)]
    handles = [module.register_forward_hook(unit) for module in wanted]
    try:
        model.logits(looked)
    finally:
        for handle in handles:
            handle.remove()


def _is_linear(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, torch.Tensor) and weight.ndim >= 2
