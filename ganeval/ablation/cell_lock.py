"""At most one process works on a cell, counting the programs it has started."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from ganeval.errors import GanevalError

LOCK: Final = "lock"
_PATIENCE: Final = 5.0  # seconds, in which those who only look have let go again
_PAUSE: Final = 0.05


class CellBusyError(GanevalError):
    """Another process works on the cell."""


class CellLock:
    """The lock of a cell's folder; a context manager.

    It is of the open file, so a program that inherits the descriptor holds it too: after its parent
    was killed, the cell stays taken until the program has ended.

    Args:
        cell_folder: Made if needed.

    Attributes:
        descriptor: For the programs that are started.
    """

    def __init__(self, cell_folder: Path) -> None:
        self._path = cell_folder / LOCK
        self.descriptor = -1

    def __enter__(self) -> CellLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        until = time.monotonic() + _PATIENCE
        while not _taken(self.descriptor):
            if time.monotonic() > until:
                os.close(self.descriptor)
                raise CellBusyError(f"{self._path.parent}: another process works on this cell")
            time.sleep(_PAUSE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.descriptor)


def is_worked_on(cell_folder: Path) -> bool:
    """Tells whether a process, on any machine that shares the folder, works on a cell."""
    try:
        descriptor = os.open(cell_folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
