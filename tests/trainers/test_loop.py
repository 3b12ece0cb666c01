"""What happens between updates, and every way in which a run ends."""

from __future__ import annotations

import errno
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from trainers.tiny_runs import (
    Killed,
    assert_equal,
    closeness,
    kill_at,
    lines,
    make_images,
    state,
    train,
)

from ganeval.errors import GanevalError
from ganeval.records import Estimate
from ganeval_cyclegan import checkpoints
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.nets.published import load_generator
from ganeval_cyclegan.run_folder import RunFolder

QUIET = ("eval.every=0", "samples.every=0")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def whole(images: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs that nothing happened to; no test changes it."""
    out = tmp_path_factory.mktemp("whole") / "run"
    train(images, out, *QUIET, "checkpoint.updates=2", updates=12)
    return out


@pytest.mark.parametrize(("batch", "every"), [(1, 3), (4, 3)])
def test_lines_come_after_so_many_updates_whatever_the_batch(
    images: tuple[str, str], tmp_path: Path, batch: int, every: int
) -> None:
    # The published code counts images and asks whether a multiple was hit: at batch 4 and a
    # frequency of 3 it would write at every third of those moments.
    train(images, tmp_path, f"optim.batch={batch}", f"run.log_every={every}", *QUIET, updates=10)
    steps = [line for line in lines(tmp_path) if line["kind"] == "step"]
    assert [line["update"] for line in steps] == [3, 6, 9, 10]
    if batch == 1:
        assert [line["images_A"] for line in steps] == [3, 6, 9, 10]


def test_a_line_holds_losses_rates_and_accuracies(whole: Path) -> None:
    line = next(line for line in lines(whole) if line["kind"] == "step")
    assert line["update"] == 2
    losses = {"G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A_real", "D_B_fake"}
    assert losses <= set(line)
    assert all(math.isfinite(line[name]) for name in losses)
    assert set(line["d_acc"]["A"]) == {"real", "fake"}
    assert (line["lr_G"], line["lr_D"]) == (2e-4, 2e-4)
    raw = json.loads((whole / "metrics.jsonl").read_text().splitlines()[0])
    assert raw["s_per_update"] > 0
    assert raw["elapsed_s"] > 0
    assert raw["peak_mem_mb"] > 0


def test_epochs_tell_what_was_seen_and_how_old_pooled_images_were(whole: Path) -> None:
    epochs = [line for line in lines(whole) if line["kind"] == "epoch"]
    assert [(line["update"], line["epoch"]) for line in epochs] == [(6, 1), (12, 2)]
    assert [line["seen_in_epoch_A"] for line in epochs] == [6, 6]
    pools = [line for line in lines(whole) if line["kind"] == "pool"]
    assert [line["domain"] for line in pools] == ["A", "B", "A", "B"]
    assert [sum(line["ages"].values()) for line in pools] == [6, 6, 6, 6]


def test_checkpoints_are_kept_by_rule(images: tuple[str, str], tmp_path: Path) -> None:
    train(
        images,
        tmp_path,
        *QUIET,
        "data.epoch_updates=2",
        "checkpoint.keep_last=1",
        "checkpoint.keep_every=3",
        updates=14,
    )
    kept = [one.update for one in Checkpoints(tmp_path).listed()]
    assert kept == [6, 12, 14]


def test_the_best_checkpoint_is_kept_and_told_with_its_optimism(
    images: tuple[str, str], tmp_path: Path
) -> None:
    values = iter([9.0, 9.0, 1.0, 9.0, 5.0, 9.0, 6.0, 9.0, 7.0, 9.0])

    def evaluate(_domain: str, _real: Any, _fake: Any) -> list[Any]:
        estimate = Estimate(value=next(values), se=0.5, low=0.0, high=10.0)
        return [("fid", "FD(test)", "lower", estimate)]

    # Both directions at each evaluation, A to B first: 9, 1, 5, 6, 7.
    record = train(
        images,
        tmp_path,
        "eval.save_best=fid",
        "samples.every=0",
        "data.epoch_updates=2",
        "checkpoint.keep_last=1",
        evaluate=evaluate,
        updates=8,
    )
    assert record.best is not None
    assert (record.best.update, record.best.value, record.best.evaluations) == (2, 1.0, 5)
    # E[min of 5 standard normals] = -1.163, times the standard error of 0.5.
    assert record.best.optimism == pytest.approx(0.5815, abs=1e-3)
    assert record.best.checkpoint == "checkpoints/u00000002.pt"
    assert [one.update for one in record.checkpoints] == [2, 8]
    assert "Best of 5 evaluations by FD(test), AtoB: 1 at update 2" in record.verdict
    assert "would seem 0.58 better" in record.verdict


def test_a_loss_that_is_not_finite_ends_the_run_with_the_last_good_checkpoint(
    images: tuple[str, str], tmp_path: Path
) -> None:
    good = tmp_path / "good"
    train(images, good, *QUIET, "checkpoint.updates=2", updates=4)
    before = state(good)

    def poison(event: Mapping[str, Any]) -> None:
        """Spoils a weight after update 5, as an overflow would."""
        if event["kind"] == "step" and event["update"] == 5:
            run = poisoned[0]
            with torch.no_grad():
                next(run.nets.G_A.parameters()).fill_(float("inf"))

    poisoned: list[Any] = []
    from ganeval_cyclegan import opening

    made = opening.state_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            opening, "state_of", lambda *a, **k: poisoned.append(made(*a, **k)) or poisoned[0]
        )
        record = train(images, good, *QUIET, "checkpoint.updates=2", updates=12, progress=poison)
    assert record.status == "diverged"
    (told,) = [one for one in record.warnings if one.code == "diverged"]
    assert "is not finite at update 6; the last good checkpoint is checkpoints/u00000004.pt" in (
        told.text
    )
    assert told.data["checkpoint"] == "checkpoints/u00000004.pt"
    assert record.verdict.startswith("Diverged after 6 of 12 updates")
    assert_equal(state(good)["nets"], before["nets"])
    assert RunFolder(good).read_state().status == "diverged"


def test_a_learning_rate_beyond_all_reason_diverges(
    images: tuple[str, str], tmp_path: Path
) -> None:
    record = train(
        images, tmp_path, *QUIET, "optim.lr_G=1e30", "optim.lr_D=1e30", "loss.gan=wgan", updates=30
    )
    assert record.status == "diverged"
    assert not record.checkpoints or record.checkpoints[-1].update < record.updates
    for path in Checkpoints(tmp_path).paths():
        weights = checkpoints.read_checkpoint(path)["nets"]["G_A"].values()
        assert all(bool(torch.isfinite(one).all()) for one in weights)


def test_a_full_disk_leaves_the_last_checkpoint_and_a_way_to_go_on(
    images: tuple[str, str], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A file on a disk that has room for two checkpoints."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def write(self, data: bytes) -> int:
            if len(Checkpoints(tmp_path / "run").paths()) >= 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return int(self.stream.write(data))

    hashed = checkpoints._Hashed
    monkeypatch.setattr(checkpoints, "_Hashed", lambda stream: hashed(Full(stream)))  # type: ignore[arg-type]
    out = tmp_path / "run"
    with pytest.raises(GanevalError, match=r"no space left(.|\n)*u00000004\.pt is whole") as told:
        train(images, out, *QUIET, "checkpoint.updates=2", updates=12)
    assert "the same command again" in str(told.value)
    monkeypatch.undo()
    record = train(images, out, *QUIET, "checkpoint.updates=2", updates=12)
    assert record.status == "finished"
    assert_equal(state(out)["nets"], state(whole)["nets"])


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("cannot allocate memory")])
def test_a_lack_of_memory_names_ways_out_and_the_last_checkpoint(
    images: tuple[str, str], tmp_path: Path, error: Exception
) -> None:
    def lacking(domain: str, real: Any, fake: Any) -> list[Any]:
        if Checkpoints(tmp_path).paths():
            raise error
        return closeness(domain, real, fake)

    with pytest.raises(GanevalError, match=r"out of memory after update 6; the last") as caught:
        train(images, tmp_path, "checkpoint.updates=4", updates=7, evaluate=lacking)
    assert "u00000004.pt" in caught.value.message
    assert "run.low_memory" in str(caught.value.hint)
    assert train(images, tmp_path, "checkpoint.updates=4", updates=7).status == "finished"


def test_time_is_counted_over_all_parts_of_a_run(images: tuple[str, str], tmp_path: Path) -> None:
    # Long enough for some updates on any machine, too short for all that the schedule has.
    minutes = 0.01
    first = train(images, tmp_path, *QUIET, updates=None, minutes=minutes)
    assert first.status == "finished"
    assert first.planned_updates is None
    assert 0 < first.updates < 200 * 6
    assert first.seconds >= 60 * minutes
    again = train(images, tmp_path, *QUIET, updates=None, minutes=minutes)
    assert again.updates == first.updates
    more = again.seconds / 60 + minutes  # a busy machine may have overrun the first limit
    longer = train(images, tmp_path, *QUIET, updates=None, minutes=more)
    assert longer.updates > first.updates
    assert longer.seconds >= 60 * more


def test_looking_at_untrained_networks_takes_no_time_of_the_budget(
    images: tuple[str, str], tmp_path: Path
) -> None:
    def slow(domain: str, real: Any, fake: Any) -> list[Any]:
        time.sleep(0.4)
        return closeness(domain, real, fake)

    record = train(images, tmp_path, updates=None, minutes=0.005, evaluate=slow)
    assert record.updates > 0
    first = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    assert (first["kind"], first["elapsed_s"]) == ("eval", 0.0)


@pytest.mark.parametrize(
    ("changes", "planned"),
    [
        (("budget.images=9", "optim.batch=2"), 5),
        (("budget.images=9", "budget.updates=3"), 3),
        (("schedule.constant=1", "schedule.decay=1"), 12),
    ],
)
def test_the_end_is_the_first_that_is_reached(
    images: tuple[str, str], tmp_path: Path, changes: tuple[str, ...], planned: int
) -> None:
    record = train(images, tmp_path, *QUIET, *changes, updates=None)
    assert (record.planned_updates, record.updates) == (planned, planned)


def test_exports_are_the_networks_of_the_last_update(
    images: tuple[str, str], tmp_path: Path
) -> None:
    train(images, tmp_path, *QUIET, "ema.decay=0.5", updates=3)
    for name, kind in (("latest_net_G_A", "nets"), ("ema_net_G_A", "ema")):
        network, _ = load_generator(tmp_path / "export" / f"{name}.pth", direction="AtoB")
        assert_equal(dict(network.state_dict()), state(tmp_path)[kind]["G_A"])


def test_the_first_evaluation_and_sheet_are_of_untrained_networks(
    images: tuple[str, str], tmp_path: Path
) -> None:
    record = train(images, tmp_path, updates=6)
    assert [one.update for one in record.sheets] == [0, 6]
    assert {one.update for one in record.scores} == {0, 6}
    assert (tmp_path / record.sheets[0].grid).exists()


def test_a_stopped_run_has_a_record_at_every_save(images: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(images, tmp_path, *QUIET, "checkpoint.updates=2", progress=kill_at(("step", 5)))
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["status"], record["updates"]) == ("stopped", 4)
    assert record["verdict"].startswith("Not finished: trained on 6 of A and 6 of B images for 4")
