"""The sha256 of files, and a store that saves hashing unchanged files again.

The store is only a hint: whatever is wrong with it costs time, never a result.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from ganeval.database import DamagedDatabaseError, open_database, remove_database

# A file written again within the resolution of its own time stamp looks unchanged; no file
# system in use is coarser than 2 s (FAT).
_RACY_NS = 2_000_000_000

_SCHEMA = """CREATE TABLE IF NOT EXISTS digests (
    path BLOB PRIMARY KEY, state TEXT NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID"""


class DigestHints:
    """Remembers the digests of files under (path, size, modification time, inode).

    Only digests of files last modified more than 2 s before this object was made, that is before
    any byte was hashed, are remembered; so a file that changes while or after it is hashed never
    keeps its old digest. A store that cannot be read or written knows nothing; a corrupt one is
    thrown away.

    Args:
        folder: Where ``digests.sqlite`` lies; made when there is something to remember.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "digests.sqlite"
        self._made_ns = time.time_ns()
        self._seen: dict[Path, str] = {}

    def get_many(self, paths: list[Path]) -> dict[Path, str]:
        """Returns the known digests (64 hex digits); files without one are left out."""
        states = {path: found[0] for path in paths if (found := _state(path)) is not None}
        self._seen.update(states)
        known: dict[Path, str] = {}
        if not self._path.is_file():
            return known
        with self._forgiving(), open_database(self._path) as database:
            database.execute(_SCHEMA)
            for path, state in states.items():
                row = database.execute(
                    "SELECT sha256 FROM digests WHERE path = ? AND state = ?", (_key(path), state)
                ).fetchone()
                if row is not None:
                    known[path] = row[0]
        return known

    def put_many(self, digests: dict[Path, str]) -> None:
        """Remembers digests that were computed since this object was made.

        Files that changed since `get_many` saw them, or so lately that one more change could go
        unseen, are left out.
        """
        rows = []
        for path, digest in digests.items():
            state, modified_ns = _state(path) or ("", self._made_ns)
            unchanged = self._seen.get(path, state) == state
            if unchanged and self._made_ns - modified_ns > _RACY_NS:
                rows.append((_key(path), state, digest))
        if not rows:
            return
        with self._forgiving():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open_database(self._path) as database, database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(_SCHEMA)
                database.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", rows)

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Swallows every trouble of the store; removes a corrupt one."""
        try:
            yield
        except DamagedDatabaseError:
            with contextlib.suppress(OSError):
                remove_database(self._path)
        except (sqlite3.Error, OSError):
            pass  # locked, full, read-only: no hints this time


def file_sha256(path: Path, hints: DigestHints | None = None) -> str:
    """Returns the sha256 of the file's bytes as 64 hex digits, asking ``hints`` first.

    Raises:
        OSError: The file cannot be read.
    """
    known = hints.get_many([path]) if hints else {}
    if path in known:
        return known[path]
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if hints:
        hints.put_many({path: digest})
    return digest


def _key(path: Path) -> bytes:
    """The absolute path as bytes, since file names need not be text."""
    return os.fsencode(path.absolute())


def _state(path: Path) -> tuple[str, int] | None:
    """What tells a changed file from an unchanged one, and its modification time in ns."""
    try:
        stat = path.stat()
    except OSError:
        return None
    # Text, because inode numbers may exceed the 63 bits of an SQLite integer.
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}", stat.st_mtime_ns
