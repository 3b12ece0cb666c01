"""What measuring one metric gives: its entries of the record, and their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ganeval.metrics.estimates import FEWEST_GROUPS, Spread, estimate_of
from ganeval.metrics.jackknifed import Jackknifed
from ganeval.metrics.naming import distance_name
from ganeval.metrics.parts import Parts, UnitParts, from_replicates
from ganeval.metrics.rows import Floats
from ganeval.metrics.samples import Sample
from ganeval.records import Copy, Estimate, FeatureSpec, Metric, WeightsInfo


@dataclass(frozen=True)
class Provenance:
    """What made the features of a metric, as far as it is told."""

    spec: FeatureSpec | None
    weights: WeightsInfo | None
    mixed: bool = False  # statistics made under another protocol were forced

    @property
    def distance_name(self) -> str:
        """What the Fréchet distance of such features may be called."""
        return "FD(mixed protocols)" if self.mixed else distance_name(self.spec, self.weights)


@dataclass(frozen=True)
class Measured:
    """One request answered for one fake set.

    Attributes:
        metrics: Entries of the record.
        parts: What units add to each metric, by its name; also to ``excess``, the distance above
            its floor. What has none cannot be compared between fake sets.
        influence: Influence of every fake image on a distance, float64 ``[n]``.
        influence_real: The same of the real images.
        copies: Fakes that are near copies of reals.
    """

    metrics: list[Metric]
    parts: Mapping[str, Parts] = field(default_factory=dict)
    influence: Floats | None = None
    influence_real: Floats | None = None
    copies: list[Copy] = field(default_factory=list)


def parts_of(result: Jackknifed, real: Sample, fake: Sample, draws: Floats | None = None) -> Parts:
    """Returns the parts of a metric by the blocks of both samples; see `Parts` for ``draws``."""
    return Parts(result.value, _by_block(result.real, real), _by_block(result.fake, fake), draws)


def _by_block(replicates: Floats | None, sample: Sample) -> UnitParts | None:
    """Blocks that the set has no image of are not held: they say nothing of its error."""
    if replicates is None:
        return None
    held = np.flatnonzero([len(block) > 0 for block in sample.blocks()])
    return from_replicates(replicates[held], held, len(replicates))


def block_estimate(
    parts: Parts,
    real: Sample,
    fake: Sample,
    *,
    method: str,
    low: float = -np.inf,
    high: float = np.inf,
    share: bool = False,
    covers: str = "the expected value at this n, over the choice of images",
) -> Estimate:
    """Returns the estimate of a metric whose error is found by leaving out blocks.

    Args:
        parts: The metric by blocks.
        real: The real set.
        fake: The fake set.
        method: How the value was computed.
        low: Smallest value the metric can have.
        high: Largest value the metric can have.
        share: The metric is a share of images.
        covers: What the interval is an interval for.
    """
    n = {"real": real.side.info.n, "fake": fake.side.info.n}
    sides = {"real": (parts.real, real), "fake": (parts.fake, fake)}
    units = {
        role: len(set(sample.units.tolist()))
        for role, (one, sample) in sides.items()
        if one is not None
    }
    reason = None
    for role, count in units.items():
        if count < FEWEST_GROUPS:
            reason = (
                f"a standard error needs at least {FEWEST_GROUPS} independent groups of images "
                f"per side; the {role} side has {count}"
            )
    error = parts.standard_error()
    if error == 0 and not share and reason is None:
        reason = "no image left out changes the value, so nothing tells how it varies"
    if reason is not None:
        return estimate_of(
            parts.value, Spread(reason=reason), n=n, method=method, covers="", level=0.95
        )
    blocks = min(_held(one) for one, _ in sides.values() if one is not None)
    drawn = "" if parts.draws is None else " and the spread over random draws"
    return estimate_of(
        parts.value,
        Spread(error, blocks - 1, f"delete-a-block jackknife, {blocks} blocks{drawn}"),
        n=n,
        method=method,
        covers=covers,
        level=0.95,
        lower_bound=low,
        upper_bound=high,
        share_of=min(units.values()) if share else None,
    )


def _held(parts: UnitParts) -> int:
    return int(parts.held.sum())
