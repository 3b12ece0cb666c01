"""State dicts of networks in files: found wherever they lie, cleaned of what wrappers add."""

from __future__ import annotations

import errno
import pickle
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ganeval.errors import InputError

_WRAPPERS: Final = ("module", "_orig_mod")
_ROOTS: Final = ("model", "net")
_CONTAINERS: Final = frozenset({"state_dict", "model", "net", "nets", "networks", "params"})


@dataclass
class StoredNetwork:
    """The tensors of one network of a file.

    Attributes:
        name: What the file calls it, for example ``G_A`` or ``ema.G_A``; empty where it holds only
            one.
        tensors: Keys as the networks here have them.
        stripped: Prefixes that keys had lost on the way, without repeats.
    """

    name: str
    tensors: dict[str, Tensor] = field(default_factory=dict)
    stripped: list[str] = field(default_factory=list)


def read_networks(path: Path) -> list[StoredNetwork]:
    """Reads every network of a file, in the file's order; nothing but tensors is unpickled.

    Args:
        path: What ``torch.save`` or safetensors wrote: a state dict, or dictionaries that hold
            some at any depth.

    Raises:
        InputError: The file cannot be read, needs code to be run, or holds no keys that the
            networks of this package have.
    """
    found = list(_networks_in(_read(path), ()))
    filtered = [key for one in found for key in one.tensors if key.endswith(".filt")]
    if filtered:
        raise InputError(
            f"{path}: {filtered[0]}: this is an antialiased network of the CUT repository, which "
            "is another architecture than CycleGAN's",
            hint="Train with CUT's options --no_antialias --no_antialias_up, or translate there.",
        )
    if not any(_is_ours(key) for one in found for key in one.tensors):
        first = [key for one in found for key in one.tensors][:3]
        keys = f"first keys: {', '.join(first)}" if first else "it holds no tensors by name"
        raise InputError(
            f"{path}: no CycleGAN generator or discriminator is known by such keys; {keys}",
            hint="Expected are keys like model.1.weight, model.model.0.weight or net.0.weight.",
        )
    return [one for one in found if any(_is_ours(key) for key in one.tensors)]


def _read(path: Path) -> Any:
    if path.is_dir():
        raise InputError(
            f"{path}: is a folder", hint="Name a file in it; runs keep theirs in export/."
        )
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path}: cannot be read as safetensors: {error}") from error
    if not _is_pickled(path):
        raise InputError(
            f"{path}: is no file that torch.save wrote",
            hint="Name a .pth, .pt or .safetensors file.",
        )
    try:
        with warnings.catch_warnings():  # of TorchScript, which is refused anyway
            warnings.filterwarnings("ignore", "'torch.load' received a zip file", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" in str(error) or "GLOBAL" in str(error):
            raise InputError(
                f"{path}: holds more than tensors and needs pickled code to be run, which is not "
                "done because it can run any program",
                hint="Save `network.state_dict()` alone with torch.save, where the file is from.",
            ) from error
        raise _damaged(path) from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # how torch's reader meets the end of a file cut short
            raise _damaged(path) from error
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise _damaged(path) from error


def _is_pickled(path: Path) -> bool:
    """Tells whether a file begins as those of torch.save do: a zip archive, or a bare pickle."""
    try:
        with path.open("rb") as stream:
            head = stream.read(2)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return head == b"PK" or head[:1] == b"\x80"


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path}: cannot be read as weights: it is damaged, or is no file that torch.save wrote",
        hint="Name a .pth or .safetensors file, or fetch it again.",
    )


def _networks_in(found: Any, names: tuple[str, ...]) -> Iterator[StoredNetwork]:
    """Yields what dictionaries hold, the outermost first."""
    if not isinstance(found, Mapping):
        return
    yield from _split(found, names)
    for key, value in found.items():
        if isinstance(key, str) and isinstance(value, Mapping):
            yield from _networks_in(value, names if key in _CONTAINERS else (*names, key))


def _split(found: Mapping[Any, Any], names: tuple[str, ...]) -> Iterator[StoredNetwork]:
    """Splits the tensors of one dictionary by the network their keys name."""
    networks: dict[tuple[str, ...], StoredNetwork] = {}
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            continue
        owner, rest, stripped = _split_key(key)
        name = ".".join((*names, *owner))
        network = networks.setdefault(owner, StoredNetwork(name))
        network.tensors[rest] = value
        network.stripped += [prefix for prefix in stripped if prefix not in network.stripped]
    yield from networks.values()


def _split_key(key: str) -> tuple[tuple[str, ...], str, list[str]]:
    """Returns the network that a key names, the key in that network, and the prefixes dropped."""
    parts = key.split(".")
    start = next((i for i, part in enumerate(parts) if part in _ROOTS), None)
    if start is None:
        return (), key, []
    before = parts[:start]
    stripped = list(dict.fromkeys(f"{part}." for part in before if part in _WRAPPERS))
    owner = tuple(part for part in before if part not in _WRAPPERS)
    return owner, ".".join(parts[start:]), stripped


def _is_ours(key: str) -> bool:
    return key.split(".", 1)[0] in _ROOTS
