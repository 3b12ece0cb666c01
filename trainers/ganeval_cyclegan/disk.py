"""Room for the checkpoints of a run, and whether they will last."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ganeval.errors import InputError

_LEAST = 3  # checkpoints that there has to be room for: the last two, and one being written
_VOLATILE = ("tmpfs", "ramfs")


def check_room(out: Path, checkpoint: int) -> int:
    """Returns the free bytes where a run goes.

    Args:
        out: Run folder; it need not exist.
        checkpoint: Size of one checkpoint in bytes.

    Raises:
        InputError: There is less than three checkpoints need.
    """
    free = shutil.disk_usage(_existing(out)).free
    if free < _LEAST * checkpoint:
        raise InputError(
            f"--out {out}: {size_text(free)} free, and three checkpoints of "
            f"{size_text(checkpoint)} each need {size_text(_LEAST * checkpoint)}",
            hint="Free space, name a folder on another disk, or use a smaller pool.size.",
        )
    return free


def forgetful(out: Path) -> str | None:
    """Returns a sentence where what is saved will not last; None where it will."""
    place = Path(os.path.realpath(out))
    kind = _file_system(place)
    if kind in _VOLATILE:
        return f"{out} lies in memory ({kind}): what is saved there is gone after a restart."
    if place.is_relative_to(os.path.realpath(tempfile.gettempdir())):
        return f"{out} lies in the folder for temporary files, which the system may empty."
    drive = Path("/content/drive")
    if "COLAB_RELEASE_TAG" in os.environ and not place.is_relative_to(drive):
        return f"{out} is gone when this Colab machine ends; name a folder in {drive} to keep it."
    return None


def size_text(size: float) -> str:
    """Returns a number of bytes in powers of 1000, with three digits."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} GB" if size >= 999.5 else f"{size:.3g} GB"


def _existing(path: Path) -> Path:
    place = Path(os.path.abspath(path))
    while not place.exists():
        place = place.parent
    return place


def _file_system(place: Path) -> str | None:
    """Kind of the file system, where the system tells."""
    try:
        lines = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return None
    mounts = [(Path(parts[1]), parts[2]) for parts in map(str.split, lines) if len(parts) > 2]
    holding = [one for one in mounts if place.is_relative_to(one[0])]
    return max(holding, key=lambda one: len(one[0].parts), default=(None, None))[1]
