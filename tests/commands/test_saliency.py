"""``ganeval saliency`` as a user meets it: verdict, files, exit codes, mistakes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from saliency.saliency_toys import SIDE, make_images, recoloured, save_folder, script

from ganeval.cli import run
from ganeval.records import SaliencyRecord, read_record

from .conftest import Outcome

Run = Callable[..., Outcome]
OWN = ("--mean", "0", "--std", "1", "--side", str(SIDE))
FAST = ("--methods", "gradient", "--device", "cpu")


MODEL = "saliency.saliency_toys:colours"


def make_sets(folder: Path) -> tuple[Path, Path]:
    images = make_images(8)
    return (
        save_folder(folder / "photos", images),
        save_folder(folder / "painted", recoloured(images), "img{:03d}_fake.png"),
    )


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    return make_sets(tmp_path)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script(tmp_path_factory.mktemp("program") / "colours.pt")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """``MODEL`` is found, a network that can be looked into."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))


@dataclass(frozen=True)
class Finished:
    """A whole comparison, made once."""

    out: Path
    record: SaliencyRecord
    printed: str
    told: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    out, printed, told = folder / "out", io.StringIO(), io.StringIO()
    args = [
        "saliency", *map(str, make_sets(folder)), "--model", MODEL, *OWN, "--out", str(out),
        "--no-cache", "--save-maps", "--overlays",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1]))
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            code = run(args)
    assert code == 0, told.getvalue()
    return Finished(out, record_of(out), printed.getvalue(), told.getvalue())


def record_of(out: Path) -> SaliencyRecord:
    record = read_record(out / "saliency.json")
    assert isinstance(record, SaliencyRecord)
    return record


def picture(out: Path, name: str) -> Image.Image:
    with Image.open(out / name) as image:
        image.load()
        return image


def test_a_comparison_is_printed_with_its_cost(finished: Finished) -> None:
    record = finished.record
    assert record.compared
    assert finished.printed.replace("\n", " ").startswith(record.verdict)
    assert {one.name for one in record.methods} == {"gradient", "smoothgrad", "grad-cam"}
    assert "passes through the network" in finished.told
    for name in ("saliency.json", "saliency.csv", "saliency.html", "maps", "images"):
        assert str(finished.out / name) in finished.printed
        assert (finished.out / name).exists()


def test_pictures_show_the_maps_on_one_scale(finished: Finished) -> None:
    pair, out = finished.record.pairs[0], finished.out
    for name in [*pair.original.values(), *pair.differences.values()]:
        assert picture(out, name).size == (SIDE, SIDE)
    for method in ("gradient", "smoothgrad", "grad-cam"):
        scale = finished.record.method(method).scale
        assert scale is not None
        values = load_file(out / "maps" / method / "img000.safetensors")
        for one in pair.maps:
            if one.method == method and one.condition in ("before", "after"):
                assert one.picture is not None
                drawn = picture(out, one.picture)
                index = np.rint(255 * np.clip(values[one.condition] / scale, 0, 1))
                assert drawn.mode == "P"
                assert np.array_equal(np.asarray(drawn), index.astype(np.uint8))
                assert (out / one.picture.replace(".png", "-overlay.png")).is_file()
        stacked = [
            load_file(file)["before"]
            for file in sorted((out / "maps" / method).glob("*.safetensors"))
        ]
        assert len(stacked) == 8
        assert scale == pytest.approx(np.quantile(np.abs(stacked), 0.99))


def test_images_are_shown_as_the_model_saw_them(finished: Finished) -> None:
    shown = picture(finished.out, finished.record.pairs[3].original["before"])
    assert np.array_equal(np.asarray(shown), make_images(8)[3])


def test_the_table_has_a_row_per_image_method_and_condition(finished: Finished) -> None:
    text = (finished.out / "saliency.csv").read_text("utf-8")
    everything = list(csv.DictReader(text.splitlines()))
    assert text.splitlines()[0] == (
        "pair,group,set,method,condition,target,target_name,logit,prob,rank,argmax,kept,rms,"
        "grad_l1,gini,effective_area,hoyer,spread,mass,lift,rank_acc,pointing,spearman,ssim,iou10,"
        "sim,shift,flag"
    )
    rows = [row for row in everything if row["method"] == "gradient"]
    assert len(everything) == 3 * len(rows)
    counted = Counter(row["condition"] for row in rows)
    names = ("before", "after", "ceiling", "noise", "colour", "random_last", "random_all")
    assert counted == dict.fromkeys(names, 8)
    by_condition = {name: [row for row in rows if row["condition"] == name] for name in names}
    changes = {
        name: [float(row["rms"]) for row in by_condition[name]]
        for name in ("after", "noise", "colour")
    }
    assert changes["noise"] == pytest.approx(changes["after"], rel=0.01)
    assert changes["colour"] == pytest.approx(changes["after"], rel=0.01)
    assert all(row["kept"] == "1" for row in by_condition["before"])
    for name in names:  # one target for all versions of an image
        targets = [row["target"] for row in by_condition[name]]
        assert targets == [row["argmax"] for row in by_condition["before"]]
    assert {row["set"] for row in by_condition["after"]} == {"painted"}
    assert {row["set"] for row in by_condition["noise"]} == {"photos"}


def test_json_alone_on_stdout_names_no_pictures(
    ganeval: Run, sets: tuple[Path, Path], program: Path, tmp_path: Path
) -> None:
    done = ganeval("saliency", *sets, "--model", program, *OWN, *FAST, "--json")
    record = SaliencyRecord.model_validate(json.loads(done.out))
    assert done.code == 0
    assert not record.pairs[0].original
    assert not list(tmp_path.glob("**/saliency.json"))


