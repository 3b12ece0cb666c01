"""Maps before and after of all pairs, measured; the maps are kept, everything else is numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.features.row_arrays import new_rows
from ganeval.saliency.localisation import localise
from ganeval.saliency.mapping import Mapper, Subject
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.measures import (
    SIMILARITY,
    Measures,
    Prepared,
    grad_l1,
    prepared,
    similarity,
    structure,
)
from ganeval.saliency.opening import Stack
from ganeval.saliency.tables import MethodTable

BEFORE: Final = "before"
AFTER: Final = "after"

_KEPT: Final = 64  # maps made ready at once: 180 MB at 224 px

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MapStacks:
    """The maps of all pairs by one method, float32 ``[n, S, S]``.

    Args:
        before: Of the images before.
        after: Of the images after; None: there is one set alone.
    """

    before: Stack
    after: Stack | None

    @property
    def sides(self) -> dict[str, Stack]:
        """By condition."""
        return (
            {BEFORE: self.before}
            if self.after is None
            else {BEFORE: self.before, AFTER: self.after}
        )


def map_pairs(
    mapper: Mapper, before: Subject, after: Subject | None, regions: Mask | None, memory: int
) -> tuple[dict[str, MapStacks], dict[str, MethodTable]]:
    """Makes the maps of all pairs and measures each of them.

    Args:
        mapper: Makes the maps.
        before: The images before.
        after: Their translations; None: there is one set alone.
        regions: Where the object lies, bool ``[n, S, S]``, empty where not known; None: unknown.
        memory: Bytes of maps that are held in memory; more lie in temporary files.

    Returns:
        By method the maps, and their numbers without any similarity.
    """
    subjects = {BEFORE: before} if after is None else {BEFORE: before, AFTER: after}
    share = memory // (len(mapper.methods) * len(subjects))
    side, count = mapper.model.side, len(before)
    tables = {one.name: MethodTable(one.name, count, regions is not None) for one in mapper.methods}
    stacks: dict[str, dict[str, Stack]] = {one.name: {} for one in mapper.methods}
    for condition, subject in subjects.items():
        for one in mapper.methods:
            rows = new_rows(count, side * side, share)
            stacks[one.name][condition] = rows.reshape(count, side, side)
        for rows_, made in mapper.chunks(subject):
            for name, maps in made.items():
                stacks[name][condition][rows_] = maps.values
                places = range(rows_.start, rows_.stop)
                measure_maps(tables[name], condition, maps, places, regions)
                if condition == BEFORE:
                    _note(tables[name], maps, places)
    return {
        name: MapStacks(found[BEFORE], found.get(AFTER)) for name, found in stacks.items()
    }, tables


def measure_maps(
    table: MethodTable,
    condition: str,
    maps: Maps,
    places: Sequence[int],
    regions: Mask | None,
    *,
    reference: MapStacks | None = None,
) -> None:
    """Enters the measures of maps into a table.

    Args:
        table: Of the method.
        condition: What was done to image or model.
        maps: Of ``m`` images.
        places: Their places among the pairs.
        regions: Of all pairs; None: not known.
        reference: Also compare with the maps before.
    """
    for i, place in enumerate(places):
        table.flag(condition, place, maps.flags[i])
        if maps.flags[i] is not None:
            continue
        ready = prepared(maps.values[i])
        found: Measures = dict(structure(ready))
        own = maps.info.get("grad_l1")
        found["grad_l1"] = grad_l1(maps.values[i]) if own is None else float(own[i])
        if regions is not None:
            found |= localise(maps.values[i], regions[place])
        table.put(condition, place, found)
        if reference is not None and not _flagged(table, BEFORE, place):
            table.put_similarity(condition, place, similarity(reference.before[place], ready))


def compare_pairs(
    table: MethodTable,
    stacks: MapStacks,
    chosen: Sequence[int],
    drawn: npt.NDArray[np.int64] | None,
) -> None:
    """Enters how similar the map before is to that after, and to those of other pairs.

    Of a single set the other maps are those of other images before.

    Args:
        table: Of the method, with the flags of its maps.
        stacks: Its maps.
        chosen: Places of the pairs that others are compared for.
        drawn: Other pairs for each of them, as places in ``chosen``, ``[draws, len(chosen)]``;
            None: no others.
    """
    others = stacks.before if stacks.after is None else stacks.after
    side = BEFORE if stacks.after is None else AFTER
    partners: dict[int, list[int]] = {}
    if drawn is not None:
        for i, place in enumerate(chosen):
            partners[place] = [chosen[int(other)] for other in drawn[:, i]]
    ready = _Ready(others)
    for place in range(table.count):
        if _flagged(table, BEFORE, place) or (stacks.after is None and place not in partners):
            continue
        first = prepared(stacks.before[place])
        if stacks.after is not None and not _flagged(table, AFTER, place):
            table.put_similarity("transfer", place, similarity(first, ready.at(place)))
        found = [
            similarity(first, ready.at(other))
            for other in partners.get(place, ())
            if not _flagged(table, side, other)
        ]
        if found:
            table.put_similarity("null", place, _mean(found))


def mirrored_spearman(
    table: MethodTable, stacks: MapStacks, maps: Maps, places: Sequence[int]
) -> None:
    """Enters the correlation of the map of a mirrored image to the mirrored map of the image."""
    if table.flip is None:
        table.flip = np.full(table.count, np.nan)
    for i, place in enumerate(places):
        if maps.flags[i] is None and not _flagged(table, BEFORE, place):
            mirrored = np.ascontiguousarray(stacks.before[place][:, ::-1])
            found = similarity(mirrored, maps.values[i])["spearman"]
            table.flip[place] = np.nan if found is None else found


class _Ready:
    """Maps made ready for comparison; the last ones are kept."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._kept: dict[int, Prepared | None] = {}

    def at(self, place: int) -> Prepared | None:
        if place in self._kept:
            self._kept[place] = self._kept.pop(place)  # the last one used comes last
        else:
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[place] = prepared(self._stack[place])
        return self._kept[place]


def _mean(found: Sequence[Measures]) -> Measures:
    mean: Measures = {}
    for name in SIMILARITY:
        known = [value for one in found if (value := one[name]) is not None]
        mean[name] = sum(known) / len(known) if known else None
    return mean


def _flagged(table: MethodTable, condition: str, place: int) -> bool:
    return table.flags[condition][place] is not None


def _note(table: MethodTable, maps: Maps, places: Sequence[int]) -> None:
    """Keeps what was found while the maps before were made."""
    for name, value in maps.info.items():
        if isinstance(value, np.ndarray) and value.shape == (len(places),):
            column = table.numbers.setdefault(name, np.full(table.count, np.nan))
            column[list(places)] = value
        else:
            table.params[name] = value
