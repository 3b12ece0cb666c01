"""The record of an ablation: arms, cells, every number of every cell, and the verdicts."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.comparison import (
    Better,
    Comparison,
    Direction,
    NoiseArm,
    VerdictKind,
)
from ganeval.records.features import FeatureSpec, InputInfo, WeightsInfo
from ganeval.records.model import Environment, Estimate, Model, Notice, Param

ABLATION_SCHEMA: Final = "ganeval.ablation/1"

CellState = Literal["pending", "running", "trained", "evaluated", "failed", "diverged", "stopped"]
ArmKind = Literal["base", "variant", "axis", "same", "external", "floor"]


class Cost(Model):
    """What training took; comparable on one device only."""

    device: str = ""
    seconds: float | None = None
    seconds_per_update: float | None = None
    peak_memory: int | None = Field(default=None, description="bytes")
    parameters: dict[str, int] = Field(default_factory=dict, description="by network")
    multiply_adds: float | None = Field(default=None, description="of one update")
    bytes: int | None = Field(default=None, description="on disk")


class ArmInfo(Model):
    """One variant."""

    name: str
    kind: ArmKind = Field(
        description="same: the base under other seeds; external: images made elsewhere; floor: "
        "inputs unchanged, an untrained generator, one half of the reals against the other"
    )
    factor: str = Field(default="", description="the one thing changed, in words")
    several: bool = Field(default=False, description="several factors changed")
    changes: dict[str, Param | list[Param]] = Field(
        default_factory=dict, description="dotted keys that differ from the base, as resolved"
    )
    note: str = ""
    excluded: str | None = Field(default=None, description="why no verdict speaks of it")
    folder: str | None = Field(default=None, description="of an external arm, as given")
    stated: dict[str, Param] = Field(
        default_factory=dict, description="what an external arm says of itself"
    )
    not_stated: list[str] = Field(
        default_factory=list, description="differences that cannot be checked"
    )
    failures: Estimate | None = Field(default=None, description="share of diverged runs")


class CellInfo(Model):
    """One arm under one seed."""

    arm: str
    seed: int | None = Field(description="null: a single run whose seed is unknown")
    id: str = ""
    folder: str = Field(default="", description="relative to the study")
    state: CellState
    why: str = Field(default="", description="of a failed or diverged run")
    update: int | None = None
    images_seen: int | None = None
    attempts: int = 1
    fakes: dict[str, int] = Field(default_factory=dict, description="images per direction")
    removed: int = Field(default=0, description="exact duplicates left out")
    cost: Cost = Field(default_factory=Cost)


class CellMetric(Model):
    """One number of one cell."""

    arm: str
    seed: int | None
    direction: Direction
    name: str = Field(description="identifier: kid, fid, fid.clean, c2st, structure, ...")
    display: str
    unit: str = ""
    better: Better
    estimate: Estimate
    compare: bool = Field(default=True, description="may be held against another arm's")


class ArmMetric(Model):
    """One metric of one arm over its seeds."""

    arm: str
    direction: Direction
    name: str
    mean: Estimate
    sd: float | None = Field(default=None, description="over seeds, ddof 1")


class CellCurve(Model):
    """A metric of one cell over its updates."""

    arm: str
    seed: int | None
    name: str
    display: str
    group: str = Field(default="", description="curves of one group share a plot")
    direction: Direction | None = None
    updates: list[int]
    values: list[float | None]
    smooth: list[float | None] = Field(default_factory=list)
    window: int = 1
    diverged: bool = False
    threshold: float | None = None


class ArmPicture(Model):
    """What one cell made of an input; paths relative to the record's folder."""

    arm: str
    seed: int | None
    translated: str
    recovered: str | None = None
    identity: str | None = None
    value: float | None = Field(default=None, description="what the gallery is sorted by")


class InputRow(Model):
    """One input through all arms."""

    gallery: str = Field(
        description="samples, structure, cycle, unchanged, caught, nearest, watched"
    )
    display: str = ""
    direction: Direction
    key: str
    original: str
    pictures: list[ArmPicture]

    @property
    def paths(self) -> list[str]:
        """Every picture of the row."""
        stages = ("translated", "recovered", "identity")
        found = [getattr(one, stage) for one in self.pictures for stage in stages]
        return [path for path in (self.original, *found) if path]


class CellHistogram(Model):
    """Scores of a cell's own discriminator."""

    arm: str
    seed: int | None
    discriminator: str
    edges: list[float]
    real: list[int]
    fake: list[int]
    held_out: list[int] = Field(default_factory=list)
    threshold: float | None = None


class Anchor(Model):
    """A published number, and whether it may be held beside ours."""

    id: str
    task: str
    direction: str = ""
    method: str
    metric: str
    value: float
    spread: str = ""
    source: str
    status: Literal["read", "check", "spread"]
    comparable: bool
    mismatches: list[str] = Field(
        default_factory=list, description="fields that differ or are unknown"
    )
    note: str = ""


class Amendment(Model):
    """Something changed after the first cell had been started."""

    time: str
    what: str
    old: str
    new: str
    evaluated: int = Field(description="cells evaluated by then")


class Protocol(Model):
    """What turns a trained cell into numbers; equal for every arm."""

    id: str
    primary: str
    directions: list[Direction]
    checkpoint: str
    split: str
    suite: list[str]
    absent: dict[str, str] = Field(
        default_factory=dict, description="parts of the suite that were not made, and why"
    )
    features: list[FeatureSpec] = Field(default_factory=list)
    weights: list[WeightsInfo] = Field(default_factory=list)
    real: int = Field(description="real images of a direction, the larger of two")
    stems: int = Field(description="inputs that all arms have a translation of")
    alpha: float
    power: float
    margin: float | None = Field(default=None, description="equivalence, in units of the primary")
    budget: str = ""


class AblationRecord(Model):
    """What ``ganeval ablation-report`` writes."""

    schema_: Annotated[Literal["ganeval.ablation/1"], Field(alias="schema")] = ABLATION_SCHEMA
    command: str = "ablation-report"
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="one sentence a reader may quote")
    verdict_name: VerdictKind
    name: str = Field(description="of the study")
    study: str = Field(default="", description="its text, as run; empty: arms from folders alone")
    trainer: str = ""
    base: str = Field(description="arm that variants are compared with")
    seeds: list[int] = Field(default_factory=list)
    protocol: Protocol
    params: dict[str, Param] = Field(default_factory=dict)
    inputs: list[InputInfo] = Field(default_factory=list, description="real sets")
    arms: list[ArmInfo]
    cells: list[CellInfo]
    metrics: list[CellMetric] = Field(default_factory=list)
    means: list[ArmMetric] = Field(default_factory=list)
    comparisons: list[Comparison] = Field(
        default_factory=list, description="the family by the primary metric first"
    )
    noise: list[NoiseArm] = Field(default_factory=list)
    curves: list[CellCurve] = Field(default_factory=list)
    rows: list[InputRow] = Field(default_factory=list)
    histograms: list[CellHistogram] = Field(default_factory=list)
    anchors: list[Anchor] = Field(default_factory=list)
    amendments: list[Amendment] = Field(default_factory=list)
    changing: list[str] = Field(
        default_factory=list, description="what would change the conclusion, a sentence each"
    )
    commands: list[str] = Field(default_factory=list, description="to make it again")
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def arm(self, name: str) -> ArmInfo:
        """Returns an arm by its name."""
        return next(one for one in self.arms if one.name == name)

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
