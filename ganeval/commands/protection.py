"""Outputs never take the place of what they are made from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

_INPUTS = ("real", "fake", "fakes", "sets", "images", "file", "files", "train", "weights", "groups")


def inputs_of(chosen: Mapping[str, Any]) -> Iterator[str]:
    """Yields the paths of all inputs among a command's parameters."""
    for name in _INPUTS:
        value = chosen.get(name)
        for one in value if isinstance(value, tuple | list) else (value,):
            if one is not None:
                yield os.fspath(one)


def protect_inputs(outputs: Mapping[str, Path | None], inputs: Iterable[str]) -> None:
    """Refuses outputs that would write over an input, or over a file inside an input folder.

    Args:
        outputs: Files to be written, by the option that names them.
        inputs: Paths that are read.

    Raises:
        click.UsageError: One would.
    """
    places = [os.path.realpath(path) for path in inputs]
    for option, path in outputs.items():
        if path is None or not os.path.exists(path):
            continue
        target = os.path.realpath(path)
        for place in places:
            inside = os.path.isdir(place) and target.startswith(os.path.join(place, ""))
            if target == place or inside:
                raise click.UsageError(
                    f"{option} {path} would write over what is read; name another file."
                )
