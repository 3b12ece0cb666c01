"""The record of `ganeval fid` and its sisters: metrics of fake sets against a real one."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import FeatureRun, InputInfo
from ganeval.records.model import Environment, Estimate, Model, Notice, Param, Role, Test

SCHEMA: Final = "ganeval.metrics/1"


class Floor(Model):
    """What two samples of one distribution show at half size, and what is left above it."""

    half_size: int = Field(description="images per half")
    splits: int = Field(description="seeded splits averaged over")
    cross: float = Field(description="mean distance of half-real against half-fake")
    floor_real: float = Field(description="mean distance between halves of the real set")
    floor_fake: float = Field(description="mean distance between halves of the fake set")
    excess: Estimate = Field(description="cross - (floor_real + floor_fake)/2")


class Metric(Model):
    """One metric of one fake set against the real set."""

    name: str = Field(description="identifier: fid, kid, precision; a choice after a colon")
    display: str = Field(description="name to print, for example FD(efficientnet-lite0)")
    fake: str = Field(description="label of the fake input")
    estimate: Estimate
    direction: Literal["lower", "higher"] = Field(description="which way is better")
    null_expected: float | None = Field(
        default=None, description="expected value when both sets share one distribution"
    )
    floor: Floor | None = None
    bias_corrected: Estimate | None = None
    test: Test | None = None
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    bias: str = Field(default="", description="what the value is biased by")


class Neighbour(Model):
    """A fake image, its nearest real image, and what it does to the distance."""

    fake: str = Field(description="key of the fake image")
    real: str = Field(description="key of its nearest real image")
    distance: float = Field(description="Euclidean distance of their features")
    influence: float | None = Field(
        default=None, description="first-order change of the distance per unit of weight"
    )


class Gallery(Model):
    """Which images a page shows; a bounded choice by key, no pixels."""

    fake_label: str
    real_sample: list[str] = Field(default_factory=list)
    fake_sample: list[str] = Field(default_factory=list)
    nearest: list[Neighbour] = Field(default_factory=list)
    farthest: list[Neighbour] = Field(default_factory=list)
    raising: list[Neighbour] = Field(
        default_factory=list, description="the fakes that raise the distance most"
    )


def excess_of(metric: str) -> str:
    """Returns the name under which a distance's excess over its floor is compared.

    ``excess`` of ``fid``, ``excess:768`` of ``fid:768``, ``excess sfid`` of another.
    """
    if metric.partition(":")[0] == "fid":
        return f"excess{metric.removeprefix('fid')}"
    return f"excess {metric}"


class Difference(Model):
    """How one metric differs between two fake sets that face the same reals."""

    metric: str = Field(description="name of the metric, or excess: the distance above its floor")
    display: str = Field(description="name to print")
    a: str = Field(description="label of the one fake set")
    b: str = Field(description="label of the other")
    estimate: Estimate = Field(description="value of a less value of b")
    p: float | None = Field(default=None, description="two-sided p-value of no difference")
    p_holm: float | None = Field(
        default=None, description="p after Holm's correction over all pairs of sets of this metric"
    )
    better: str | None = Field(
        default=None,
        description="label of the better set where p_holm < 0.05 and the metric ranks, else null",
    )
    paired: bool = Field(description="images with equal stems were paired")
    n_pairs: int = Field(default=0, description="images of equal stem, paired or not")
    note: str = Field(default="", description="how unequal sizes were met; why nothing is ranked")


class Copy(Model):
    """A fake image that is, or nearly is, a real one."""

    fake_label: str
    fake: str = Field(description="key of the fake image")
    real: str = Field(description="key of the real image")
    kind: Literal["bytes", "pixels", "dhash", "features"] = Field(
        description="equal files, equal pixels, difference hashes within 4 bits, or features "
        "nearer than nearly all reals are to each other"
    )
    distance: float | None = Field(
        default=None, description="bits for dhash, cosine distance for features"
    )


class PeerNumber(Model):
    """What another package would print for these images."""

    tool: str = Field(description="package and version, for example pytorch-fid 0.3.0")
    metric: str = Field(description="as that package calls it")
    fake: str = Field(description="label of the fake input")
    value: float | None = Field(description="null where it would refuse; the note says why")
    spread: float | None = Field(default=None, description="what it prints behind a ±, if anything")
    resize: str = Field(default="", description="resize mode")
    note: str = Field(default="", description="its conventions, and what to know about them here")


class MetricsRecord(Model):
    """What ``ganeval fid`` and its sisters write."""

    schema_: Annotated[Literal["ganeval.metrics/1"], Field(alias="schema")] = SCHEMA
    command: str = Field(description="the command's name, for example fid")
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="one sentence a reader may quote")
    inputs: list[InputInfo]
    train: InputInfo | None = Field(
        default=None, description="training images that copies were looked for in; null: the reals"
    )
    features: list[FeatureRun]
    metrics: list[Metric]
    differences: list[Difference] = Field(default_factory=list)
    peers: list[PeerNumber] = Field(default_factory=list)
    copies: list[Copy] = Field(
        default_factory=list, description="fakes that are near copies of reals, nearest first"
    )
    galleries: list[Gallery] = Field(default_factory=list)
    digests: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="sha256 of the images that galleries and copies name, by label and key",
    )
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def metric(self, name: str, fake: str | None = None) -> Metric:
        """Returns the metric called ``name`` (of the fake set labelled ``fake``).

        Raises:
            KeyError: There is no such metric.
        """
        for metric in self.metrics:
            if metric.name == name and fake in (None, metric.fake):
                return metric
        raise KeyError(name)

    def best(self, metric: str) -> str | None:
        """Returns the label of the fake set that is better than every other by this metric.

        Args:
            metric: Name of the metric, as in `Difference.metric`.

        Returns:
            None where no set is better than all others by more than chance.
        """
        told = [one for one in self.differences if one.metric == metric]
        others = sum(info.role == "fake" for info in self.inputs) - 1
        for label in dict.fromkeys(one.better for one in told):
            won = [one.better == label for one in told if label in (one.a, one.b)]
            if label and len(won) == others and all(won):
                return label
        return None

    def input(self, role: Role, label: str | None = None) -> InputInfo:
        """Returns the first input of that role (and label)."""
        for info in self.inputs:
            if info.role == role and label in (None, info.label):
                return info
        raise KeyError(role)

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
