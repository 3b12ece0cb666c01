"""The file of measurements is only appended to, and cut where a resumed run goes on."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from ganeval.errors import GanevalError, InputError
from ganeval_cyclegan.metrics_log import MetricsLog, read_metrics, without_clock
from ganeval_cyclegan.tensorboard_log import TensorBoardLog, scalars


def test_lines_are_objects_with_a_version(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"kind": "step", "update": 50, "G_A": float("nan"), "d": {"x": [1.0, float("inf")]}})
    (line,) = read_metrics(log.path)
    assert line == {"v": 1, "kind": "step", "update": 50, "G_A": None, "d": {"x": [1.0, None]}}


def test_the_clock_is_what_runs_of_equal_seed_differ_in() -> None:
    line = {"update": 1, "G_A": 0.5, "elapsed_s": 1.0, "s_per_update": 0.1, "peak_mem_mb": 3.0}
    assert without_clock(line) == {"update": 1, "G_A": 0.5}


def test_the_tail_goes_to_the_discarded_ones(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"update": 1})
    offset = log.offset()
    log.append({"update": 2})
    with log.path.open("ab") as stream:
        stream.write(b'{"v":1,"upd')  # killed while writing
    assert [line["update"] for line in read_metrics(log.path)] == [1, 2]
    assert log.cut(offset) == 2
    log.append({"update": 2})
    assert [line["update"] for line in read_metrics(log.path)] == [1, 2]
    discarded = (tmp_path / "metrics.discarded.jsonl").read_text().splitlines()
    assert json.loads(discarded[0]) == {"v": 1, "update": 2}
    assert discarded[1] == '{"v":1,"upd'
    assert log.cut(log.offset()) == 0


def test_a_line_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "missing" / "metrics.jsonl")
    with pytest.raises(GanevalError, match=r"metrics.jsonl: cannot be written(.|\n)*last checkp"):
        log.append({"update": 1})


def test_nested_numbers_have_joined_names() -> None:
    line = {"kind": "step", "update": 3, "G_A": 0.5, "d_acc": {"A": {"real": 1.0}}, "text": "x"}
    assert list(scalars(line)) == [("G_A", 0.5), ("d_acc/A/real", 1.0)]


def test_tensorboard_that_is_not_installed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="the package tensorboard is not installed"):
        TensorBoardLog(tmp_path, from_update=0)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow  # loading tensorboard takes seconds
def test_tensorboard_reads_the_same_numbers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    log = TensorBoardLog(tmp_path, from_update=0)
    log.append({"kind": "step", "update": 50, "G_A": 0.5})
    log.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path))
    events.Reload()
    ((step, value),) = [(one.step, one.value) for one in events.Scalars("step/G_A")]
    assert (step, value) == (50, 0.5)
