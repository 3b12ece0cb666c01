"""Storing in the feature cache: what is kept, what is refused, and where it cannot be done."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ganeval.features.cache import CacheUnavailable, FeatureCache

from .conftest import SPEC, D, digests_of, fill, found, rows_of, shard_files


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
