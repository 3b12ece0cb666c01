"""The arrays of a statistics file, read without running anything and checked one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.images.array_files import BROKEN_ARRAY
from ganeval.images.kinds import is_torch_archive
from ganeval.metrics.rows import Rows, check_rows
from ganeval.metrics.torch_cache import read_torch_cache, refused_pickle

Layout = Literal["ganeval", "pytorch-fid", "clean-fid-kid", "adm", "torch-fidelity"]
Entries = dict[str, npt.NDArray[Any]]

LISTS = ("keys", "digests", "groups")  # one name per row of features
SPATIAL = ("mu_s", "sigma_s")

_KNOWN = ("mu", "sigma", *SPATIAL, "n", "resize", "feats", "features", *LISTS, "meta")
_OWN = {"n", "resize", "meta", "features"}  # entries that no other package writes


def read_entries(path: Path) -> tuple[Layout, Entries]:
    """Reads the entries that can be understood, of a file that holds the needed ones.

    Raises:
        InputError: The file is a pickle, is damaged, or holds no statistics.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if start[:1] == b"\x80":
        raise refused_pickle(path)
    if start != b"PK\x03\x04":
        raise InputError(f"{path}: is no file of saved statistics")
    if is_torch_archive(path):
        return "torch-fidelity", read_torch_cache(path)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            found = list(archive.files)
            entries = {name: np.asarray(archive[name]) for name in _KNOWN if name in found}
    except BROKEN_ARRAY as error:
        raise InputError(f"{path}: cannot be read as saved statistics: {error}") from error
    if not {"mu", "sigma"} <= entries.keys() and "feats" not in entries:
        raise InputError(
            f"{path}: holds no saved statistics, only {', '.join(found[:5]) or 'nothing'}",
            hint="The entries mu and sigma, or feats, are needed.",
        )
    return _layout(entries), entries


def _layout(entries: Entries) -> Layout:
    if "feats" in entries:
        return "clean-fid-kid"
    if _OWN & entries.keys():
        return "ganeval"
    return "adm" if set(SPATIAL) <= entries.keys() else "pytorch-fid"


def features_entry(entry: npt.NDArray[Any], path: Path) -> Rows:
    """Checks features ``[n, d]`` of at least 2 images.

    Raises:
        InputError: They are not finite, of another shape, or too few.
    """
    try:
        check_rows(entry, at_least=2)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    return entry


def count_entry(entry: npt.NDArray[Any], path: Path) -> int:
    """Checks a number of images.

    Raises:
        InputError: It is no whole number of at least 2.
    """
    if entry.shape != () or not np.issubdtype(entry.dtype, np.integer) or entry < 2:
        raise InputError(f"{path}: n is not a whole number of at least 2 images")
    return int(entry)


def names_entry(entry: npt.NDArray[Any], name: str, n: int | None, path: Path) -> list[str]:
    """Checks a list of one text per image.

    Raises:
        InputError: It is something else.
    """
    if entry.shape != (n,) or not np.issubdtype(entry.dtype, np.str_):
        raise InputError(f"{path}: {name} are not {n} texts")
    return [str(value) for value in entry]


def text_entry(entry: npt.NDArray[Any], name: str, path: Path) -> str:
    """Checks a single text.

    Raises:
        InputError: It is something else.
    """
    if entry.shape != () or not np.issubdtype(entry.dtype, np.str_):
        raise InputError(f"{path}: {name} is no text")
    return str(entry)
