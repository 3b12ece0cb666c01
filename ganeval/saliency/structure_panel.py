"""The structure panel: how concentrated the maps are, and how much of them lies on the object."""

from __future__ import annotations

from typing import Final, cast

from ganeval.records.saliency import Effect, Panel
from ganeval.saliency.paired import Unit, column, paired_effect, present
from ganeval.saliency.panel_tables import Looked
from ganeval.saliency.wording import margin_of

STRUCTURE: Final = {
    "gini": "concentration (Gini)",
    "effective_area": "effective area",
    "spread": "spread",
}
"""Measures of a map alone that are tested."""

LOCALISATION: Final = {
    "mass": "share on the object",
    "lift": "share on the object, by chance 1",
    "rank_acc": "rank accuracy",
    "pointing": "pointing game",
}
"""Measures of a map and the region of an object that are tested."""


def structure_effects(method: str, looked: Looked, unit: Unit, *, masked: bool) -> list[Effect]:
    """Returns the changes of structure, and with regions of localisation.

    Args:
        method: Name of the maps.
        looked: In numbers.
        unit: What is independent.
        masked: Where the object lies is known.
    """
    wanted = [("structure", name, text) for name, text in STRUCTURE.items()]
    if masked:
        wanted += [("localisation", name, text) for name, text in LOCALISATION.items()]
    found = []
    for panel, name, text in wanted:
        before, after = (column(looked.values, side, name) for side in ("before", "after"))
        if before is None or after is None:
            continue
        found.append(
            paired_effect(
                cast(Panel, panel),
                name,
                text,
                after - before,
                margin_of(name),
                unit,
                method=method,
                sides=(before, after),
            )
        )
    return present(found)
