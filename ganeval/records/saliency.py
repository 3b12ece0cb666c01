"""The record of `ganeval saliency`: where a classifier looks, before and after a transfer."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import InputInfo, WeightsInfo
from ganeval.records.model import Environment, Estimate, Model, Notice, Param

SALIENCY_SCHEMA: Final = "ganeval.saliency/1"

Condition = Literal["before", "after", "ceiling", "noise", "colour", "random_last", "random_all"]
Reference = Literal["transfer", "null", "ceiling", "noise", "colour", "reseed"]
Panel = Literal["score", "structure", "localisation", "similarity"]
Change = Literal["rose", "fell", "unchanged", "undecided"]


class Registration(Model):
    """Whether the images of a pair lie on top of each other."""

    median_shift: float = Field(description="pixels at the side of the model")
    largest_shift: float
    weakest_peak: float = Field(description="phase correlation peak as a share of the own one")
    moved: int = Field(description="pairs shifted by more than 2 px, or without a clear peak")


class LookedInto(Model):
    """The classifier whose scores are explained."""

    name: str
    sha256: str = Field(description="digest of its weights")
    weights: WeightsInfo | None = Field(default=None, description="null: bundled or a detector")
    side: int = Field(description="pixels of the square it sees")
    mean: list[float]
    std: list[float]
    interpolation: str
    outputs: int
    parameters: int
    detector: bool = Field(default=False, description="tells real from fake")
    device: str = "cpu"
    fit: str = Field(description="how images became squares of that side, in words")


class MapMethod(Model):
    """One kind of map and how it was made."""

    name: str
    display: str
    paper: str
    signed: bool
    unit: str = Field(description="logits, or logits per unit of the image")
    layer: str | None = Field(default=None, description="of Grad-CAM")
    params: dict[str, Param] = Field(default_factory=dict)
    guided: int | None = Field(default=None, description="nonlinearities that were guided")
    nonlinearities: int | None = Field(default=None, description="of that many")
    scale: float | None = Field(description="value of the end colour in every picture of it")
    saturated: float | None = Field(default=None, description="share of pixels beyond the scale")
    warning: str = Field(default="", description="what a reader of its maps must know")


class MeasuredMap(Model):
    """One map of one image of a pair, in numbers."""

    method: str
    condition: Condition
    picture: str | None = Field(default=None, description="file in the folder of the record")
    flag: str | None = Field(default=None, description="why it is left out of the measures")
    values: dict[str, float | None] = Field(
        default_factory=dict,
        description="grad_l1, gini, effective_area, hoyer, spread; with a mask mass, lift, "
        "rank_acc, pointing; and against the map before: spearman, ssim, iou10, sim, shift",
    )


class ScoredSide(Model):
    """What the classifier says of one version of an image."""

    condition: Condition
    target: int = Field(description="class whose score is explained")
    target_name: str
    logit: float
    probability: float
    rank: int = Field(description="of the target among all classes, 1 is the top")
    top: int
    top_name: str
    rms: float | None = Field(default=None, description="change against before, white = 1")


class LookedPair(Model):
    """One image, or an image and its translation."""

    key: str
    before_key: str
    after_key: str | None = None
    group: str = Field(description="images of one group are averaged before any test")
    chosen: bool = Field(default=True, description="among the pairs that controls were made for")
    scores: list[ScoredSide]
    maps: list[MeasuredMap]
    differences: dict[str, str] = Field(
        default_factory=dict, description="method to picture of map after minus map before"
    )
    original: dict[str, str] = Field(
        default_factory=dict, description="before and after as the model saw them, pictures"
    )


class Effect(Model):
    """A paired difference that was tested."""

    panel: Panel
    name: str = Field(description="logit, probability, gini, spearman-noise, ...")
    display: str
    method: str | None = Field(default=None, description="null: the score, of no map")
    against: Reference | None = Field(
        default=None, description="control whose change is subtracted pair by pair; null: none"
    )
    before: float | None = Field(default=None, description="mean; null: a difference alone")
    after: float | None = None
    shift: Estimate = Field(description="Hodges-Lehmann shift, with a bootstrap over groups")
    p: float | None = Field(description="signed-rank test; null below 6 pairs")
    p_holm: float | None = None
    test: str = ""
    margin: float = Field(description="differences within it are called none")
    detectable: float | None = Field(default=None, description="effect seen with 80 % power")
    change: Change


class Level(Model):
    """Mean similarity of the maps before to the maps of a reference."""

    method: str
    measure: str
    reference: Reference
    mean: Estimate


class Kappa(Model):
    """Similarity on the scale from unrelated images, 0, to the least change of a file, 1."""

    method: str
    measure: str
    reference: Literal["transfer", "noise", "colour"]
    kappa: Estimate = Field(description="null with a reason where it is withheld")


class TrustCheck(Model):
    """One thing that must hold before a method's maps say something about the model."""

    method: str
    name: str = Field(description="random_last, random_all, own_ceiling, reseed, flip, ...")
    display: str
    value: Estimate
    passed: bool | None = Field(description="null: told, not judged")
    note: str = ""


class MethodTrust(Model):
    """May the maps of a method be read at all?"""

    method: str
    trusted: bool | None = Field(description="null: the controls that tell were not made")
    reason: str = Field(default="", description="why not")
    checks: list[TrustCheck]


class Shares(Model):
    """How often the classifier kept its answer."""

    name: str = Field(description="kept, accuracy_before, accuracy_after")
    display: str
    share: Estimate
    condition: Condition = "after"


class McNemar(Model):
    """Right before and wrong after, against the reverse."""

    lost: int = Field(description="right before, wrong after")
    gained: int
    p: float


class SaliencyRecord(Model):
    """What ``ganeval saliency`` writes."""

    schema_: Annotated[Literal["ganeval.saliency/1"], Field(alias="schema")] = SALIENCY_SCHEMA
    command: str = "saliency"
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="what changed and what did not, in one sentence")
    compared: bool = Field(description="false: one set alone, and no change is spoken of")
    target_rule: str = Field(description="before, own, mean, label:FILE, contrast, or a class")
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    inputs: list[InputInfo] = Field(description="before, then after; roles real and fake")
    model: LookedInto
    methods: list[MapMethod]
    micro_batch: int
    seed: int
    registration: Registration | None = None
    rms: Estimate | None = Field(default=None, description="mean change of a pair, white = 1")
    unpaired: dict[str, list[str]] = Field(
        default_factory=dict, description="images without a partner, by before and after"
    )
    pairs: list[LookedPair]
    shares: list[Shares] = Field(default_factory=list)
    mcnemar: McNemar | None = None
    effects: list[Effect] = Field(default_factory=list, description="the Holm family")
    levels: list[Level] = Field(default_factory=list)
    kappas: list[Kappa] = Field(default_factory=list)
    trust: list[MethodTrust] = Field(default_factory=list)
    flags: dict[str, int] = Field(default_factory=dict, description="maps left out, per reason")
    digests: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="sha256 of the images, by label and key"
    )
    stages: dict[str, float] = Field(default_factory=dict, description="seconds per part")
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def method(self, name: str) -> MapMethod:
        """Returns a method by its name."""
        return next(one for one in self.methods if one.name == name)

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
