"""What each independent unit adds to a metric, and the standard error of a difference made of it.

A metric of A and of B against the same reals moves together when a real image, or the source of a
pair, is exchanged. The difference of what each unit adds to both is what is left of that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganeval.metrics.rows import Floats
from ganeval.statistics.groups import Codes


@dataclass(frozen=True)
class UnitParts:
    """First-order effects of the units of one side.

    Attributes:
        effects: float64 ``[U]``, what each unit adds to the metric; they sum to 0. Units that the
            set does not hold have 0.
        held: bool ``[U]``, units that the set holds.
    """

    effects: Floats
    held: np.ndarray

    def standard_error(self) -> float:
        """Returns √(G/(G-1) · Σ effects²) over the units held."""
        return _standard_error(self.effects, int(self.held.sum()))


@dataclass(frozen=True)
class Parts:
    """A metric of one fake set, taken apart.

    Attributes:
        value: The metric.
        real: Effects of the real units; None where the metric does not look at the reals, or they
            are taken as exact.
        fake: The same of the fake units.
        draws: float64 ``[M]``, the metric by random draw (direction), where it is a mean over
            draws that have nothing to do with the choice of images; fake sets share them.
    """

    value: float
    real: UnitParts | None
    fake: UnitParts | None
    draws: Floats | None = None

    def standard_error(self) -> float:
        """Returns the standard error of the metric itself."""
        sides = (side.standard_error() for side in (self.real, self.fake) if side)
        return math.hypot(*sides, _draw_error(self.draws))


def from_rows(effects: Floats | None, units: Codes, count: int) -> UnitParts | None:
    """Adds up the effects of the images of each unit.

    Args:
        effects: float64 ``[n]``, the influence of each image divided by n; None: not known.
        units: int ``[n]``.
        count: Number of units U.
    """
    if effects is None:
        return None
    held = np.bincount(units, minlength=count) > 0
    sums = np.bincount(units, weights=effects, minlength=count).astype(np.float64, copy=False)
    return UnitParts(sums, held)


def from_replicates(
    replicates: Floats | None, units: Codes | None = None, count: int | None = None
) -> UnitParts | None:
    """Returns the effects that give the delete-a-group jackknife's standard error.

    Args:
        replicates: float64 ``[G]``, the metric without each unit or block in turn.
        units: int ``[G]``, the unit left out; None: they are numbered 0, 1, ...
        count: Number of units U; None: G.

    Source: Tukey, Annals of Mathematical Statistics 29 (1958) 614.
    """
    if replicates is None:
        return None
    size = len(replicates)
    units = np.arange(size) if units is None else units
    effects, held = np.zeros(count or size), np.zeros(count or size, dtype=bool)
    effects[units] = (replicates.mean() - replicates) * ((size - 1) / size)
    held[units] = True
    return UnitParts(effects, held)


def mean_of(parts: Sequence[Parts]) -> Parts:
    """Returns the mean of one metric over several draws of the same sets."""
    return Parts(
        float(np.mean([one.value for one in parts])),
        _mean_side([one.real for one in parts]),
        _mean_side([one.fake for one in parts]),
        _mean_draws([one.draws for one in parts]),
    )


def difference(a: Parts, b: Parts, *, paired: bool) -> tuple[float, float, int]:
    """Returns a - b with its standard error and degrees of freedom.

    Args:
        a: A metric of one fake set.
        b: The same metric of another against the same reals, in the same units.
        paired: Units of equal number are the same in both fake sets; else they are independent.
    """
    errors, counts = [], []
    for one, other, same in ((a.real, b.real, True), (a.fake, b.fake, paired)):
        if one is None or other is None:
            continue
        counts += [int(one.held.sum()), int(other.held.sum())]
        if same:
            held = int((one.held | other.held).sum())
            errors.append(_standard_error(one.effects - other.effects, held))
        else:
            errors += [one.standard_error(), other.standard_error()]
    if a.draws is not None and b.draws is not None:
        errors.append(_draw_error(a.draws - b.draws))
    return a.value - b.value, math.hypot(*errors), min(counts, default=1) - 1


def _standard_error(effects: Floats, count: int) -> float:
    if count < 2:
        return math.nan
    return math.sqrt(count / (count - 1) * float(np.square(effects).sum()))


def _draw_error(draws: Floats | None) -> float:
    return 0.0 if draws is None else float(draws.std(ddof=1)) / math.sqrt(len(draws))


def _mean_draws(draws: Sequence[Floats | None]) -> Floats | None:
    known = [one for one in draws if one is not None]
    return np.mean(known, axis=0) if known else None


def _mean_side(sides: Sequence[UnitParts | None]) -> UnitParts | None:
    known = [side for side in sides if side is not None]
    if len(known) < len(sides):
        return None
    return UnitParts(
        np.mean([side.effects for side in known], axis=0),
        np.logical_or.reduce([side.held for side in known]),
    )
