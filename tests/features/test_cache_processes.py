"""Several processes on one cache: writing at once, and killed while they write.

The writers are this very file, run as a program.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganeval.features.cache import FeatureCache
from ganeval.records import FeatureSpec

SPEC = FeatureSpec(
    extractor="x",
    layer="1",
    dimension=64,
    weights_sha256=None,
    resize="r",
    size=9,
    normalisation="n",
    decode="correct",
)


def digest_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def row_of(number: int) -> NDArray[np.float32]:
    """Depends on the number alone, so that every process can tell whether a row is right."""
    return np.random.default_rng(number).standard_normal(64).astype(np.float32)


def write(folder: Path, start: int, stop: int, step: int) -> None:
    """Waits for a line on stdin, then stores the rows start..stop-1, step at a time."""
    print("ready", flush=True)
    sys.stdin.readline()
    cache = FeatureCache.open(folder)
    for first in range(start, stop, step):
        numbers = range(first, first + step)
        rows = np.array([row_of(number) for number in numbers])
        cache.store(SPEC, [digest_of(number) for number in numbers], rows, "b")


def start_writer(folder: Path, start: int, stop: int, step: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, __file__, str(folder), str(start), str(stop), str(step)]
    writer = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def go(writer: subprocess.Popen[str]) -> None:
    assert writer.stdin is not None
    writer.stdin.write("go\n")
    writer.stdin.flush()


def hits(folder: Path, numbers: range) -> NDArray[np.bool_]:
    """Which rows are there; every one that is must be right."""
    found, rows = FeatureCache.open(folder).lookup(SPEC, [digest_of(n) for n in numbers], "b")
    expected = np.array([row_of(n) for n in numbers])
    np.testing.assert_array_equal(rows[found], expected[found])
    return found


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    # Three make the cache at the same moment; each overlaps the next by half of its rows.
    writers = [start_writer(tmp_path / "f", start, start + 300, 10) for start in (0, 150, 300)]
    for writer in writers:
        go(writer)
    for writer in writers:
        _, stderr = writer.communicate(timeout=60)
        assert writer.returncode == 0, stderr
    assert hits(tmp_path / "f", range(600)).all()
    assert FeatureCache.open(tmp_path / "f").info()[0].rows == 600
    assert list((tmp_path / "f").glob(".*")) == []


def test_a_killed_writer_leaves_a_valid_cache(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    FeatureCache.open(folder)
    chance = random.Random(0)
    done = 0
    for _ in range(3):
        # Far more than it gets done before it is killed; rows already there are passed over.
        writer = start_writer(folder, 0, 1_000_000, 50)
        go(writer)
        shards = len(list(folder.glob("*.safetensors")))
        limit = time.monotonic() + 30
        while len(list(folder.glob("*.safetensors"))) < shards + 2 and time.monotonic() < limit:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.02))
        writer.kill()
        writer.communicate()
        found = hits(folder, range(done + 20_000))
        before, done = done, int(found.sum())
        assert done > before
        assert found[:done].all()  # stored in order, so nothing committed was lost
        assert FeatureCache.open(folder).verify() == []


if __name__ == "__main__":
    write(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:]))
