"""Is one fake set really better than another? Differences of metrics with interval and p-value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganeval.metrics.catalogue import CATALOGUE
from ganeval.metrics.estimates import FEWEST_GROUPS, Spread, estimate_of
from ganeval.metrics.measured import Measured
from ganeval.metrics.parts import Parts, difference, mean_of
from ganeval.metrics.samples import Sample
from ganeval.metrics.units import Pairing
from ganeval.records import Difference, Estimate, excess_of
from ganeval.statistics.intervals import holm, two_sided_p
from ganeval.statistics.streams import generator

_ALPHA = 0.05
_DRAWS = 10  # subsamples of the larger of two unequal sets
_COVERS = "the difference at this n, over the choice of images; not over seeds of training"

Remeasure = Callable[[Sample], Measured]


@dataclass(frozen=True)
class Candidate:
    """One metric of one fake set, ready to be compared.

    Attributes:
        sample: The fake set.
        measured: What was measured on all of it.
        remeasure: Measures the same on a part of it.
        below_d: It has, or the reals have, fewer images than the metric has features.
        is_real: It holds the very images of the real set, so that nothing can be closer.
    """

    sample: Sample
    measured: Measured
    remeasure: Remeasure
    below_d: bool
    is_real: bool = False
    _again: dict[bytes, Measured] = field(default_factory=dict, init=False, compare=False)

    def on(self, rows: npt.NDArray[np.int64]) -> Measured:
        """Measures a part of the set, by row; once, however many metrics and pairs ask."""
        key = rows.tobytes()
        if key not in self._again:
            self._again[key] = self.remeasure(self.sample.take(rows))
        return self._again[key]


def compare_candidates(
    candidates: Sequence[Candidate], pairings: dict[tuple[int, int], Pairing], seed: int
) -> list[Difference]:
    """Compares every two fake sets by every metric that both of them have.

    Args:
        candidates: One request answered for every fake set, in their order.
        pairings: How sets i < j match.
        seed: Seed of the subsamples of unequal sets.

    Returns:
        One difference per metric and pair of sets, p-values adjusted over the pairs of a metric.
    """
    differences = []
    for name in dict.fromkeys(name for one in candidates for name in one.measured.parts):
        have = [
            i for i, one in enumerate(candidates) if name in one.measured.parts and not one.is_real
        ]
        pairs = [
            _difference(name, candidates[i], candidates[j], pairings[i, j], seed)
            for i, j in combinations(have, 2)
        ]
        found = [one for one in pairs if one is not None]
        differences += _ranked(name, found, any(candidates[i].below_d for i in have))
    return differences


def direction_of(name: str) -> Literal["lower", "higher"]:
    """Returns which way is better."""
    base = name.partition(":")[0]
    return CATALOGUE[base].direction if base in CATALOGUE else "lower"


def _difference(
    name: str, a: Candidate, b: Candidate, pairing: Pairing, seed: int
) -> Difference | None:
    """The difference of two sets; None where one has no such metric at the smaller size."""
    equal = _equalised(name, a, b, seed)
    if equal is None:
        return None
    one, other, note, n = equal
    value, se, df = difference(one, other, paired=pairing.paired)
    first, second = a.sample.side, b.sample.side
    reason = None
    if min(_fewest_units(one), _fewest_units(other)) < FEWEST_GROUPS or not np.isfinite(se):
        reason = f"a side has fewer than {FEWEST_GROUPS} independent groups of images"
    elif se == 0 and first.info.content_fingerprint != second.info.content_fingerprint:
        reason = "no image left out changes the difference, so nothing tells how it varies"
    spread = (
        Spread(reason=reason)
        if reason
        else Spread(se, max(df, 1), "effects of units, subtracted" if pairing.paired else "effects")
    )
    estimate: Estimate = estimate_of(
        value,
        spread,
        n={first.label: n[0], second.label: n[1]},
        method="paired difference" if pairing.paired else "difference of independent sets",
        covers=_COVERS if one.real else f"{_COVERS}; the reals are taken as exact",
        level=0.95,
    )
    return Difference(
        metric=name,
        display=_display(name, a),
        a=first.label,
        b=second.label,
        estimate=estimate,
        p=None if reason else two_sided_p(value, se, max(df, 1)),
        paired=pairing.paired,
        n_pairs=pairing.pairs,
        note=note,
    )


def _fewest_units(parts: Parts) -> int:
    """Returns the units of the side that has fewest."""
    return min((int(one.held.sum()) for one in (parts.real, parts.fake) if one), default=0)


def _display(name: str, candidate: Candidate) -> str:
    for metric in candidate.measured.metrics:
        if metric.name == name:
            return metric.display
        if excess_of(metric.name) == name:
            return f"{metric.display}, excess over floor"
    return name


def _equalised(
    name: str, a: Candidate, b: Candidate, seed: int
) -> tuple[Parts, Parts, str, tuple[int, int]] | None:
    """Both sets at one number of images, where the metric depends on it."""
    sizes = len(a.sample.units), len(b.sample.units)
    base = name.partition(":")[0]
    depends = CATALOGUE[base].falls_with_n if base in CATALOGUE else True
    if sizes[0] == sizes[1] or not depends:
        return a.measured.parts[name], b.measured.parts[name], "", sizes
    least = min(sizes)
    parts = []
    for one in (a, b):
        if len(one.sample.units) == least:
            parts.append(one.measured.parts[name])
            continue
        draws = _subsamples(one.sample, least, seed)
        again = [found for rows in draws if (found := one.on(rows).parts.get(name)) is not None]
        if len(again) < len(draws):
            return None
        parts.append(mean_of(again))
        note = f"{one.sample.side.label} at {least} of its images, mean of {_DRAWS} draws"
    return parts[0], parts[1], note, (least, least)


def _subsamples(sample: Sample, size: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Rows of a larger set, drawn without regard to partners, who need not be like the rest."""
    rng, count = generator(seed, "equal n"), len(sample.units)
    return [np.sort(rng.choice(count, size, replace=False)) for _ in range(_DRAWS)]


def _ranked(name: str, found: list[Difference], below_d: bool) -> list[Difference]:
    """Adjusts p-values and names the better set where the metric may rank."""
    known = [one.p for one in found if one.p is not None]
    adjusted = iter(holm(known))
    base = name.partition(":")[0]
    info = CATALOGUE.get(base)
    why = ""
    if info is not None and not info.ranked:
        why = "tells something else than which set is closer"
    elif info is not None and below_d and base in ("fid", "fd", "sfid", "mifid"):
        why = "fewer images than features: the excess ranks, this does not"
    ranked = []
    for one in found:
        p = None if one.p is None else next(adjusted)
        better = None
        if p is not None and p < _ALPHA and not why and one.estimate.value is not None:
            a_is_better = (one.estimate.value < 0) == (direction_of(name) == "lower")
            better = one.a if a_is_better else one.b
        note = "; ".join(text for text in (one.note, why) if text)
        ranked.append(one.model_copy(update={"p_holm": p, "better": better, "note": note}))
    return ranked
