"""Arrays of rows that may be larger than memory: above a budget they lie in a temporary file."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ganeval.errors import GanevalError
from ganeval.paths import cache_folder

_BLOCK_BYTES = 64 << 20  # copied at once
_IN_MEMORY = {"tmpfs", "ramfs"}  # file systems whose files take memory


def new_rows(count: int, dimension: int, memory: int) -> NDArray[np.float32]:
    """Makes zeros, float32 ``[count, dimension]``, in memory or in a file mapped into it.

    The file has no name (on Windows: is deleted on closing), so that its space comes back when the
    array and all views of it are gone, also when the process is killed.

    Args:
        count: Rows.
        dimension: Numbers in a row.
        memory: Bytes above which the array is a `numpy.memmap`.

    Raises:
        GanevalError: The folder of temporary files is not writable or its disk is full.
    """
    size = count * dimension * np.dtype(np.float32).itemsize
    if size <= memory or size == 0:
        return np.zeros((count, dimension), dtype=np.float32)
    folder = None
    try:
        folder = scratch_folder()
        if size > shutil.disk_usage(folder).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with tempfile.TemporaryFile(prefix="ganeval-rows-", dir=folder) as stream:
            _reserve(stream, size)
            return np.memmap(stream, dtype=np.float32, mode="r+", shape=(count, dimension))
    except OSError as error:
        raise GanevalError(
            f"{folder or 'no folder of temporary files'}: {size / 1e9:.3g} GB of features cannot "
            f"be kept there: {error.strerror or error}",
            hint="Set TMPDIR to a folder with room, or hold features in memory by a larger "
            "--memory.",
        ) from error


def reordered(rows: NDArray[np.float32], order: Sequence[int]) -> NDArray[np.float32]:
    """Returns ``rows[order]``; what lies in a file is copied in blocks into another one.

    Args:
        rows: float32 ``[n, d]``.
        order: Positions of rows, any number of them.

    Raises:
        GanevalError: See `new_rows`.
    """
    positions = np.asarray(order, dtype=np.intp)
    if not isinstance(rows, np.memmap):
        return rows[positions]
    out = new_rows(len(positions), rows.shape[1], memory=0)
    step = max(1, _BLOCK_BYTES // (rows.shape[1] * rows.itemsize))
    for start in range(0, len(positions), step):
        out[start : start + step] = rows[positions[start : start + step]]
    return out


def scratch_folder() -> Path:
    """Returns where large temporary files go: ``TMPDIR``, else a temporary folder on a disk.

    Raises:
        OSError: No temporary folder is writable.
    """
    usual = Path(tempfile.gettempdir())
    if any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")) or not _in_memory(usual):
        return usual
    for other in (Path("/var/tmp"), cache_folder()):
        if other.is_dir() and os.access(other, os.W_OK) and not _in_memory(other):
            return other
    return usual


def _in_memory(folder: Path) -> bool:
    """Tells a folder whose files take memory; where nothing tells (not on Linux), it is none."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    kinds = {line.split(" ")[1]: line.split(" ")[2] for line in lines}
    place = folder.resolve()
    mount = next((str(p) for p in (place, *place.parents) if str(p) in kinds), "")
    return kinds.get(mount) in _IN_MEMORY


def _reserve(stream: IO[bytes], size: int) -> None:
    """Takes the space on the disk now: a mapped file that outgrows it would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), 0, size)
        return
    zeros = bytes(min(size, _BLOCK_BYTES))
    for start in range(0, size, len(zeros)):
        stream.write(zeros[: size - start])
    stream.flush()
