"""What a comparison of two arms came to: numbers, verdict, and the sentence that says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganeval.statistics.noise_band import NoiseBand
from ganeval.statistics.seed_effects import Better, SeedEffect

Kind = Literal["invalid", "single_run", "underpowered", "difference", "equivalent", "undecided"]
"""Verdicts, in the order in which the first that holds is taken."""

Pairing = Literal["full", "data", "none"]
"""What runs of two arms with equal seeds share: all streams, those of the data, nothing."""


@dataclass(frozen=True)
class Interval:
    """An interval of the mean difference.

    Attributes:
        low: Lower end, in the unit of the metric.
        high: Upper end.
        kind: How it was computed and what it assumes.
        population: What it speaks of.
    """

    low: float
    high: float
    kind: str
    population: str


@dataclass(frozen=True)
class Diverged:
    """Runs of one arm that diverged.

    Attributes:
        arm: Its name.
        seeds: Seeds of the runs that diverged.
        runs: Runs that ended, well or not.
        low: Lower end of the 95 % Clopper-Pearson interval of their share.
        high: Upper end.
    """

    arm: str
    seeds: list[int]
    runs: int
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """One comparison of a variant with its base on one metric.

    Differences are variant less base, in the unit of the metric.

    Attributes:
        metric: Name of the metric.
        label: Its name in sentences, with its scale.
        scale: What sentences multiply values by.
        variant: Name of the arm that was changed.
        against: Name of the arm it is compared with.
        better: Which values are better.
        pairing: What runs of equal seeds share.
        seeds: Seeds of the pairs; empty for unpaired arms.
        diffs: Difference of every pair, in the order of the seeds; empty for unpaired arms.
        n: Pairs, or runs of each arm: of the variant.
        n_base: Runs of the base.
        effect: Mean, spread and interval over seeds; None where nothing could be compared.
        p: Two-sided p over seeds; None with a single run.
        p_holm: p adjusted for the family; None for exploratory comparisons and before `adjust`.
        smallest_p: The smallest p that so many seeds can give.
        smallest_holm: The same after Holm, all comparisons of the family at their smallest.
        family_size: Comparisons declared in advance.
        interval: The interval to show: over seeds and images where it is known, else over seeds.
        seed_interval: The interval over seeds alone.
        bootstrap: BCa interval over seeds, from ten pairs on.
        poi: Probability of improvement, ties counted half, 0..1.
        pairing_gain: 1 - var(d)/(var(base) + var(variant)); None for unpaired arms.
        noise: The A/A band; None without such an arm.
        sd_planning: Spread of one difference that plans are made with.
        mde: Smallest difference this design finds often enough; None where unknown, infinite
            where it finds none.
        needed_seeds: Fewest seeds per arm with which this family can reach alpha.
        mde_at_needed: Smallest difference found with that many.
        equivalence_p: Of "the difference is at least the margin"; None without a margin.
        margin: Declared margin of equivalence.
        alpha: Level.
        power: How often an effect is to be found.
        kind: The verdict.
        sentence: The verdict in words.
        reason: Why there is no conclusion; None where there is one.
        exploratory: Whether the comparison was not declared.
        diverged: Arms with runs that diverged.
        sensitivity: The same comparison without the pairs of runs that diverged.
        notes: What a reader must know beside the verdict.
    """

    metric: str
    label: str
    scale: float
    variant: str
    against: str
    better: Better
    pairing: Pairing
    seeds: list[int]
    diffs: list[float]
    n: int
    n_base: int
    effect: SeedEffect | None
    p: float | None
    p_holm: float | None
    smallest_p: float | None
    smallest_holm: float | None
    family_size: int
    interval: Interval | None
    seed_interval: Interval | None
    bootstrap: Interval | None
    poi: float | None
    pairing_gain: float | None
    noise: NoiseBand | None
    sd_planning: float | None
    mde: float | None
    needed_seeds: int | None
    mde_at_needed: float | None
    equivalence_p: float | None
    margin: float | None
    alpha: float
    power: float
    kind: Kind
    sentence: str
    reason: str | None
    exploratory: bool
    diverged: list[Diverged]
    sensitivity: Judged | None
    notes: list[str]

    @property
    def paired(self) -> bool:
        """Whether runs of equal seeds are pairs."""
        return self.pairing != "none"

    @property
    def mean(self) -> float | None:
        """The mean difference."""
        return self.effect.mean if self.effect else None

    @property
    def sd(self) -> float | None:
        """The standard deviation of the differences."""
        return self.effect.sd if self.effect else None

    @property
    def dz(self) -> float | None:
        """Mean over standard deviation of the differences."""
        return self.effect.dz if self.effect else None
