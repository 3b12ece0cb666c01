from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganeval.images.digests import DigestHints, file_sha256

HOUR_NS = 3_600_000_000_000
WRONG = "0" * 64  # what only a hint can say


def old_file(path: Path, content: bytes = b"pixels") -> Path:
    path.write_bytes(content)
    then = time.time_ns() - HOUR_NS
    os.utime(path, ns=(then, then))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_the_digest_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    assert file_sha256(old_file(tmp_path / "a", content)) == hashlib.sha256(content).hexdigest()


def test_a_remembered_digest_saves_reading_the_file(tmp_path: Path, store: Path) -> None:
    path = old_file(tmp_path / "a")
    DigestHints(store).put_many({path: WRONG})
    assert file_sha256(path, DigestHints(store)) == WRONG


def test_a_computed_digest_is_remembered(tmp_path: Path, store: Path) -> None:
    path = old_file(tmp_path / "a")
    digest = file_sha256(path, DigestHints(store))
    assert DigestHints(store).get_many([path]) == {path: digest}


def test_many_files_at_once(tmp_path: Path, store: Path) -> None:
    digests = {old_file(tmp_path / f"{i}"): f"{i:064x}" for i in range(1200)}
    DigestHints(store).put_many(digests)
    unknown = old_file(tmp_path / "unknown")
    assert DigestHints(store).get_many([*digests, unknown, tmp_path / "absent"]) == digests


def test_relative_and_absolute_paths_are_one(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_file(tmp_path / "a")
    DigestHints(store).put_many({path: WRONG})
    monkeypatch.chdir(tmp_path)
    assert DigestHints(store).get_many([Path("a")]) == {Path("a"): WRONG}


def change_size(path: Path) -> None:
    stat = path.stat()
    path.write_bytes(b"more pixels")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def change_time(path: Path) -> None:
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))


def change_inode(path: Path) -> None:
    stat = path.stat()
    copy = path.with_name("copy")
    copy.write_bytes(b"PIXELS")
    os.utime(copy, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    copy.replace(path)


@pytest.mark.parametrize("change", [change_size, change_time, change_inode])
def test_any_difference_in_state_makes_a_file_unknown(
    tmp_path: Path, store: Path, change: Callable[[Path], None]
) -> None:
    path = old_file(tmp_path / "a")
    DigestHints(store).put_many({path: WRONG})
    change(path)
    assert DigestHints(store).get_many([path]) == {}


@pytest.mark.parametrize("age_s", [-3600.0, 0.0, 1.5])
def test_a_file_modified_within_two_seconds_is_not_trusted(
    tmp_path: Path, store: Path, age_s: float
) -> None:
    path = old_file(tmp_path / "a")
    hints = DigestHints(store)
    then = time.time_ns() - round(age_s * 1e9)
    os.utime(path, ns=(then, then))
    hints.put_many({path: WRONG})
    assert DigestHints(store).get_many([path]) == {}


def test_a_file_that_changes_between_hashing_and_remembering_is_not_remembered(
    tmp_path: Path, store: Path
) -> None:
    path = old_file(tmp_path / "a")
    hints = DigestHints(store)
    hints.get_many([path])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    change_inode(path)  # with an old time stamp, as `mv` and `rsync -t` leave it
    hints.put_many({path: digest})
    assert DigestHints(store).get_many([path]) == {}


def test_names_that_are_not_text_work(tmp_path: Path, store: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    try:
        path = old_file(tmp_path / name)
    except OSError:
        pytest.skip("this file system wants names to be UTF-8")
    DigestHints(store).put_many({path: WRONG})
    assert DigestHints(store).get_many([path]) == {path: WRONG}


def test_an_unwritable_store_knows_nothing_and_raises_nothing(tmp_path: Path) -> None:
    path = old_file(tmp_path / "a")
    hints = DigestHints(old_file(tmp_path / "no-folder") / "store")
    hints.put_many({path: WRONG})
    assert hints.get_many([path]) == {}
    assert file_sha256(path, hints) == hashlib.sha256(b"pixels").hexdigest()


def test_a_locked_store_knows_nothing_and_raises_nothing(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganeval.database._BUSY_SECONDS", 0.01)
    first, second = old_file(tmp_path / "a"), old_file(tmp_path / "b")
    DigestHints(store).put_many({first: WRONG})
    other = sqlite3.connect(store / "digests.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    DigestHints(store).put_many({second: WRONG})
    other.close()
    assert DigestHints(store).get_many([first, second]) == {first: WRONG}


@pytest.mark.parametrize("keep", [0, 50, 5000])
def test_a_corrupt_store_is_forgotten_and_works_again(
    tmp_path: Path, store: Path, keep: int
) -> None:
    path = old_file(tmp_path / "a")
    DigestHints(store).put_many({path: WRONG})
    database = store / "digests.sqlite"
    database.write_bytes(database.read_bytes()[:keep] + b"\x81 no database " * 300)
    assert DigestHints(store).get_many([path]) == {}
    DigestHints(store).put_many({path: WRONG})
    assert DigestHints(store).get_many([path]) == {path: WRONG}
