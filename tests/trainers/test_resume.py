"""A run that was killed and taken up again is, bit for bit, the run that was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from trainers.tiny_runs import (
    Killed,
    assert_equal,
    assert_same_run,
    kill_at,
    lines,
    make_images,
    state,
    train,
)

from ganeval.errors import InputError
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.run_folder import RunFolder

# 6 training images per domain, so 6 updates per epoch; kills lie inside and between epochs.
MOMENTS = (("step", 5), ("score", 6), ("doing", 12), ("epoch", 12), ("step", 16), ("doing", 20))
SAVING = "checkpoint.updates=3"

VARIANTS = {
    "reference": (),
    "batch 2, several steps": ("optim.batch=2", "optim.d_steps=2"),
    "ring-half": ("pool.strategy=ring-half", "pool.fill=noise", "pool.store=first"),
    "shrivastava": ("pool.strategy=shrivastava", "optim.batch=2", "data.drop_last=true"),
    "no pool": ("pool.strategy=none", "pool.size=0"),
    "diffaug": ("augment.diffaug=color,translation,cutout", "augment.diffaug_rate=0.5"),
    "ema and best": ("ema.decay=0.9", "eval.save_best=fid", "eval.metrics=[fid]"),
    "dropout": ("nets.G.dropout=blocks",),
    "soft labels": ("loss.labels=soft-noisy", "loss.labels_per=patch"),
    "penalty": ("loss.gan=wgan-gp",),
    "losses in turn": ("loss.gan=[lsgan, vanilla]", "loss.alternate=update"),
    "classic augmentation": ("augment.classic=true", "data.workers=3"),
    "plateau": ("schedule.policy=plateau",),
    "batch norm": ("nets.G.norm=batch", "nets.D.norm=batch", "optim.batch=2"),
}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def whole(images: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch that nothing happened to, to compare with; no test changes it."""
    out = tmp_path_factory.mktemp("whole") / "run"
    train(images, out, updates=6)
    return out


