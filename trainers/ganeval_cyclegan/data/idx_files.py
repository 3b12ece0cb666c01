"""IDX files, the format of MNIST: arrays of bytes behind a short header, often gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError

_BYTES, _GZIP = b"\x00\x00\x08", b"\x1f\x8b"


def is_idx(path: Path) -> bool:
    """Tells an IDX file of bytes, gzipped or not, by its content."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(3)
        if start.startswith(_GZIP):
            with gzip.open(path) as unpacked:
                start = unpacked.read(3)
    except (OSError, EOFError, zlib.error):
        return False
    return start == _BYTES


def read_idx_images(path: Path) -> npt.NDArray[np.uint8]:
    """Reads the images of an IDX file.

    Returns:
        uint8 ``[n, H, W]``.

    Raises:
        InputError: The file is damaged, or holds labels or something else.
    """
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    axes = data[3] if len(data) > 3 else 0
    if axes != 3:
        raise InputError(
            f"{path}: holds an array of {axes} axes, and images have 3",
            hint="Images of MNIST are in the files with idx3 in their names.",
        )
    shape = struct.unpack(">3I", data[4:16]) if len(data) >= 16 else (0, 0, 0)
    if 0 in shape or len(data) - 16 != math.prod(shape):
        raise InputError(f"{path}: is cut short: {len(data)} bytes for {shape} pixels")
    return np.frombuffer(data, np.uint8, offset=16).reshape(shape)
