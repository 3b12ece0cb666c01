"""The record of `ganeval classify`: can fakes be told from reals, how surely, and by what."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import FeatureRun, InputInfo
from ganeval.records.model import Environment, Estimate, Model, Notice, Param

CLASSIFY_SCHEMA: Final = "ganeval.classify/1"
SCORES_SCHEMA: Final = "ganeval.scores/1"

VerdictName = Literal[
    "leakage",
    "format",
    "inconclusive",
    "not_distinguishable",
    "distinguishable_partly_format",
    "distinguishable",
]
RungName = Literal[
    "metadata", "bytes", "compression", "colour", "spectrum", "features", "knn", "cnn"
]
PixelsName = Literal["raw", "defended"]
PartName = Literal["train", "validation", "test"]
DefenceName = Literal["none", "match", "equalise"]
DesignName = Literal["paired", "unpaired", "mixed"]
Question = Literal["arrival", "change"]


class FormatProperty(Model):
    """One property of the files, as a distribution over each set."""

    name: str = Field(description="container, mode, bit depth, size, subsampling, ...")
    real: dict[str, float] = Field(description="share of the reals per value, the commonest first")
    fake: dict[str, float]
    distance: float = Field(description="total variation distance between the two, 0..1")
    p: float = Field(description="permutation p-value over groups of equal distributions")
    differs: bool = Field(description="distance above 0.05 and p below 0.01")
    metadata_only: bool = Field(
        description="a difference would not touch pixels (container, EXIF, colour profile)"
    )


class FormatAudit(Model):
    """How the files of the two sets were stored."""

    properties: list[FormatProperty]
    differs: bool = Field(description="any property that touches pixels differs")
    reasons: list[str] = Field(
        default_factory=list, description="the differences that touch pixels, in words"
    )
    notes: list[str] = Field(
        default_factory=list, description="the differences of metadata alone, in words"
    )
    resized: str | None = Field(
        default=None, description="to which common size images were brought, and how; null: none"
    )


class FormatControl(Model):
    """What the file formats alone give away: identical content through both pipelines."""

    auc_raw: Estimate = Field(description="null with a reason where it was not measured")
    auc_defended: Estimate
    real_pipeline: str = Field(default="", description="what was done for class 0, in words")
    fake_pipeline: str = ""
    declared: bool = Field(default=False, description="a pipeline was declared by option")
    images: int = Field(default=0, description="real images behind it")
    note: str = Field(default="", description="what it does not cover")


class DefenceInfo(Model):
    """What was done to the pixels so that formats give nothing away."""

    name: DefenceName
    chosen: Literal["auto", "option"]
    text: str = Field(description="what it does, and why it was chosen")


class PairCheck(Model):
    """Are images of equal stem really two versions of one picture?"""

    n_pairs: int
    confirmed: bool
    p: float | None = Field(default=None, description="rank-sum p of pairs against a derangement")
    text: str = ""


class Grouping(Model):
    """Which images belong together."""

    source: str = Field(description="option, stem, stem and picture, picture, or none")
    images: dict[str, int] = Field(description="images per class: real, fake")
    groups: dict[str, int] = Field(description="groups with reals, with fakes, with both, in all")
    largest: int = Field(description="images of the largest group")
    examples: list[list[str]] = Field(
        default_factory=list, description="some groups of more than one image, by set and key"
    )
    hash: str = Field(description="sha256 over digests and their groups")
    pairs: PairCheck


class Leak(Model):
    """A kind of leakage that was looked for."""

    kind: str = Field(description="identical, near, source_in_real, generator_train, straddling")
    display: str
    count: int
    examples: list[str] = Field(default_factory=list)
    action: str = Field(default="", description="what was done about it")


class SplitInfo(Model):
    """Who learnt, who chose, and who was kept for the test."""

    method: Literal["holdout", "cross-validation"]
    shares: list[float] = Field(description="asked shares of train, validation, test")
    images: dict[str, dict[str, int]] = Field(description="part to class to images")
    units: dict[str, dict[str, int]] = Field(description="part to class to (group, class) units")
    hash: str = Field(description="sha256 of the sorted lines: content hash, class, part")
    left_out: int = Field(default=0, description="images of no part")


class SeedScore(Model):
    """The held-out AUC under one more seed."""

    seed: int
    auc: float


class Rung(Model):
    """One way to tell the sets apart: a step of the ladder, or a probe of the format."""

    name: RungName
    display: str
    pixels: PixelsName
    probe: bool = Field(description="a probe of the format, never the best rung")
    dimension: int | None = Field(default=None, description="numbers per image; null: a network")
    validation: float | None = Field(description="AUC of the validation part")
    test: Estimate = Field(description="AUC of the test part, by units")
    p: float | None = Field(description="one-sided p-value of the test part")
    p_holm: float | None = Field(default=None, description="adjusted over all rungs but the best")
    p_below: float | None = Field(default=None, description="p-value of an AUC this far below 0.5")
    method: str = Field(default="", description="test behind p")
    seeds: list[SeedScore] = Field(default_factory=list, description="further splits")
    corrected: Estimate | None = Field(
        default=None, description="mean over the seeds, its interval corrected for overlap"
    )
    seconds: float = 0.0
    note: str = ""


class Primary(Model):
    """The one test that the verdict rests on."""

    rung: RungName
    pixels: PixelsName
    design: DesignName
    statistic: str = Field(description="name of the statistic")
    value: float
    p: float
    method: str
    m: int = Field(description="fake units")
    n: int = Field(description="real units")
    dropped: dict[str, int] = Field(default_factory=dict, description="units left out, per reason")
    significant: bool


class Accuracy(Model):
    """Right answers at one threshold, on the test part."""

    threshold: str = Field(description="half: p_fake of 0.5; validation: the best one there")
    logit: float = Field(description="fakes are at or above it")
    balanced: Estimate = Field(description="mean of the two rates; chance is 0.5")
    fakes_caught: Estimate = Field(description="true positive rate")
    reals_passed: Estimate = Field(description="true negative rate")
    total_variation: float = Field(description="lower bound on the distance between the sets, 0..1")


class CalibrationBin(Model):
    """Images of nearly equal score."""

    predicted: float = Field(description="mean p_fake")
    observed: float = Field(description="share of fakes")
    n: int


class Calibration(Model):
    """Are scores probabilities?"""

    temperature: float = Field(description="logits are divided by it; from the validation part")
    brier: float
    log_loss: float
    ece: Estimate = Field(description="expected calibration error")
    bins: list[CalibrationBin] = Field(default_factory=list)


class Power(Model):
    """What a test part of this size could have shown."""

    auc: float | None = Field(description="smallest AUC seen with that power; null: none below 1")
    accuracy: float | None = Field(description="the same for the accuracy of a binomial test")
    power: float = 0.8
    alpha: float = 0.05
    null_se: float = Field(description="standard error of the AUC without any difference")
    method: str = ""


class NullControl(Model):
    """A comparison in which there is nothing to find."""

    name: Literal["shuffled", "real-real", "neighbours-real", "neighbours-fake"]
    display: str
    rung: RungName
    auc: Estimate = Field(description="mean over the runs; null with a reason where not run")
    runs: list[float] = Field(default_factory=list)
    low: float | None = Field(default=None, description="expected band, 99 %")
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    alarm: bool = False
    remedy: str = ""


class ScoredImage(Model):
    """An image of the test part with what the classifier says."""

    label: str = Field(description="label of its set")
    key: str
    logit: float
    p_fake: float
    map: str | None = Field(
        default=None, description="its patch score map: a picture in the folder of the record"
    )


class ScoredGallery(Model):
    """Twelve images of one kind."""

    name: Literal["caught", "convincing", "mistaken"]
    display: str
    images: list[ScoredImage]


class Picture(Model):
    """A picture the classifier drew, a file in the folder of the record."""

    name: str = Field(description="mean-map-real, spectrum-difference, most-fake, ...")
    file: str = Field(description="path in the folder of the record")
    display: str
    caption: str = ""
    scale: float | None = Field(default=None, description="value of the end colours")


class Curve(Model):
    """A line with a band."""

    name: str
    display: str
    x_label: str
    y_label: str
    x: list[float]
    y: list[float]
    low: list[float | None] = Field(default_factory=list)
    high: list[float | None] = Field(default_factory=list)


class SpectrumBand(Model):
    """How well the power of one band of frequencies tells the sets apart."""

    low: float = Field(description="cycles per pixel")
    high: float
    auc: Estimate
    p: float
    p_holm: float


class SpectrumPeak(Model):
    """A spike of the spectrum where upsampling leaves one."""

    frequency: str = Field(description="across and down in eighths of a cycle per pixel: 4/8 0/8")
    real: float = Field(description="mean ln peak over local median of the reals")
    fake: float
    auc: Estimate


class BandStop(Model):
    """The fitted classifier on test images from which something was taken."""

    name: str
    display: str
    auc: Estimate


class Slice(Model):
    """A part of the test images."""

    by: str = Field(description="size, brightness, source class, generator training")
    name: str
    auc: Estimate
    p: float | None = None
    p_holm: float | None = None


class Epoch(Model):
    """One pass over the training images."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auc: float | None = None
    learning_rate: float


