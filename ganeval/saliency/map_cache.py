"""Maps of single images, kept under everything that fixes their bits.

One file a map: ``maps`` in the cache folder. A file that is torn or not what its name says is taken
for missing; a folder that cannot be written costs time, never a result.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ganeval.paths import cache_folder

DEFAULT_MAX_BYTES: Final = 4_000_000_000

_FORMAT: Final = 1  # raise it when maps of this version must not be read by others
_SUFFIX: Final = ".safetensors"
_ABANDONED_SECONDS: Final = 3600.0
_USED_SECONDS: Final = 60.0  # the time of last use is written at most this often


class MapsRemoved(NamedTuple):
    """What left the cache."""

    maps: int
    bytes: int


@dataclass(frozen=True)
class CachedMap:
    """One map as it was made.

    Args:
        values: float32 ``[S, S]``.
        flag: Why it may not be measured; None: it may.
        numbers: What was found on the way, such as the target's logit.
        params: Parameters used.
    """

    values: npt.NDArray[np.float32]
    flag: str | None
    numbers: dict[str, float] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


class MapCache:
    """A folder of maps.

    Args:
        folder: Where they lie; made when there is something to keep.
        max_bytes: Size above which `trim` removes what was not used for longest.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = cache_folder() / "maps" if folder is None else folder
        self.max_bytes = max_bytes
        self.trouble: str | None = None
        """Why nothing is kept any more; None: nothing is wrong."""

    def find(self, key: Mapping[str, Any]) -> CachedMap | None:
        """Returns the map of a key, or None.

        Args:
            key: Everything that fixes the map, as JSON takes it.
        """
        text, path = self._place(key)
        try:
            data = path.read_bytes()
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
            values = load(data)["values"]
            found = json.loads(header["map"])
        except (OSError, ValueError, KeyError, SafetensorError):
            return None
        if header.get("key") != text or header.get("sha256") != _digest(values):
            return None
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _USED_SECONDS:
                path.touch()
        return CachedMap(values, found["flag"], found["numbers"], found["params"])

    def has(self, key: Mapping[str, Any]) -> bool:
        """Whether there is a file for a key; it is not read."""
        return self._place(key)[1].is_file()

    def keep(self, key: Mapping[str, Any], one: CachedMap) -> None:
        """Adds a map; where that fails, `trouble` says why and nothing more is tried."""
        if self.trouble is not None:
            return
        text, path = self._place(key)
        about = {"flag": one.flag, "numbers": one.numbers, "params": one.params}
        values = np.ascontiguousarray(one.values)
        metadata = {"key": text, "map": json.dumps(about), "sha256": _digest(values)}
        part = path.with_name(f".{path.name}.part-{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(save({"values": values}, metadata))
            part.replace(path)
        except OSError as error:
            self.trouble = f"{self.folder}: {error.strerror or error}"
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def size(self) -> tuple[int, int]:
        """Returns the number of maps and their bytes."""
        sizes = [size for _, size, _ in self._files()]
        return len(sizes), sum(sizes)

    def trim(self, max_bytes: int | None = None) -> MapsRemoved:
        """Removes what was not used for longest until ``max_bytes`` are left.

        Args:
            max_bytes: Bytes to keep; None: `max_bytes` of the cache.
        """
        files = sorted(self._files())
        excess = sum(size for _, size, _ in files) - (
            self.max_bytes if max_bytes is None else max_bytes
        )
        maps = removed = 0
        for _, size, path in files:
            if excess <= 0:
                break
            with suppress(OSError):
                path.unlink()
                maps, removed, excess = maps + 1, removed + size, excess - size
        self._sweep()
        return MapsRemoved(maps, removed)

    def _place(self, key: Mapping[str, Any]) -> tuple[str, Path]:
        text = json.dumps({"format": _FORMAT, **key}, sort_keys=True)
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return text, self.folder / f"{name}{_SUFFIX}"

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yields time of last use, size and place of every map."""
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with suppress(OSError):
                state = path.stat()
                yield state.st_mtime, state.st_size, path

    def _sweep(self) -> None:
        """Deletes what killed processes left half-written."""
        for path in self.folder.glob(f".*{_SUFFIX}.part-*"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    path.unlink()


def _digest(values: npt.NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
