"""Maps are kept under everything that fixes them, and never handed out damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ganeval.saliency.map_cache import CachedMap, MapCache

KEY = {"image": "a", "method": "gradient"}


def one_map(seed: int = 0) -> CachedMap:
    values = np.random.default_rng(seed).random((8, 8), dtype=np.float32)
    return CachedMap(values, None, {"logit": 1.5, "relative_error": float("nan")}, {"layer": "x"})


def test_what_was_kept_comes_back_bit_for_bit(tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    cache.keep(KEY, one_map())
    found = MapCache(tmp_path).find(KEY)
    assert found is not None
    assert np.array_equal(found.values, one_map().values)
    assert found.numbers["logit"] == 1.5
    assert np.isnan(found.numbers["relative_error"])
    assert (found.flag, found.params) == (None, {"layer": "x"})
    assert cache.has(KEY)


def test_another_key_is_another_map(tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    cache.keep(KEY, one_map())
    assert cache.find({**KEY, "target": 1}) is None
    assert not cache.has({**KEY, "target": 1})


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_counts_as_missing(tmp_path: Path, damage: str) -> None:
    cache = MapCache(tmp_path)
    cache.keep(KEY, one_map())
    (path,) = tmp_path.glob("*.safetensors")
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-20]
    elif damage == "empty":
        data = bytearray()
    else:
        data[-5] ^= 1
    path.write_bytes(data)
    assert cache.find(KEY) is None


def test_a_map_under_a_foreign_name_is_not_taken(tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    cache.keep(KEY, one_map())
    cache.keep({**KEY, "target": 1}, one_map(1))
    first, second = sorted(tmp_path.glob("*.safetensors"))
    second.write_bytes(first.read_bytes())
    assert [cache.find(KEY) is None, cache.find({**KEY, "target": 1}) is None].count(True) == 1


def test_the_least_recently_used_make_room(tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    for target in range(4):
        cache.keep({**KEY, "target": target}, one_map(target))
    count, size = cache.size()
    for age, path in enumerate(sorted(tmp_path.glob("*.safetensors"))):
        os.utime(path, (1000 - age, 1000 - age))
    oldest = sorted(tmp_path.glob("*.safetensors"))[-1]
    removed = cache.trim(size - 1)
    assert (count, removed.maps) == (4, 1)
    assert not oldest.exists()
    assert cache.trim(0).maps == 3
    assert cache.size() == (0, 0)


def test_a_place_that_cannot_be_written_costs_no_result(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = MapCache(blocked / "maps")
    cache.keep(KEY, one_map())
    assert cache.trouble is not None
    assert "maps" in cache.trouble
    assert cache.find(KEY) is None
    assert cache.size() == (0, 0)