@pytest.fixture(scope="module")
def whole_saving(images: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for a run that goes on into a second epoch and saves inside of both."""
    out = tmp_path_factory.mktemp("whole") / "saving"
    train(images, out, SAVING, updates=8)
    return out


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """A copy of the run of one epoch, for tests that go on from it or change it."""
    return shutil.copytree(whole, tmp_path / "finished")


def killed_and_taken_up(
    images: tuple[str, str],
    out: Path,
    *changes: str,
    moments: tuple[tuple[str, int], ...],
    updates: int = 20,
) -> int:
    """Trains in parts, each killed at the next moment; returns how many were killed."""
    kills = 0
    for moment in moments:
        try:
            train(images, out, *changes, updates=updates, progress=kill_at(moment))
        except Killed:
            kills += 1
    train(images, out, *changes, updates=updates)
    return kills


def test_kills_leave_no_trace(images: tuple[str, str], whole_saving: Path, tmp_path: Path) -> None:
    moments = (("step", 5), ("score", 6))
    kills = killed_and_taken_up(images, tmp_path / "parts", SAVING, moments=moments, updates=8)
    assert kills == 2
    assert_same_run(whole_saving, tmp_path / "parts")
    assert (tmp_path / "parts" / "metrics.discarded.jsonl").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_kills_leave_no_trace_whatever_is_chosen(
    images: tuple[str, str], tmp_path: Path, name: str
) -> None:
    changes = (*VARIANTS[name], SAVING, *([] if name == "reference" else ["samples.every=0"]))
    train(images, tmp_path / "whole", *changes)
    kills = killed_and_taken_up(images, tmp_path / "parts", *changes, moments=MOMENTS)
    assert kills == len(MOMENTS)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


def test_what_was_never_saved_begins_anew(
    images: tuple[str, str], whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        train(images, tmp_path / "parts", updates=6, progress=kill_at(("step", 3)))
    assert not Checkpoints(tmp_path / "parts").paths()
    record = train(images, tmp_path / "parts", updates=6)
    assert record.resumed == 1
    assert_same_run(whole, tmp_path / "parts")


def test_a_run_killed_as_it_began_begins_again(
    images: tuple[str, str], whole: Path, tmp_path: Path
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "write_state", killed)
        with pytest.raises(Killed):
            train(images, tmp_path / "parts", updates=6)
    assert (tmp_path / "parts" / "config.yaml").exists()
    assert not (tmp_path / "parts" / "state.json").exists()
    record = train(images, tmp_path / "parts", updates=6)
    assert record.resumed == 0
    assert_same_run(whole, tmp_path / "parts")


def signal_at(kind: str, update: int, number: int) -> Any:
    """Sends a signal once; a second one could come when nobody listens any more."""
    sent = []

    def progress(event: Mapping[str, Any]) -> None:
        if not sent and event["kind"] == kind and event["update"] >= update:
            sent.append(number)
            os.kill(os.getpid(), number)

    return progress


@pytest.mark.parametrize(
    ("kind", "update", "name"),
    [
        ("step", 4, "SIGTERM"),
        ("doing", 6, "SIGUSR1"),
        pytest.param("step", 7, "SIGINT", marks=pytest.mark.slow),
    ],
)
def test_a_signal_saves_and_the_run_goes_on_as_if_nothing_was(
    images: tuple[str, str], whole_saving: Path, tmp_path: Path, kind: str, update: int, name: str
) -> None:
    progress = signal_at(kind, update, getattr(signal, name))
    record = train(images, tmp_path / "parts", SAVING, updates=8, progress=progress)
    assert record.status == "stopped"
    assert [one.data["signal"] for one in record.warnings if one.code == "stopped"] == [name]
    assert record.updates == record.checkpoints[-1].update
    assert update <= record.updates <= min(update + 2, 7)
    assert record.verdict.startswith("Not finished")
    done = train(images, tmp_path / "parts", SAVING, updates=8)
    assert done.status == "finished"
    assert done.resumed == 1
    assert_same_run(whole_saving, tmp_path / "parts")


@pytest.mark.slow
def test_a_stop_right_after_a_save_is_remembered(images: tuple[str, str], tmp_path: Path) -> None:
    quiet = ("eval.every=0", "samples.every=0", "checkpoint.updates=4")
    train(images, tmp_path, *quiet, updates=5, progress=signal_at("step", 4, signal.SIGTERM))
    record = train(images, tmp_path, *quiet, updates=5)
    (told,) = [one for one in record.warnings if one.code == "stopped"]
    assert told.data == {"signal": "SIGTERM", "update": 4}


def test_a_damaged_checkpoint_costs_the_updates_since_the_one_before(
    images: tuple[str, str], whole_saving: Path, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        train(images, tmp_path / "parts", SAVING, updates=8, progress=kill_at(("step", 7)))
    newest = Checkpoints(tmp_path / "parts").paths()[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    record = train(images, tmp_path / "parts", SAVING, updates=8)
    assert "damaged_checkpoint" in [one.code for one in record.warnings]
    assert_same_run(whole_saving, tmp_path / "parts")


@pytest.mark.slow
def test_evaluation_and_workers_change_nothing(images: tuple[str, str], tmp_path: Path) -> None:
    train(images, tmp_path / "0", "data.workers=0", updates=10)
    changes = ("data.workers=3", "eval.every=0", "samples.every=0", "run.log_every=7")
    train(images, tmp_path / "3", *changes, updates=10, evaluate=None)
    ours, other = state(tmp_path / "0"), state(tmp_path / "3")
    for name in ("nets", "optimizer_G", "optimizer_D", "pools", "streams"):
        assert_equal(ours[name], other[name], name)


def test_a_finished_run_is_left_as_it_is(images: tuple[str, str], finished: Path) -> None:
    before = (finished / "metrics.jsonl").read_bytes()
    record = train(images, finished, updates=6)
    assert record.status == "finished"
    assert (finished / "metrics.jsonl").read_bytes() == before


def test_the_budget_may_be_extended_and_that_is_told(
    images: tuple[str, str], finished: Path
) -> None:
    record = train(images, finished, updates=9)
    assert record.updates == 9
    (told,) = [one.text for one in record.warnings if one.code == "continued"]
    assert told == "Continued at update 6 with budget.updates from 6 to 9."
    assert [line["update"] for line in lines(finished) if line["kind"] == "step"] == [2, 4, 6, 8, 9]


def test_another_configuration_is_refused_key_by_key(
    images: tuple[str, str], finished: Path
) -> None:
    with pytest.raises(InputError, match=r"optim\.lr_G: 0\.0002 there, 0\.001 now"):
        train(images, finished, "optim.lr_G=0.001", updates=6)


def test_other_images_are_refused_by_name(tmp_path: Path) -> None:
    sources = make_images(tmp_path / "images")
    train(sources, tmp_path / "run", updates=2)
    first, second = Path(sources[0]), Path(sources[1])
    (second / "0.png").rename(tmp_path / "kept.png")
    with pytest.raises(InputError, match=r"are not those(.|\n)*gone: B 0\.png"):
        train(sources, tmp_path / "run", updates=4)
    (tmp_path / "kept.png").rename(second / "0.png")
    Image.new("RGB", (20, 20)).save(first / "3.png")
    with pytest.raises(InputError, match=r"are not those(.|\n)*changed: A 3\.png"):
        train(sources, tmp_path / "run", updates=4)


@pytest.mark.parametrize(("resume", "there"), [("never", True), ("require", False)])
def test_resume_may_be_forbidden_or_demanded(
    images: tuple[str, str], finished: Path, tmp_path: Path, resume: str, there: bool
) -> None:
    out = finished if there else tmp_path / "new"
    with pytest.raises(InputError, match=f"--resume {resume}: "):
        train(images, out, updates=6, resume=resume)


def test_a_run_goes_on_without_being_told_what_it_is(
    images: tuple[str, str], finished: Path
) -> None:
    from ganeval_cyclegan.trainer import CycleGANTrainer

    trainer = CycleGANTrainer()
    plan = trainer.plan({"out": finished, "sources": (), "updates": 8, "changes": ()})
    assert plan.done == 6
    record = trainer.run(plan, finished, evaluate=None, progress=lambda event: None)
    assert record.updates == 8
    assert record.preset == "reference"
    assert json.loads((finished / "record.json").read_text())["updates"] == 8


def test_a_run_of_another_trainer_is_refused(images: tuple[str, str], finished: Path) -> None:
    text = (finished / "state.json").read_text()
    (finished / "state.json").write_text(text.replace('"cyclegan"', '"other"'))
    with pytest.raises(InputError, match="holds a run of the trainer other"):
        train(images, finished, updates=6)
