"""Features of single images, kept under the content of the image and all that fixes its features.

A row's key is the sha256 of the image together with every field of the `FeatureSpec` and the
backend; never a path, a name or a count. Any number of processes may read and write at once, and
be killed at any moment: shards are written aside and renamed before the index learns of them, and
every shard is checked against its digest when it is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganeval.errors import GanevalError
from ganeval.features.cache_index import IndexedShard, ShardIndex
from ganeval.features.shards import part_files, read_shard, shard_files, shard_path, write_shard
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec

DEFAULT_MAX_BYTES = 10_000_000_000

_FORMAT = 1  # raise it when rows of this version must not be read by others
_ROWS_PER_SHARD = 256  # 2 MB at 2048 dimensions: quick to check for a few rows, few files for many
_ABANDONED_SECONDS = 3600.0  # nobody takes so long between writing a shard and indexing it


class CacheUnavailable(GanevalError):
    """The cache cannot be read or written; the work can go on without it."""


class Removed(NamedTuple):
    """What left the cache."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class CacheEntry:
    """All rows of one feature specification and backend."""

    extractor: str
    layer: str
    resize: str
    backend: str
    rows: int
    bytes: int
    last_used: datetime


class FeatureCache:
    """A folder of shards with an index; made by `FeatureCache.open`.

    Every method raises `CacheUnavailable` when the folder cannot be read or written.

    Args:
        folder: Where shards and index lie.
        max_bytes: Size above which the least recently used shards of other runs make room.
    """

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._index = ShardIndex(folder)
        self._written: set[str] = set()

    @classmethod
    def open(cls, folder: Path | None = None) -> FeatureCache:
        """Opens the cache in ``folder`` (default: ``features`` in the cache folder), or makes it.

        Raises:
            CacheUnavailable: The place is not writable.
        """
        cache = cls(cache_folder() / "features" if folder is None else folder)
        with cache._or_unavailable():
            cache.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(cache.folder, os.W_OK):
                raise PermissionError(f"{cache.folder} is not writable")
            cache._index.size()
        return cache

    def lookup(
        self,
        spec: FeatureSpec,
        digests: Sequence[str],
        backend: str,
        out: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Returns which images are known (``[n]``) and their rows (float32 ``[n, d]``).

        Rows are read shard by shard; besides the result no more than one shard is in memory.

        Args:
            spec: What fixes the features.
            digests: sha256 of each image; repeats are fine.
            backend: Name of what runs the network.
            out: Array to fill, float32 ``[n, d]``; misses are left as they are. None makes one of
                zeros.

        Raises:
            CacheUnavailable: The cache cannot be read.
            ValueError: ``out`` has another shape or type.
        """
        found = np.zeros(len(digests), dtype=bool)
        shape = (len(digests), spec.dimension)
        rows = np.zeros(shape, dtype=np.float32) if out is None else out
        if rows.shape != shape or rows.dtype != np.float32:
            raise ValueError(
                f"float32 rows of shape {shape} do not fit into {rows.dtype} {rows.shape}"
            )
        key = _key(spec, backend)
        with self._or_unavailable():
            wanted: dict[str, list[int]] = {}
            holders = self._index.find(key, digests)
            for i, digest in enumerate(digests):
                if digest in holders:
                    wanted.setdefault(holders[digest], []).append(i)
            unfit = []
            for name, indices in wanted.items():
                taken = self._rows_of(name, key, [digests[i] for i in indices])
                if taken is None:
                    unfit.append(name)
                else:
                    rows[indices] = taken
                    found[indices] = True
            self._drop(unfit)
        return found, rows

    def store(
        self, spec: FeatureSpec, digests: Sequence[str], rows: NDArray[np.float32], backend: str
    ) -> None:
        """Adds the rows (float32 ``[n, d]``) of ``n`` images; rows already there are skipped.

        Raises:
            CacheUnavailable: Nothing of this call can be kept, for example on a full disk.
            ValueError: The rows do not fit the digests or the specification.
        """
        if rows.shape != (len(digests), spec.dimension) or rows.dtype != np.float32:
            raise ValueError(
                f"{len(digests)} digests of {spec.dimension}-d float32 features cannot go with "
                f"{rows.dtype} rows of shape {rows.shape}"
            )
        key = _key(spec, backend)
        with self._or_unavailable():
            known = self._index.find(key, digests)
            first = dict(zip(reversed(digests), reversed(range(len(digests))), strict=True))
            new = sorted(i for digest, i in first.items() if digest not in known)
            if new:
                self._append(key, [digests[i] for i in new], rows[new])
            if self._index.size() > self.max_bytes:
                self.gc(self.max_bytes)

    def info(self) -> list[CacheEntry]:
        """Returns what the cache holds, per specification and backend."""
        with self._or_unavailable():
            groups: dict[str, list[IndexedShard]] = {}
            for shard in self._index.shards():
                groups.setdefault(_canonical(shard.key), []).append(shard)
        entries = [_entry(shards) for shards in groups.values()]
        return sorted(entries, key=lambda entry: (entry.extractor, entry.layer, entry.resize))

    def verify(self) -> list[Path]:
        """Reads every shard, drops the broken ones and returns where they lay."""
        with self._or_unavailable():
            broken = [
                shard.name
                for shard in self._index.shards()
                if read_shard(self.folder, shard.name) is None
            ]
            self._drop(broken)
        return [shard_path(self.folder, name) for name in broken]

    def gc(self, max_bytes: int) -> Removed:
        """Removes least recently used shards until ``max_bytes`` are left, and abandoned files.

        What this object wrote stays.
        """
        with self._or_unavailable():
            shards = self._index.shards()
            excess = sum(shard.size for shard in shards) - max_bytes
            doomed = []
            for shard in shards:
                if excess <= 0:
                    break
                if shard.name not in self._written:
                    doomed.append(shard)
                    excess -= shard.size
            return self._remove(doomed)

    def clear(self, extractor: str | None = None) -> Removed:
        """Removes everything, or all that one extractor made, and abandoned files."""
        with self._or_unavailable():
            return self._remove(
                [
                    shard
                    for shard in self._index.shards()
                    if extractor in (None, shard.key["spec"]["extractor"])
                ]
            )

    def _rows_of(self, name: str, key: str, digests: Sequence[str]) -> NDArray[np.float32] | None:
        """Rows of one shard, none unless the shard itself says that it holds them."""
        content = read_shard(self.folder, name)
        if content is None or content[0].key != key:
            return None
        positions = {digest: i for i, digest in enumerate(content[0].digests)}
        if not positions.keys() >= set(digests):
            return None
        return content[1][[positions[digest] for digest in digests]]

    def _append(self, key: str, digests: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Writes shards, then enters them in one transaction; leaves no file if that fails."""
        shards = []
        with contextlib.ExitStack() as undo:
            for start in range(0, len(digests), _ROWS_PER_SHARD):
                part = slice(start, start + _ROWS_PER_SHARD)
                shard = write_shard(self.folder, key, digests[part], rows[part])
                undo.callback(shard_path(self.folder, shard.name).unlink, missing_ok=True)
                shards.append(shard)
            self._index.add(shards)
            undo.pop_all()
        self._written.update(shard.name for shard in shards)

    def _remove(self, shards: Sequence[IndexedShard]) -> Removed:
        rows = self._drop([shard.name for shard in shards])
        self._sweep()
        return Removed(rows, sum(shard.size for shard in shards))

    def _drop(self, names: Sequence[str]) -> int:
        """Removes shards, from the index first: a reader must not be sent to a missing file."""
        if not names:
            return 0
        rows = self._index.drop(names)
        for name in names:
            shard_path(self.folder, name).unlink(missing_ok=True)
        return rows

    def _sweep(self) -> None:
        """Deletes what killed processes left: half-written shards and shards nobody indexed."""
        indexed = {shard.name for shard in self._index.shards()}
        orphans = [path for path in shard_files(self.folder) if path.stem not in indexed]
        for path in [*part_files(self.folder), *orphans]:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    path.unlink()

    @contextlib.contextmanager
    def _or_unavailable(self) -> Iterator[None]:
        """Turns what disks and SQLite say into `CacheUnavailable`."""
        try:
            yield
        except CacheUnavailable:
            raise
        except (OSError, sqlite3.Error, GanevalError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CacheUnavailable(
                f"{self.folder}: the feature cache cannot be used: {reason}",
                # A full disk keeps SQLite from reading, and so from making room itself.
                hint="Make room on its disk (the folder may be deleted, all of it can be computed "
                "again), set GANEVAL_CACHE to a writable folder, or pass --no-cache.",
            ) from error


def _key(spec: FeatureSpec, backend: str) -> str:
    """Canonical JSON of everything but the image that a row depends on."""
    return _canonical({"format": _FORMAT, "backend": backend, "spec": spec.model_dump()})


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _entry(shards: Sequence[IndexedShard]) -> CacheEntry:
    """Sums up shards of one key."""
    key = shards[0].key
    return CacheEntry(
        extractor=key["spec"]["extractor"],
        layer=key["spec"]["layer"],
        resize=key["spec"]["resize"],
        backend=key["backend"],
        rows=sum(shard.rows for shard in shards),
        bytes=sum(shard.size for shard in shards),
        last_used=datetime.fromtimestamp(max(shard.used for shard in shards), UTC),
    )
