"""Records, curves and verdicts are drawn from the files of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from trainers.tiny_runs import make_images, train

from ganeval.records import Estimate, Score, TrainedDomain, TrainingRecord, read_record
from ganeval.records.features import InputInfo
from ganeval_cyclegan.record import build_record, spread
from ganeval_cyclegan.run_folder import RunFolder, RunState
from ganeval_cyclegan.series import curves, thinned, trailing
from ganeval_cyclegan.training_verdict import duration, score_text, verdict


def score(update: int, value: float | None, direction: str = "AtoB", name: str = "fid") -> Score:
    low, high = (None, None) if value is None else (value - 2, value + 2)
    return Score.model_validate(
        {
            "update": update,
            "epoch": update // 10,
            "direction": direction,
            "network": "raw",
            "name": name,
            "display": {"fid": "FD(x)", "kid": "KID", "cycle_l1": "cycle L1"}[name],
            "better": "lower",
            "estimate": Estimate(
                value=value, low=low, high=high, reason="none" if value is None else None
            ),
        }
    )


def domain(name: str) -> TrainedDomain:
    info = InputInfo(role="real", label=name, kind="folder", path=name, n=10)
    return TrainedDomain.model_validate(
        {"name": name, "input": info, "trained_on": 9, "held_out": 1}
    )


def run_state(**changes: object) -> RunState:
    content = {
        "trainer": "cyclegan",
        "preset": "tiny",
        "argv": [],
        "started": "2026-01-01T00:00:00+00:00",
        "status": "finished",
        "seed": 0,
        "config_sha256": "0" * 64,
        "changed": {},
        "assumptions": [],
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
        "networks": {},
        "updates_per_epoch": 9,
        "planned_updates": 90,
        "update": 90,
        "seconds": 75.4,
        "domains": [domain("A"), domain("B")],
    }
    return RunState.model_validate({**content, **changes})


def test_the_record_of_a_run_is_one_that_reports_read(tmp_path: Path) -> None:
    made = train(make_images(tmp_path), tmp_path / "run", "eval.save_best=fid", updates=12)
    record = read_record(tmp_path / "run" / "record.json")
    assert isinstance(record, TrainingRecord)
    assert record == made == build_record(RunFolder(tmp_path / "run"))
    assert record.command == "train"
    assert record.config["optim"]["batch"] == 1
    assert record.changed["nets.G.ngf"] == 4
    assert [one.seen for one in record.domains] == [6, record.domains[1].seen]
    assert record.networks["G_A"] > record.networks["D_A"] > 0
    assert record.seconds_per_update is not None
    assert record.checkpoints[-1].update == 12
    assert {one.discriminator for one in record.histograms} == {"D_A", "D_B"}
    names = {one.name: one for one in record.series}
    assert names["cycle_A"].updates == [2, 4, 6, 8, 10, 12]
    assert names["d_acc/A/real"].threshold == 0.5
    assert names["gaps/D_A"].updates == [0, 6, 12]
    assert names["lr_G"].values == [2e-4] * 6


def test_thinning_keeps_the_mean_and_the_last_update() -> None:
    at, means = thinned([10, 20, 30, 40, 50], [1.0, 3.0, None, None, 7.0], 3)
    assert at == [20, 40, 50]
    assert means == [2.0, None, 7.0]
    assert thinned([1, 2], [1.0, 2.0], 300) == ([1, 2], [1.0, 2.0])
    assert thinned([], [], 300) == ([], [])


def test_a_trailing_mean_is_shorter_at_the_start_and_passes_over_gaps() -> None:
    assert trailing([2.0, 4.0, None, 6.0], 2) == [2.0, 3.0, 4.0, 6.0]


def test_a_run_too_short_for_lines_has_curves_of_its_epochs() -> None:
    lines = [{"kind": "epoch", "update": 5, "epoch": 1, "G_A": 0.5, "seen_A": 4}]
    (curve,) = curves(lines)
    assert (curve.name, curve.updates, curve.values) == ("G_A", [5], [0.5])


def test_a_loss_that_was_not_finite_is_a_gap() -> None:
    lines = [
        {"kind": "step", "update": update, "epoch": 1, "G_A": value}
        for update, value in ((1, 0.5), (2, None))
    ]
    (curve,) = curves(lines)
    assert curve.values == [0.5, None]


def test_first_and_last_are_among_those_that_are_spread() -> None:
    assert spread(list(range(5)), 12) == [0, 1, 2, 3, 4]
    assert spread(list(range(100)), 5) == [0, 25, 50, 74, 99]


def test_the_verdict_tells_course_and_intervals() -> None:
    scores = [
        score(0, 90.0),
        score(0, 60.0, name="cycle_l1"),
        score(90, 31.4159),
        score(90, 5.0, name="cycle_l1"),
        score(90, None, direction="BtoA"),
    ]
    assert verdict(run_state(), scores) == (
        "Trained on 9 of A and 9 of B images for 90 updates (10 epochs, 1 min 15 s). "
        "A to B: FD(x) from 90 to 31.4 (95\N{NO-BREAK SPACE}% CI 29.4 to 33.4); "
        "cycle L1 from 60 to 5."
    )


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        (
            {"status": "stopped", "update": 45},
            "Not finished: trained on 9 of A and 9 of B images for 45 of 90 updates (5 epochs, ",
        ),
        (
            {"status": "running", "update": 45, "planned_updates": None},
            "Not finished: trained on 9 of A and 9 of B images for 45 updates (5 epochs, ",
        ),
        (
            {"status": "diverged", "update": 45},
            "Diverged after 45 of 90 updates on 9 of A and 9 of B images; nothing was saved",
        ),
    ],
)
def test_the_verdict_tells_how_a_run_ended(changes: dict[str, object], start: str) -> None:
    assert verdict(run_state(**changes), []).startswith(start)


def test_kid_is_told_in_thousandths_as_everywhere() -> None:
    scores = [score(0, 0.5, name="kid"), score(90, 0.25, name="kid")]
    assert "A to B: KID ×10³ from 500 to 250 (" in verdict(run_state(), scores)
    assert score_text(scores[:1]) == "A to B: KID ×10³ 500"


def test_an_evaluation_fits_in_a_line() -> None:
    assert score_text([score(3, 1.5), score(3, 2.5, direction="BtoA")]) == (
        "A to B: FD(x) 1.5; B to A: FD(x) 2.5"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (75.4, "1 min 15 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
