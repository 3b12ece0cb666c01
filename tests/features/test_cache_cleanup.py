"""Cleaning up the feature cache: broken shards, the cap on its size, and leftovers."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganeval.features.cache import FeatureCache

from .conftest import DAMAGES, SPEC, fill, found, shard_files


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_and_drops_broken_shards(
    cache: FeatureCache, damage: Callable[[Path], None]
) -> None:
    fill(cache, 1)
    (broken,) = shard_files(cache)
    fill(cache, 2)
    assert cache.verify() == []
    damage(broken)
    assert cache.verify() == [broken]
    assert not broken.exists()
    assert cache.verify() == []
    assert found(cache, 1, 2) == [False, True]


def test_gc_removes_the_least_recently_used_first(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(1_000_000, 3600)
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    for number in (1, 2, 3):
        fill(cache, number)
    assert found(cache, 1) == [True]  # used again: now 2 is the oldest
    size = cache.info()[0].bytes // 3
    later = FeatureCache.open(cache.folder)
    assert later.gc(10 * size) == (0, 0)
    removed = later.gc(2 * size)
    assert removed.rows == 1
    assert abs(removed.bytes - size) <= 1  # the three shards differ in nothing but digits
    assert found(later, 1, 2, 3) == [True, False, True]
    assert later.gc(0).rows == 2
    assert shard_files(cache) == []


def test_storing_keeps_to_the_cap_but_never_deletes_what_this_run_wrote(
    cache: FeatureCache,
) -> None:
    fill(cache, *range(100))
    size = cache.info()[0].bytes
    run = FeatureCache(cache.folder, max_bytes=size + size // 2)
    fill(run, *range(100, 200))
    assert found(run, 0, 99, 100, 199) == [False, False, True, True]
    fill(run, *range(200, 300))
    assert found(run, *range(100, 300)) == [True] * 200


def test_clear_removes_everything_or_one_extractor(cache: FeatureCache) -> None:
    other = SPEC.model_copy(update={"extractor": "efficientnet-lite0"})
    fill(cache, 1, 2)
    fill(cache, 1, spec=other)
    size = {entry.extractor: entry.bytes for entry in cache.info()}
    assert cache.clear("inception-2015") == (2, size["inception-2015"])
    assert found(cache, 1, 2) == [False, False]
    assert found(cache, 1, spec=other) == [True]
    assert cache.clear() == (1, size["efficientnet-lite0"])
    assert (cache.info(), shard_files(cache)) == ([], [])


@pytest.mark.parametrize("cleaner", ["gc", "clear"])
def test_old_leftovers_of_killed_runs_are_cleaned_up_and_fresh_ones_left(
    cache: FeatureCache, cleaner: str
) -> None:
    fill(cache, 1)
    (shard,) = shard_files(cache)
    content = shard.read_bytes()
    young: list[Path] = []
    old: list[Path] = []
    for name in (".{}.safetensors.part-99", "{}.safetensors"):
        for digit, age_s, group in (("1", 0, young), ("2", 7200, old)):
            path = cache.folder / name.format(digit * 64)
            path.write_bytes(content)
            os.utime(path, (time.time() - age_s,) * 2)
            group.append(path)
    cache.gc(10**9) if cleaner == "gc" else cache.clear("another extractor")
    assert all(path.exists() for path in young)
    assert not any(path.exists() for path in old)
    assert found(cache, 1) == [True]
