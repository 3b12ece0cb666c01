"""The record of a training run: what was trained on what, how it went, and what it left behind."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import InputInfo
from ganeval.records.model import Environment, Estimate, Model, Notice

TRAINING_SCHEMA: Final = "ganeval.training/1"

Direction = Literal["AtoB", "BtoA"]
Domain = Literal["A", "B"]


class TrainedDomain(Model):
    """One domain of a run and how its images were used."""

    name: Domain
    input: InputInfo = Field(description="the images as they were found")
    trained_on: int = Field(description="images that updates may draw")
    held_out: int = Field(description="images kept for evaluation only")
    seen: int = Field(default=0, description="distinct training images drawn so far")


class Series(Model):
    """A curve over updates, thinned to a few hundred points; the run folder holds all of them."""

    name: str = Field(description="identifier, for example cycle_A; see metrics.jsonl")
    display: str = Field(description="name to print")
    group: str = Field(description="curves of one group share a plot, for example losses of G")
    updates: list[int] = Field(description="optimiser steps of the generators, increasing")
    values: list[float | None] = Field(description="mean since the point before; null: not finite")
    smooth: list[float | None] = Field(
        default_factory=list, description="trailing moving average; empty: none"
    )
    window: int = Field(default=1, description="points that a full moving average spans")
    unit: str = ""
    threshold: float | None = Field(default=None, description="a level that means something")


class Score(Model):
    """One metric of one translation against held-out images, at one update."""

    update: int
    epoch: int
    direction: Direction
    network: Literal["raw", "ema"] = Field(description="the weights themselves or their average")
    name: str = Field(description="identifier of the metric: fid, kid, cycle_l1")
    display: str = Field(description="name to print, for example FD(efficientnet-lite0)")
    better: Literal["lower", "higher"]
    estimate: Estimate
    smooth: float | None = Field(
        default=None, description="trailing moving average of the values of this metric so far"
    )
    window: int = Field(default=1, description="evaluations that the moving average spans")


class Best(Model):
    """The checkpoint that was chosen, and how much of its score the choice explains."""

    update: int
    epoch: int
    metric: str = Field(description="what it was chosen by")
    value: float
    evaluations: int = Field(description="how many values the best was picked from")
    optimism: float | None = Field(
        default=None,
        description="expected amount by which the best of that many equally good checkpoints beats "
        "their mean, in the unit of value; null where the noise of one value is unknown",
    )
    split: Literal["held-out", "test"] = Field(description="images it was chosen on")
    checkpoint: str = Field(description="path relative to the run folder")


class SheetRow(Model):
    """One image and what the generators make of it; paths relative to the run folder."""

    direction: Direction
    key: str = Field(description="key of the original image")
    original: str
    translated: str
    recovered: str | None = None
    identity: str | None = None
    cycle_l1: float | None = Field(
        default=None, description="mean absolute difference of original and recovered, 0..255"
    )


class Sheet(Model):
    """Translations of the same few images at one update."""

    update: int
    epoch: int
    grid: str = Field(description="one picture of all rows, relative to the run folder")
    rows: list[SheetRow]


class GridImage(Model):
    """Images generated from the same noise at one update, in one picture."""

    update: int
    epoch: int
    path: str = Field(description="relative to the run folder")
    rows: int
    columns: int


class ScoreHistogram(Model):
    """Scores of a discriminator over images, real against generated."""

    update: int
    discriminator: str = Field(description="D_A, D_B or D")
    edges: list[float] = Field(description="edges of the bins, one more than bins")
    real: list[int]
    fake: list[int]
    held_out: list[int] = Field(default_factory=list, description="reals never trained on")
    threshold: float | None = Field(description="called real above; null: the loss has none")
    accuracy: float | None = Field(default=None, description="share called rightly at it")
    overlap: float | None = Field(
        default=None, description="shared area of the two histograms, 0 to 1"
    )
    unit: str = Field(default="raw score", description="raw score or probability")


class Checkpoint(Model):
    """A saved state; paths relative to the run folder."""

    path: str
    update: int
    sha256: str
    bytes: int


class TrainingRecord(Model):
    """What ``ganeval train`` writes as ``record.json`` in its run folder."""

    schema_: Annotated[Literal["ganeval.training/1"], Field(alias="schema")] = TRAINING_SCHEMA
    command: str = Field(default="train", description="the command's name")
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone of the first start")
    seconds: float = Field(description="time spent training, all parts of the run together")
    verdict: str = Field(description="one sentence a reader may quote")
    trainer: str = Field(description="registry name, for example cyclegan")
    preset: str = Field(description="name of the preset, or the file of the configuration")
    seed: int
    status: Literal["finished", "stopped", "diverged"]
    updates: int = Field(description="optimiser steps of the generators done")
    planned_updates: int | None = Field(description="null: the budget is a time")
    epochs: float
    resumed: int = Field(default=0, description="how often the run was taken up again")
    config: dict[str, Any] = Field(description="the resolved configuration, every key")
    config_sha256: str
    changed: dict[str, Any] = Field(
        default_factory=dict, description="dotted keys that differ from the preset reference"
    )
    assumptions: list[str] = Field(
        default_factory=list, description="values that the preset's source does not state"
    )
    domains: list[TrainedDomain]
    series: list[Series] = Field(default_factory=list)
    scores: list[Score] = Field(default_factory=list)
    best: Best | None = None
    sheets: list[Sheet] = Field(default_factory=list)
    grids: list[GridImage] = Field(default_factory=list)
    histograms: list[ScoreHistogram] = Field(default_factory=list)
    checkpoints: list[Checkpoint] = Field(default_factory=list)
    networks: dict[str, int] = Field(
        default_factory=dict, description="parameters of each network, by its name"
    )
    seconds_per_update: float | None = Field(default=None, description="median")
    peak_memory: int | None = Field(default=None, description="bytes, of the device or process")
    device: str = Field(default="cpu", description="what it ran on, in words")
    precision: str = "fp32"
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
