"""Loading of weights files: tensors only, every mismatch named."""

from __future__ import annotations

import pickle
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ganeval.errors import InputError


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Reads a state dict that torch.save or safetensors wrote; nothing but tensors is unpickled.

    Raises:
        InputError: The file is no state dict, is cut short, or holds more than tensors.
    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    try:
        with warnings.catch_warnings():  # of what is refused anyway
            warnings.filterwarnings("ignore", "'torch.load' received a zip file", UserWarning)
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


def load_script(path: Path) -> Any:
    """Loads a TorchScript program, which may run code.

    Raises:
        InputError: The file is no TorchScript program.
    """
    try:
        with warnings.catch_warnings():  # torch.export, the successor, reads no such files
            warnings.filterwarnings("ignore", r"`torch\.jit", FutureWarning)
            warnings.filterwarnings("ignore", r"`torch\.jit", DeprecationWarning)
            return torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read as TorchScript: it is damaged, or no file that "
            "torch.jit.save wrote"
        ) from error


def read_script_state(path: Path) -> dict[str, torch.Tensor]:
    """Reads the tensors of a TorchScript program: only of a verified file; see `load_script`.

    Raises:
        InputError: The file is no TorchScript program.
    """
    return OrderedDict(load_script(path).state_dict())


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        # Unlike a plain dict, an OrderedDict can take the versions that torch keeps beside it.
        return OrderedDict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: cannot be read as safetensors: {error}", hint="Fetch the file again."
        ) from error


def _reason(error: Exception) -> str:
    """Says what torch's error means here; its own text advises to unpickle whatever there is."""
    if isinstance(error, EOFError):
        return "it is empty or cut short"
    if isinstance(error, pickle.UnpicklingError):
        return (
            "it is damaged, or a pickle of more than tensors, which is not opened because it can "
            "run any program"
        )
    if "TorchScript" in str(error):
        return "it is a TorchScript program, which is not opened because it can run any program"
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

    Batch norm's count of batches may be missing, as in files of before 2018: it is for training.

    Raises:
        InputError: Keys or shapes differ.
    """
    own = module.state_dict()
    for name in own.keys() - state.keys():
        if name.endswith(".num_batches_tracked"):
            state[name] = own[name]
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
