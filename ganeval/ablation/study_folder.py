"""The folder of a study: plain files that are all there is to know about it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from ganeval.ablation.identity import Cell
from ganeval.errors import InputError
from ganeval.records.files import write_text

STUDY: Final = "study.yaml"
LOCKED: Final = "study.lock.json"
MANIFEST: Final = "manifest.json"
EVENTS: Final = "events.jsonl"
_LOCK: Final = ".lock"
_HOLDER: Final = "holder.json"
_STOP: Final = "stop"
_TRASH: Final = "trash"
_OURS: Final = frozenset(
    {STUDY, LOCKED, MANIFEST, EVENTS, _LOCK, _HOLDER, _STOP, _TRASH, "cells", "data", "images"}
    | {"slurm", "report"}
)


class StudyFolder:
    """Paths and small files of a study.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def cell(self, cell: Cell) -> Path:
        """Returns the folder of a cell."""
        return self.path / cell.folder

    def holds_study(self) -> bool:
        """Tells whether there is a study in the folder.

        Raises:
            InputError: It is a file, or holds something else.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"--out {self.path}: is a file; name a folder for the study")
        if (self.path / LOCKED).is_file() or (self.path / STUDY).is_file():
            return True
        found = {one.name for one in self.path.iterdir()} if self.path.is_dir() else set()
        others = sorted(found - _OURS)
        if others:
            shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
            raise InputError(
                f"--out {self.path}: not empty, and no study ({shown})",
                hint="Name a new folder, or empty this one.",
            )
        return False

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Holds the study for this process.

        Raises:
            InputError: Another process holds it, or the folder cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / _LOCK, timeout=0)
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"{self.path}: another ablate runs this study ({self._holder()})",
                hint=f"Wait for it, or stop it: ganeval ablate stop {self.path}",
            ) from error
        except (OSError, NotImplementedError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(f"--out {self.path}: cannot be written to: {reason}") from error
        try:
            holder = {"host": socket.gethostname(), "pid": os.getpid(), "since": now()}
            write_text(self.path / _HOLDER, json.dumps(holder) + "\n")
            yield
        finally:
            (self.path / _HOLDER).unlink(missing_ok=True)
            lock.release()

    def is_owned(self) -> bool:
        """Tells whether a process runs the study."""
        if not (self.path / _LOCK).exists():
            return False
        try:
            with FileLock(self.path / _LOCK, timeout=0):
                return False
        except Timeout:
            return True

    def event(self, kind: str, **facts: Any) -> None:
        """Appends what happened to ``events.jsonl``, a line each."""
        line = json.dumps({"time": now(), "event": kind, **facts}) + "\n"
        handle = os.open(self.path / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, line.encode())  # one call, so that lines of two processes never mix
        finally:
            os.close(handle)

    def ask_to_stop(self) -> None:
        """Asks all cells, wherever they run, to save and stop."""
        write_text(self.path / _STOP, now() + "\n")

    def is_to_stop(self) -> bool:
        """Tells whether somebody asked to stop."""
        return (self.path / _STOP).exists()

    def forget_stop(self) -> None:
        """Lets cells run again."""
        (self.path / _STOP).unlink(missing_ok=True)

    def to_trash(self, folder: Path) -> Path:
        """Moves a cell's folder away and returns where it lies now."""
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        target = self.path / _TRASH / f"{folder.parent.name}-{folder.name}-{stamp}"
        target.parent.mkdir(exist_ok=True)
        folder.replace(target)
        return target

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Reads one of the small files; None where there is none.

        Raises:
            InputError: It is damaged.
        """
        path = self.path / name
        try:
            found = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise InputError(f"{path}: cannot be read: no mapping")
        return found

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Writes one of the small files, whole or not at all."""
        write_text(self.path / name, json.dumps(content, indent=1, allow_nan=False) + "\n")

    def _holder(self) -> str:
        try:
            named = json.loads((self.path / _HOLDER).read_text("utf-8"))
            return f"process {named['pid']} on {named['host']}, since {named['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "which does not say who it is"


def now() -> str:
    """Returns the time, ISO 8601 with zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
