"""One cell to its result: what is kept, what is made again, what is absent and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ablation.toy_images import fields, write
from PIL import Image
from safetensors.numpy import load_file

from ganeval.ablation.cell_result import CellResult, read_result
from ganeval.ablation.evaluation import EvaluationJob, evaluate_cell
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.part import ImagesOf
from ganeval.errors import InputError

QUICK = ProtocolSettings(
    extractor="random-projection",
    suite=("fid", "kid", "cycle", "diversity", "traces"),
    device="cpu",
    use_cache=False,
)


def job(tmp_path: Path, **changes: object) -> EvaluationJob:
    """A translator that brightens its inputs, with the reals of another domain."""
    made = fields(20)
    bright = {stem: np.clip(p.astype(int) + 9, 0, 255).astype(np.uint8) for stem, p in made.items()}
    source = write(tmp_path / "source", made)
    fake = write(tmp_path / "fake", bright)
    write(tmp_path / "real", fields(22, 100))
    images = ImagesOf(tuple(made), fake, tmp_path / "real", source, recovered=source)
    found = EvaluationJob("bright", 3, {"AtoB": images}, QUICK, tmp_path / "out", "cell")
    return replace(found, **changes)  # type: ignore[arg-type]


def value(result: CellResult, name: str) -> float | None:
    """One number of it."""
    metric = result.metric(name, "AtoB")
    return None if metric is None else metric.estimate.value


def again(of: EvaluationJob, first: CellResult) -> bool:
    """Whether another evaluation makes anything: its result is no longer the file that lies there.

    A mark in the file is still there where the file was used.
    """
    path = of.out / "result.json"
    text = json.loads(path.read_text())
    text["created"] = "a mark"
    path.write_text(json.dumps(text))
    second = evaluate_cell(of)
    assert second.arm == first.arm
    return second.created != "a mark"


def test_a_cell_leaves_its_numbers_features_and_pictures(tmp_path: Path) -> None:
    one = job(tmp_path, update=700, removed=2)
    result = evaluate_cell(one)
    assert read_result(one.out / "result.json") == result
    assert (result.arm, result.seed, result.cell_id) == ("bright", 3, "cell")
    assert (result.update, result.removed, result.fakes) == (700, 2, {"AtoB": 20})
    assert result.protocol_id == QUICK.id
    # Values above 246 are clipped, which is few of them.
    assert 8.5 < (value(result, "change_l1") or 0) <= 9
    assert value(result, "cycle_l1") == 0.0
    assert list(result.per_image["AtoB"]["change_l1"]) == result.stems["AtoB"]
    arrays = load_file(one.out / result.features["AtoB"])
    assert (arrays["fake"].shape, arrays["real"].shape) == ((20, 64), (22, 64))
    assert result.pictures["AtoB"]["004"]["translated"] == str(tmp_path / "fake" / "004.png")
    assert set(result.inputs["AtoB"]) == {"real", "fake", "source", "recovered"}
    assert [path.name for path in one.out.iterdir() if path.name[0] == "."] == []


def test_the_same_images_are_evaluated_once(tmp_path: Path) -> None:
    one = job(tmp_path)
    assert not again(one, evaluate_cell(one))


def test_one_pixel_makes_it_again(tmp_path: Path) -> None:
    one = job(tmp_path)
    first = evaluate_cell(one)
    path = tmp_path / "fake" / "007.png"
    with Image.open(path) as image:
        pixels = np.array(image)
    pixels[3, 4, 1] ^= 1
    Image.fromarray(pixels).save(path)
    assert again(one, first)


def test_two_translations_that_change_places_make_it_again(tmp_path: Path) -> None:
    """The set is the same, and each belongs to another input."""
    one = job(tmp_path)
    first = evaluate_cell(one)
    a, b = tmp_path / "fake" / "001.png", tmp_path / "fake" / "002.png"
    bytes_a, bytes_b = a.read_bytes(), b.read_bytes()
    a.write_bytes(bytes_b)
    b.write_bytes(bytes_a)
    assert again(one, first)
    assert (value(evaluate_cell(one), "change_l1") or 0) > (value(first, "change_l1") or 0)


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        ({"seed": 1}, True),
        ({"suite": ("fid", "kid")}, True),
        ({"split": "val"}, True),
        ({"checkpoint": "ema:last"}, True),
        ({"primary": "fid"}, False),
        ({"alpha": 0.01, "power": 0.9, "margin": 2.0}, False),
    ],
)
def test_a_protocol_makes_it_again_where_numbers_depend_on_it(
    tmp_path: Path, change: dict[str, object], anew: bool
) -> None:
    one = job(tmp_path)
    first = evaluate_cell(one)
    protocol = replace(QUICK, **change)  # type: ignore[arg-type]
    assert (protocol.id != QUICK.id) == anew
    assert again(replace(one, protocol=protocol), first) == anew


def test_weights_belong_to_a_protocol_by_their_content(tmp_path: Path) -> None:
    one, other = tmp_path / "a.pth", tmp_path / "b.pth"
    one.write_bytes(b"1")
    other.write_bytes(b"1")
    first = replace(QUICK, weights=one).id
    assert replace(QUICK, weights=other).id == first != QUICK.id
    other.write_bytes(b"2")
    assert replace(QUICK, weights=other).id != first


@pytest.mark.parametrize("damage", ["features", "half", "schema", "arm"])
def test_a_result_that_is_not_whole_is_made_again(tmp_path: Path, damage: str) -> None:
    one = job(tmp_path)
    first = evaluate_cell(one)
    path = one.out / "result.json"
    if damage == "features":
        (one.out / first.features["AtoB"]).unlink()
    elif damage == "half":
        path.write_text(path.read_text()[:200])
    elif damage == "schema":
        path.write_text(path.read_text().replace("ganeval.cell/1", "ganeval.cell/9"))
    else:
        one = replace(one, arm="other")
    second = evaluate_cell(one)
    assert read_result(path) == second
    assert (one.out / second.features["AtoB"]).is_file()
    assert second.arm == one.arm


def test_images_that_were_moved_are_not_evaluated_again_but_found(tmp_path: Path) -> None:
    one = job(tmp_path)
    first = evaluate_cell(one)
    (tmp_path / "fake").rename(tmp_path / "elsewhere")
    images = one.images["AtoB"]
    moved = {stem: tmp_path / "elsewhere" / path.name for stem, path in images.fake.items()}
    there = replace(one, images={"AtoB": replace(images, fake=moved)})
    assert not again(there, first)
    result = read_result(one.out / "result.json")
    assert result.pictures["AtoB"]["000"]["translated"] == str(tmp_path / "elsewhere" / "000.png")
    assert result.inputs["AtoB"]["fake"].path == str(tmp_path / "elsewhere")


def test_what_cannot_be_made_is_absent_with_its_reason(tmp_path: Path) -> None:
    suite = ("fid", "cycle", "traces", "memorisation", "dscores")
    one = job(tmp_path, protocol=replace(QUICK, suite=suite))
    bare = replace(one.images["AtoB"], source=None, recovered=None)
    result = evaluate_cell(replace(one, images={"AtoB": bare}))
    assert result.absent == {
        "memorisation": "the images it was trained on are not known",
        "cycle": "the inputs of the translations are not there",
        "traces": "the inputs of the translations are not there",
        "dscores": "images made elsewhere come without their discriminator",
    }
    assert value(result, "fid") is not None


def test_without_recovered_inputs_the_change_is_told_and_the_cycle_is_absent(
    tmp_path: Path,
) -> None:
    one = job(tmp_path)
    bare = replace(one.images["AtoB"], recovered=None)
    result = evaluate_cell(replace(one, images={"AtoB": bare}))
    assert "there and back" in result.absent["cycle"]
    assert value(result, "cycle_l1") is None
    assert value(result, "change_l1") is not None


def test_training_images_tell_whether_fakes_are_copies(tmp_path: Path) -> None:
    one = job(tmp_path, protocol=replace(QUICK, suite=("fid", "memorisation")))
    write(tmp_path / "train", fields(30, 300))
    images = replace(one.images["AtoB"], train=tmp_path / "train")
    result = evaluate_cell(replace(one, images={"AtoB": images}))
    assert "memorisation" not in result.absent
    assert {"mifid", "memorisation"} <= {metric.name for metric in result.metrics}
    assert "train" in result.inputs["AtoB"]


def test_both_directions_stand_apart(tmp_path: Path) -> None:
    one = job(tmp_path, protocol=replace(QUICK, suite=("fid", "cycle")))
    there = one.images["AtoB"]
    back = replace(there, fake=there.source or {}, recovered=None)
    result = evaluate_cell(replace(one, images={"AtoB": there, "BtoA": back}))
    assert set(result.features) == {"AtoB", "BtoA"}
    changed = {m.direction: m.estimate.value for m in result.metrics if m.name == "change_l1"}
    assert changed["BtoA"] == 0.0 < (changed["AtoB"] or 0)


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    one = job(tmp_path)
    (tmp_path / "fake" / "005.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"005\.png"):
        evaluate_cell(one)


@pytest.mark.slow
def test_the_whole_suite_of_a_translator(tmp_path: Path) -> None:
    suite = ("fid", "kid", "c2st", "cycle", "structure", "saliency", "diversity", "traces")
    protocol = replace(QUICK, extractor="efficientnet-lite0", suite=suite)
    made = fields(60)
    fake = write(tmp_path / "fake", {stem: 255 - pixels for stem, pixels in made.items()})
    source = write(tmp_path / "source", made)
    write(tmp_path / "real", fields(60, 100))
    images = ImagesOf(tuple(made), fake, tmp_path / "real", source)
    one = EvaluationJob("negative", 0, {"AtoB": images}, protocol, tmp_path / "out")
    result = evaluate_cell(one)
    assert set(result.absent) == {"cycle"}
    names = {metric.name for metric in result.metrics}
    assert {"fid", "kid", "c2st", "structure.efficientnet-lite0", "saliency", "diversity"} <= names
    # Edges have no sign, so that the negative keeps them.
    assert value(result, "edges") == pytest.approx(1, abs=1e-4)
    assert value(result, "texture_kept") == pytest.approx(-1, abs=1e-4)
    assert result.specs[0].extractor == "efficientnet-lite0"
    assert result.weights
