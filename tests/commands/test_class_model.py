"""``ganeval class-model`` as a user meets it: pictures, record, captions, mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.records import ClassModelRecord, read_record

from .conftest import Outcome

Run = Callable[..., Outcome]

TOY = """
import torch
from torch import nn

class Toy(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(3 * 16 * 16, 3)
        draws = torch.Generator().manual_seed(3)
        for part in self.parameters():
            part.data.copy_(0.05 * torch.randn(part.shape, generator=draws))
    def forward(self, x):
        return self.last(x.flatten(1))

def toy():
    return Toy()

class Flat(Toy):
    def forward(self, x):
        scores = super().forward(x)
        return torch.cat([scores[:, :2], 0 * scores[:, 2:]], 1)

def flat():
    return Flat()
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    (tmp_path / "toy_of_class_model.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    labels = tmp_path / "names.txt"
    labels.write_text("zebra\ncrane\ntea pot\n")
    mean = ("--mean", "0.5", "--std", "0.25", "--side", "16", "--labels", str(labels))
    return ("class-model", "--model", "toy_of_class_model:toy", *mean, "--steps", "20")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng, folder = np.random.default_rng(5), tmp_path / "photos"
    folder.mkdir()
    for i in range(9):
        levels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(levels).save(folder / f"{i}.png")
    return folder


def record_at(path: Path) -> ClassModelRecord:
    record = read_record(path)
    assert isinstance(record, ClassModelRecord)
    return record


def test_one_class_gives_one_picture_with_its_caption_inside(
    ganeval: Run, model: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "zebra.png"
    done = ganeval(*model, "--class", "zebra", "--out", out)
    assert done.code == 0, done.err
    record = record_at(tmp_path / "zebra.json")
    (drawn,) = record.classes
    assert [one.file for one in drawn.pictures] == ["zebra.png"]
    assert len(drawn.curve) == 21
    assert drawn.curve[-1] > drawn.curve[0]
    assert drawn.restarts == 3
    with Image.open(out) as image:
        assert image.size == (16, 16)
        assert "Not typical of the class" in image.text["Description"]  # type: ignore[attr-defined]
    assert "Not typical of the class" in done.out
    assert [one.code for one in record.warnings] == ["no_real_scores"]


def test_real_images_give_a_matched_picture_and_the_score_is_said_to_run_away(
    ganeval: Run, model: tuple[str, ...], photos: Path, tmp_path: Path
) -> None:
    done = ganeval(
        *model, "--class", "1", "--images", photos, "--out", tmp_path / "c.png", "--strict"
    )
    assert done.code == 4, done.err
    record = record_at(tmp_path / "c.json")
    (drawn,) = record.classes
    full, matched = drawn.pictures
    assert drawn.real is not None
    assert drawn.name == "crane"
    assert full.score > drawn.real.largest
    assert matched.score >= drawn.real.q95
    assert drawn.curve[matched.step - 1] < drawn.real.q95
    assert (tmp_path / "c-matched.png").is_file()
    assert "score_runs_away" in [one.code for one in record.warnings]
    assert "beyond all 9 real images" in record.verdict
    assert record.input is not None
    assert record.input.n == 9
    described = Image.open(tmp_path / "c.png").text["Description"]  # type: ignore[attr-defined]
    assert f"real images reach {drawn.real.largest:.3g} at most" in described


def test_several_pictures_are_named_after_class_and_lambda(
    ganeval: Run, model: tuple[str, ...], photos: Path, tmp_path: Path
) -> None:
    options = ("--class", "tea pot", "--lambda", "0,1e-2", "--restarts", "1", "--stop", "none")
    done = ganeval(*model, *options, "--images", photos, "--out", tmp_path / "p.png", "--json")
    assert done.code == 0, done.err
    record = ClassModelRecord.model_validate(json.loads(done.out))
    files = [picture.file for one in record.classes for picture in one.pictures]
    assert files == ["p-tea-pot-0.png", "p-tea-pot-0.01.png"]
    assert all((tmp_path / file).is_file() for file in files)
    norms = [one.pictures[0].norm for one in record.classes]
    assert norms[1] < norms[0]
    assert not (tmp_path / "p.png").exists()


def test_all_used_classes_are_the_top_classes_of_the_images(
    ganeval: Run, model: tuple[str, ...], photos: Path, tmp_path: Path
) -> None:
    done = ganeval(*model, "--images", photos, "--out", tmp_path / "u.png", "--quiet")
    assert done.code == 0, done.err
    record = record_at(tmp_path / "u.json")
    assert 2 <= len(record.classes) <= 3
    assert [float(line) for line in done.out.split()] == [
        one.pictures[0].score for one in record.classes
    ]


def test_a_flat_score_has_no_picture_and_says_so(
    ganeval: Run, model: tuple[str, ...], tmp_path: Path
) -> None:
    flat = [part.replace(":toy", ":flat") for part in model]
    done = ganeval(*flat, "--class", "2", "--out", tmp_path / "f.png")
    assert done.code == 0, done.err
    assert "is flat" in done.out
    assert not (tmp_path / "f.png").exists()
    assert record_at(tmp_path / "f.json").classes[0].flag == "class score is flat"


def test_a_page_shows_the_picture(
    ganeval: Run, model: tuple[str, ...], photos: Path, tmp_path: Path
) -> None:
    page = tmp_path / "c.html"
    options = ("--class", "zebra", "--images", photos, "--html", page)
    done = ganeval(*model, *options, "--out", tmp_path / "c.png")
    assert done.code == 0, done.err
    html = page.read_text("utf-8")
    assert html.count("<img") == 2
    assert "Not typical of the class" in html


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--class", "zebra", "--stop", "real95"), 2, "--images DIR"),
        (("--class", "zebr"), 2, "zebra"),
        (("--class", "7"), 2, "0 to 2"),
        ((), 2, "images are needed"),
        (("--class", "zebra", "--lambda", "much"), 2, "separated by commas"),
        (("--class", "zebra", "--lambda", "0,0"), 2, "given twice"),
        (("--class", "zebra", "--octaves", "30"), 2, "--octaves"),
        (("--class", "zebra", "--json", "--quiet"), 2, "exclude each other"),
    ],
)
def test_mistakes_are_named_before_anything_is_written(
    ganeval: Run,
    model: tuple[str, ...],
    tmp_path: Path,
    options: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    done = ganeval(*model, *options, "--out", tmp_path / "x.png")
    assert done.code == code, done.err
    assert told in done.err
    assert not list(tmp_path.glob("x*"))


def test_what_is_there_stays_without_overwrite(
    ganeval: Run, model: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "zebra.png"
    out.write_bytes(b"mine")
    done = ganeval(*model, "--class", "zebra", "--out", out)
    assert done.code == 2
    assert "--overwrite" in done.err
    assert out.read_bytes() == b"mine"
    assert ganeval(*model, "--class", "zebra", "--out", out, "--overwrite").code == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert ganeval(*model, "--class", "zebra", "--out", tmp_path / "zebra.jpg").code == 2


def test_pictures_do_not_go_among_the_images_that_are_read(
    ganeval: Run, model: tuple[str, ...], photos: Path
) -> None:
    done = ganeval(*model, "--class", "zebra", "--images", photos, "--out", photos / "z.png")
    assert done.code == 2
    assert not (photos / "z.png").exists()
