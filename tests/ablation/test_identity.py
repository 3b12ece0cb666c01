"""Which cell is which: what changes an identity and what does not."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ablation.study_texts import PLAIN, changed, written
from PIL import Image

from ganeval.ablation.arms import arms_of
from ganeval.ablation.identity import (
    DataManifest,
    canonical,
    cell_id,
    cells_of,
    data_manifest,
    identity_config,
)
from ganeval.ablation.splits import check_splits
from ganeval.ablation.study import StudyData, load_study
from ganeval.ablation.study_form import SplitFolders
from ganeval.errors import InputError

MANIFEST = DataManifest("d" * 64, {})


def made(**other: Any) -> str:
    plain = {"trainer": "cyclegan", "version": 1, "config": {"a.b": 1}, "seed": 0, "data": "x"}
    return cell_id(**{**plain, **other})


def test_canonical_json_is_one_text_for_equal_values() -> None:
    assert canonical({"b": 1.0, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'
    assert canonical(-0.0) == canonical(0) == "0"
    assert canonical(1e-4) == canonical(0.0001) == "0.0001"
    assert canonical({"z": 1, "Z": 2, "é": 3}) == '{"Z":2,"z":1,"é":3}'  # by code point
    assert canonical((1, 2)) == canonical([1, 2.0])
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(InputError, match="not finite"):
            canonical([bad])


def test_the_identity_is_a_sha256_of_that_text() -> None:
    text = '{"config":{"a.b":1},"data":"x","schema":1,"seed":0,"trainer":"cyclegan","version":1}'
    assert made() == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_golden_identities() -> None:
    # Frozen: another value here means that no finished cell of any study would be found again.
    assert made() == "4abf489a30fcfed1"
    assert made(config={"b": 0.1, "a": 1e-4, "c": -0.0}, seed=7) == "8a5098470db7eb02"
    assert made(config={"é": ["x", None, True]}, version="abc", repeat=1) == "41ec31e5a2cffa1e"


def test_equal_settings_are_equal_cells() -> None:
    assert made(config={"a": 1, "b": 2.0}) == made(config={"b": 2, "a": 1.0})
    different = [
        made(),
        made(seed=1),
        made(config={"a.b": 2}),
        made(data="y"),
        made(version=2),
        made(trainer="other"),
        made(repeat=1),
    ]
    assert len(set(different)) == len(different)


def test_where_a_cell_runs_is_no_part_of_it() -> None:
    here = {"data.workers": 1, "run.log_every": 50, "samples.every": 1, "run.device": "cuda:0"}
    there = {"data.workers": 8, "run.log_every": 5, "samples.every": 0, "run.device": "cuda:1"}
    assert identity_config(here) == identity_config(there) == {"run.device": "cuda"}
    # An arm that is about one of them is another arm.
    assert identity_config(there, ["data.workers"])["data.workers"] == 8
    for key in ("run.precision", "run.deterministic", "run.compile", "ema.decay"):
        assert identity_config({key: 1}) == {key: 1}


def ids(folder: Path, text: str) -> dict[tuple[str, int], str]:
    study = load_study(written(folder, text), demo="stripes")
    return {(c.arm, c.seed): c.id for c in cells_of(study, arms_of(study), MANIFEST)}


def test_studies_share_the_cells_they_have_in_common(tmp_path: Path) -> None:
    first = ids(tmp_path, PLAIN)
    renamed = ids(tmp_path, changed("name: made-up", "name: other"))
    grown = ids(tmp_path, PLAIN + "  more: {optim.batch: 2}\n")
    workers = ids(tmp_path, changed("{preset: tiny}", "{preset: tiny, set: {data.workers: 3}}"))
    weights = ids(tmp_path, changed("{preset: tiny}", "{preset: tiny, set: {loss.lambda_A: 9}}"))
    assert first == renamed == workers
    assert first.items() < grown.items()
    assert not set(first.values()) & set(weights.values())


def test_cells_are_ordered_by_seed_so_that_a_part_is_paired(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, PLAIN + "aa: true\n"), demo="stripes")
    cells = [(cell.arm, cell.seed) for cell in cells_of(study, arms_of(study), MANIFEST)]
    assert cells[:4] == [("base", 0), ("no-buffer", 0), ("aa", 100), ("base", 1)]
    assert len(cells) == 9


def test_the_same_seeds_again_are_cells_of_their_own(tmp_path: Path) -> None:
    study = load_study(written(tmp_path, PLAIN + "aa: {same_seeds: true}\n"), demo="stripes")
    cells = cells_of(study, arms_of(study), MANIFEST)
    assert len({cell.id for cell in cells}) == len(cells) == 9


def test_ten_thousand_cells_are_planned_within_five_seconds(tmp_path: Path) -> None:
    axes = f"axes: {{pool.size: {[100 + i for i in range(8)]}}}\n"
    text = changed("[0, 1, 2]", "0-999")
    study = load_study(written(tmp_path, text + axes), demo="stripes", seeds=range(1000))
    arms = arms_of(study)
    begin = time.process_time()
    cells = cells_of(study, arms, MANIFEST)
    assert len(cells) == 10_000
    assert len({cell.id for cell in cells}) == 10_000
    assert time.process_time() - begin < 5


@pytest.fixture
def data(tmp_path: Path) -> StudyData:
    rng = np.random.default_rng(0)
    for name in ("A", "B", "testA", "testB"):
        (tmp_path / "one" / name / "deep").mkdir(parents=True)
        for i in range(2):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "one" / name / "deep" / f"{i}.png")
    return placed(tmp_path / "one")


def placed(root: Path) -> StudyData:
    test = SplitFolders(A=root / "testA", B=root / "testB")
    return StudyData(A=root / "A", B=root / "B", test=test)


def repainted(path: Path) -> None:
    pixels = np.asarray(Image.open(path)).copy()
    pixels[0, 0, 0] ^= 1
    Image.fromarray(pixels).save(path)


def test_images_are_known_by_content(tmp_path: Path, data: StudyData) -> None:
    first = data_manifest(data)
    assert sorted(first.files) == ["testA", "testB", "trainA", "trainB"]
    assert list(first.trained) == ["trainA", "trainB"]
    assert list(first.files["trainA"]) == ["deep/0.png", "deep/1.png"]
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert data_manifest(placed(tmp_path / "two")).digest == first.digest
    repainted(tmp_path / "two" / "testA" / "deep" / "0.png")
    assert data_manifest(placed(tmp_path / "two")).digest == first.digest  # nothing trained on
    repainted(tmp_path / "two" / "A" / "deep" / "0.png")
    assert data_manifest(placed(tmp_path / "two")).digest != first.digest


def test_test_images_that_are_trained_on_are_refused() -> None:
    test = {f"{i}.png": f"t{i}" for i in range(20)}
    files = {"trainA": {"x.png": "a"}, "trainB": {"y.png": "b"}, "testA": test, "testB": test}
    check_splits(DataManifest("", files))
    leaked = {**files, "trainA": {"x.png": "t3"}}
    with pytest.raises(InputError, match=r"1 of 20 images of testA are in trainA too: 3\.png"):
        check_splits(DataManifest("", leaked))
    few = {**files, "testB": dict(list(test.items())[:19])}
    with pytest.raises(InputError, match="testB has 19 images"):
        check_splits(DataManifest("", few))


def test_a_study_without_images_has_no_cells(tmp_path: Path) -> None:
    study = load_study(written(tmp_path))
    with pytest.raises(InputError, match="needs images"):
        cells_of(study, arms_of(study))
    with pytest.raises(InputError, match="needs images"):
        data_manifest(None)


def test_images_made_by_code_are_known_without_drawing_them() -> None:
    stripes, shapes = (data_manifest(StudyData(demo=name)) for name in ("stripes", "shapes"))
    assert stripes.digest != shapes.digest


@pytest.mark.parametrize(
    ("name", "golden"), [("stripes", "2e11764b6eb3a19c"), ("shapes", "3556d2091031b40e")]
)
def test_drawings_are_those_that_the_version_stands_for(name: str, golden: str) -> None:
    # Another value here asks for another _DEMO_VERSION in identity.py.
    from ganeval_cyclegan.demo_domains import demo_of, picture, scene_of
    from ganeval_cyclegan.streams import Streams

    demo = demo_of(name)
    scene = scene_of(demo, Streams(0).at(f"demo.{name}.trainA", 0))
    pixels = b"".join(picture(demo, scene, domain).tobytes() for domain in ("A", "B"))
    assert hashlib.sha256(pixels).hexdigest()[:16] == golden
