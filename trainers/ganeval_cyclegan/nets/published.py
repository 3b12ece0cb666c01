"""Published weights files: described, loaded without a single flag, and written.

Key names are those of the published code, so that its files load here and ours load there. Beside
a file of ours lies what keys cannot tell, as JSON of the same name.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import torch
from pydantic import Field, ValidationError
from torch import Tensor, nn

from ganeval.errors import InputError
from ganeval.records import atomic_write, write_text
from ganeval_cyclegan.config import Section
from ganeval_cyclegan.nets.blueprint import Blueprint
from ganeval_cyclegan.nets.build import Discriminator, Generator, build_from, skeleton
from ganeval_cyclegan.nets.description import (
    Description,
    Direction,
    direction_of_file,
    direction_of_name,
    facts_of,
)
from ganeval_cyclegan.nets.keys import Inference, infer, unused_statistics
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.nets.weights_files import StoredNetwork, read_networks

NETWORK_SCHEMA: Final = "ganeval.network/1"


class _Beside(Section):
    """What lies beside an exported file."""

    schema_: Annotated[Literal["ganeval.network/1"], Field(alias="schema")] = NETWORK_SCHEMA
    sha256: str
    direction: Direction | None = None
    assumptions: list[str] = Field(default_factory=list)
    blueprint: Annotated[Blueprint, Field(discriminator="role")]


class _Read(NamedTuple):
    """One network of a file."""

    description: Description
    tensors: dict[str, Tensor]

    def build(self) -> Generator | Discriminator:
        network = build_from(self.description.blueprint)
        network.load_state_dict(self.tensors, strict=True)
        return network


def describe(path: Path) -> list[Description]:
    """Describes every network of a file.

    Raises:
        InputError: The file cannot be read, or one of its networks is of no known kind or does not
            have the shapes of its kind.
    """
    return [one.description for one in _load_all(path)]


def load_generator(
    path: Path, *, direction: Direction | None = None, ema: bool = False
) -> tuple[nn.Module, Description]:
    """Loads the generator of a file, on the CPU, in evaluation mode.

    Args:
        path: A published file, an export, or a checkpoint that holds several networks.
        direction: Which generator; None where there is only one.
        ema: The moving average of its weights, which a checkpoint may hold beside them.

    Raises:
        InputError: The file cannot be read, holds no generator, several and no direction is given,
            or not that of the direction.
    """
    found = [
        one
        for one in _load_all(path)
        if one.description.role == "generator" and one.description.is_ema == ema
    ]
    chosen = _chosen(path, found, direction)
    described = chosen.description
    if direction is not None and described.direction is None:
        assumed = f"direction: {direction}, as asked (the file does not say)"
        assumptions = [*described.assumptions, assumed]
        described = described.model_copy(
            update={"direction": direction, "assumptions": assumptions}
        )
    return chosen.build().eval(), described


def load_one(path: Path, *, direction: Direction | None = None) -> tuple[nn.Module, Description]:
    """Loads the one network of a file, generator or discriminator, or the generator of a direction.

    Raises:
        InputError: The file cannot be read, or holds several networks and no direction is given, or
            not that of the direction.
    """
    if direction is not None:
        return load_generator(path, direction=direction)
    found = _load_all(path)
    if len(found) > 1:
        raise InputError(
            f"{path}: holds {len(found)} networks: {_names(found)}",
            hint="Choose a generator with --direction AtoB or --direction BtoA.",
        )
    return found[0].build(), found[0].description


def load_network(path: Path, name: str) -> tuple[nn.Module, Description]:
    """Loads one network of a file for further training: by its name, or the only one.

    Raises:
        InputError: The file cannot be read, or holds several networks and none of that name.
    """
    found = [one for one in _load_all(path) if not one.description.is_ema]
    fitting = [one for one in found if one.description.name.split(".")[-1] == name]
    if len(found) == 1:
        fitting = found
    if len(fitting) != 1:
        raise InputError(f"{path}: holds {_names(found)}, and not one network called {name}")
    return fitting[0].build(), fitting[0].description


def export(
    module: nn.Module,
    path: Path,
    *,
    direction: Direction | None = None,
    assumptions: Sequence[str] = (),
) -> None:
    """Writes the weights as the published code reads them, and beside them how to build the net.

    Tensors are contiguous float32 on the CPU, keys without prefixes of wrappers.

    Args:
        module: A network of this package, perhaps compiled or wrapped for several processes.
        path: For example ``latest_net_G_A.pth``; the JSON gets the same name.
        direction: Of a generator; None: as the file name says.
        assumptions: Of the description that the network was loaded with.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    module = unwrapped(module)
    state = OrderedDict((key, _plain(value)) for key, value in module.state_dict().items())
    with atomic_write(path) as stream:
        torch.save(state, stream)
    beside = _Beside(
        sha256=_sha256(path),
        direction=direction or direction_of_file(path),
        assumptions=list(assumptions),
        blueprint=module.blueprint,
    )
    write_text(path.with_suffix(".json"), beside.model_dump_json(by_alias=True, indent=2) + "\n")


