"""Lists of kept images: what they leave out, what they say, and that every command takes them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ganeval.audit.settings import AuditSettings
from ganeval.errors import InputError
from ganeval.images import open_image_set

from .conftest import QUICK, Make, picture, record_of


@pytest.fixture
def folder(make: Make) -> Path:
    """Twelve pictures, a copy, a near copy and a broken file."""
    folder = make("a", range(12))
    shutil.copy(folder / "001.png", folder / "001-copy.png")
    picture(2).save(folder / "002-near.jpg", quality=80)
    (folder / "broken.png").write_bytes(b"\x89PNG")
    return folder


def written(folder: Path, *drop: str, **changes: object) -> tuple[list[str], list[str]]:
    """Comments and names of the list that an audit of one folder writes beside it."""
    path = folder.parent / "kept.txt"
    settings = replace(QUICK, write_list=path, drop=drop, **changes)  # type: ignore[arg-type]
    record_of(folder, settings=settings)
    lines = path.read_text("utf-8").splitlines()
    names = [line.removeprefix("a/") for line in lines if not line.startswith("#")]
    return [line for line in lines if line.startswith("#")], names


PLAIN = [f"{seed:03d}.png" for seed in range(12)]


def test_exact_copies_and_broken_files_are_left_out_by_default(folder: Path) -> None:
    comments, names = written(folder, *AuditSettings().drop)
    # Of equal files the first name stays: 001-copy.png is before 001.png.
    assert names == sorted({*PLAIN, "001-copy.png", "002-near.jpg"} - {"001.png"})
    assert comments[1] == ("# Left out: 1 unreadable (cannot be read).")
    assert "1 duplicates" in comments[2]
    images = open_image_set(folder.parent / "kept.txt")
    assert len(images) == 13
    assert images.unreadable == {}


def test_near_copies_go_by_request(folder: Path) -> None:
    _, names = written(folder, "near", "unreadable")
    assert {"001-copy.png", "001.png"} <= set(names)
    assert ("002-near.jpg" in names) != ("002.png" in names)


def test_nothing_is_left_out_that_was_not_asked_for(folder: Path) -> None:
    comments, names = written(folder)
    assert len(names) == 15
    assert len(comments) == 1


def test_leaving_out_outliers_is_said_to_change_the_measure(make: Make) -> None:
    comments, names = written(make("a", range(30)), "outliers", outlier_z=1.0)
    assert len(names) < 30
    assert any("Choosing images changes what is measured" in line for line in comments)


def test_a_leak_is_taken_out_of_the_later_set(make: Make, tmp_path: Path) -> None:
    a, b = make("a", range(9)), make("b", range(20, 29))
    shutil.copy(a / "004.png", b / "leaked.png")
    settings = replace(QUICK, write_list=tmp_path / "kept-{set}.txt", drop=("leak",))
    record = record_of(a, b, settings=settings)
    assert [(one.set, one.kept, one.dropped) for one in record.lists] == [
        ("a", 9, {}),
        ("b", 9, {"leak": 1}),
    ]
    kept = open_image_set(tmp_path / "kept-b.txt")
    assert "leaked.png" not in [Path(key).name for key in kept.keys]


def test_several_sets_go_into_a_folder(make: Make, tmp_path: Path) -> None:
    settings = replace(QUICK, write_list=tmp_path / "lists")
    record = record_of(make("x/a", range(3)), make("y/a", range(20, 23)), settings=settings)
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == ["x-a.txt", "y-a.txt"]
    assert len(record.lists) == 2
    # The images are not below the list's folder, so it names them in full.
    names = (tmp_path / "lists" / "x-a.txt").read_text().splitlines()[1:]
    assert all(Path(name).is_absolute() for name in names)


def test_odd_names_come_back(make: Make, tmp_path: Path) -> None:
    folder = make("a", range(0))
    odd = ["# no comment.png", " leading blank.png", "ünï.png"]
    for number, name in enumerate(odd):
        picture(number).save(folder / name)
    settings = replace(QUICK, write_list=folder / "kept.txt")
    record_of(folder, settings=settings)
    assert sorted(open_image_set(folder / "kept.txt").keys) == sorted(odd)


@pytest.mark.parametrize(
    ("target", "words"),
    [("kept.csv", "must end in .txt"), ("kept.txt", "2 sets need a list each")],
)
def test_names_that_cannot_hold_the_lists(
    make: Make, tmp_path: Path, target: str, words: str
) -> None:
    folders = [make("a", range(3)), make("b", range(20, 23))]
    if target.endswith("csv"):
        folders.pop()
    settings = replace(QUICK, write_list=tmp_path / target)
    with pytest.raises(InputError, match=words):
        record_of(*folders, settings=settings)


def test_a_place_that_cannot_hold_the_list_is_refused_before_decoding(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganeval.images.files import FileSource

    def refuse(*_: object) -> None:
        pytest.fail("an image was decoded")

    monkeypatch.setattr(FileSource, "decode", refuse)
    (tmp_path / "file").write_text("in the way")
    settings = replace(QUICK, write_list=tmp_path / "file" / "kept.txt")
    with pytest.raises(InputError, match="no folder that can be written to"):
        record_of(make("a", range(2)), settings=settings)


def test_archives_have_no_files_to_list(make: Make, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "z"), "zip", make("a", range(3)))
    settings = replace(QUICK, write_list=tmp_path / "kept.txt")
    with pytest.raises(InputError, match=r"z\.zip is a zip, and a list can only name files"):
        record_of(tmp_path / "z.zip", settings=settings)


def test_a_list_of_nothing_is_not_written(make: Make, tmp_path: Path) -> None:
    folder = make("a", range(0))
    (folder / "broken.png").write_bytes(b"\x89PNG")
    settings = replace(QUICK, write_list=tmp_path / "kept.txt")
    with pytest.raises(InputError, match=r"nothing of .* would be left"):
        record_of(folder, settings=settings)
    assert not (tmp_path / "kept.txt").exists()
