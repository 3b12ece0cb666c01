from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from ganeval.commands.cache import byte_count, cache, gc
from ganeval.errors import ExitCode, InputError
from ganeval.features.cache import FeatureCache
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec
from ganeval.saliency.map_cache import CachedMap, MapCache

EXTRACTORS = ("inception-2015", "efficientnet-lite0")


@pytest.fixture
def store() -> FeatureCache:
    """A cache with 10 rows of one extractor and 4 of another."""
    store = FeatureCache.open()
    for extractor, n in zip(EXTRACTORS, (10, 4), strict=True):
        spec = FeatureSpec(
            extractor=extractor,
            layer="2048",
            dimension=16,
            weights_sha256=None,
            resize="clean",
            size=299,
            normalisation="n",
            decode="correct",
        )
        digests = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(n)]
        store.store(spec, digests, np.ones((n, 16), np.float32), "openvino")
    return store


def run(*args: str) -> Result:
    return CliRunner().invoke(cache, args)


def rows() -> dict[str, int]:
    return {entry.extractor: entry.rows for entry in FeatureCache.open().info()}


def shard_files() -> list[Path]:
    return list((cache_folder() / "features").glob("*.safetensors"))


def test_info_shows_what_is_there_and_where(store: FeatureCache) -> None:
    result = run("info")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    (line,) = [line for line in lines if line.startswith("inception-2015")]
    assert line.split()[:5] == ["inception-2015", "2048", "clean", "openvino", "10"]
    assert lines[-1].startswith("14 rows, ")
    assert lines[-1].endswith(str(store.folder))


def test_info_as_json(store: FeatureCache) -> None:
    document = json.loads(run("info", "--json").stdout)
    size = sum(path.stat().st_size for path in shard_files())
    assert (document["folder"], document["rows"], document["bytes"]) == (
        str(store.folder),
        14,
        size,
    )
    assert {entry["extractor"]: entry["rows"] for entry in document["entries"]} == rows()


def test_an_empty_cache_is_no_error() -> None:
    assert run("info").stdout.startswith("0 rows, 0 bytes in ")
    assert json.loads(run("info", "--json").stdout)["entries"] == []
    assert run("clear", "--yes").stdout == "removed 0 rows, 0 bytes\n"


def test_verify_drops_what_is_broken(store: FeatureCache) -> None:
    assert run("verify").stdout == f"0 broken shards in {store.folder}\n"
    broken = shard_files()[0]
    os.truncate(broken, 100)
    result = run("verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == f"dropped {broken}"
    assert result.stdout.splitlines()[1].startswith("1 broken shards")
    assert len(rows()) == 1


def test_gc_removes_until_the_rest_fits(store: FeatureCache) -> None:
    size = sum(path.stat().st_size for path in shard_files())
    for cap, kept in ((size, 2), (size - 1, 1), (0, 0)):
        assert run("gc", "--max-size", str(cap)).exit_code == 0
        assert len(shard_files()) == kept


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1000", 1000),
        ("12b", 12),
        ("1.5KB", 1500),
        ("3m", 3_000_000),
        ("10.0 GB", 10_000_000_000),
        ("2TB", 2_000_000_000_000),
        ("2GiB", 2_147_483_648),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert byte_count(click.Context(gc), gc.params[0], text) == size


@pytest.mark.parametrize("size", ["much", "-1GB", "1XB", "", "1.GB"])
def test_gc_refuses_what_is_no_size(size: str) -> None:
    result = run("gc", "--max-size", size)
    assert result.exit_code == ExitCode.USAGE
    assert "500MB" in result.stderr


def test_gc_keeps_everything_below_the_default(store: FeatureCache) -> None:
    assert run("gc").stdout == "removed 0 rows, 0 bytes\n"


def test_clear_removes_all_or_one_extractor(store: FeatureCache) -> None:
    assert run("clear", "--extractor", EXTRACTORS[0], "--yes").stdout.startswith("removed 10 rows")
    assert rows() == {EXTRACTORS[1]: 4}
    assert run("clear", "--yes").stdout.startswith("removed 4 rows")
    assert rows() == {}


def test_clear_of_an_extractor_that_is_not_there_names_those_that_are(store: FeatureCache) -> None:
    result = run("clear", "--extractor", "inception-2016", "--yes")
    assert isinstance(result.exception, InputError)
    assert "inception-2015" in result.exception.message
    assert sum(rows().values()) == 14


def test_clear_without_anybody_to_ask_needs_yes(store: FeatureCache) -> None:
    result = run("clear")
    assert isinstance(result.exception, InputError)
    assert "--yes" in str(result.exception.hint)
    assert sum(rows().values()) == 14


@pytest.mark.parametrize(("answer", "left"), [("n", 14), ("y", 0)])
def test_clear_asks_on_a_terminal(store: FeatureCache, answer: str, left: int) -> None:
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    master, slave = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-c", "from ganeval.commands.cache import cache; cache()", "clear"],
        stdin=slave,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.write(master, f"{answer}\n".encode())
    out, _ = done.communicate(timeout=60)
    os.close(slave)
    os.close(master)
    assert "Remove 14 rows from" in out
    assert done.returncode == 0
    assert sum(rows().values()) == left


def test_saliency_maps_are_listed_and_removed_with_the_rest(store: FeatureCache) -> None:
    maps = MapCache()
    for target in range(3):
        values = np.full((4, 4), target, np.float32)
        maps.keep({"target": target}, CachedMap(values, None))
    count, size = maps.size()
    assert "3 saliency maps" in run("info").stdout
    document = json.loads(run("info", "--json").stdout)
    assert document["maps"] == {"folder": str(maps.folder), "maps": count, "bytes": size}
    kept = document["bytes"] + size
    assert "saliency" not in run("gc", "--max-size", f"{kept}B").stdout
    assert "removed 1 saliency maps" in run("gc", "--max-size", f"{kept - 1}B").stdout
    assert rows() == {"inception-2015": 10, "efficientnet-lite0": 4}
    assert "saliency" not in run("clear", "--extractor", "inception-2015", "--yes").stdout
    assert "removed 2 saliency maps" in run("clear", "--yes").stdout
    assert maps.size() == (0, 0)
