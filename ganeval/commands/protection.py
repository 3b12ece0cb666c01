"""Outputs that can be written, and never take the place of what they are made from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

_INPUTS = (
    "real",
    "fake",
    "fakes",
    "sets",
    "images",
    "file",
    "files",
    "train",
    "weights",
    "groups",
    "generator_train",
    "model",
    "labels",
    "masks",
    "boxes",
    "pairs",
)


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


def refuse_same_file(files: Mapping[str, Path | None]) -> None:
    """Refuses two options that would write one file.

    Raises:
        click.UsageError: Two of them name the same file.
    """
    taken: dict[str, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        place = os.path.realpath(path)
        if place in taken:
            raise click.UsageError(
                f"{taken[place]} and {option} would both write {path}; name two files."
            )
        taken[place] = option


def require_writable(option: str, path: Path) -> None:
    """Refuses, before any work is done for it, a file that cannot be written.

    Raises:
        click.BadParameter: It has no name, or its folder is not there or not writable.
    """
    if not path.name:
        raise click.BadParameter("the file name is empty.", param_hint=option)
    if str(path) == "-":
        options = click.get_current_context().command.params
        prints = "; --json prints the record" if any("--json" in o.opts for o in options) else ""
        raise click.BadParameter(f"a file is written, not stdout{prints}.", param_hint=option)
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise click.BadParameter(f"the folder {path.parent} does not exist.", param_hint=option)
    if not path.exists() and not os.access(folder, os.W_OK):
        raise click.BadParameter(f"the folder {path.parent} is not writable.", param_hint=option)


def require_folder(option: str, folder: Path) -> None:
    """Refuses, before any work is done for it, a folder that cannot be made or written to.

    Raises:
        click.BadParameter: It is no folder, is not writable, or that holds of where it would lie.
    """
    if str(folder) == "-":
        raise click.BadParameter("a folder is written, not stdout.", param_hint=option)
    if folder.is_dir():
        if not os.access(folder, os.W_OK):
            raise click.BadParameter(f"the folder {folder} is not writable.", param_hint=option)
    else:
        require_writable(option, folder)


def refuse_inside(option: str, folder: Path, inputs: Iterable[str]) -> None:
    """Refuses a folder of outputs among images that are read: the next run would read them too.

    Raises:
        click.UsageError: It is one of the inputs or lies inside one.
    """
    target = os.path.realpath(folder)
    for path in inputs:
        place = os.path.realpath(path)
        if os.path.isdir(place) and (target + os.sep).startswith(os.path.join(place, "")):
            raise click.UsageError(
                f"{option} {folder} lies inside {path}, whose images are read; name a folder "
                "elsewhere."
            )
