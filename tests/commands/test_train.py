"""``ganeval train``: from the command line to a run folder and its exit code."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from ganeval.commands.training_progress import TrainingProgress, losses_text
from ganeval.records import TrainingRecord, read_record

from .conftest import Outcome

Ganeval = Callable[..., Outcome]

TINY = (
    "data.load_size=18",
    "data.crop_size=16",
    "nets.G.ngf=4",
    "nets.G.n_blocks=1",
    "nets.D.ndf=4",
    "nets.D.n_layers=1",
    "samples.count=1",
    "run.device=cpu",
    "eval.extractor=random-projection",
    "eval.metrics=[kid]",
)
OPTIONS = tuple(part for change in TINY for part in ("--set", change))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, draws = tmp_path_factory.mktemp("domains"), np.random.default_rng(0)
    for name, level in (("A", 40), ("B", 150)):
        (folder / name).mkdir()
        for i in range(8):
            pixels = level + draws.integers(0, 80, (20, 20, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder / "A", folder / "B"


def test_a_run_says_what_it_will_do_and_where_everything_is(
    ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    outcome = ganeval("train", *sources, "--out", out, *OPTIONS, "--updates", "6", "--seed", "3")
    assert outcome.code == 0, outcome.err
    assert "CycleGAN    preset reference · seed 3" in outcome.err
    assert "A           " in outcome.err
    assert "training    6 updates (1 epoch)" in outcome.err
    assert "epoch 1 · 6/6 · G " in outcome.err
    assert "A to B: KID" in outcome.err
    assert "Trained on 6 of A and 6 of B images for 6 updates (1 epoch, " in outcome.out
    assert f"checkpoint  {out / 'checkpoints' / 'u00000006.pt'}" in outcome.out
    assert f"ganeval translate {out} {sources[0]} {out}-translated" in outcome.out
    record = read_record(out / "record.json")
    assert isinstance(record, TrainingRecord)
    assert record.argv[:2] == ["ganeval", "train"]
    assert {one.name for one in record.scores} == {"kid", "cycle_l1"}


def test_a_dry_run_checks_and_leaves_nothing(
    ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    outcome = ganeval("train", *sources, "--out", tmp_path / "run", *OPTIONS, "--dry-run")
    assert outcome.code == 0, outcome.err
    assert "networks    G resnet 1 blocks" in outcome.out
    assert not (tmp_path / "run").exists()


def test_a_demo_makes_its_own_images_or_none_in_a_dry_run(ganeval: Ganeval, tmp_path: Path) -> None:
    outcome = ganeval("train", "--demo", "stripes", "--out", tmp_path / "run", "--dry-run")
    assert outcome.code == 0, outcome.err
    assert "preset demo" in outcome.out
    assert not (tmp_path / "run").exists()


def test_json_is_the_record_alone(
    ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    outcome = ganeval("train", *sources, "--out", tmp_path, *OPTIONS, "--updates", "2", "--json")
    assert json.loads(outcome.out)["updates"] == 2
    assert outcome.err == ""


def test_quiet_prints_nothing(ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path) -> None:
    outcome = ganeval("train", *sources, "--out", tmp_path, *OPTIONS, "--updates", "2", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 85), ("SIGINT", 130)])
def test_a_stopped_run_has_its_own_exit_code_and_goes_on(
    ganeval: Ganeval,
    sources: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: int,
) -> None:
    tell = TrainingProgress.__call__
    sent: list[str] = []

    def stop(self: TrainingProgress, event: Any) -> None:
        tell(self, event)
        if event["kind"] == "epoch" and not sent:
            sent.append(name)
            os.kill(os.getpid(), getattr(signal, name))

    arguments = ("train", *sources, "--out", tmp_path, *OPTIONS, "--updates", "8")
    with monkeypatch.context() as patch:
        patch.setattr(TrainingProgress, "__call__", stop)
        outcome = ganeval(*arguments)
    assert outcome.code == code
    assert f"Stopped by {name} after update 6." in outcome.out
    assert "Not finished: trained on 6 of A and 6 of B images for 6 of 8 updates" in outcome.out
    outcome = ganeval(*arguments)
    assert outcome.code == 0
    assert "resume      goes on after update 6" in outcome.err


def test_a_run_that_diverges_has_its_own_exit_code(
    ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    wild = ("--set", "optim.lr_G=1e30", "--set", "optim.lr_D=1e30", "--set", "loss.gan=wgan")
    still = ("--set", "eval.every=0", "--set", "samples.every=0")
    outcome = ganeval(
        "train", *sources, "--out", tmp_path, *OPTIONS, *wild, *still, "--updates", "40"
    )
    assert outcome.code == 86
    assert "is not finite at update" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--updates", "2"), "two domains are needed, and 0 sources are named"),
        (("A", "B", "--trainer", "cyclegn"), "no trainer 'cyclegn'; did you mean cyclegan"),
        (("A", "B", "--set", "optim.lrG=1"), "there is no key optim.lrG"),
        (("A", "B", "--demo", "stripes"), "--demo stripes makes its own images"),
        (("--demo", "stripe"), "no demo 'stripe'; did you mean stripes"),
        (("A", "B", "--preset", "rfrence"), "no preset 'rfrence'; did you mean reference"),
        (("A", "B", "--preset", "warmup"), "add --trainer warmup"),
        (("A", "--preset", "tiny", "--trainer", "warmup"), "add --trainer cyclegan"),
        (("A", "B", "--quiet", "--json"), "exclude each other"),
        (("A", "B", "--resume", "require"), "--resume require: "),
        (("A", "B", "--device", "tpu"), "TPUs are not supported"),
        (("A", "A"), "domain A and domain B are the same"),
        (("A", "missing"), "missing"),
        (("A", "B", "--set", "eval.extractor=inceptio-2015"), "inception-2015"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    ganeval: Ganeval,
    sources: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(sources[0].parent)
    outcome = ganeval("train", *arguments, "--out", tmp_path / "run")
    assert outcome.code == 2, outcome.err
    assert message in outcome.err
    assert not (tmp_path / "run" / "state.json").exists()


def test_a_folder_of_something_else_is_no_run_folder(
    ganeval: Ganeval, sources: tuple[Path, Path]
) -> None:
    outcome = ganeval("train", *sources, "--out", sources[0].parent)
    assert outcome.code == 2
    assert "not empty, and no training run (A, B)" in outcome.err


def test_a_run_of_another_trainer_is_told_by_both(
    ganeval: Ganeval, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    ganeval("train", *sources, "--out", out, *OPTIONS, "--updates", "1", "--set", "eval.every=0")
    outcome = ganeval("train", "--trainer", "warmup", "--out", out)
    assert outcome.code == 2
    assert "holds a run of the trainer cyclegan" in outcome.err


def test_losses_of_both_domains_are_shown_as_their_mean() -> None:
    losses = {"G_A": 0.2, "G_B": 0.4, "cycle_A": 2.0, "cycle_B": 1.0, "D_A_real": 9.0, "D_A": 0.5}
    assert losses_text(losses) == "G 0.3 cycle 1.5 D 0.5"


def test_a_terminal_shows_a_bar_and_keeps_the_scores() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=110)
    with TrainingProgress(console=console) as progress:
        progress(
            {"kind": "start", "update": 0, "planned": 10, "seconds": 0.0, "budget_seconds": None}
        )
        progress(
            {
                "kind": "step",
                "update": 4,
                "epoch": 1,
                "losses": {"G_A": 0.5},
                "rate": 0.5,
                "left": 125.0,
            }
        )
        progress({"kind": "doing", "update": 4, "text": "saving"})
        progress({"kind": "score", "update": 5, "epoch": 1, "text": "A to B: KID 0.1"})
    assert "4/10" in text.getvalue()
    assert "saving ..." in text.getvalue()
    assert "epoch 1 · A to B: KID 0.1\n" in text.getvalue()
