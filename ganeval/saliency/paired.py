"""Paired differences over groups: the one way in which every panel tests and estimates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.records.model import Estimate
from ganeval.records.saliency import Effect, Panel, Reference
from ganeval.saliency.panel_tables import Column
from ganeval.saliency.wording import LEVEL, direction
from ganeval.statistics.groups import Codes, group_count
from ganeval.statistics.hodges_lehmann import hodges_lehmann
from ganeval.statistics.intervals import holm
from ganeval.statistics.paired_effect import minimal_detectable_effect
from ganeval.statistics.ranks import signed_rank
from ganeval.statistics.resampling import redraw_counts
from ganeval.statistics.streams import generator

FEWEST_UNITS: Final = 6
"""Fewer independent pairs cannot reach p = .05 by signed ranks, and get no test."""

DRAWS: Final = 2000
"""Bootstrap draws over groups."""


@dataclass(frozen=True)
class Unit:
    """What is independent, and how tests are made.

    Args:
        codes: int64 ``[n]``, the group of every pair.
        seed: Random seed of the run.
        alpha: Level of the tests.
    """

    codes: Codes
    seed: int
    alpha: float = LEVEL

    @property
    def count(self) -> int:
        """Number of groups."""
        return group_count(self.codes)

    def of(self, rows: npt.NDArray[np.bool_]) -> Codes:
        """Returns the groups of some of the pairs, numbered anew."""
        return np.unique(self.codes[rows], return_inverse=True)[1].astype(np.int64)

    def means(self, *columns: Column) -> tuple[list[Column], int]:
        """Returns the group means of columns over the pairs that all of them have, and how many.

        Args:
            columns: float64 ``[n]``, NaN where missing.
        """
        known: npt.NDArray[np.bool_] = np.asarray(np.isfinite(np.stack(columns)).all(axis=0))
        codes = self.of(known)
        sizes = np.bincount(codes)
        return [np.bincount(codes, weights=one[known]) / sizes for one in columns], int(known.sum())

    def redraws(self, groups: int, purpose: str) -> Column:
        """Returns how often each group is drawn again, as weights, float64 ``[draws, groups]``."""
        rng = generator(self.seed, purpose)
        return redraw_counts(np.zeros(groups, np.int64), DRAWS, rng) / groups

    def mean(self, column: Column, unit: str = "") -> Estimate:
        """Estimates the mean of a column, with a bootstrap over groups.

        Args:
            column: float64 ``[n]``, NaN where missing.
            unit: Of the values.
        """
        (values,), pairs = self.means(column)
        if pairs == 0:
            return Estimate(value=None, reason="no pair has a value", n={"pairs": 0})
        value, n = float(values.mean()), {"pairs": pairs, "groups": len(values)}
        if len(values) == 1:
            return Estimate(value=value, n=n, unit=unit, reason="one group alone has no interval")
        drawn = self.redraws(len(values), "saliency means") @ values
        low, high = np.quantile(drawn, [0.025, 0.975])
        return Estimate(
            value=value,
            low=min(value, float(low)),
            high=max(value, float(high)),
            n=n,
            unit=unit,
            method="mean over groups, percentile bootstrap over groups",
        )


def paired_effect(
    panel: Panel,
    name: str,
    display: str,
    difference: Column,
    margin: float,
    unit: Unit,
    *,
    method: str | None = None,
    against: Reference | None = None,
    sides: tuple[Column, Column] | None = None,
    scale: str = "",
    note: str = "",
) -> Effect | None:
    """Estimates and tests a paired difference; p is not adjusted yet.

    Args:
        panel: Where it is shown.
        name: Of the measure, and of the control behind a dash.
        display: How a reader knows it.
        difference: float64 ``[n]``, NaN where missing.
        margin: Differences within it are called none.
        unit: What is independent.
        method: Of the maps; None: of the score.
        against: Control whose change has been subtracted.
        sides: Before and after, for their means.
        scale: Unit of the difference.
        note: What has to be known of the test.

    Returns:
        None: No pair has the difference.
    """
    known = np.isfinite(difference)
    if not known.any():
        return None
    (values,), pairs = unit.means(difference)
    shift, low, high = hodges_lehmann(values, seed=unit.seed, draws=DRAWS)
    p, test = _signed_rank(values)
    bounded = math.isfinite(low) and math.isfinite(high)
    return Effect(
        panel=panel,
        name=name,
        display=display,
        method=method,
        against=against,
        before=None if sides is None else float(sides[0][known].mean()),
        after=None if sides is None else float(sides[1][known].mean()),
        shift=Estimate(
            value=shift,
            low=low if bounded else None,
            high=high if bounded else None,
            n={"pairs": pairs, "groups": len(values)},
            unit=scale,
            method="Hodges-Lehmann shift of the group means, percentile bootstrap over groups",
            reason=None if bounded else "one group alone has no interval",
        ),
        p=p,
        test="; ".join(text for text in (test, note) if text),
        margin=margin,
        detectable=minimal_detectable_effect(float(values.std(ddof=1)), len(values))
        if len(values) > 1
        else None,
        change="undecided",
    )


def _signed_rank(values: Column) -> tuple[float | None, str]:
    if len(values) < FEWEST_UNITS:
        return None, f"none: {len(values)} independent pairs, {FEWEST_UNITS} are needed"
    found = signed_rank(values)
    test = f"two-sided {found.method}"
    return min(1.0, 2 * min(found.p, found.p_below)), (
        f"{test}, {found.zeros} zeros left out" if found.zeros else test
    )


def corrected(effects: Sequence[Effect], alpha: float = LEVEL) -> list[Effect]:
    """Returns effects with p adjusted for the number of tests (Holm), and what may be said of each.

    Args:
        effects: All tests of a run; those without a p are not counted.
        alpha: Level of the tests.
    """
    adjusted = iter(holm([effect.p for effect in effects if effect.p is not None]))
    found = []
    for effect in effects:
        p = None if effect.p is None else next(adjusted)
        shift = effect.shift
        # `direction` compares with its own level; a p scaled by their ratio has the same answer.
        change = direction(
            effect.name,
            shift.value or 0.0,
            -math.inf if shift.low is None else shift.low,
            math.inf if shift.high is None else shift.high,
            None if p is None else p * LEVEL / alpha,
            effect.margin,
        )
        found.append(effect.model_copy(update={"p_holm": p, "change": change}))
    return found


def present(effects: Sequence[Effect | None]) -> list[Effect]:
    """Returns the effects that there are."""
    return [effect for effect in effects if effect is not None]


def column(table: Mapping[str, Mapping[str, Column]], condition: str, name: str) -> Column | None:
    """Returns a column of a table, or None where it is not there or has no value at all."""
    found = table.get(condition, {}).get(name)
    return None if found is None or not np.isfinite(found).any() else found