class NetworkInfo(Model):
    """The network behind the rung cnn."""

    preset: str
    pixels: PixelsName
    parameters: int
    receptive_field: int | None = Field(description="pixels; null: the whole image")
    crop: int
    epochs: list[Epoch]
    best_epoch: int
    passes: int = Field(description="training images seen, repeats counted")
    stopped: str = Field(description="why training ended")


class AsReported(Model):
    """The founding report's own protocol, beside the honest one."""

    accuracy: Estimate
    protocol: str
    caution: list[str] = Field(description="what it cannot rule out")


class Stage(Model):
    """Where the time went."""

    name: str
    seconds: float


class ClassifyRecord(Model):
    """What ``ganeval classify`` writes."""

    schema_: Annotated[Literal["ganeval.classify/1"], Field(alias="schema")] = CLASSIFY_SCHEMA
    command: str = "classify"
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="one sentence a reader may quote")
    verdict_name: VerdictName
    cause: str = Field(default="", description="the lowest rung that does as well, in a sentence")
    question: Question
    alpha: float
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    inputs: list[InputInfo] = Field(description="the reals, then the fakes")
    features: FeatureRun | None = Field(default=None, description="null: no rung took features")
    audit: FormatAudit
    control: FormatControl
    defence: DefenceInfo
    grouping: Grouping
    leaks: list[Leak] = Field(default_factory=list)
    split: SplitInfo
    rungs: list[Rung]
    best_rung: RungName | None = Field(description="highest validation AUC on defended pixels")
    primary: Primary
    accuracy: list[Accuracy] = Field(default_factory=list)
    calibration: Calibration | None = None
    power: Power
    nulls: list[NullControl] = Field(default_factory=list)
    network: NetworkInfo | None = None
    as_reported: AsReported | None = None
    galleries: list[ScoredGallery] = Field(default_factory=list)
    pictures: list[Picture] = Field(default_factory=list)
    curves: list[Curve] = Field(default_factory=list)
    spectrum: list[SpectrumBand] = Field(default_factory=list)
    peaks: list[SpectrumPeak] = Field(default_factory=list)
    bandstop: list[BandStop] = Field(default_factory=list)
    slices: list[Slice] = Field(default_factory=list)
    digests: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="sha256 of the images that galleries name, by label and key",
    )
    stages: list[Stage] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def input(self, role: Literal["real", "fake"]) -> InputInfo:
        """Returns the set of that role."""
        return next(info for info in self.inputs if info.role == role)

    def rung(self, name: RungName, pixels: PixelsName) -> Rung | None:
        """Returns a step of the ladder; None where it was not climbed."""
        for one in self.rungs:
            if (one.name, one.pixels) == (name, pixels):
                return one
        return None

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


class AppliedSet(Model):
    """One set that a saved classifier scored."""

    input: InputInfo
    mean_logit: float
    mean_p_fake: float
    called_fake: int = Field(description="images at or above the validation threshold")
    overlap: int = Field(description="images that the classifier was trained on")
    scores: list[ScoredImage]


class ApplyRecord(Model):
    """What ``ganeval classify --apply`` writes: scores, no test."""

    schema_: Annotated[Literal["ganeval.scores/1"], Field(alias="schema")] = SCORES_SCHEMA
    command: str = "classify --apply"
    argv: list[str]
    started: str
    seconds: float
    verdict: str
    model: str = Field(description="folder of the classifier, as given")
    model_sha256: str
    rung: RungName
    sets: list[AppliedSet]
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
