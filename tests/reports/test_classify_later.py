"""The page of a classifier test drawn later: its images by digest, its pictures by its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from reports.classification import apply_record, classify_pictures, classify_record

from ganeval.cli import run
from ganeval.images import open_image_set
from ganeval.images.recorded import RUN, RecordedImages, find_images
from ganeval.records import (
    ApplyRecord,
    ClassifyRecord,
    InputInfo,
    Picture,
    ScoredGallery,
    ScoredImage,
    read_record,
)

NAMES = {"real": "run", "fake": "fakes"}
"""The set of reals is called as the label of pictures, which must not matter."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders of images, and a folder ``c1`` of a test with its record and its pictures."""
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for role, shade in (("real", 60), ("fake", 160)):
        for index in range(3):
            path = tmp_path / role / f"{index}.png"
            path.parent.mkdir(exist_ok=True)
            Image.new("RGB", (8, 8), (shade, 20 * index, 0)).save(path)
    for path in ("c1/pictures/map.png", "c1/pictures/most-fake.png", "c1/secret.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), "white").save(tmp_path / path)
    (tmp_path / "c1/classify.json").write_text(_record(tmp_path).to_json(), "utf-8")
    return tmp_path


def _info(home: Path, role: str) -> InputInfo:
    images = open_image_set(home / role)
    return InputInfo(
        role=role,  # type: ignore[arg-type]
        label=NAMES[role],
        kind="folder",
        path=role,
        n=len(images.keys),
        fingerprint=images.fingerprint,
    )


def _record(home: Path) -> ClassifyRecord:
    digests = {}
    for role, label in NAMES.items():
        images = open_image_set(home / role)
        digests[label] = dict(zip(images.keys[:2], images.digests[:2], strict=True))
    scored = [
        ScoredImage(
            label=label,
            key=key,
            logit=1.0,
            p_fake=0.7,
            map="pictures/map.png" if label == "fakes" else None,
        )
        for label, keys in digests.items()
        for key in keys
    ]
    return classify_record().model_copy(
        update={
            "argv": ["ganeval", "classify", "real", "fake", "--out", "c1"],
            "inputs": [_info(home, "real"), _info(home, "fake")],
            "galleries": [ScoredGallery(name="caught", display="Caught", images=scored)],
            "pictures": [
                Picture(name="most-fake", file="pictures/most-fake.png", display="Most fake")
            ],
            "digests": digests,
        }
    )


def find(home: Path) -> RecordedImages:
    record = read_record(home / "c1/classify.json")
    return find_images(record, folders=[Path(), home / "c1"])


def colour(image: Image.Image | None) -> tuple[int, ...]:
    assert image is not None
    pixel = image.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


def test_a_record_survives_its_file(home: Path) -> None:
    assert read_record(home / "c1/classify.json") == _record(home)


def test_images_are_found_in_their_sets_and_pictures_in_the_folder_of_the_record(
    home: Path,
) -> None:
    found = find(home)
    assert found.remarks == []
    assert colour(found.load("fakes", "1.png")) == (160, 20, 0)
    assert colour(found.load(RUN, "pictures/map.png")) == (255, 255, 255)
    assert colour(found.load("run", "1.png")) == (60, 20, 0)  # the set of that name


def test_nothing_is_opened_that_the_record_does_not_name(home: Path) -> None:
    found = find(home)
    for key in ("secret.png", "../real/0.png", "pictures/../secret.png", "classify.json"):
        assert found.load(RUN, key) is None
    assert found.load("fakes", "2.png") is None  # of no digest


def test_changed_images_are_left_out_by_their_digest(home: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(home / "fake/1.png")
    (home / "c1/pictures/map.png").unlink()
    found = find(home)
    assert found.load("fakes", "1.png") is None
    assert found.load("fakes", "0.png") is not None
    assert found.load(RUN, "pictures/map.png") is None
    (remark,) = found.remarks
    assert remark.startswith("Of the 2 images of fakes at fake 1 changed since they were measured")


def test_the_page_is_drawn_from_the_record_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "c1/classify.json", "-o", "page.html"]) == 0
    out = capsys.readouterr().out
    assert "classify: fakes against run" in out
    assert "page.html: 6 images inside" in out  # two of each set, one map, one picture


def test_moved_images_and_pictures_are_shown_where_they_are(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "fake").rename(home / "moved")
    (home / "elsewhere").mkdir()
    shutil.move(home / "c1/classify.json", home / "elsewhere")
    arguments = ["report", "elsewhere/classify.json", "-o", "page.html"]
    assert run([*arguments, "--images", "fakes=moved"]) == 0
    said = capsys.readouterr()
    assert "page.html: 4 images inside" in said.out
    assert "2 images of run are missing: pictures/map.png, pictures/most-fake.png." in said.err


def test_a_folder_of_pictures_can_be_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = _record(home)
    named = [one.model_copy(update={"label": f"{one.role}s"}) for one in record.inputs]
    galleries = [
        one.model_copy(
            update={
                "images": [
                    image.model_copy(update={"label": "reals" if image.label == "run" else "fakes"})
                    for image in one.images
                ]
            }
        )
        for one in record.galleries
    ]
    digests = {"reals": record.digests["run"], "fakes": record.digests["fakes"]}
    changed = record.model_copy(
        update={"inputs": named, "galleries": galleries, "digests": digests}
    )
    (home / "alone.json").write_text(changed.to_json(), "utf-8")
    assert run(["report", "alone.json", "-o", "page.html", "--images", "run=c1"]) == 0
    assert "page.html: 6 images inside" in capsys.readouterr().out


def test_images_of_scores_are_found_by_the_fingerprint_of_their_set(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = apply_record()
    scores = [ScoredImage(label="fakes", key=f"{i}.png", logit=i, p_fake=0.5) for i in range(3)]
    one = full.sets[0].model_copy(update={"input": _info(home, "fake"), "scores": scores})
    record: ApplyRecord = full.model_copy(update={"sets": [one]})
    (home / "scores.json").write_text(record.to_json(), "utf-8")
    assert read_record(home / "scores.json") == record
    assert run(["report", "scores.json", "-o", "page.html", "--figures", "figures"]) == 0
    out = capsys.readouterr().out
    assert "classify --apply: fakes" in out
    assert "page.html: 3 images inside" in out
    assert "figures: 2 files of figures" in out


def test_every_picture_of_the_full_record_is_one_that_may_be_asked_for() -> None:
    record = classify_record()
    asked = {key for label, key in classify_pictures(record) if label == RUN}
    found = find_images(record, folders=[Path("nowhere")])
    assert found.pictures == asked
