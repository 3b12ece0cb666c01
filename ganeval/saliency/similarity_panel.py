"""The similarity panel: no similarity without unrelated images, the least change and controls."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np

from ganeval.records.model import Estimate
from ganeval.records.saliency import Effect, Kappa, Level, Reference
from ganeval.saliency.paired import Unit, column, paired_effect, present
from ganeval.saliency.panel_tables import Column, Looked
from ganeval.saliency.score_panel import CONTROLS
from ganeval.saliency.wording import margin_of

MEASURES: Final = ("spearman", "ssim", "iou10", "sim", "shift")
CALIBRATED: Final = ("spearman", "ssim", "iou10", "sim")
"""Measures on which more is more alike; kappa is told of these."""

TESTED: Final = "spearman"
"""The one measure that is tested, so that the family stays small."""

FEWEST_RANGE: Final = 0.1
"""Least distance of ceiling and null at which a method resolves similarity."""

_Scaled = Literal["transfer", "noise", "colour"]


def similarity_effects(method: str, looked: Looked, unit: Unit) -> list[Effect]:
    """Returns how much more alike the maps stay under the transfer than under each control.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.
    """
    transfer = column(looked.similarity, "transfer", TESTED)
    found = []
    for control in CONTROLS if transfer is not None else ():
        other = column(looked.similarity, control, TESTED)
        if transfer is None or other is None:
            continue
        found.append(
            paired_effect(
                "similarity",
                f"{TESTED}-{control}",
                f"rank correlation of the maps, less that under {control} of equal size",
                transfer - other,
                margin_of(TESTED),
                unit,
                method=method,
                against=control,
            )
        )
    return present(found)


def levels(method: str, looked: Looked, unit: Unit) -> list[Level]:
    """Returns the mean similarities to every reference there is.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.
    """
    references: tuple[Reference, ...] = get_args(Reference)
    return [
        Level(method=method, measure=measure, reference=reference, mean=unit.mean(found))
        for measure in MEASURES
        for reference in references
        if (found := column(looked.similarity, reference, measure)) is not None
    ]


def kappas(method: str, looked: Looked, unit: Unit) -> list[Kappa]:
    """Returns similarity on the scale from unrelated images, 0, to the least change, 1.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.
    """
    references: tuple[_Scaled, ...] = get_args(_Scaled)
    return [
        Kappa(method=method, measure=measure, reference=reference, kappa=found)
        for measure in CALIBRATED
        for reference in references
        if (found := kappa(looked, reference, measure, unit)) is not None
    ]


def kappa(looked: Looked, reference: str, measure: str, unit: Unit) -> Estimate | None:
    """Returns (mean s - mean null)/(mean ceiling - mean null), with a bootstrap over groups.

    Means are over the groups whose pairs have all three.

    Args:
        looked: In numbers.
        reference: Whose similarity s is.
        measure: Of similarity.
        unit: What is independent.

    Returns:
        Without a value, and with the reason, where ceiling and null are less than 0.1 apart; None
        where one of the three was not made.
    """
    columns = [column(looked.similarity, one, measure) for one in (reference, "null", "ceiling")]
    given = [one for one in columns if one is not None]
    if len(given) < 3:
        return None
    means, pairs = unit.means(*given)
    n = {"pairs": pairs, "groups": len(means[0])}
    if pairs == 0:
        return Estimate(value=None, n=n, reason="no pair has value, null and ceiling")
    value, null, ceiling = (float(one.mean()) for one in means)
    if ceiling - null < FEWEST_RANGE:
        return Estimate(
            value=None,
            n=n,
            reason=(
                "the method cannot resolve similarity on these images: the least change scores "
                f"{ceiling:.2f}, other images {null:.2f}"
            ),
        )
    found = (value - null) / (ceiling - null)
    if len(means[0]) == 1:
        return Estimate(value=found, n=n, reason="one group alone has no interval")
    low, high = _interval(means, unit)
    return Estimate(
        value=found,
        low=min(found, low),
        high=max(found, high),
        n=n,
        method="ratio of means over groups, percentile bootstrap over groups",
    )


def _interval(means: list[Column], unit: Unit) -> tuple[float, float]:
    weights = unit.redraws(len(means[0]), "saliency kappa")
    value, null, ceiling = (weights @ one for one in means)
    span = ceiling - null
    resolved = span > 0  # a draw in which unrelated images are more alike has no scale
    low, high = np.quantile((value - null)[resolved] / span[resolved], [0.025, 0.975])
    return float(low), float(high)