def test_one_folder_speaks_of_no_change(ganeval: Run, sets: tuple[Path, Path]) -> None:
    done = ganeval(
        "saliency", sets[0], "--model", MODEL, *OWN, "--methods", "all", "--json",
        "--n-samples", 2, "--ig-steps", 4,
    )  # fmt: skip
    assert done.code == 0, done.err
    record = SaliencyRecord.model_validate(json.loads(done.out))
    assert not record.compared
    assert record.effects == []
    assert "contrast" not in {one.name for one in record.methods}
    assert "method_left_out" in {one.code for one in record.warnings}
    assert len(record.methods) == 8
    assert len(record.trust) == 8
    assert not set(record.verdict.lower().split()) & {"rose", "fell", "unchanged", "moved"}


def test_a_warm_run_gives_the_same_numbers(
    ganeval: Run, sets: tuple[Path, Path], finished: Finished, tmp_path: Path
) -> None:
    tables = []
    for name in ("cold", "warm"):
        file = tmp_path / f"{name}.csv"
        done = ganeval("saliency", *sets, "--model", MODEL, *OWN, "--csv", file)
        tables.append(file.read_bytes())
    assert "0 passes" in done.err
    assert tables == 2 * [(finished.out / "saliency.csv").read_bytes()]


def test_results_are_not_written_over(
    ganeval: Run, sets: tuple[Path, Path], program: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call = ("saliency", *sets, "--model", program, *OWN, *FAST, "--out", out)
    assert ganeval(*call).code == 0
    refused = ganeval(*call)
    assert refused.code == 2
    assert "--overwrite" in refused.err
    (out / "notes.txt").write_text("mine")
    assert ganeval(*call, "--overwrite", "--limit", 4).code == 0
    assert len(record_of(out).pairs) == 4
    assert len(list((out / "images").iterdir())) == 8
    assert (out / "notes.txt").read_text() == "mine"


def test_a_failure_leaves_nothing(
    ganeval: Run, sets: tuple[Path, Path], program: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = ganeval(
        "saliency", *sets, "--model", program, *OWN, *FAST, "--out", out, "--target", "7"
    )
    assert done.code == 2
    assert "classes 0 to 2" in done.err
    assert not [one for one in tmp_path.iterdir() if one.name.startswith((".out", "out"))]


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("--methods", "gradientt"), 2, "gradient"),
        (("--methods", "all,gradient"), 2, "stands alone"),
        (("--controls", "none,null"), 2, "stands alone"),
        (("--baseline", "grey"), 2, "grey"),
        (("--methods", "grad-cam"), 2, "TorchScript"),
        (("--methods", "contrast"), 2, "contrast:A,B"),
        (("--overlays",), 2, "--out"),
        (("--preset", "ee5934"), 2, "--out"),
        (("--quiet", "--json"), 2, "exclude"),
        (("--device", "cuda:7"), 1, "cuda"),
    ],
)
def test_mistakes_are_told(
    ganeval: Run,
    sets: tuple[Path, Path],
    program: Path,
    args: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    methods = () if "--methods" in args else ("--methods", "gradient")
    done = ganeval("saliency", *sets, "--model", program, *OWN, *methods, *args)
    assert done.code in (code, 2)
    assert told in done.err


def test_a_missing_weights_file_is_exit_3(ganeval: Run, sets: tuple[Path, Path]) -> None:
    done = ganeval("saliency", *sets, "--model", "squeezenet1_1")
    assert done.code == 3
    assert "--weights" in done.err


def test_small_micro_batches_are_remarked_on(
    ganeval: Run, sets: tuple[Path, Path], program: Path
) -> None:
    call = ("saliency", *sets, "--model", program, *OWN, *FAST)
    assert "small_micro_batch" in ganeval(*call, "--micro-batch", 8).err
    assert "small_micro_batch" not in ganeval(*call).err


def test_strict_ends_with_4(ganeval: Run, sets: tuple[Path, Path], program: Path) -> None:
    call = ("saliency", *sets, "--model", program, *OWN, *FAST, "--micro-batch", 8, "--strict")
    assert ganeval(*call).code == 4


def test_quiet_prints_the_verdict_alone(
    ganeval: Run, sets: tuple[Path, Path], program: Path
) -> None:
    done = ganeval("saliency", *sets, "--model", program, *OWN, *FAST, "--quiet")
    assert len(done.out.splitlines()) == 1
    assert done.err == ""


def test_boxes_tell_how_much_lies_on_the_object(
    ganeval: Run, sets: tuple[Path, Path], program: Path, tmp_path: Path
) -> None:
    boxes = tmp_path / "boxes.csv"
    lines = [f"img{i:03d}.png,0,0,{SIDE},{SIDE // 2}" for i in range(7)]
    boxes.write_text("\n".join(["path,x0,y0,x1,y1", *lines]))
    done = ganeval("saliency", *sets, "--model", program, *OWN, *FAST, "--boxes", boxes, "--json")
    record = SaliencyRecord.model_validate(json.loads(done.out))
    (before,) = [one for one in record.pairs[0].maps if one.condition == "before"]
    mass, lift = before.values["mass"], before.values["lift"]
    assert mass is not None
    assert lift == pytest.approx(2 * mass)
    last = record.pairs[7].maps[0]
    assert last.values["mass"] is None
    assert "no_region" in {one.code for one in record.warnings}
