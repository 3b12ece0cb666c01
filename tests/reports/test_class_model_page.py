"""The page of class models: no picture without its score and what real images reach."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from reports.saliency_records import SCRIPT, class_model_record

from ganeval.images.recorded import drawn_pictures, find_images
from ganeval_reports import render
from ganeval_reports.figure_files import figures

TEAL = Image.new("RGB", (48, 48), "teal")


def test_every_picture_has_its_caption_and_no_name_runs() -> None:
    page = render(class_model_record(), lambda _label, _key: TEAL)
    assert page.count("<img") == 4
    assert page.count("Not typical of the class: real images reach 30.2 at most") == 2
    assert page.count("The least pattern on the way that the model takes for the class.") == 2
    assert "class score is flat" in page
    assert SCRIPT not in page


def test_without_real_images_the_caption_says_so() -> None:
    page = render(class_model_record(real=False), lambda _label, _key: TEAL)
    assert page.count("no score of a real image stands beside it") == 2


def test_captions_stay_where_pictures_are_gone() -> None:
    page = render(class_model_record(), lambda _label, _key: None)
    assert "4 pictures of the record&#39;s folder could not be loaded." in page
    assert page.count("Not typical of the class") == 2
    assert "<img" not in page


def test_each_ascent_has_its_curve() -> None:
    names = [one.name for one in figures(class_model_record())]
    assert names == ["score-1", "score-2"]


def test_pictures_are_found_beside_the_record(tmp_path: Path) -> None:
    record = class_model_record()
    assert "zebra-0-matched.png" in drawn_pictures(record)
    TEAL.save(tmp_path / "zebra-0.png")
    found = find_images(record, folders=[tmp_path])
    assert found.load("run", "zebra-0.png") is not None
    assert found.load("run", "zebra-0.01.png") is None
