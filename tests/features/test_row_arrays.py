"""Rows beyond the memory budget: in a file, with the same numbers, and gone afterwards."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganeval.errors import GanevalError
from ganeval.features import row_arrays
from ganeval.features.cache import FeatureCache
from ganeval.features.devices import Engine
from ganeval.features.extraction import extract
from ganeval.features.plan import Plan
from ganeval.features.random_projection import RandomProjection
from ganeval.features.row_arrays import new_rows, reordered, scratch_folder
from ganeval.images import OnError, open_image_set

from .conftest import make_pictures


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def plan(memory: int, cache: FeatureCache | None = None, *, skip: bool = False) -> Plan:
    return Plan(
        extractor=RandomProjection(),
        layers=["64"],
        resize="area",
        engine=Engine("torch", "cpu"),
        cache=cache,
        memory=memory,
        on_error=OnError(skip=skip),
    )


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize("cached", [False, True])
def test_rows_in_a_file_are_those_in_memory(
    tmp_path: Path, cache: FeatureCache, cached: bool
) -> None:
    images = open_image_set(make_pictures(tmp_path / "set", 300))
    size = 300 * 64 * 4
    held = extract(images, plan(size, cache)).features["64"].values
    mapped = extract(images, plan(size - 1, cache if cached else None)).features["64"].values
    assert not isinstance(held, np.memmap)
    assert isinstance(mapped, np.memmap)
    assert mapped.dtype == np.float32
    np.testing.assert_array_equal(held, mapped)


@pytest.mark.usefixtures("scratch")
def test_rows_without_skipped_images_stay_in_a_file(tmp_path: Path) -> None:
    folder = make_pictures(tmp_path / "set", 40)
    (folder / "7.png").write_bytes(b"no picture")
    images = open_image_set(folder)
    held = extract(images, plan(1 << 20, skip=True)).features["64"]
    mapped = extract(images, plan(0, skip=True)).features["64"]
    assert isinstance(mapped.values, np.memmap)
    assert len(mapped.values) == 39
    np.testing.assert_array_equal(held.values, mapped.values)


@pytest.mark.parametrize("memory", [0, 1 << 20])
@pytest.mark.usefixtures("scratch")
def test_reordered_rows_stay_where_they_are(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_arrays, "_BLOCK_BYTES", 5 * 3 * 4)
    rng = np.random.default_rng(0)
    rows = new_rows(33, 3, memory)
    rows[:] = rng.standard_normal((33, 3))
    for order in (rng.permutation(33).tolist(), [5, 5, 1], []):
        again = reordered(rows, order)
        np.testing.assert_array_equal(again, np.asarray(rows)[np.asarray(order, np.intp)])
        # Nothing cannot be mapped.
        assert isinstance(again, np.memmap) == (memory == 0 and len(order) > 0)
        assert not np.shares_memory(again, rows)


def open_files(folder: Path) -> list[str]:
    """Files of this process below a folder, those without a name among them."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in maps if str(folder) in line]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_the_file_goes_with_the_last_view_of_the_array(scratch: Path) -> None:
    rows = new_rows(1000, 8, 0)
    rows[:] = 1
    assert len(open_files(scratch)) == 1
    view = rows[10:20]
    del rows
    gc.collect()
    assert len(open_files(scratch)) == 1
    assert view.sum() == 80
    del view
    gc.collect()
    assert open_files(scratch) == []
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes the file on closing")
def test_the_file_has_no_name_that_a_killed_process_could_leave(scratch: Path) -> None:
    rows = new_rows(1000, 8, 0)
    assert rows.sum() == 0
    assert list(scratch.iterdir()) == []


def test_a_full_disk_names_the_folder_and_what_to_do(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(GanevalError, match="No space left") as caught:
        new_rows(1000, 8, 0)
    assert str(scratch) in caught.value.message
    assert "--memory" in str(caught.value.hint)
    assert "TMPDIR" in str(caught.value.hint)


def test_more_than_the_disk_holds_is_refused_before_work_begins(scratch: Path) -> None:
    with pytest.raises(GanevalError, match="cannot be kept there") as caught:
        new_rows(1 << 50, 8, 0)
    assert str(scratch) in caught.value.message
    assert list(scratch.iterdir()) == []


def test_a_folder_that_is_gone_is_named(scratch: Path) -> None:
    assert tempfile.gettempdir() == str(scratch)
    scratch.rmdir()
    with pytest.raises(GanevalError, match="No such file") as caught:
        new_rows(1000, 8, 0)
    assert str(scratch) in caught.value.message


def test_space_is_taken_where_the_system_cannot_reserve_it(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    monkeypatch.setattr(row_arrays, "_BLOCK_BYTES", 100)
    with tempfile.TemporaryFile(dir=scratch) as stream:
        row_arrays._reserve(stream, 1050)
        assert os.fstat(stream.fileno()).st_size == 1050


@pytest.fixture
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of a user who named none."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes one folder appear to take memory."""

    def pretend(folder: Path) -> None:
        monkeypatch.setattr(row_arrays, "_in_memory", lambda other: other == folder)

    return pretend


def test_a_temporary_folder_in_memory_is_avoided_unless_named(
    usual: Path, in_memory: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scratch_folder() == usual
    in_memory(usual)
    assert scratch_folder() != usual
    monkeypatch.setenv("TMPDIR", str(usual))
    assert scratch_folder() == usual


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs /dev/shm")
def test_file_systems_in_memory_are_told(tmp_path: Path) -> None:
    assert row_arrays._in_memory(Path("/dev/shm"))
    assert row_arrays._in_memory(Path("/dev/shm/not/there"))
    command = ["stat", "--file-system", "--format=%T", str(tmp_path)]
    kind = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert row_arrays._in_memory(tmp_path) == (kind in ("tmpfs", "ramfs"))
