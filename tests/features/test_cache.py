from __future__ import annotations

import errno
import hashlib
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ganeval.features.cache import CacheUnavailable, FeatureCache
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec

D = 8
SPEC = FeatureSpec(
    extractor="inception-2015",
    layer="2048",
    dimension=D,
    weights_sha256="a" * 64,
    resize="pytorch-fid",
    size=299,
    normalisation="(X-127.5)/127.5",
    decode="correct",
    precision="f32",
)


def digests_of(*numbers: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]


def rows_of(*numbers: int, dimension: int = D) -> NDArray[np.float32]:
    """A row depends on its number alone, so that a row given to another image is noticed."""
    rows = [np.random.default_rng(number).standard_normal(dimension) for number in numbers]
    return np.array(rows, dtype=np.float32).reshape(len(numbers), dimension)


def fill(cache: FeatureCache, *numbers: int, spec: FeatureSpec = SPEC, backend: str = "b") -> None:
    cache.store(spec, digests_of(*numbers), rows_of(*numbers, dimension=spec.dimension), backend)


def found(cache: FeatureCache, *numbers: int, spec: FeatureSpec = SPEC) -> list[bool]:
    """Which rows are there; those that are must be the right ones, the others 0."""
    hits, rows = cache.lookup(spec, digests_of(*numbers), "b")
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, rows_of(*numbers) * hits[:, None])
    answer: list[bool] = hits.tolist()
    return answer


def shard_files(cache: FeatureCache) -> list[Path]:
    return sorted(cache.folder.glob("*.safetensors"))


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache.open()


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


def test_repeated_digests_share_a_row(cache: FeatureCache) -> None:
    fill(cache, 5, 6, 5)
    assert cache.info()[0].rows == 2
    assert found(cache, 5, 5, 6, 7, 5) == [True, True, True, False, True]


def test_rows_already_there_are_skipped(cache: FeatureCache) -> None:
    fill(cache, 1, 2)
    cache.store(SPEC, digests_of(1, 3), np.vstack([rows_of(99), rows_of(3)]), "b")
    assert found(cache, 1, 2, 3) == [True, True, True]
    before = shard_files(cache)
    fill(cache, 1, 2, 3)
    assert shard_files(cache) == before


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


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, D), np.float32),
        np.zeros((2, D + 1), np.float32),
        np.zeros((2, D), np.float64),
    ],
    ids=["rows", "dimension", "dtype"],
)
def test_rows_that_do_not_fit_are_refused(cache: FeatureCache, rows: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="cannot go with"):
        cache.store(SPEC, digests_of(1, 2), rows, "b")


def test_info_sums_up_per_specification_and_backend(cache: FeatureCache) -> None:
    before = time.time()
    fill(cache, 1, 2)
    fill(cache, 3)
    fill(cache, 1, backend="torch")
    fill(cache, 1, spec=SPEC.model_copy(update={"layer": "768"}))
    entries = {(entry.layer, entry.backend): entry for entry in cache.info()}
    assert {key: entry.rows for key, entry in entries.items()} == {
        ("2048", "b"): 3,
        ("2048", "torch"): 1,
        ("768", "b"): 1,
    }
    assert sum(entry.bytes for entry in entries.values()) == sum(
        path.stat().st_size for path in shard_files(cache)
    )
    entry = entries["2048", "b"]
    assert (entry.extractor, entry.resize) == ("inception-2015", "pytorch-fid")
    assert before <= entry.last_used.timestamp() <= time.time()


def damage_truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5)


def damage_flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def damage_remove(path: Path) -> None:
    path.unlink()


DAMAGES = [damage_truncate, damage_flip, damage_remove]


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


def test_a_full_disk_is_unavailable_and_leaves_no_file(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache, 1)
    before = sorted(cache.folder.glob("[!i]*"))

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_space)
        with pytest.raises(CacheUnavailable, match="No space left on device"):
            fill(cache, 2)
    assert sorted(cache.folder.glob("[!i]*")) == before
    assert found(cache, 1, 2) == [True, False]


def test_an_index_that_cannot_be_written_leaves_no_shard(
    cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache, 1)
    before = shard_files(cache)
    monkeypatch.setattr("ganeval.database._BUSY_SECONDS", 0.01)
    other = sqlite3.connect(cache.folder / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CacheUnavailable, match="locked"):
        fill(cache, 2)
    other.close()
    assert shard_files(cache) == before
    assert found(cache, 1, 2) == [True, False]


def test_an_unwritable_place_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CacheUnavailable, match="cannot be used") as caught:
        FeatureCache.open(tmp_path / "file" / "features")
    assert str(tmp_path) in caught.value.message
    assert "--no-cache" in str(caught.value.hint)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_unavailable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CacheUnavailable):
        FeatureCache.open(tmp_path)


def test_threads_may_share_one_cache(cache: FeatureCache) -> None:
    def work(start: int) -> None:
        for number in range(start, start + 5):
            fill(cache, number)

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found(cache, *[100 * i + k for i in range(4) for k in range(5)]))
