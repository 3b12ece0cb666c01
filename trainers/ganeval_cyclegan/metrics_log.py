"""``metrics.jsonl``: everything that was measured, one JSON object per line, only ever appended to.

Two runs of equal seed and configuration write equal lines, but for the fields in `CLOCK_FIELDS`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ganeval.errors import GanevalError

VERSION = 1
CLOCK_FIELDS: Final = ("elapsed_s", "s_per_update", "peak_mem_mb")
"""What depends on the machine; in every line they stand last."""


class MetricsLog:
    """Appends lines; each is in the file before the call returns.

    Args:
        path: The file, made on the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, line: Mapping[str, Any]) -> None:
        """Writes one object; numbers that are not finite become null.

        Raises:
            GanevalError: It cannot be written.
        """
        text = json.dumps(_plain({"v": VERSION, **line}), allow_nan=False, separators=(",", ":"))
        try:
            with self.path.open("ab") as stream:
                stream.write(f"{text}\n".encode())
        except OSError as error:
            raise GanevalError(
                f"{self.path}: cannot be written: {error.strerror or error}",
                hint="Free space, then run the same command again: it goes on from the last "
                "checkpoint.",
            ) from error

    def offset(self) -> int:
        """Returns the length in bytes, after making sure that all of it is on the disk."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
            return os.fstat(stream.fileno()).st_size

    def cut(self, offset: int) -> int:
        """Moves what lies behind an offset to ``metrics.discarded.jsonl``; returns its lines.

        It belongs to updates that a resumed run does again.
        """
        if not self.path.exists():
            return 0
        with self.path.open("rb+") as stream:
            stream.seek(offset)
            tail = stream.read()
            if not tail:
                return 0
            with self.path.with_name("metrics.discarded.jsonl").open("ab") as discarded:
                discarded.write(tail if tail.endswith(b"\n") else tail + b"\n")
                discarded.flush()
                os.fsync(discarded.fileno())
            stream.truncate(offset)
        return tail.count(b"\n") + (not tail.endswith(b"\n"))


def read_metrics(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the objects of a metrics file; a last line that was cut off is left out."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n"):
                yield json.loads(line)


def without_clock(line: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what of a line depends on seed and configuration alone."""
    return {key: value for key, value in line.items() if key not in CLOCK_FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
