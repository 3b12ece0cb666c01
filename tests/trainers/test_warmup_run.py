"""Whole warm-up runs: what they leave, how they end, how they are taken up again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganeval.cli import run as command
from ganeval.errors import InputError
from ganeval.records import TrainingRecord, read_record
from ganeval.training.trainers import TRAINERS
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.metrics_log import read_metrics, without_clock
from ganeval_cyclegan.run_folder import RunFolder
from ganeval_cyclegan.warmup import WarmupTrainer, run

SMALL = (
    "widths_G=[8]",
    "widths_D=[8]",
    "latent=4",
    "batch=10",
    "run.log_every=2",
    "run.device=cpu",
)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (43, 6, 6), dtype=np.uint8))
    return path


def train(
    out: Path,
    images: Path,
    *changes: str,
    updates: int = 10,
    resume: Any = "never",
    progress: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> TrainingRecord:
    trainer = WarmupTrainer()
    request = {
        "sources": (str(images),),
        "out": out,
        "changes": (*SMALL, *changes),
        "updates": updates,
    }
    return trainer.run(
        trainer.plan(request), out, evaluate=None, progress=progress, resume=resume, argv=["x"]
    )


def content(out: Path) -> Any:
    """The newest checkpoint without what the clock says."""
    found = Checkpoints(out).newest_good()
    assert found is not None
    state = found[1]
    state["book"] = {key: state["book"][key] for key in ("notices",)}
    return {key: value for key, value in state.items() if key not in ("offset", "config", "book")}


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def lines(out: Path) -> list[dict[str, Any]]:
    return [without_clock(line) for line in read_metrics(out / "metrics.jsonl")]


def test_it_is_found_like_any_trainer() -> None:
    assert TRAINERS.get("warmup") is WarmupTrainer
    assert WarmupTrainer().presets() == ["warmup"]


def test_a_run_leaves_pictures_histograms_curves_and_its_record(
    tmp_path: Path, images: Path
) -> None:
    out = tmp_path / "run"
    record = train(out, images)
    assert read_record(out / "record.json") == record
    assert (record.status, record.updates, record.trainer) == ("finished", 10, "warmup")
    assert record.epochs == 2.5  # four batches of ten from 43 images
    assert record.networks == {"G": 4 * 8 + 8 + 8 * 36 + 36, "D": 36 * 8 + 8 + 8 + 1}
    assert [grid.update for grid in record.grids] == [0, 4, 8, 10]
    for grid in record.grids:
        with Image.open(out / grid.path) as picture:
            assert picture.size == (8 * 52 + 4, 8 * 52 + 4)
    assert [one.update for one in record.histograms] == [4, 8, 10]
    for one in record.histograms:
        assert (sum(one.real), sum(one.fake), len(one.edges)) == (10, 10, 41)
        assert (one.unit, one.threshold) == ("probability", 0.5)
        assert 0 <= one.edges[0] <= one.edges[-1] <= 1
        right = sum(
            count
            for counts, sign in ((one.real, 1), (one.fake, -1))
            for count, low, high in zip(counts, one.edges, one.edges[1:], strict=False)
            if sign * ((low + high) / 2 - 0.5) > 0
        )
        # The bin around the threshold may be counted on either side.
        assert one.accuracy == pytest.approx(right / 20, abs=0.1)
    names = {series.name for series in record.series}
    assert {"G_gan", "D_real", "D_fake", "d_acc_image/D/real", "lr_D"} <= names
    assert f"overlap by {record.histograms[-1].overlap:.0%}".replace("%", " %") in record.verdict
    assert record.config["gan"] == "vanilla"
    assert record.domains[0].trained_on == 43
    state = torch.load(out / record.checkpoints[-1].path, weights_only=True)
    assert state["update"] == 10


@pytest.mark.parametrize(
    ("gan", "threshold", "unit"),
    [("lsgan", 0.5, "raw score"), ("wgan", None, "raw score"), ("wgan-gp", None, "raw score")],
)
def test_histograms_follow_the_loss(
    tmp_path: Path, images: Path, gan: str, threshold: float | None, unit: str
) -> None:
    record = train(tmp_path / "run", images, f"gan={gan}", "d_steps=2", updates=4)
    assert record.updates == 4
    assert record.epochs == 2  # two of the four batches of a pass for each update
    (one, _) = record.histograms
    assert (one.threshold, one.unit) == (threshold, unit)
    assert (one.accuracy is None) == (threshold is None)
    critic = "d_auc/D/images" in {series.name for series in record.series}
    assert critic == (threshold is None)


@pytest.mark.parametrize("gan", ["vanilla", "wgan-gp"])
def test_a_run_in_two_parts_equals_one(tmp_path: Path, images: Path, gan: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train(one, images, f"gan={gan}", updates=11)
    # Stopped in the middle of an epoch, by the signal, with a line of means begun.

    def interrupt(event: Mapping[str, Any]) -> None:
        if event["kind"] == "score" and event["epoch"] == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    record = train(two, images, f"gan={gan}", updates=11, progress=interrupt)
    assert record.status == "stopped"
    assert record.updates < 11
    assert record.warnings[-1].data["signal"] == "SIGTERM"
    record = train(two, images, f"gan={gan}", updates=11, resume="require")
    assert (record.status, record.updates, record.resumed) == ("finished", 11, 1)
    assert lines(one) == lines(two)
    parts = [content(out) for out in (one, two)]
    assert equal(*parts)


def test_what_came_after_the_last_checkpoint_is_done_again(tmp_path: Path, images: Path) -> None:
    """As after a kill: the newest checkpoint is gone, the lines behind the one before are there."""
    one, two = tmp_path / "one", tmp_path / "two"
    for out in (one, two):
        train(out, images, "checkpoint.every=1")
    for path in Checkpoints(two).paths()[1:]:
        path.unlink()
    train(two, images, "checkpoint.every=1", resume="auto")
    assert lines(one) == lines(two)
    assert equal(content(one), content(two))
    assert (two / "metrics.discarded.jsonl").exists()


def test_a_run_given_by_its_folder_alone_goes_on(tmp_path: Path, images: Path) -> None:
    out = tmp_path / "run"
    train(out, images)
    trainer = WarmupTrainer()
    plan = trainer.plan({"out": out, "updates": 14})
    record = trainer.run(
        plan, out, evaluate=None, progress=lambda _: None, resume="auto", argv=["y"]
    )
    assert record.updates == 14
    assert record.argv == ["x"]
    assert "budget.updates from 10 to 14" in record.warnings[-1].text


def test_another_run_in_the_folder_is_refused(tmp_path: Path, images: Path) -> None:
    out = tmp_path / "run"
    train(out, images)
    with pytest.raises(InputError, match="gan: 'vanilla' there, 'lsgan' now"):
        train(out, images, "gan=lsgan", resume="auto")
    other = tmp_path / "other.npy"
    np.save(other, np.zeros((20, 6, 6), np.uint8))
    with pytest.raises(InputError, match="images"):
        train(out, other, resume="auto")
    with pytest.raises(InputError, match="never"):
        train(out, images, resume="never")
    state = RunFolder(out).read_state()
    RunFolder(out).write_state(state.model_copy(update={"trainer": "cyclegan"}))
    with pytest.raises(InputError, match="holds a run of the trainer cyclegan"):
        train(out, images, resume="auto")
    with pytest.raises(InputError, match="require"):
        train(tmp_path / "new", images, resume="require")


def test_losses_that_are_not_finite_end_the_run(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_step = run.train_step

    def broken(state: Any, *rest: Any) -> Any:
        step = real_step(state, *rest)
        if state.update == 7:
            step.losses["D_real"] = torch.tensor(float("nan"))
        return step

    monkeypatch.setattr(run, "train_step", broken)
    record = train(tmp_path / "run", images, "checkpoint.every=1")
    assert record.status == "diverged"
    assert record.warnings[-1].data == {"update": 7, "checkpoint": "checkpoints/u00000004.pt"}
    assert "D_real is not finite at update 7" in record.warnings[-1].text


@pytest.mark.parametrize(("spoilt", "good"), [(8, 4), (10, 8)])  # at a save, at the end
def test_weights_that_are_not_finite_are_never_saved(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch, spoilt: int, good: int
) -> None:
    real_step = run.train_step

    def spoiling(state: Any, *rest: Any) -> Any:
        step = real_step(state, *rest)
        if state.update == spoilt:  # after its losses were found
            with torch.no_grad():
                next(state.generator.parameters())[0, 0] = float("nan")
        return step

    monkeypatch.setattr(run, "train_step", spoiling)
    record = train(tmp_path / "run", images, "checkpoint.every=1")
    assert (record.status, record.updates) == ("diverged", spoilt)
    assert record.warnings[-1].data["checkpoint"] == f"checkpoints/u{good:08d}.pt"
    assert "a weight is not finite" in record.warnings[-1].text
    assert max(one.update for one in record.checkpoints) == good


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"sources": ("a", "b")}, "one set of images"),
        ({"demo": "stripes"}, "--demo stripes does nothing"),
        ({"size": 8}, "--size 8 does nothing"),
        ({"precision": "bf16"}, "computes in fp32"),
        ({"data_root": Path("x")}, "--data-root does nothing"),
        ({"device": "tpu"}, "TPU"),
    ],
)
def test_options_of_other_trainers_are_refused(
    tmp_path: Path, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError) as caught:
        WarmupTrainer().plan({"out": tmp_path / "run", **request_})
    assert text in str(caught.value)


def test_the_command_trains_on_digits_without_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    call = ["train", "--trainer", "warmup", "--out", str(out), "--updates", "3"]
    assert command([*call, "--set", "gan=wgan", "--set", "widths_D=[16]"]) == 0
    shown = capsys.readouterr()
    assert "overlap by" in shown.out
    assert "1,797 images of 8x8 pixels from digits" in shown.err
    assert "assumed: " in shown.err
    record = json.loads((out / "record.json").read_text())
    assert record["config"]["gan"] == "wgan"
    assert record["config"]["widths_G"] == [72, 144, 296]


def test_planning_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert command(["train", "--trainer", "warmup", "--out", str(out), "--dry-run"]) == 0
    assert not out.exists()
    assert "3,000 updates" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("gan", ["vanilla", "lsgan", "wgan", "wgan-gp"])
def test_five_hundred_updates_on_digits_draw_strokes(tmp_path: Path, gan: str) -> None:
    """Noise has as much light at the borders as in the middle; digits are dark at both sides."""
    trainer, out = WarmupTrainer(), tmp_path / "run"
    plan = trainer.plan({"out": out, "changes": (f"gan={gan}",), "updates": 500})
    record = trainer.run(plan, out, evaluate=None, progress=lambda _: None, resume="never", argv=[])
    assert record.status == "finished"
    assert all(value is not None for series in record.series for value in series.values)
    assert record.histograms[-1].overlap is not None

    def sides(path: str) -> float:
        with Image.open(out / path) as picture:
            tiles = np.asarray(picture, np.float64)
        columns = [tiles[:, 4 + 52 * i : 4 + 52 * i + 48] for i in range(8)]
        outer = np.mean([one[:, [*range(6), *range(42, 48)]] for one in columns])
        return float(outer / np.mean([one[:, 18:30] for one in columns]))

    # In the digits themselves the outer columns have 5 % of the light of the middle ones; gaps of
    # white between the tiles, an eighth of the height, add to both.
    assert sides(record.grids[0].path) > 0.8
    assert sides(record.grids[-1].path) < 0.5
