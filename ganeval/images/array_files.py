"""NumPy files: what they hold, told without loading them, and their arrays."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from ganeval.errors import InputError
from ganeval.images.failures import BROKEN_ZIP

NPY_MAGIC = b"\x93NUMPY"

# What reading damaged, encrypted or absurdly large arrays raises.
BROKEN_ARRAY = (
    *BROKEN_ZIP,
    EOFError,
    MemoryError,
    RuntimeError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
)

# What the classic tools call the one array of an .npz.
_CUSTOMARY = "arr_0"

_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: lengths of name and extra field


def npz_names(path: Path) -> set[str] | None:
    """Returns the names of an ``.npz`` file's arrays; None if the zip archive is something else.

    Raises:
        InputError: The archive is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except BROKEN_ZIP as error:
        raise InputError(f"{path}: cannot be read as a zip archive: {error}") from error
    if not members or not all(name.endswith(".npy") for name in members):
        return None
    return {name.removesuffix(".npy") for name in members}


def load_images_array(path: Path) -> npt.NDArray[Any]:
    """Opens the images of a ``.npy`` or ``.npz`` file; memory-mapped unless they are compressed.

    Raises:
        InputError: The file is broken, holds Python objects, or names no array of images.
    """
    try:
        with path.open("rb") as file:
            is_npy = file.read(len(NPY_MAGIC)) == NPY_MAGIC
        if is_npy:
            array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
            return array
        return _from_npz(path)
    except BROKEN_ARRAY as error:
        raise InputError(f"{path}: cannot be read as an array: {error}") from error


def _from_npz(path: Path) -> npt.NDArray[Any]:
    names = npz_names(path) or set()
    name = _CUSTOMARY if _CUSTOMARY in names else next(iter(names), "")
    if len(names) != 1 and name != _CUSTOMARY:
        raise InputError(
            f"{path}: holds {', '.join(sorted(names))}; images are looked for in one array only,"
            f" or in {_CUSTOMARY}"
        )
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{name}.npy")
    if member.compress_type == zipfile.ZIP_STORED:
        return _mapped(path, member)
    with np.load(path, allow_pickle=False) as archive:
        array: npt.NDArray[Any] = archive[name]
        return array


def _mapped(path: Path, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Maps an uncompressed member into memory, which `numpy.load` does for ``.npy`` files only."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        lengths = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(sum(lengths), 1)
        version = npy_format.read_magic(file)
        read = (
            npy_format.read_array_header_1_0
            if version == (1, 0)
            else npy_format.read_array_header_2_0
        )
        shape, fortran, dtype = read(file)
        if dtype.hasobject:
            raise ValueError("it holds Python objects")
        array: npt.NDArray[Any] = np.memmap(
            path,
            dtype=dtype,
            mode="r",
            offset=file.tell(),
            shape=shape,
            order="F" if fortran else "C",
        )
        return array
