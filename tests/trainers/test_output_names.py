"""Where translations go."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from trainers.generators import make_images

from ganeval.errors import InputError
from ganeval.images import open_image_set
from ganeval_cyclegan.output_names import check_folder, output_names

SIZE = (8, 8)


def test_folders_and_stems_are_kept(tmp_path: Path) -> None:
    make_images(tmp_path, {"a/b/1.jpg": SIZE, "a/1.bmp": SIZE, "2.x.png": SIZE})
    assert output_names(open_image_set(tmp_path), ".png") == ["2.x.png", "a/1.png", "a/b/1.png"]


def test_members_of_an_archive_lose_its_name(tmp_path: Path) -> None:
    make_images(tmp_path / "in", {"a/1.jpg": SIZE, "2.png": SIZE})
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path / "in")
    assert output_names(open_image_set(archive), ".jpg") == ["2.jpg", "a/1.jpg"]


@pytest.mark.parametrize("absolute", [True, False])
def test_lists_never_lead_out_of_the_folder(tmp_path: Path, absolute: bool) -> None:
    make_images(tmp_path, {"one/1.png": SIZE, "two/deep/2.png": SIZE})
    (tmp_path / "lists").mkdir()
    start = str(tmp_path) if absolute else ".."
    written = tmp_path / "lists" / "images.txt"
    written.write_text(f"{start}/one/1.png\n{start}/two/deep/2.png\n")
    names = output_names(open_image_set(written), ".png")
    assert sorted(names) == ["one/1.png", "two/deep/2.png"]


def test_two_images_that_would_share_an_output_are_refused(tmp_path: Path) -> None:
    make_images(tmp_path, {"a/1.jpg": SIZE, "a/1.png": SIZE, "b/1.png": SIZE})
    with pytest.raises(
        InputError, match=r"a/1\.jpg and a/1\.png would both be written to a/1\.png"
    ):
        output_names(open_image_set(tmp_path), ".png")


@pytest.mark.parametrize("inside", ["", "outputs"])
def test_the_folder_of_the_inputs_takes_no_outputs(tmp_path: Path, inside: str) -> None:
    source = make_images(tmp_path / "in", {"1.png": SIZE})
    with pytest.raises(InputError, match="outputs would pass for inputs"):
        check_folder("OUT", source / inside, ["1.png"], str(source), overwrite=True)


def test_a_folder_that_is_not_empty_needs_leave(tmp_path: Path) -> None:
    folder = make_images(tmp_path / "out", {"a/1.png": SIZE})
    with pytest.raises(InputError, match=r"OUT .*out: not empty"):
        check_folder("OUT", folder, ["a/1.png"], "elsewhere", overwrite=False)
    check_folder("OUT", folder, ["a/1.png"], "elsewhere", overwrite=True)


def test_leave_does_not_extend_to_images_that_would_be_counted_as_outputs(tmp_path: Path) -> None:
    folder = make_images(tmp_path / "out", {"a/1.png": SIZE, "old/2.jpg": SIZE})
    with pytest.raises(InputError, match=r"1 images that are no outputs .*\n  old/2\.jpg"):
        check_folder("OUT", folder, ["a/1.png"], "elsewhere", overwrite=True)


def test_hidden_files_leave_a_folder_empty(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"")
    check_folder("OUT", tmp_path, ["1.png"], "elsewhere", overwrite=False)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(InputError, match="is a file"):
        check_folder("OUT", tmp_path / "out", ["1.png"], "elsewhere", overwrite=True)
