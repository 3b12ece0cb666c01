"""The whole path of a classifier test, on sets whose answer is known."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.stored_sets import crops, texture, written
from classifier.textured import as_pixels, pink

from ganeval.classifier.apply import apply_model
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.suite import Tested, two_sample_test
from ganeval.errors import GanevalError, InputError
from ganeval.images.decoding import Pixels
from ganeval.records import ClassifyRecord, read_record

CHEAP = ClassifySettings(
    cache=False,
    preset="quick",
    rungs=("metadata", "compression", "colour", "spectrum"),
    null_check="none",
)
PNG, JPEG = {"suffix": "png"}, {"suffix": "jpg", "quality": 90}


def noise(count: int, seed: int, side: int = 48) -> list[Pixels]:
    """Pictures of 1/f noise, all of one distribution."""
    rng = np.random.default_rng(seed)
    return [as_pixels(pink(rng, side)) for _ in range(count)]


def run(
    tmp_path: Path,
    real: Sequence[Pixels],
    fake: Sequence[Pixels],
    settings: ClassifySettings = CHEAP,
    kinds: tuple[dict[str, object], dict[str, object]] = (PNG, PNG),
) -> Tested:
    """Writes two sets and tests them."""
    folders = [
        written(tmp_path / name, pixels, **kind)  # type: ignore[arg-type]
        for name, pixels, kind in zip(("real", "fake"), (real, fake), kinds, strict=True)
    ]
    out = tmp_path / "out"
    out.mkdir()
    return two_sample_test(*folders, replace(settings, infer_groups=False), out=out)


@pytest.fixture(scope="module")
def faint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tested]:
    """A test of 44 pictures against 44 with a faint texture, and where they lie."""
    root = tmp_path_factory.mktemp("faint")
    return root, run(root, noise(44, 1), texture(noise(44, 2), 4, 2))


def test_a_planted_texture_is_told_apart_and_the_record_is_whole(tmp_path: Path) -> None:
    done = run(tmp_path, noise(60, 1), texture(noise(60, 2), 4, 6))
    record = done.record
    assert record.verdict_name == "distinguishable"
    assert record.best_rung == "spectrum"
    assert record.primary.p < 1e-3  # 15 + 15 units
    assert record.input("real").n == record.input("fake").n == 60
    assert sum(record.split.images["test"].values()) == 30
    path = tmp_path / "classify.json"
    path.write_text(record.to_json(), "utf-8")
    assert read_record(path) == record
    assert {one.name for one in record.stages} >= {"open and group", "rungs, raw", "classifier"}
    for picture in record.pictures:
        assert (tmp_path / "out" / picture.file).is_file()
    gallery = record.galleries[0].images[0]
    assert done.load_image(gallery.label, gallery.key) is not None
    assert [row["part"] for row in done.rows].count("test") == 30


def test_pictures_of_one_distribution_are_not_told_apart(tmp_path: Path) -> None:
    record = run(tmp_path, noise(60, 3), noise(60, 4)).record
    assert record.verdict_name in ("not_distinguishable", "inconclusive")


@pytest.mark.slow
def test_the_same_pictures_as_jpeg_and_png_differ_by_format_not_content(tmp_path: Path) -> None:
    pictures = crops(160)
    record = run(tmp_path, pictures[:80], pictures[80:], kinds=(JPEG, PNG)).record
    assert record.verdict_name == "format"
    assert record.verdict.startswith("Format, not content")
    assert record.defence.name == "match"
    compression = record.rung("compression", "raw")
    assert compression is not None
    assert compression.test.value is not None
    assert compression.test.value > 0.9
    assert record.control.auc_raw.value is not None
    assert record.control.auc_raw.value > 0.9


@pytest.mark.slow
def test_a_texture_is_found_behind_a_difference_of_format(tmp_path: Path) -> None:
    pictures = crops(160)
    fakes = texture(pictures[80:], 4, 8)
    record = run(tmp_path, pictures[:80], fakes, kinds=(JPEG, PNG)).record
    assert record.verdict_name.startswith("distinguishable")


def test_few_groups_are_cross_validated(tmp_path: Path) -> None:
    few = replace(CHEAP, rungs=("colour", "spectrum"))
    fakes = [np.clip(image.astype(int) + 40, 0, 255).astype(np.uint8) for image in noise(12, 6)]
    record = run(tmp_path, noise(12, 5), fakes, few).record
    assert record.split.method == "cross-validation"
    assert [rung.name for rung in record.rungs] == ["colour"]
    assert record.primary.p == pytest.approx(1 / 200)
    assert record.rungs[0].test.low is None
    assert record.calibration is None


def test_between_20_and_39_groups_the_network_stays_out_and_that_is_said(tmp_path: Path) -> None:
    asked = replace(CHEAP, preset="default", rungs=("colour", "cnn"))
    record = run(tmp_path, noise(24, 7), noise(24, 8), asked).record
    assert record.rung("cnn", "raw") is None
    assert [one.code for one in record.warnings].count("rung_left_out") == 1


def test_rungs_that_see_no_content_are_not_enough(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--rungs"):
        run(tmp_path, noise(24, 1), noise(24, 2), replace(CHEAP, rungs=("metadata",)))


def test_too_few_images_are_refused_with_their_number(tmp_path: Path) -> None:
    with pytest.raises(GanevalError, match=r"too few to test.*7 groups"):
        run(tmp_path, noise(7, 1), noise(20, 2))


def plain(record: ClassifyRecord) -> dict[str, object]:
    """A record without times, places and versions."""
    told = record.model_dump(
        exclude={"started", "seconds", "stages", "argv", "params", "environment", "inputs"}
    )
    for rung in told["rungs"]:
        del rung["seconds"]
    return told


def test_neither_the_place_of_files_nor_the_threads_change_a_number(
    faint: tuple[Path, Tested], tmp_path: Path
) -> None:
    root, first = faint
    for name in ("real", "fake"):
        (tmp_path / "b").mkdir(exist_ok=True)
        shutil.copytree(root / name, tmp_path / "b" / name)
    (tmp_path / "b" / "out").mkdir()
    settings = replace(CHEAP, infer_groups=False, workers=1)
    second = two_sample_test(
        tmp_path / "b" / "real", tmp_path / "b" / "fake", settings, out=tmp_path / "b" / "out"
    ).record
    assert plain(first.record) == plain(second)


def test_names_of_independent_files_change_no_score(
    faint: tuple[Path, Tested], tmp_path: Path
) -> None:
    first = faint[1]
    second = run(tmp_path / "b", noise(44, 1)[::-1], texture(noise(44, 2), 4, 2)[::-1])
    scores = [sorted(float(str(row["logit"])) for row in done.rows) for done in (first, second)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-9)


@pytest.mark.slow
def test_the_network_sees_no_content_in_the_same_pictures_as_jpeg_and_png(tmp_path: Path) -> None:
    pictures = crops(160)
    settings = replace(CHEAP, preset="default", rungs=("compression", "colour", "cnn"), crop=64)
    record = run(tmp_path, pictures[:80], pictures[80:], settings, (JPEG, PNG)).record
    assert record.rung("cnn", "defended") is not None
    assert record.verdict_name == "format"


@pytest.mark.slow
def test_a_saved_network_scores_test_images_to_the_bit(tmp_path: Path) -> None:
    settings = replace(CHEAP, preset="default", rungs=("cnn",), crop=32)
    done = run(tmp_path, noise(60, 1), texture(noise(60, 2), 4, 12), settings)
    assert done.record.best_rung == "cnn"
    applied = apply_model(
        tmp_path / "out" / "model",
        [tmp_path / "fake"],
        ClassifySettings(cache=False),
        allow_training_images=True,
    )
    before = {row["path"]: row["logit"] for row in done.rows if row["set"] == "fake"}
    assert {one.key: one.logit for one in applied.sets[0].scores} == before
