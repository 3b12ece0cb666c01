"""Two arms of an ablation held against each other, over seeds and over images."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ganeval.records.model import Model

Direction = Literal["AtoB", "BtoA"]
Better = Literal["lower", "higher", "none"]
Pairing = Literal["full", "data", "none", "images"]
VerdictKind = Literal[
    "invalid", "single_run", "underpowered", "difference", "equivalent", "undecided"
]


class SeedDifference(Model):
    """Variant minus base under one seed."""

    seed: int
    value: float
    imputed: bool = Field(
        default=False, description="a diverged run stands in with the worst value of the study"
    )


class Interval(Model):
    """An interval of the mean difference, and the population it speaks of."""

    low: float
    high: float
    level: float = 0.95
    method: str = Field(description="t over seeds, crossed bootstrap, jackknife and seeds, range")
    population: str = Field(description="for example: over training seeds, these test images")
    caveat: str = ""


class Sensitivity(Model):
    """The same comparison under another rule."""

    name: str = Field(description="for example: diverged pairs dropped")
    mean: float | None
    p: float | None
    kind: VerdictKind
    sentence: str
    flips: bool = Field(description="the verdict is of another kind")


class Comparison(Model):
    """One variant against what it is compared with, by one metric, in one direction."""

    metric: str
    display: str
    unit: str = Field(default="", description="for example ×10³; differences are in it")
    better: Better
    variant: str
    against: str
    direction: Direction
    pairing: Pairing
    n: int = Field(description="pairs of seeds; of images where there is one run per arm")
    differences: list[SeedDifference] = Field(default_factory=list)
    base_mean: float | None = None
    variant_mean: float | None = None
    mean: float | None = Field(description="mean of variant minus base")
    sd: float | None = Field(default=None, description="of the differences, ddof 1")
    effect_size: float | None = Field(default=None, description="mean / sd")
    improvement: float | None = Field(
        default=None, description="share of pairs in which the variant is better, ties half"
    )
    p: float | None = None
    smallest_p: float | None = Field(default=None, description="that so many seeds can reach")
    p_holm: float | None = Field(default=None, description="null outside the family")
    family: int = Field(default=0, description="comparisons in the declared family")
    test: str = ""
    intervals: list[Interval] = Field(default_factory=list, description="the first is the main one")
    band: float | None = Field(
        default=None, description="half width of what equal arms differ by, 95 %, from the A/A arm"
    )
    detectable: float | None = Field(
        default=None, description="smallest mean difference found with the asked power"
    )
    needed_seeds: int | None = Field(default=None, description="for a family of this size")
    pairing_gain: float | None = Field(
        default=None, description="1 - var(d) / (var(base) + var(variant))"
    )
    kind: VerdictKind
    sentence: str
    primary: bool = Field(default=False, description="by the metric that decides")
    exploratory: bool = Field(default=False, description="not declared in advance")
    sensitivity: list[Sensitivity] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class NoiseArm(Model):
    """Equal settings under other seeds: how much equal arms differ."""

    metric: str
    direction: Direction
    n: int = Field(description="seeds of each of the two equal arms")
    band: float = Field(description="half width of 95 % of the differences of random pairings")
    sd: float = Field(description="of the differences, the planning value")
    rejections: float = Field(description="share of pairings the test of the study rejects")
    sound: bool = Field(description="that share is at most twice alpha")
    differs: bool = Field(description="base against the equal arm is itself rejected")
