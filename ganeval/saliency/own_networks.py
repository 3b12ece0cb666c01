"""A user's own network: a TorchScript file, or a factory with a state dict. Both run their code."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path

import torch
from torch import nn

from ganeval.errors import InputError, MissingFileError
from ganeval.features.preprocess import Preprocess
from ganeval.features.state import load_script, load_state
from ganeval.images.digests import file_sha256
from ganeval.saliency.opened import Opened


def open_script(path: Path, preprocess: Preprocess) -> Opened:
    """Opens a TorchScript file; loading it runs what it says.

    Raises:
        InputError: It is no TorchScript program.
    """
    try:
        network = load_script(path)
    except InputError as error:
        error.hint = (
            "A state dict is given by --weights, beside --model with the name of its network."
        )
        raise
    return Opened(network, _file_digest(path), preprocess, scripted=True)


def open_factory(target: str, weights: Path | None, preprocess: Preprocess) -> Opened:
    """Calls ``module:factory`` and loads a state dict strictly into what it returns.

    Args:
        target: Module and function.
        weights: State dict; None: the factory loads its own.
        preprocess: As the user says.

    Raises:
        InputError: The function cannot be found, fails or returns no network, or the file is not
            its weights.
        MissingFileError: There is no such weights file.
    """
    network = _made(target)
    if weights is None:
        return Opened(network, state_digest(network), preprocess)
    if not weights.is_file():
        raise MissingFileError(f"--weights {weights}: no such file")
    load_state(network, weights, network=target)
    return Opened(network, _file_digest(weights), preprocess)


def state_digest(network: nn.Module) -> str:
    """Returns the sha256 of names, shapes, types and values of a network's tensors, hex."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        plain = tensor.detach().cpu().contiguous()
        digest.update(f"{name}|{tuple(plain.shape)}|{plain.dtype}|".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _made(target: str) -> nn.Module:
    module_name, _, attribute = target.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"--model {target}: cannot be imported: {error}",
            hint="module:factory names a Python module that can be imported from here (set "
            "PYTHONPATH) and a function in it.",
        ) from error
    try:
        network = factory()
    except Exception as error:  # whatever a user's program raises
        raise InputError(
            f"--model {target}: the function fails: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"--model {target}: the function returns {type(network).__name__}, not a "
            "torch.nn.Module"
        )
    return network


def _file_digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
