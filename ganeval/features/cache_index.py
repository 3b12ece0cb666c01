"""The index of the feature cache: which shard holds the row of which image.

It says nothing that the shards do not say themselves, so a lost or damaged index is made anew
from them.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ganeval.database import DamagedDatabaseError, open_database, remove_database
from ganeval.features.shards import Shard, describe_shard, shard_files

T = TypeVar("T")

_READY = 1  # user_version of a file whose tables are in place

_TABLES = (
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL)",
    # AUTOINCREMENT: the id of a dropped shard never comes back as another one's.
    """CREATE TABLE shards (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL,
        key INTEGER NOT NULL, size INTEGER NOT NULL, used REAL NOT NULL)""",
    """CREATE TABLE features (key INTEGER, digest TEXT, shard INTEGER NOT NULL,
        PRIMARY KEY (key, digest)) WITHOUT ROWID""",
    "CREATE INDEX features_of_shard ON features (shard)",
)

# The time of last use is written at most this often, so that look-ups rarely write.
_USED_RESOLUTION_SECONDS = 60.0

_DIGESTS_PER_QUERY = 500  # below the 999 parameters that every SQLite allows


@dataclass(frozen=True)
class IndexedShard:
    """One shard as the index knows it."""

    name: str
    key: dict[str, Any]  # as `Shard.key`, decoded
    rows: int  # rows that look-ups can reach
    size: int  # bytes
    used: float  # seconds since the epoch


class ShardIndex:
    """An SQLite file beside the shards; every call opens and closes it, so threads may share it.

    All methods raise `sqlite3.Error` if the file cannot be read or written.

    Args:
        folder: The folder of the shards.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "index.sqlite"

    def find(self, key: str, digests: Iterable[str]) -> dict[str, str]:
        """Returns the shard of each row that is there, and notes that the shard was used."""
        wanted = sorted(set(digests))
        now = time.time()

        def work(database: sqlite3.Connection) -> dict[str, str]:
            holders: dict[str, str] = {}
            stale: set[str] = set()
            for start in range(0, len(wanted), _DIGESTS_PER_QUERY):
                part = wanted[start : start + _DIGESTS_PER_QUERY]
                for digest, shard, used in database.execute(
                    f"""SELECT digest, name, used FROM features
                    JOIN shards ON shards.id = features.shard
                    WHERE features.key = (SELECT id FROM keys WHERE key = ?)
                    AND digest IN ({",".join("?" * len(part))})""",
                    (key, *part),
                ):
                    holders[digest] = sys.intern(shard)  # one name for its hundreds of rows
                    if used < now - _USED_RESOLUTION_SECONDS:
                        stale.add(shard)
            if stale:
                _touch(database, stale, now)
            return holders

        return self._run(work)

    def add(self, shards: Sequence[Shard]) -> None:
        """Enters shards in one transaction; of two rows for one image the later one counts."""
        now = time.time()

        def work(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                for shard in shards:
                    _enter(database, shard, now)

        self._run(work)

    def drop(self, names: Iterable[str]) -> int:
        """Forgets shards in one transaction and returns how many rows went with them."""

        def work(database: sqlite3.Connection) -> int:
            rows = 0
            with database:
                database.execute("BEGIN IMMEDIATE")
                for name in names:
                    rows += database.execute(
                        "DELETE FROM features WHERE shard = (SELECT id FROM shards WHERE name = ?)",
                        (name,),
                    ).rowcount
                    database.execute("DELETE FROM shards WHERE name = ?", (name,))
                database.execute("DELETE FROM keys WHERE id NOT IN (SELECT key FROM shards)")
            return rows

        return self._run(work)

    def shards(self) -> list[IndexedShard]:
        """Returns all shards, least recently used first."""

        def work(database: sqlite3.Connection) -> list[IndexedShard]:
            rows = database.execute(
                """SELECT name, keys.key, COUNT(features.shard), size, used FROM shards
                JOIN keys ON keys.id = shards.key
                LEFT JOIN features ON features.shard = shards.id
                GROUP BY shards.id ORDER BY used, shards.id"""
            )
            try:
                return [IndexedShard(name, json.loads(key), *rest) for name, key, *rest in rows]
            except ValueError as error:
                raise DamagedDatabaseError(str(error)) from error

        return self._run(work)

    def size(self) -> int:
        """Returns the bytes of all shards."""

        def work(database: sqlite3.Connection) -> int:
            return int(database.execute("SELECT TOTAL(size) FROM shards").fetchone()[0])

        return self._run(work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does the work on the open index; a damaged one is made anew first, once."""
        try:
            return self._attempt(work)
        except DamagedDatabaseError:
            remove_database(self._path)
            return self._attempt(work)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with open_database(self._path) as database:
            if not _is_ready(database):
                self._rebuild(database)
            return work(database)

    def _rebuild(self, database: sqlite3.Connection) -> None:
        """Makes the tables of a new index and enters every shard that is already there."""
        with database:
            database.execute("BEGIN IMMEDIATE")
            if _is_ready(database):  # another process was faster
                return
            for statement in _TABLES:
                database.execute(statement)
            for path in shard_files(self._folder):
                shard = describe_shard(path)
                if shard is not None:
                    _enter(database, shard, time.time())
            database.execute(f"PRAGMA user_version = {_READY}")


def _is_ready(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA user_version").fetchone()[0] == _READY)


def _enter(database: sqlite3.Connection, shard: Shard, used: float) -> None:
    database.execute("INSERT OR IGNORE INTO keys (key) VALUES (?)", (shard.key,))
    database.execute(
        """INSERT INTO shards (name, key, size, used)
        VALUES (?, (SELECT id FROM keys WHERE key = ?), ?, ?)
        ON CONFLICT (name) DO UPDATE SET used = excluded.used""",
        (shard.name, shard.key, shard.size, used),
    )
    database.executemany(
        """INSERT OR REPLACE INTO features (key, digest, shard)
        SELECT key, ?, id FROM shards WHERE name = ?""",
        [(digest, shard.name) for digest in shard.digests],
    )


def _touch(database: sqlite3.Connection, names: Iterable[str], now: float) -> None:
    # Losing a time of use is no reason to lose the rows that were found.
    with contextlib.suppress(sqlite3.OperationalError), database:
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "UPDATE shards SET used = ? WHERE name = ?", [(now, name) for name in names]
        )
