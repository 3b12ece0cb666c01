"""Networks that start from the weights of a file instead of at random."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ganeval.errors import InputError
from ganeval_cyclegan.config import WarmStartConfig
from ganeval_cyclegan.nets.description import Description
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.published import load_network


def warm_start(networks: Networks, config: WarmStartConfig) -> dict[str, Description]:
    """Overwrites the weights of the networks that name a file; the others keep theirs.

    A file of several networks gives the one of the same name.

    Returns:
        What each file held, by the name of the network that took it.

    Raises:
        InputError: A file cannot be read, or its network is another one than the run's; the message
            names the first key that differs.
    """
    taken = {}
    for name, network in networks.items():
        file = getattr(config, name)
        if file is None:
            continue
        found, taken[name] = load_network(Path(file), name)
        _check_same(f"warm_start.{name} {file}", found, network)
        network.load_state_dict(found.state_dict(), strict=True)
    return taken


def _check_same(where: str, found: nn.Module, network: nn.Module) -> None:
    theirs = {key: tuple(value.shape) for key, value in found.state_dict().items()}
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    for key in sorted(theirs.keys() | ours.keys()):
        if theirs.get(key) != ours.get(key):
            shown = [_shown(shapes.get(key)) for shapes in (theirs, ours)]
            raise InputError(
                f"{where}: {key} is {shown[0]} in the file and {shown[1]} in this run",
                hint="Set nets and data.A/B.channels as the file has them; "
                "`ganeval import-checkpoint FILE` shows that.",
            )


def _shown(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else "x".join(map(str, shape)) or "a single value"
