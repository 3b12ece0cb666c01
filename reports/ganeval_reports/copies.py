"""Fakes that are, or nearly are, training images: side by side, with how they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganeval.records import Copy, MetricsRecord
from ganeval_reports.galleries import Wanted, absences, marks_of_sets, shot
from ganeval_reports.images import BUDGET, ImageLoader, Picture, embed
from ganeval_reports.numbers import MISSING, significant
from ganeval_reports.parts import Grid, Lead, Shot, Table, Tile

MOST = 24
"""Pairs shown of one fake set; the table has all that the record lists."""

KINDS = {
    "bytes": "same file",
    "pixels": "same pixels",
    "dhash": "near hash",
    "features": "near features",
}

_EQUAL = (KINDS["bytes"], KINDS["pixels"])
"""Nothing is to be seen where the divider moves."""

_COSINE = "cosine distance "


@dataclass(frozen=True)
class Copies:
    """All near copies of a page.

    Args:
        title: With their number.
        source: Label of the set they copy.
        training: It was given as the training images.
        grids: One per fake set that has any.
        spent: Characters of the page that their images take.
    """

    title: str
    source: str
    training: bool
    grids: Sequence[Grid]
    spent: int


def copies(
    record: MetricsRecord, load: ImageLoader | None, budget: int = BUDGET // 3
) -> Copies | None:
    """Embeds the near copies beside their originals; None if the record lists none."""
    if not record.copies:
        return None
    source = record.train or record.input("real")
    groups: dict[str, list[Copy]] = {}
    for copy in record.copies:
        groups.setdefault(copy.fake_label, []).append(copy)
    places = [
        [
            [Wanted("fake", label, one.fake), Wanted("real", source.label, one.real)]
            for one in found[:MOST]
        ]
        for label, found in groups.items()
    ]
    marks = marks_of_sets(record)
    if load:
        ids = [[[(one.label, one.key) for one in place] for place in plan] for plan in places]
        embedded = embed(ids, load, budget)
    else:
        embedded = [[] for _ in places]
    tiles = [
        [
            Tile([shot(*both, marks) for both in zip(place, pair, strict=True)], _number(one))
            for one, place, pair in zip(found, plan, pictures, strict=False)
            if any(isinstance(picture, Picture) for picture in pair)
        ]
        for found, plan, pictures in zip(groups.values(), places, embedded, strict=True)
    ]
    spent = sum(_size(tile.shots) for group in tiles for tile in group)
    grids = []
    for index, (label, found) in enumerate(groups.items()):
        more = f", the nearest {MOST} shown" if len(found) > MOST else ""
        about = f"{_counted(len(found))}{more}" if load else _counted(len(found))
        note = absences(places[index], embedded[index]) if load else ""
        table = _table(label, found)
        lead = _lead(tiles[index])
        grids.append(Grid(label, None, about, tiles[index], note, table, marks[label], lead))
    title = f"{_counted(len(record.copies))} among the fakes"
    return Copies(title, source.label, record.train is not None, grids, spent)


def _lead(tiles: Sequence[Tile]) -> Lead | None:
    """The first pair that a slider can tell apart: of one shape, and not equal."""
    for place, tile in enumerate(tiles):
        if tile.comparable and tile.number not in _EQUAL:
            before, after = tile.shots
            return Lead(place, f"{tile.number}: {before.name} and {after.name}")
    return None


def _size(shots: Sequence[Shot]) -> int:
    return sum(len(one.picture.source) for one in shots if one.picture)


def _counted(count: int) -> str:
    return "1 near copy" if count == 1 else f"{count:,} near copies"


def _number(copy: Copy) -> str:
    distance = _distance(copy).removeprefix(_COSINE)
    return f"{KINDS[copy.kind]}{f', {distance}' if distance else ''}"


def _distance(copy: Copy) -> str:
    """The distance with its unit; equal files have none worth telling."""
    if copy.distance is None or copy.kind in ("bytes", "pixels"):
        return ""
    if copy.kind == "dhash":
        return f"{copy.distance:g} bit{'' if copy.distance == 1 else 's'}"
    return f"{_COSINE}{significant(copy.distance, 2)}"


def _table(label: str, found: Sequence[Copy]) -> Table:
    rows = [(one.fake, one.real, KINDS[one.kind], _distance(one) or MISSING) for one in found]
    return Table(f"Near copies of {label}", ("Fake", "Training image", "Kind", "Distance"), rows)
