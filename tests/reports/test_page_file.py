"""A page on disk: every image is on it or beside it, nothing of others is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image
from reports.test_page import Page, changed

from ganeval.records import MetricsRecord
from ganeval_reports import Source, write_page
from ganeval_reports.images import BUDGET, encode

Load = Callable[[str, str], Image.Image | None]
HOSTILE = "<script>alert(1)</script> 'x' \"y\" #1 %41 ?q=: \n\u202egnp.html".replace("/", "")


def sources(path: Path) -> list[str]:
    page = Page(path.read_text("utf-8"))
    return [attributes["src"] for tag, attributes in page.elements if tag == "img"]


def policy(path: Path) -> str:
    (found,) = re.findall(r"img-src ([^;]*);", path.read_text("utf-8").replace("&#39;", "'"))
    return str(found)


def foot(path: Path) -> str:
    return Page(path.read_text("utf-8")).text.rpartition("by ganeval 0.1.0. ")[2]


def beside(path: Path) -> list[Path]:
    return [path.parent / unquote(one) for one in sources(path) if not one.startswith("data:")]


def test_what_fits_is_embedded_and_there_is_no_folder(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "e.html"
    page = write_page(path, [Source(record, load)])
    assert os.listdir(tmp_path) == ["e.html"]
    assert len(sources(path)) == 96
    assert policy(path) == "data:"
    # An image that stands in several places is one image.
    assert page.embedded == len({*sources(path)}) == len(set(load_asked(record)))
    assert re.match(rf"{page.embedded} images are embedded in this page \(.*B\)\. This", foot(path))
    assert page.characters == sum(map(len, sources(path)))


def load_asked(record: MetricsRecord) -> list[tuple[str, str]]:
    (gallery,) = record.galleries
    real, fake = (record.input(role).label for role in ("real", "fake"))
    pairs = [*gallery.nearest, *gallery.farthest, *gallery.raising]
    return [
        *((real, key) for key in [*gallery.real_sample, *(one.real for one in pairs)]),
        *((fake, key) for key in [*gallery.fake_sample, *(one.fake for one in pairs)]),
    ]


def test_what_does_not_fit_lies_beside_the_page(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "e.html"
    page = write_page(path, [Source(record, load)], budget=60_000)
    assert page.folder == tmp_path / "e_images"
    assert len(sources(path)) == 96  # none is left out
    assert page.characters == sum(len(one) for one in sources(path) if one.startswith("data:"))
    assert 50_000 < page.characters <= 60_000
    files = set(beside(path))
    assert files == set((tmp_path / "e_images").iterdir())
    assert all(re.fullmatch(r"ganeval-[0-9a-f]{8}-[0-9a-f]{32}\.(png|webp)", f.name) for f in files)
    for file in files:
        with Image.open(file) as image:
            image.verify()
    assert policy(path) == "data: 'self'"
    assert "in the folder e_images (" in foot(path)
    assert "This page loads nothing from anywhere else." in foot(path)


def test_the_pixels_beside_the_page_are_those_that_would_be_in_it(
    record: MetricsRecord, load: Load, pictures: dict[tuple[str, str], Image.Image], tmp_path: Path
) -> None:
    path = tmp_path / "e.html"
    write_page(path, [Source(record, load)], budget=0)
    page = Page(path.read_text("utf-8"))
    for tag, attributes in page.elements:
        if tag == "img":
            label, _, key = attributes["alt"].partition(", ")[2].partition(": ")
            wanted = encode(pictures[label, key])
            with Image.open(path.parent / unquote(attributes["src"])) as shown:
                assert shown.size == (wanted.width, wanted.height)
                if wanted.small:
                    assert shown.tobytes() == pictures[label, key].tobytes()


def test_a_page_drawn_again_leaves_no_orphans_and_nothing_of_others(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path, folder = tmp_path / "e.html", tmp_path / "e_images"
    write_page(path, [Source(record, load)], budget=0)
    # Another page of the same folder, and what a system puts there.
    other = tmp_path / "e"
    write_page(other, [Source(record, load)], budget=0)
    (folder / ".DS_Store").write_text("")
    (gallery,) = record.galleries
    few = gallery.model_copy(update={"real_sample": gallery.real_sample[:2]})
    less = changed(record, galleries=[few])
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    write_page(path, [Source(less, load)], budget=0)
    kept = {*beside(path), *beside(other), folder / ".DS_Store"}
    assert set(folder.iterdir()) == kept < set(before)
    # What was there already is not written again.
    assert all(file.stat().st_mtime_ns == before[file] for file in kept)
    write_page(path, [Source(less, load)])
    assert set(folder.iterdir()) == {*beside(other), folder / ".DS_Store"}
    write_page(other, [Source(less, load)])
    (folder / ".DS_Store").unlink()
    write_page(other, [Source(less, load)])
    assert not folder.exists()


def test_a_damaged_file_of_an_earlier_run_is_replaced(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "e.html"
    write_page(path, [Source(record, load)], budget=0)
    file = beside(path)[0]
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    write_page(path, [Source(record, load)], budget=0)
    assert file.read_bytes() == whole


def test_a_folder_with_other_files_stays_as_it_is(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    folder = tmp_path / "e_images"
    folder.mkdir()
    (folder / "horse.png").write_text("mine")
    page = write_page(tmp_path / "e.html", [Source(record, load)], budget=0)
    assert [one.name for one in folder.iterdir()] == ["horse.png"]
    assert page.beside == page.left_out == 0
    assert page.note == f"{folder} holds other files"
    assert not beside(tmp_path / "e.html")


@pytest.mark.parametrize("kind", ["file", "link"])
def test_something_else_of_the_folders_name_stays(
    record: MetricsRecord, load: Load, tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "e_images"
    if kind == "file":
        place.write_text("mine")
    else:
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to("elsewhere")
    page = write_page(tmp_path / "e.html", [Source(record, load)], budget=0)
    assert page.note == f"{place} is no folder"
    assert place.is_symlink() or place.read_text() == "mine"
    assert not beside(tmp_path / "e.html")


def test_no_images_are_put_among_those_of_a_set(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    inputs = [info.model_copy(update={"path": str(tmp_path)}) for info in record.inputs]
    inside = changed(record, inputs=inputs)
    for folder in (tmp_path, tmp_path / "deeper"):
        folder.mkdir(exist_ok=True)
        page = write_page(folder / "e.html", [Source(inside, load)], budget=0)
        assert "would lie among the images of" in page.note
        assert not (folder / "e_images").exists()
    # Where all fits there is nothing to say.
    assert write_page(tmp_path / "e.html", [Source(inside, load)], budget=BUDGET).note == ""


def test_a_device_gets_the_whole_page(record: MetricsRecord, load: Load, tmp_path: Path) -> None:
    page = write_page(Path("/dev/null"), [Source(record, load)], budget=0)
    assert page.note == "/dev/null is no regular file"
    assert page.beside == 0


def test_a_hostile_page_name_finds_its_images(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / HOSTILE
    write_page(path, [Source(record, load)], budget=0)
    assert len(beside(path)) == 96
    assert all(file.is_file() for file in beside(path))
    assert not any(re.search(r"[^\w%/.~-]", source) for source in sources(path))


def test_a_name_that_is_no_text_finds_its_images(
    record: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"b\xe4.html")
    write_page(path, [Source(record, load)], budget=0)
    assert all(one.startswith("b%E4_images/") for one in sources(path))
    assert "b\\xe4_images" in foot(path)