def unwrapped(module: nn.Module) -> nn.Module:
    """Returns the network inside what torch.compile or DistributedDataParallel made of it."""
    for wrapper in ("_orig_mod", "module"):
        inner = getattr(module, wrapper, None)
        if isinstance(inner, nn.Module):
            return unwrapped(inner)
    return module


def _plain(tensor: Tensor) -> Tensor:
    plain = tensor.detach().to("cpu", memory_format=torch.contiguous_format)
    return (plain.float() if plain.is_floating_point() else plain).clone()


def _load_all(path: Path) -> list[_Read]:
    stored, sha256 = read_networks(path), _sha256(path)
    beside = _read_beside(path, sha256) if len(stored) == 1 else None
    return [_described(path, one, sha256, beside) for one in stored]


def _described(path: Path, stored: StoredNetwork, sha256: str, beside: _Beside | None) -> _Read:
    shapes = {key: tuple(value.shape) for key, value in stored.tensors.items()}
    where = f"{path}: {stored.name}" if stored.name else str(path)
    try:
        found = Inference(beside.blueprint, beside.assumptions) if beside else infer(shapes)
    except (InputError, ValidationError) as error:
        raise InputError(f"{where}: {_reason(error)}") from error
    dropped = unused_statistics(shapes)
    tensors = {key: value for key, value in stored.tensors.items() if key not in dropped}
    network = skeleton(found.blueprint)
    tensors = _fitted(where, network, tensors)
    direction = direction_of_name(stored.name) or (
        beside.direction if beside else direction_of_file(path)
    )
    generator = found.blueprint.role == "generator"
    description = Description(
        file=str(path),
        name=stored.name,
        parameters=parameter_count(network),
        keys=len(tensors),
        dropped_keys=dropped,
        stripped_prefixes=stored.stripped,
        assumptions=found.assumptions,
        sha256=sha256,
        direction=direction if generator else None,
        blueprint=found.blueprint,
        **facts_of(found.blueprint),
    )
    return _Read(description, tensors)


def _fitted(where: str, network: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns exactly the tensors that the network takes.

    Raises:
        InputError: Keys are missing or unknown, or a shape differs.
    """
    own = network.state_dict()
    tensors = dict(tensors)
    for key in own.keys() - tensors.keys():
        if key.endswith(".num_batches_tracked"):
            tensors[key] = torch.zeros((), dtype=torch.long)
    for key in own:
        if key in tensors and tensors[key].shape != own[key].shape:
            raise InputError(
                f"{where}: {key} has shape {_shape(tensors[key])}, where its other keys call for "
                f"{_shape(own[key])}"
            )
    missing = [key for key in own if key not in tensors]
    unknown = [key for key in tensors if key not in own]
    if missing or unknown:
        parts = [
            f"{len(keys)} {what} (first: {keys[0]})"
            for keys, what in ((missing, "missing"), (unknown, "unknown"))
            if keys
        ]
        raise InputError(f"{where}: keys do not make a whole network: {', '.join(parts)}")
    return {key: tensors[key].to(own[key].dtype) for key in own}


def _chosen(
    path: Path,
    found: list[_Read],
    direction: Direction | None,
) -> _Read:
    if not found:
        raise InputError(f"{path}: holds no generator")
    if direction is None:
        if len(found) > 1:
            raise InputError(
                f"{path}: holds {len(found)} generators: {_names(found)}",
                hint="Choose one with --direction AtoB or --direction BtoA.",
            )
        return found[0]
    fitting = [one for one in found if one.description.direction in (direction, None)]
    if len(fitting) != 1:
        holds = "holds several" if fitting else "does not hold the"
        raise InputError(
            f"{path}: {holds} generator{'s' if fitting else ''} of direction {direction}; "
            f"it has {_names(found)}"
        )
    return fitting[0]


def _names(found: list[_Read]) -> str:
    return ", ".join(
        (one.name or one.role) + (f" ({one.direction})" if one.direction else "")
        for one, _ in found
    )


def _read_beside(path: Path, sha256: str) -> _Beside | None:
    """Reads what lies beside a file of ours; None where nothing does, or it is of another file."""
    try:
        raw = json.loads(path.with_suffix(".json").read_text("utf-8"))
        found = _Beside.model_validate(raw)
    except (OSError, ValueError):  # of which ValidationError and JSONDecodeError are kinds
        return None
    return found if found.sha256 == sha256 else None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _reason(error: InputError | ValidationError) -> str:
    if isinstance(error, InputError):
        return error.message
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))} {first['input']!r}: {first['msg']}"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single value"
