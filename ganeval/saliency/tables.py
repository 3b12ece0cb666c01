"""What was measured, in columns: per method, condition and measure one number a pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ganeval.saliency.localisation import LOCALISATION
from ganeval.saliency.measures import SIMILARITY, STRUCTURE

Column = npt.NDArray[np.float64]
Columns = dict[str, Column]

OF_ONE: Final = ("grad_l1", *STRUCTURE)
"""Measures of one map; with a region also those of `LOCALISATION`."""


@dataclass
class MethodTable:
    """The maps of one method in numbers; NaN where a map was not made or may not be measured.

    Args:
        name: Of the method.
        count: Number of pairs n.
        regions: The object's place is known.
        values: Condition to measure to float64 ``[n]``.
        similarity: Of the map before to that of a condition or reference, the same way.
        flip: Spearman of the map of the mirrored image to the mirrored map, ``[n]``.
        flags: Condition to why each map may not be measured, ``[n]``.
        numbers: What was found while making the maps before, ``[n]`` each.
        params: Parameters of the method.
        faithful: What tells whether removing what a map marks changes the score, ``[n]`` each.
    """

    name: str
    count: int
    regions: bool = False
    values: dict[str, Columns] = field(default_factory=dict)
    similarity: dict[str, Columns] = field(default_factory=dict)
    flip: Column | None = None
    flags: dict[str, list[str | None]] = field(default_factory=dict)
    numbers: Columns = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    faithful: Columns = field(default_factory=dict)

    def put(self, condition: str, row: int, found: Mapping[str, float | None]) -> None:
        """Enters the measures of one map."""
        names = (*OF_ONE, *LOCALISATION) if self.regions else OF_ONE
        _put(self.values.setdefault(condition, _empty(names, self.count)), row, found)

    def put_similarity(self, reference: str, row: int, found: Mapping[str, float | None]) -> None:
        """Enters how similar the map before is to another one."""
        _put(self.similarity.setdefault(reference, _empty(SIMILARITY, self.count)), row, found)

    def flag(self, condition: str, row: int, why: str | None) -> None:
        """Notes why a map may not be measured."""
        self.flags.setdefault(condition, [None] * self.count)[row] = why

    def counted_flags(self) -> Counter[str]:
        """Returns how many maps before and after were left out, per reason."""
        return Counter(
            why for side in ("before", "after") for why in self.flags.get(side, ()) if why
        )


def mean_columns(found: Sequence[Mapping[str, Column]]) -> Columns:
    """Returns the mean of several tables, measure by measure, of the values there are."""
    mean: Columns = {}
    for name in found[0]:
        stacked = np.stack([one[name] for one in found])
        known = np.isfinite(stacked)
        total = np.where(known, stacked, 0.0).sum(axis=0)
        mean[name] = np.divide(
            total, known.sum(axis=0), out=np.full(total.shape, np.nan), where=known.any(axis=0)
        )
    return mean


def _empty(names: Sequence[str], count: int) -> Columns:
    return {name: np.full(count, np.nan) for name in names}


def _put(columns: Columns, row: int, found: Mapping[str, float | None]) -> None:
    for name, value in found.items():
        if value is not None:
            columns[name][row] = value
