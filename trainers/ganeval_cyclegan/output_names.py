"""Where translations go: one file per image, under the image's own name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ganeval.errors import InputError
from ganeval.images import ImageSet
from ganeval.images.failures import printable
from ganeval.images.listing import is_left_out, list_folder

_SHOWN = 5


def output_names(images: ImageSet, extension: str) -> list[str]:
    """Returns a relative path with forward slashes for every image, in the set's order.

    Folders inside the set and stems are kept; only the extension is new.

    Args:
        images: The images to translate.
        extension: With its dot.

    Raises:
        InputError: Two images would be written to one file.
    """
    paths = [PurePosixPath(path) for path in _relative(images)]
    names = [path.with_name(f"{path.stem}{extension}").as_posix() for path in paths]
    refuse_equal(dict(zip(images.keys, names, strict=True)), "rename one of the two")
    return names


def refuse_equal(names: Mapping[str, str], remedy: str) -> None:
    """Refuses two images that go to one name.

    Args:
        names: Output name by key of the image.
        remedy: What to do about it.

    Raises:
        InputError: There are such images.
    """
    taken: dict[str, str] = {}
    for key, name in names.items():
        if name in taken:
            raise InputError(
                f"{printable(taken[name])} and {printable(key)} would both be written to "
                f"{printable(name)}",
                hint=f"Each image gets one output: {remedy}.",
            )
        taken[name] = key


def check_folder(
    option: str, folder: Path, names: Sequence[str], source: str, *, overwrite: bool
) -> None:
    """Refuses an output folder in which files would be lost, or counted that are no outputs.

    Args:
        option: What the folder is called on the command line.
        folder: Where outputs go; it need not exist.
        names: Outputs, relative to it.
        source: Path of the images that are read.
        overwrite: Outputs may replace files.

    Raises:
        InputError: The folder cannot take them.
    """
    place, read = os.path.realpath(folder), os.path.realpath(source)
    if os.path.isdir(read) and (place == read or place.startswith(os.path.join(read, ""))):
        raise InputError(
            f"{option} {folder}: lies in {source}, where outputs would pass for inputs",
            hint="Name a folder outside.",
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{option} {folder}: is a file; name a folder for the translations")
    if not folder.is_dir() or all(is_left_out(one.name) for one in folder.iterdir()):
        return
    if not overwrite:
        raise InputError(
            f"{option} {folder}: not empty",
            hint="Name a new folder, or pass --overwrite to replace what has the same name.",
        )
    others = sorted(images_in(folder) - set(names))
    if others:
        listed = "".join(f"\n  {printable(name)}" for name in others[:_SHOWN])
        more = f"\n  and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise InputError(
            f"{option} {folder}: holds {len(others)} images that are no outputs of this run, and "
            f"a metric of the folder would count them:{listed}{more}",
            hint="Delete them, or name a new folder.",
        )


def images_in(folder: Path) -> set[str]:
    """Returns the relative paths of all images below a folder, as a metric lists them."""
    try:
        return set(list_folder(folder, recursive=True).files)
    except InputError:  # there are none
        return set()


def _relative(images: ImageSet) -> Iterator[str]:
    if images.kind == "zip":
        return (key.partition("!")[2] for key in images.keys)
    if images.kind == "list" and any(_leads_out(key) for key in images.keys):
        files = [os.path.abspath(file) for key in images.keys if (file := images.file(key))]
        common = os.path.commonpath([os.path.dirname(file) for file in files])
        return (Path(os.path.relpath(file, common)).as_posix() for file in files)
    return iter(images.keys)


def _leads_out(key: str) -> bool:
    path = PurePosixPath(key)
    return path.is_absolute() or ".." in path.parts
