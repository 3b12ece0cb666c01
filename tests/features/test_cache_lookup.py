"""Look-ups in the feature cache: what hits, what never does, and what is not believed."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ganeval.features.cache import CacheUnavailable, FeatureCache
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec

from .conftest import (
    DAMAGES,
    SPEC,
    D,
    damage_truncate,
    digests_of,
    fill,
    found,
    rows_of,
    shard_files,
)


def test_the_default_place_is_in_the_cache_folder(cache: FeatureCache) -> None:
    assert cache.folder == cache_folder() / "features"


def test_an_empty_cache_knows_nothing(cache: FeatureCache) -> None:
    assert found(cache, 1, 2) == [False, False]
    assert cache.info() == []


def test_stored_rows_come_back_and_others_are_zeros(cache: FeatureCache) -> None:
    fill(cache, 1, 2, 3)
    assert found(cache, 3, 9, 1) == [True, False, True]


def test_another_object_on_the_folder_finds_them(cache: FeatureCache) -> None:
    fill(cache, 1)
    assert found(FeatureCache.open(cache.folder), 1) == [True]


def test_no_images_at_all_is_fine(cache: FeatureCache) -> None:
    fill(cache)
    hits, rows = cache.lookup(SPEC, [], "b")
    assert hits.shape == (0,)
    assert rows.shape == (0, D)


def test_ten_thousand_rows(cache: FeatureCache) -> None:
    numbers = range(10_000)
    digests = digests_of(*numbers)
    rows = np.arange(10_000 * D, dtype=np.float32).reshape(10_000, D)
    cache.store(SPEC, digests, rows, "b")
    order = np.random.default_rng(0).permutation(10_000)
    hits, found_rows = cache.lookup(SPEC, [digests[i] for i in order], "b")
    assert hits.all()
    np.testing.assert_array_equal(found_rows, rows[order])
    assert cache.info()[0].rows == 10_000


def test_rows_are_filled_into_an_array_that_is_handed_in(cache: FeatureCache) -> None:
    fill(cache, 1, 2)
    rows = np.full((3, D), 7, np.float32)
    hits, same = cache.lookup(SPEC, digests_of(2, 9, 1), "b", out=rows)
    assert same is rows
    assert hits.tolist() == [True, False, True]
    np.testing.assert_array_equal(rows[[0, 2]], rows_of(2, 1))
    assert (rows[1] == 7).all()


@pytest.mark.parametrize(
    "out", [np.zeros((2, D), np.float32), np.zeros((1, D), np.float64)], ids=["shape", "type"]
)
def test_an_array_that_rows_do_not_fit_into_is_refused(
    cache: FeatureCache, out: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match="do not fit into"):
        cache.lookup(SPEC, digests_of(1), "b", out=out)


def test_a_look_up_takes_little_memory_beside_the_rows(cache: FeatureCache) -> None:
    spec = SPEC.model_copy(update={"dimension": 1024})
    numbers = range(8 * 256)
    rows = np.zeros((len(numbers), 1024), np.float32)
    cache.store(spec, digests_of(*numbers), rows, "b")
    tracemalloc.start()
    try:
        cache.lookup(spec, digests_of(*numbers), "b", out=rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A shard is 1 MB, held at most three times (bytes, array, rows in order); all rows are 8 MB.
    assert peak < rows.nbytes / 2


@pytest.mark.parametrize("field", sorted(FeatureSpec.model_fields))
def test_a_specification_that_differs_in_one_field_never_hits(
    cache: FeatureCache, field: str
) -> None:
    fill(cache, 1)
    value = getattr(SPEC, field)
    other = {
        "dimension": D + 1,
        "size": 224,
        "decode": "peer",
        "weights_sha256": None,
    }.get(field, f"{value}x")
    assert other != value
    hits, _ = cache.lookup(SPEC.model_copy(update={field: other}), digests_of(1), "b")
    assert not hits.any()


def test_another_backend_never_hits(cache: FeatureCache) -> None:
    fill(cache, 1)
    assert not cache.lookup(SPEC, digests_of(1), "torch")[0].any()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_shard_is_dropped_and_its_rows_are_stored_again(
    cache: FeatureCache, damage: Callable[[Path], None]
) -> None:
    fill(cache, 1, 2)
    (broken,) = shard_files(cache)
    fill(cache, 3)
    damage(broken)
    assert found(cache, 1, 2, 3) == [False, False, True]
    assert cache.info()[0].rows == 1
    fill(cache, 1, 2)
    assert found(cache, 1, 2, 3) == [True, True, True]


def test_a_shard_of_another_name_is_never_believed(cache: FeatureCache) -> None:
    fill(cache, 1)
    fill(cache, 2)
    first, second = shard_files(cache)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert found(cache, 1, 2) == [False, False]


def test_an_index_that_points_to_the_wrong_shard_is_never_believed(cache: FeatureCache) -> None:
    fill(cache, 1)
    fill(cache, 2)
    with sqlite3.connect(cache.folder / "index.sqlite") as index:
        index.execute("UPDATE features SET shard = 3 - shard")
    index.close()
    assert found(cache, 1, 2) == [False, False]
    fill(cache, 1, 2)
    assert found(cache, 1, 2) == [True, True]


def test_an_index_that_mixes_up_specifications_is_never_believed(cache: FeatureCache) -> None:
    fill(cache, 1)
    cache.store(SPEC.model_copy(update={"resize": "clean"}), digests_of(1), rows_of(2), "b")
    with sqlite3.connect(cache.folder / "index.sqlite") as index:
        index.execute("UPDATE features SET shard = 3 - shard")
    index.close()
    assert found(cache, 1) == [False]


@pytest.mark.parametrize("keep", [0, 10, 100, 5000, 20_000])
@pytest.mark.parametrize("tail", [b"", b"\x81 no database " * 1000])
def test_a_damaged_index_is_made_anew_from_the_shards(
    cache: FeatureCache, keep: int, tail: bytes
) -> None:
    fill(cache, *range(600))
    index = cache.folder / "index.sqlite"
    assert index.stat().st_size > 20_000
    index.write_bytes(index.read_bytes()[:keep] + tail)
    again = FeatureCache.open(cache.folder)
    assert found(again, *range(600)) == [True] * 600
    fill(again, 601)
    assert found(again, 1, 601) == [True, True]


def test_a_lost_index_is_made_anew_without_what_is_no_shard(cache: FeatureCache) -> None:
    fill(cache, 1)
    fill(cache, 2)
    damage_truncate(shard_files(cache)[0])
    (cache.folder / "stranger.safetensors").write_bytes(b"something else")
    (cache.folder / "index.sqlite").unlink()
    assert sorted(found(FeatureCache.open(cache.folder), 1, 2)) == [False, True]


def test_a_folder_deleted_while_in_use_is_reported_not_crashed_on(cache: FeatureCache) -> None:
    fill(cache, 1)
    for path in cache.folder.iterdir():
        path.unlink()
    assert found(cache, 1) == [False]
    cache.folder.rename(cache.folder.with_name("elsewhere"))
    with pytest.raises(CacheUnavailable):
        cache.lookup(SPEC, digests_of(1), "b")
