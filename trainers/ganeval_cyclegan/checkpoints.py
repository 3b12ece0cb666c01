"""Checkpoints: written whole or not at all, proven by a digest, kept by rule.

A checkpoint is one file that ``torch.load(weights_only=True)`` reads, with its sha256 in a file
beside it. It gets its name only when all of it is on the disk, so a process may be killed at any
moment; what is found damaged later is passed over for the one before.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, cast

import torch

from ganeval.errors import GanevalError, InputError
from ganeval.records import Checkpoint

SCHEMA = 1
FOLDER = "checkpoints"
_NAME = re.compile(r"u(\d+)\.pt")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CheckpointError(GanevalError):
    """A checkpoint could not be written; what was saved before is untouched."""


class _Hashed:
    """A file that is hashed while it is written, and whose first error is raised at the end.

    torch writes from C++, where an exception on the way would be turned into another or end the
    process.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.error: OSError | None = None
        self.bytes = 0

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                self._stream.write(data)
                self._digest.update(data)
                self.bytes += len(data)
            except OSError as error:
                self.error = error
        return len(data)

    def flush(self) -> None:
        """Is left to the owner of the file."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Checkpoints:
    """The checkpoints of one run folder.

    Args:
        run_folder: Paths in what is returned are relative to it.
    """

    def __init__(self, run_folder: Path) -> None:
        self.run_folder = run_folder
        self.folder = run_folder / FOLDER

    def save(self, update: int, state: Mapping[str, Any]) -> Checkpoint:
        """Writes the state after an update.

        Args:
            update: Updates done; names the file.
            state: Plain values and tensors.

        Raises:
            CheckpointError: It cannot be written; nothing of it is left.
        """
        path = self.path(update)
        temporary = path.with_name(f".{path.name}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as stream:
                hashed = _Hashed(stream)
                content = {"schema": SCHEMA, "update": update, **state}
                torch.save(content, cast(IO[bytes], hashed))  # it needs no more than write
                if hashed.error is not None:
                    raise hashed.error
                stream.flush()
                os.fsync(stream.fileno())
            # The digest goes first, beside that of a file of the same name: at no moment is there a
            # checkpoint without one.
            before = _stated(path) if path.exists() and sidecar(path).exists() else []
            _write_synced(sidecar(path), _listing(path, [hashed.sha256, *before]))
            temporary.replace(path)
            sync_folder(self.folder)
            if before:
                _write_synced(sidecar(path), _listing(path, [hashed.sha256]))
        except OSError as error:
            raise self._unwritten(path, error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return self._described(path, hashed.sha256, hashed.bytes)

    def newest_good(
        self, told: Callable[[str], None] = warnings.warn
    ) -> tuple[Checkpoint, dict[str, Any]] | None:
        """Reads the newest checkpoint that is whole; None where there is none.

        Damaged ones are renamed to ``*.damaged``, so that they count no more.

        Args:
            told: Gets a sentence about each damaged one.

        Raises:
            InputError: The newest was written by a newer version, or all are damaged.
        """
        paths = self.paths()
        for path in reversed(paths):
            try:
                state = read_checkpoint(path)
            except DamagedCheckpointError as error:
                path.replace(path.with_name(f"{path.name}.damaged"))
                told(f"{error}; the checkpoint before it is taken")
                continue
            return self._described(path, _stated(path)[0], path.stat().st_size), state
        if paths:
            raise InputError(f"{self.folder}: every checkpoint is damaged; start a run elsewhere")
        return None

    def prune(self, keep_last: int, kept: Iterable[int]) -> None:
        """Deletes all but the newest ``keep_last`` and those of the updates in ``kept``."""
        paths = self.paths()
        spared = {self.path(update) for update in kept} | set(paths[-keep_last:])
        for path in paths:
            if path not in spared:
                path.unlink(missing_ok=True)
                sidecar(path).unlink(missing_ok=True)

    def clear_parts(self) -> None:
        """Deletes what killed processes left half-written."""
        for path in self.folder.glob(".*.part"):
            path.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """All checkpoints, oldest first."""
        found = [path for path in self.folder.glob("u*.pt") if _NAME.fullmatch(path.name)]
        return sorted(found, key=update_of)

    def path(self, update: int) -> Path:
        """Where the checkpoint of an update lies or would lie."""
        return self.folder / f"u{update:08d}.pt"

    def listed(self) -> list[Checkpoint]:
        """Describes all checkpoints, oldest first, without reading them."""
        return [
            self._described(path, _stated(path)[0], path.stat().st_size)
            for path in self.paths()
            if sidecar(path).is_file()
        ]

    def _described(self, path: Path, sha256: str, size: int) -> Checkpoint:
        relative = path.relative_to(self.run_folder).as_posix()
        return Checkpoint(path=relative, update=update_of(path), sha256=sha256, bytes=size)

    def _unwritten(self, path: Path, error: OSError) -> CheckpointError:
        last = self.paths()
        kept = f"{last[-1]} is whole and is the last one" if last else "there is none before it"
        if error.errno in _FULL:
            return CheckpointError(
                f"{path}: no space left for the checkpoint ({error.strerror}); {kept}.",
                hint="Free space, then run the same command again: it goes on from there.",
            )
        return CheckpointError(f"{path}: cannot be written: {error.strerror or error}; {kept}.")


class DamagedCheckpointError(InputError):
    """A checkpoint is not what was written."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads one checkpoint to the CPU, after comparing its digest.

    Raises:
        DamagedCheckpointError: It is not what was written.
        InputError: A newer version of ganeval wrote it.
    """
    try:
        stated = _stated(path)
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DamagedCheckpointError(f"{path}: cannot be read: {error.strerror}") from error
    if found not in stated:
        raise DamagedCheckpointError(
            f"{path}: damaged, its sha256 is not the one written beside it"
        )
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if state["schema"] > SCHEMA:
        raise InputError(
            f"{path}: checkpoint of schema {state['schema']}; this version reads up to {SCHEMA}",
            hint="Use the version of ganeval that wrote it, or a later one.",
        )
    return state


def latest_checkpoint(run_folder: Path) -> Path:
    """Returns the newest checkpoint of a run folder.

    Raises:
        InputError: There is none.
    """
    paths = Checkpoints(run_folder).paths()
    if not paths:
        raise InputError(f"{run_folder}: holds no checkpoint in {FOLDER}/")
    return paths[-1]


def update_of(path: Path) -> int:
    """Returns the update that a checkpoint's name tells."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise InputError(f"{path}: not named like a checkpoint (u00000100.pt)")
    return int(found[1])


def sidecar(path: Path) -> Path:
    """Where the digest of a checkpoint lies, in the form that ``sha256sum -c`` reads."""
    return path.with_name(f"{path.name}.sha256")


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stated(path: Path) -> list[str]:
    """Digests that the file may have, the newest first."""
    lines = sidecar(path).read_text("ascii").splitlines()
    return [line.partition(" ")[0] for line in lines] or [""]


def _listing(path: Path, digests: list[str]) -> str:
    return "".join(f"{digest}  {path.name}\n" for digest in digests)


def _write_synced(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
