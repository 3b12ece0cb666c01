"""What should be known about several fake sets, said once where it holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.metrics.warnings import CODES
from ganeval.records import Notice


def merged_warnings(labels: Sequence[str], found: Sequence[Sequence[Notice]]) -> list[Notice]:
    """Joins the notices of several fake sets: said once of all, else with the set's label.

    Args:
        labels: The fake sets.
        found: The notices of each, by importance.

    Returns:
        By importance, sets in their order within it.
    """
    if len(labels) == 1:
        return list(found[0])
    everyone = [
        (notice, label) for label, some in zip(labels, found, strict=True) for notice in some
    ]
    everyone.sort(key=lambda one: CODES.index(one[0].code))
    merged: list[Notice] = []
    for notice, label in everyone:
        same = [label_ for other, label_ in everyone if other.text == notice.text]
        if len(same) == len(labels):
            if notice.text not in [one.text for one in merged]:
                merged.append(notice)
        else:
            merged.append(notice.model_copy(update={"text": f"{label}: {notice.text}"}))
    return merged
