"""Loading of weights files: tensors only, every mismatch named."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import nn

from ganeval.errors import InputError


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Reads a state dict; nothing but tensors is unpickled.

    Raises:
        InputError: The file is no state dict, is cut short, or holds more than tensors.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: cannot be read as weights: {_reason(error)}",
            hint="Fetch the file again, or save `model.state_dict()` alone with torch.save.",
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise InputError(
            f"{path}: holds {type(state).__name__}, not a state dict of tensors",
            hint="Save `model.state_dict()` alone.",
        )
    return state


def _reason(error: Exception) -> str:
    """Says what torch's error means here; its own text advises to unpickle whatever there is."""
    if isinstance(error, EOFError):
        return "it is empty or cut short"
    if isinstance(error, pickle.UnpicklingError):
        return (
            "it is damaged, or a pickle of more than tensors, which is not opened because it can "
            "run any program"
        )
    return "it is damaged, or no file that torch.save wrote"


def load_state(module: nn.Module, path: Path, *, network: str) -> None:
    """Loads a state dict strictly.

    Args:
        module: Takes the tensors.
        path: The weights file.
        network: What the file should hold, for the message.

    Raises:
        InputError: Keys or shapes differ, or the file cannot be read.
    """
    load_tensors(module, read_state(path), path, network=network)


def load_tensors(
    module: nn.Module, state: dict[str, torch.Tensor], path: Path, *, network: str
) -> None:
    """Loads tensors strictly; ``path`` is only for the message.

    Raises:
        InputError: Keys or shapes differ.
    """
    own = module.state_dict()
    missing, extra = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    wrong = sorted(k for k in own.keys() & state.keys() if own[k].shape != state[k].shape)
    if missing or extra or wrong:
        found = [
            f"{len(names)} {what} (first: {names[0]})"
            for names, what in ((missing, "missing"), (extra, "unknown"), (wrong, "of wrong shape"))
            if names
        ]
        raise InputError(
            f"{path}: not the weights of {network}: {len(state)} tensors, "
            f"of {len(own)} expected {', '.join(found)}"
        )
    module.load_state_dict(state, strict=True)
