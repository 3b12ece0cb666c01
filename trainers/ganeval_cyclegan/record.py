"""The record of a run, drawn from the files of its folder, at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ganeval.records import (
    Environment,
    Score,
    ScoreHistogram,
    Sheet,
    TrainingRecord,
    write_text,
)
from ganeval_cyclegan.metrics_log import read_metrics
from ganeval_cyclegan.run_folder import RunFolder, RunState
from ganeval_cyclegan.series import curves
from ganeval_cyclegan.training_verdict import verdict

_EVALUATIONS: Final = 12  # of which histograms are in the record
_SHEETS: Final = 12

T = TypeVar("T")


def write_record(folder: RunFolder) -> TrainingRecord:
    """Writes ``record.json`` of a run folder and returns it."""
    record = build_record(folder)
    write_text(folder.path / "record.json", record.to_json())
    return record


def build_record(folder: RunFolder) -> TrainingRecord:
    """Builds the record of a run from ``state.json``, ``metrics.jsonl`` and their neighbours.

    Curves are thinned, and of histograms and sheets a few are taken; the folder has all of them.

    Raises:
        InputError: A file is missing or damaged.
    """
    state = folder.read_state()
    lines = list(read_metrics(folder.metrics))
    evaluations = [line for line in lines if line["kind"] == "eval"]
    scores = [Score.model_validate(one) for line in evaluations for one in line["scores"]]
    sheets = [Sheet.model_validate(line["sheet"]) for line in lines if line["kind"] == "samples"]
    return TrainingRecord(
        argv=state.argv,
        started=state.started,
        seconds=state.seconds,
        verdict=verdict(state, scores),
        trainer=state.trainer,
        preset=state.preset,
        seed=state.seed,
        status="stopped" if state.status == "running" else state.status,
        updates=state.update,
        planned_updates=state.planned_updates,
        epochs=state.epoch,
        resumed=state.resumed,
        config=folder.read_config(),
        config_sha256=state.config_sha256,
        changed=state.changed,
        assumptions=state.assumptions,
        domains=state.domains,
        series=curves(lines),
        scores=scores,
        best=state.best,
        sheets=spread(sheets, _SHEETS),
        histograms=[
            ScoreHistogram.model_validate(one)
            for line in spread(evaluations, _EVALUATIONS)
            for one in line["histograms"]
        ],
        checkpoints=state.checkpoints,
        networks=state.networks,
        seconds_per_update=_median(line.get("s_per_update") for line in lines),
        peak_memory=state.peak_memory,
        device=_device(state),
        precision=state.precision,
        warnings=state.warnings,
        environment=_environment(folder),
    )


def spread(items: Sequence[T], most: int) -> list[T]:
    """Returns at most so many items, the first and the last among them, evenly spaced."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _median(values: Iterable[float | None]) -> float | None:
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


def _device(state: RunState) -> str:
    words = [state.device]
    if state.device.startswith("cpu"):
        words.append(f"{state.threads} thread{'s' if state.threads > 1 else ''}")
    if state.processes > 1:
        words.append(f"{state.processes} processes")
    return ", ".join(words)


def _environment(folder: RunFolder) -> Environment:
    """Versions and hardware of the last part of the run."""
    parts: list[Mapping[str, Any]] = folder.read_json("environment.json") or []
    fields = Environment.model_fields
    return Environment.model_validate({k: v for k, v in parts[-1].items() if k in fields})
