"""The form of a study: what a study file may say, each part frozen and without unknown keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from ganeval.ablation.protocol import SUITE
from ganeval.ablation.study_file import Places
from ganeval.records.comparison import Direction

STUDY_SCHEMA: Final = 1
BASE: Final = "base"
"""Name of the arm that variants are compared with."""
AA: Final = "aa"
"""Name of the arm that is the base again, under other seeds."""

Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Settings = dict[str, Any]
"""Dotted keys of the trainer's configuration to their values."""


class StudyPart(BaseModel):
    """Frozen, no unknown keys, no NaN or infinity."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


class CommandTrainer(StudyPart):
    """Any training program, called by its command line."""

    name: str = Field(min_length=1, description="part of the identity of every cell")
    version: str = Field(min_length=1, description="of its code; another version makes other cells")
    command: str = Field(
        min_length=1, description="trains; with {data} {cell} {seed} {updates} {overrides}"
    )
    translate: str = Field(
        min_length=1, description="translates; with {data} {cell} {checkpoint} {direction} {out}"
    )
    overrides: dict[str, str] = Field(
        default_factory=dict, description="key of a variant to its option, with {value}"
    )
    outputs: dict[Direction, str] = Field(
        min_length=1, description="direction to a pattern of the translated files below {out}"
    )
    resume: str | None = Field(
        default=None, description="what to add to the command to go on; null: it starts anew"
    )


class BaseArm(StudyPart):
    """The setting that every variant changes one factor of."""

    preset: str | None = Field(default=None, description="of the trainer; null: its own default")
    set: Settings = Field(default_factory=dict, description="dotted keys over the preset")


class SplitFolders(StudyPart):
    """Both domains of one split."""

    A: Path
    B: Path


class StudyData(StudyPart):
    """Images: two domains, or a pair made by code."""

    A: Path | None = Field(default=None, description="training images of A")
    B: Path | None = Field(default=None, description="training images of B")
    val: SplitFolders | None = Field(default=None, description="to choose checkpoints by")
    test: SplitFolders | None = Field(default=None, description="to judge by")
    demo: str | None = Field(default=None, description="a pair made by code, instead of folders")


class StudyBudget(StudyPart):
    """How long a cell trains: one of the two."""

    updates: Positive | None = Field(default=None, description="steps of the generators")
    images: Positive | None = Field(default=None, description="images drawn per domain")

    @property
    def words(self) -> str:
        """The budget in words."""
        return f"{self.updates} updates" if self.updates else f"{self.images} images"


class Variant(StudyPart):
    """A named change of the base."""

    settings: Settings = Field(description="dotted keys that differ")
    from_: str | None = Field(
        default=None, alias="from", description="variant it starts from and is compared with"
    )
    multi_factor: bool = Field(default=False, description="more than one factor is meant")
    note: str = ""
    unequal_budget: bool = Field(default=False, description="no verdict speaks of it")
    budget: StudyBudget | None = Field(default=None, description="its own, with unequal_budget")
    budget_note: str = Field(default="", description="why, with unequal_budget")


class NoiseSeeds(StudyPart):
    """The base again: what differs is noise."""

    seeds: tuple[Seed, ...] = ()
    same_seeds: bool = Field(
        default=False, description="instead: the study's own seeds once more, for the hardware"
    )


class DeclaredComparison(StudyPart):
    """One comparison of the family."""

    variant: str
    against: str = BASE
    direction: Direction = "AtoB"


class StudyProtocol(StudyPart):
    """What turns a trained cell into numbers; fixed before the first cell runs."""

    primary: str = Field(default="kid", description="the metric that decides, part of suite")
    checkpoint: str = Field(
        default="last", description="last, ema:last, update:N or best:val:METRIC"
    )
    evaluate_at: tuple[Positive, ...] = Field(
        default=(), description="updates of the points of curves, beside the checkpoint"
    )
    suite: tuple[str, ...] = SUITE
    extractor: str = Field(
        default="efficientnet-lite0", description="network of the features; `ganeval ls extractors`"
    )
    fid_modes: tuple[str, ...] = Field(
        default=(), description="resize modes of FID beside the extractor's own"
    )
    split: Literal["test", "val"] = "test"
    equivalence_margin: float | None = Field(
        default=None, gt=0, description="in units of the primary metric; null: none declared"
    )


class StudyStatistics(StudyPart):
    """Level and wanted power of the tests."""

    alpha: float = 0.05
    power: Annotated[float, Field(gt=0, lt=1)] = 0.8
    two_sided: bool = True


class SlurmOptions(StudyPart):
    """What a job asks a Slurm cluster for."""

    partition: str | None = None
    time: str | None = Field(default=None, pattern=r"^(\d+-)?\d{1,2}(:\d{2}){1,2}$")
    gpus_per_node: Annotated[int, Field(ge=0)] | None = None
    mem_gb: Positive | None = None


class StudyLauncher(StudyPart):
    """Where cells run."""

    kind: Literal["local", "slurm", "debug", "print"] = "local"
    jobs: Literal["auto"] | Positive = "auto"
    slurm: SlurmOptions = SlurmOptions()


class DemoForm(StudyPart):
    """How the study differs on images made by code, with `--demo` or `--quick`."""

    set: Settings = Field(default_factory=dict, description="dotted keys over those of the demo")
    variants: dict[str, Variant | None] = Field(
        default_factory=dict, description="in place of those of that name; null: left out"
    )
    axes: dict[str, tuple[Any, ...]] | None = None
    budget: StudyBudget | None = None
    seeds: tuple[Seed, ...] | None = None


class Study(StudyPart):
    """One study: arms that differ in one factor, seeds, a budget and what is decided by.

    Attributes:
        places: File and lines, for errors.
        only: Arms to run, beside the base; None: all.
    """

    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$")
    title: str = Field(default="", description="the question, in one line")
    note: str = ""
    trainer: CommandTrainer | str = "cyclegan"
    base: BaseArm = BaseArm()
    data: StudyData | None = None
    budget: StudyBudget
    seeds: tuple[Seed, ...] = Field(min_length=1)
    variants: dict[str, Variant] = Field(default_factory=dict)
    axes: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(default_factory=dict)
    aa: NoiseSeeds | None = None
    compare: tuple[DeclaredComparison, ...] | None = Field(
        default=None, description="the family; null: every variant against what it changes"
    )
    protocol: StudyProtocol = StudyProtocol()
    statistics: StudyStatistics = StudyStatistics()
    launcher: StudyLauncher = StudyLauncher()
    extras: tuple[str, ...] = Field(
        default=(), description="what readers of this study look at besides, in words"
    )
    quick: bool = Field(default=False, description="as if --quick were typed")
    demo: DemoForm = DemoForm()

    _places: Places = PrivateAttr(default_factory=lambda: Places("study"))
    _only: tuple[str, ...] | None = PrivateAttr(default=None)

    @property
    def places(self) -> Places:
        """File and lines, for errors."""
        return self._places

    @property
    def only(self) -> tuple[str, ...] | None:
        """Arms to run beside the base; None: all."""
        return self._only

    def placed(self, places: Places, only: Sequence[str] | None) -> Study:
        """Returns the study with where it stands and which of its arms run."""
        self._places = places
        self._only = None if only is None else tuple(only)
        return self
