"""The folder of a classifier test: whole or not there, and never over what is not its own."""

from __future__ import annotations

import csv
from pathlib import Path

import click
import pytest
from reports.classification import apply_record

from ganeval.commands.classify_files import (
    SCORES,
    TEST,
    image_table,
    require_free,
    score_table,
    staged,
)
from ganeval.errors import GanevalError


def fill(stage: Path, text: str) -> None:
    (stage / "pictures").mkdir()
    (stage / "pictures" / "map.png").write_text(text)
    for name in ("classify.csv", "classify.json"):
        (stage / name).write_text(text)


def left(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


FILLED = {"pictures/map.png": "1", "classify.csv": "1", "classify.json": "1"}


@pytest.mark.parametrize("there", [False, True])
def test_the_folder_gets_everything_at_the_end(tmp_path: Path, there: bool) -> None:
    out = tmp_path / "out"
    if there:
        out.mkdir()
    with staged(out, TEST) as stage:
        fill(stage, "1")
        assert not out.exists() or left(stage) == FILLED
        assert not (out / "classify.json").exists()
    assert left(out) == FILLED
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [GanevalError("no"), KeyboardInterrupt(), ValueError("bug")])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "out"
    with staged(out, TEST) as stage:
        fill(stage, "1")
    for folder in (out, tmp_path / "new"):
        with pytest.raises(type(error)), staged(folder, TEST) as stage:  # noqa: PT012
            fill(stage, "2")
            raise error
    assert left(out) == FILLED
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(list(out.iterdir())) == 3


def test_a_new_run_replaces_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged(out, TEST) as stage:
        fill(stage, "1")
        (stage / "model").mkdir()
    (out / "classify_images").mkdir()
    (out / "classify_images" / "old.png").write_text("old")
    (out / "notes.txt").write_text("mine")
    with staged(out, TEST) as stage:
        fill(stage, "2")
    assert left(out) == dict.fromkeys(FILLED, "2") | {"notes.txt": "mine"}
    assert not (out / "model").exists()


def test_scores_leave_the_test_beside_them_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged(out, TEST) as stage:
        fill(stage, "1")
    with staged(out, SCORES) as stage:
        (stage / "scores.json").write_text("scores")
    assert left(out) == FILLED | {"scores.json": "scores"}


def test_a_file_in_the_way_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(GanevalError, match=r"--out .*cannot be written"),
        staged(tmp_path / "file" / "out", TEST),
    ):
        pass


class TestRequireFree:
    def test_an_empty_or_missing_folder_is_free(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / ".DS_Store").write_text("")
        for name in ("empty", "missing"):
            require_free(tmp_path / name, TEST, [], overwrite=False)

    def test_a_filled_folder_needs_overwrite(self, tmp_path: Path) -> None:
        (tmp_path / "classify.json").write_text("")
        with pytest.raises(click.UsageError, match=r"not empty; .* --overwrite"):
            require_free(tmp_path, TEST, [], overwrite=False)
        require_free(tmp_path, TEST, [], overwrite=True)

    def test_a_folder_of_images_is_no_place_for_results(self, tmp_path: Path) -> None:
        with pytest.raises(click.UsageError, match="lies inside"):
            require_free(tmp_path / "out", TEST, [str(tmp_path)], overwrite=True)

    def test_folders_of_somebody_else_are_never_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "pictures").mkdir()
        with pytest.raises(click.UsageError, match="holds pictures, which no earlier run"):
            require_free(tmp_path, TEST, [], overwrite=True)

    def test_what_is_read_is_never_replaced(self, tmp_path: Path) -> None:
        fill(tmp_path, "1")
        read = str(tmp_path / "pictures")
        with pytest.raises(click.UsageError, match=r"would delete .*pictures, which is read"):
            require_free(tmp_path, TEST, [read], overwrite=True)
        require_free(tmp_path, TEST, [str(tmp_path / "elsewhere")], overwrite=True)

    def test_scores_may_go_beside_the_classifier(self, tmp_path: Path) -> None:
        (tmp_path / "model").mkdir()
        require_free(tmp_path, SCORES, [str(tmp_path / "model")], overwrite=True)


def test_the_table_has_known_columns_first_and_a_cell_for_every_row() -> None:
    rows: list[dict[str, object]] = [
        {"colour": 0.25, "path": 'a,"b".png', "set": "real", "group": "g", "part": "test"},
        {"path": "c.png", "logit": 1 / 3, "p_fake": 0.5, "exif": True, "width": 64, "colour": None},
    ]
    table = list(csv.DictReader(image_table(rows).splitlines()))
    assert list(table[0]) == [
        "path",
        "set",
        "group",
        "part",
        "logit",
        "p_fake",
        "colour",
        "exif",
        "width",
    ]
    assert table[0]["path"] == 'a,"b".png'
    assert float(table[1]["logit"]) == 1 / 3
    assert (table[1]["exif"], table[1]["width"], table[1]["colour"]) == ("1", "64", "")


def test_scores_have_a_row_per_image() -> None:
    record = apply_record()
    rows = list(csv.DictReader(score_table(record).splitlines()))
    images = [image for one in record.sets for image in one.scores]
    assert [row["path"] for row in rows] == [image.key for image in images]
    assert [float(row["p_fake"]) for row in rows] == [image.p_fake for image in images]
