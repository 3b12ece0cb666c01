"""SQLite files that many processes share: opened, waited for, thrown away when damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

_BUSY_SECONDS = 30.0


class DamagedDatabaseError(sqlite3.DatabaseError):
    """The file is no database, or does not hold what was written to it."""


# SQLITE_ERROR is SQLite's answer to statements that do not fit the tables; ours fit whole ones.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


@contextlib.contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Opens an SQLite file that many processes share, makes it if need be, and closes it.

    Statements commit by themselves; ``with database:`` after ``BEGIN IMMEDIATE`` makes them one
    transaction. A lock held by another process is waited for, 30 s at most.

    Raises:
        DamagedDatabaseError: The file turned out to be damaged, on opening or in the block.
        sqlite3.Error: The file cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        with contextlib.closing(connection) as database:
            # The mode belongs to the file, and SQLite does not wait for the lock that changing it
            # takes: when another process is in the way, the next one to open the file changes it.
            with contextlib.suppress(sqlite3.OperationalError):
                database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            yield database
    except sqlite3.DatabaseError as error:
        # Text that cannot be decoded is reported by Python itself, without a code.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE:
            raise DamagedDatabaseError(str(error)) from error
        raise
    except UnicodeDecodeError as error:  # or so, where it is SQLite's message that quotes it
        raise DamagedDatabaseError(str(error)) from error


def remove_database(path: Path) -> None:
    """Deletes an SQLite file with its log, which would be replayed into a successor."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
