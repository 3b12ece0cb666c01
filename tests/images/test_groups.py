"""Which images belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganeval.errors import InputError
from ganeval.images import open_image_set

from .conftest import MakeFolder


@pytest.fixture
def crops(folder: MakeFolder) -> Path:
    return folder("a_1.png", "a_2.png", "b_1.png")


def test_each_image_is_its_own_group_by_default(crops: Path) -> None:
    images = open_image_set(crops)
    assert images.groups == images.keys


def test_an_expression_captures_the_group(crops: Path) -> None:
    images = open_image_set(crops, groups=r"^(.*)_\d")
    assert images.groups == ["a", "a", "b"]
    assert images.info("real", "r").n_groups == 2


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("(", "neither a file nor a regular expression"),
        ("a_", "has 0 captures, not one"),
        ("(a)_(1)", "has 2 captures, not one"),
        ("(a)_", r"matches no group in 1 of 3 images: b_1\.png$"),
        ("a_(1)?", r"matches no group in 2 of 3 images: a_2\.png, b_1\.png"),
        ("()_1", "matches no group in 3 of 3"),
    ],
)
def test_faulty_expressions_are_refused(crops: Path, expression: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        open_image_set(crops, groups=expression)


def test_a_table_gives_the_group(crops: Path, tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(
        "\ufeffGroup, note, path\ny,, a_1.png\nx,,a_2.png\nx,,b_1.png\nx,,not-in-the-set.png\n",
        encoding="utf-8",
    )
    assert open_image_set(crops, groups=table).groups == ["y", "x", "x"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "does not name the columns path and group"),
        ("a_1.png,x\n", "does not name the columns path and group"),
        ("path,group\na_1.png,x\n", r"no group for 2 of 3 images: a_2\.png, b_1\.png"),
        ("path,group\na_1.png\na_2.png,x\nb_1.png,x\n", r"no group for 1 of 3 images: a_1\.png"),
        ("path,group\na_1.png,x\na_1.png,y\n", r"line 3: a_1\.png is in 'x' and in 'y'"),
    ],
)
def test_faulty_tables_are_refused(
    crops: Path, tmp_path: Path, content: str, complaint: str
) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(content)
    with pytest.raises(InputError, match=complaint):
        open_image_set(crops, groups=str(table))


def test_a_table_that_is_not_there_is_no_expression(crops: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read as a table"):
        open_image_set(crops, groups="gone.csv")


def test_a_table_that_is_no_text_is_named(crops: Path, tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_bytes(b"path,group\n\xff,x\n")
    with pytest.raises(InputError, match=r"groups\.csv: cannot be read as a table"):
        open_image_set(crops, groups=table)


def test_only_a_few_keys_are_shown(folder: MakeFolder) -> None:
    place = folder(*(f"{i}.png" for i in range(9)))
    with pytest.raises(InputError, match=r"9 of 9 images: 0\.png, .*, 4\.png, \.\.\.$"):
        open_image_set(place, groups="(x)")
