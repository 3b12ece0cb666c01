"""What kind of input a path is, told by content."""

from __future__ import annotations

import difflib
import os
import zipfile
from pathlib import Path
from typing import Literal

from ganeval.errors import InputError
from ganeval.images.array_files import NPY_MAGIC, npz_names
from ganeval.images.failures import BROKEN_ZIP

Kind = Literal["folder", "zip", "array", "list", "statistics"]

_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # a first member; the end of an empty archive

# Names of arrays any of which together make an .npz saved statistics rather than images.
_STATISTICS = ({"mu", "sigma"}, {"feats"})

_ACCEPTED = (
    "Give a folder, a zip archive, a .npy or .npz file, or a .txt list with one path per line."
)


def source_kind(path: str | os.PathLike[str]) -> Kind:
    """Tells what a path holds; arrays are not loaded.

    Returns:
        ``statistics`` for an ``.npz`` with saved means and covariances or features, and for what
        `torch.save` wrote; else what `ganeval.images.open_image_set` can open: folder, zip, array
        or list.

    Raises:
        InputError: There is nothing at that path, or it is none of these.
    """
    place = Path(path)
    if not os.fspath(path):
        raise InputError("the path is empty", hint=_ACCEPTED)
    if not os.path.exists(path):
        raise _missing(path, place)
    if place.is_dir():
        return "folder"
    if not place.is_file():
        raise InputError(f"{path}: is neither a file nor a folder", hint=_ACCEPTED)
    try:
        with place.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if start.startswith(NPY_MAGIC):
        return "array"
    if start.startswith(_ZIP_MAGICS):
        names = npz_names(place)
        if names is None:
            return "statistics" if is_torch_archive(place) else "zip"
        return "statistics" if any(wanted <= names for wanted in _STATISTICS) else "array"
    if place.suffix.lower() == ".txt":
        return "list"
    if place.suffix.lower() in (".pkl", ".pickle"):
        raise InputError(
            f"{path}: pickle files are not opened, since that can run any program",
            hint="Save the reference as .npz with mu and sigma where it comes from.",
        )
    raise InputError(f"{path}: is no set of images", hint=_ACCEPTED)


def is_torch_archive(path: Path) -> bool:
    """Tells a zip archive that `torch.save` wrote by its members; TorchScript is not meant.

    Raises:
        InputError: The archive is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
    except BROKEN_ZIP as error:
        raise InputError(f"{path}: cannot be read as a zip archive: {error}") from error
    folder = next((name.partition("/")[0] for name in members if name.endswith("/data.pkl")), "")
    needed = {f"{folder}/data.pkl", f"{folder}/version"}
    return needed <= members and f"{folder}/constants.pkl" not in members


def _missing(path: str | os.PathLike[str], place: Path) -> InputError:
    """Builds the error for a path that is not there, with similar names beside it."""
    absent = place
    while not os.path.exists(absent.parent) and absent.parent != absent:
        absent = absent.parent
    try:
        siblings = os.listdir(absent.parent)
    except OSError:
        siblings = []
    near = difflib.get_close_matches(absent.name, siblings, n=3, cutoff=0.6)
    return InputError(
        f"{path}: there is no such file or folder",
        hint=f"Did you mean {' or '.join(str(absent.parent / name) for name in near)}?"
        if near
        else f"Nothing called {absent.name!r} is in {absent.parent.absolute()}.",
    )
