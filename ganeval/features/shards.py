"""Shards: files of feature rows that never change, each named by the sha256 of its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from ganeval.records import atomic_write

_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Shard:
    """What one shard holds: rows of one key, in the order of ``digests``."""

    name: str  # sha256 of the file
    key: str  # canonical JSON of everything that fixes the features, the image apart
    digests: tuple[str, ...]
    size: int  # bytes


def shard_path(folder: Path, name: str) -> Path:
    """Returns where the shard called ``name`` lies."""
    return folder / f"{name}{_SUFFIX}"


def shard_files(folder: Path) -> list[Path]:
    """Returns all finished shard files of a folder."""
    return list(folder.glob(f"*{_SUFFIX}"))


def part_files(folder: Path) -> list[Path]:
    """Returns shard files that are being written, or whose writer died."""
    return list(folder.glob(f".*{_SUFFIX}.part-*"))


def write_shard(folder: Path, key: str, digests: Sequence[str], rows: NDArray[np.float32]) -> Shard:
    """Writes float32 rows ``[n, d]`` of ``n`` image digests as one shard, all or nothing.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    data = save({"rows": np.ascontiguousarray(rows)}, {"key": key, "digests": " ".join(digests)})
    name = hashlib.sha256(data).hexdigest()
    with atomic_write(shard_path(folder, name)) as stream:
        stream.write(data)
    return Shard(name, key, tuple(digests), len(data))


def read_shard(folder: Path, name: str) -> tuple[Shard, NDArray[np.float32]] | None:
    """Returns a shard and its rows ``[n, d]``; none if it is gone or not what its name says."""
    try:
        data = shard_path(folder, name).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != name:
        return None
    # safetensors: 8 bytes with the length of a JSON header, the header, the arrays.
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return _shard(name, header["__metadata__"], len(data)), load(data)["rows"]


def describe_shard(path: Path) -> Shard | None:
    """Reads what a shard file says of itself, not its rows; none if it is no whole shard."""
    try:
        with safe_open(path, framework="numpy") as stream:
            about = stream.metadata() or {}
        size = path.stat().st_size
    except (SafetensorError, OSError):
        return None
    if not {"key", "digests"} <= about.keys():
        return None
    return _shard(path.stem, about, size)


def _shard(name: str, about: dict[str, str], size: int) -> Shard:
    return Shard(name, about["key"], tuple(about["digests"].split()), size)
