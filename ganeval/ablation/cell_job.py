"""What one process needs to know to run a cell: ``job.json`` in the cell's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.study_form import CommandTrainer, Settings, StudyBudget
from ganeval.errors import InputError
from ganeval.records.comparison import Direction
from ganeval.records.files import write_text
from ganeval.records.model import Model

JOB_SCHEMA: Final = "ganeval.cell-job/1"
JOB: Final = "job.json"
CONFIG: Final = "config.json"
RUN: Final = "run"
LOG: Final = "log.txt"


class JobImages(Model):
    """Where the images lie, as absolute paths."""

    train: tuple[str, ...] = Field(
        description="sources for the trainer: one folder with trainA and trainB, or A and B"
    )
    source: dict[Direction, Path] = Field(description="inputs that are translated, a folder each")
    real: dict[Direction, Path] = Field(description="images of the target domain to judge by")
    trained_on: dict[Direction, Path] = Field(
        default_factory=dict, description="training images of the target domain, where a path"
    )


class CellJob(Model):
    """One cell: what to train, what to translate, how to evaluate."""

    schema_: Annotated[Literal["ganeval.cell-job/1"], Field(alias="schema")] = JOB_SCHEMA
    study: Path = Field(description="folder of the study")
    arm: str
    seed: int
    id: str
    trainer: CommandTrainer | str
    base: Settings = Field(default_factory=dict, description="of a command: keys all arms share")
    settings: Settings = Field(default_factory=dict, description="dotted keys over the base")
    resolved: dict[str, Any] = Field(description="every dotted key but the seed")
    budget: StudyBudget
    images: JobImages
    protocol: ProtocolSettings
    points: tuple[int, ...] = Field(default=(), description="further updates to evaluate at")

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


def write_job(cell_folder: Path, job: CellJob) -> None:
    """Writes what a cell's process needs: ``job.json``, and ``config.json`` for the trainer.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    cell_folder.mkdir(parents=True, exist_ok=True)
    _write_changed(cell_folder / CONFIG, json.dumps(config_of(job), indent=1) + "\n")
    _write_changed(cell_folder / JOB, job.model_dump_json(by_alias=True, indent=1) + "\n")


def read_job(cell_folder: Path) -> CellJob:
    """Reads what `write_job` wrote.

    Raises:
        InputError: It is not there or damaged.
    """
    path = cell_folder / JOB
    try:
        return CellJob.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: cannot be read as a cell of a study: {reason}",
            hint="Start the study again; its cells are written anew.",
        ) from error


def config_of(job: CellJob) -> dict[str, Any]:
    """Returns the configuration in sections, with what the checkpoint rule asks to be kept."""
    resolved = {**job.resolved, **_kept(job)}
    tree: dict[str, Any] = {}
    for key, value in resolved.items():
        *sections, leaf = key.split(".")
        below = tree
        for name in sections:
            below = below.setdefault(name, {})
        below[leaf] = value
    return tree


def _kept(job: CellJob) -> Mapping[str, Any]:
    """Keys that make the CycleGAN keep the states that are evaluated; they change no number."""
    if job.trainer != "cyclegan":
        return {}
    rule, kept = job.protocol.checkpoint, dict[str, Any]()
    wanted = set(job.points)
    if rule.startswith("update:"):
        wanted.add(int(rule.partition(":")[2]))
    last = job.budget.updates
    wanted.discard(last or 0)
    if wanted:
        step = _common_step(wanted)
        kept["checkpoint.updates"] = step
        # All of them: no rule keeps some updates and not others.
        kept["checkpoint.keep_last"] = max(wanted) // step + 2 if last is None else last // step + 2
        kept["checkpoint.every"] = 0
    if rule.startswith("best:"):
        kept["eval.save_best"] = rule.rpartition(":")[2]
    return kept


def _common_step(numbers: set[int]) -> int:
    import math

    return math.gcd(*numbers)


def _write_changed(path: Path, text: str) -> None:
    """Writes a file unless it holds the text already, so that a second start touches nothing."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    write_text(path, text)
