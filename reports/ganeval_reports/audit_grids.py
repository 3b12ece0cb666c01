"""The images of an audit's page: matching pairs, within a set and across, and outliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganeval.records import AuditRecord, DuplicatePair, Outlier, Role
from ganeval_reports.images import BUDGET, NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import fixed, significant
from ganeval_reports.palette import REAL, Look, looks
from ganeval_reports.parts import Grid, Shot, Table, Tile

MOST = 24
"""Tiles of one grid; the table below it has more, the record all."""

_MOST_ROWS = 200

KINDS = {"bytes": "same file", "pixels": "same pixels", "dhash": "near hash"}


@dataclass(frozen=True)
class _Plan:
    """A grid before its images are embedded."""

    title: str
    about: str
    places: Sequence[Sequence[tuple[str, str]]]
    numbers: Sequence[str]
    table: Table


@dataclass(frozen=True)
class AuditGrids:
    """All grids of the page; ``note`` says why no image is shown, if none is."""

    note: str
    matches: Sequence[Grid]
    outliers: Sequence[Grid]


def audit_grids(record: AuditRecord, load: ImageLoader | None, budget: int = BUDGET) -> AuditGrids:
    """Embeds the images the record names and lays them out."""
    matches, outliers = _match_plans(record), _outlier_plans(record)
    roles = {one.input.label: one.input.role for one in record.sets}
    marks = looks(label for label, role in roles.items() if role == "fake")
    plans = [*matches, *outliers]
    if load is None:
        grids = [Grid(plan.title, None, plan.about, [], table=plan.table) for plan in plans]
        note = NO_IMAGES if plans else ""
    else:
        embedded = embed([plan.places for plan in plans], load, budget)
        grids = [
            _grid(plan, found, roles, marks) for plan, found in zip(plans, embedded, strict=True)
        ]
        note = ""
    return AuditGrids(note, grids[: len(matches)], grids[len(matches) :])


def _match_plans(record: AuditRecord) -> list[_Plan]:
    """One grid per pair of sets, sets with themselves first."""
    groups: dict[tuple[str, str], list[DuplicatePair]] = {}
    for pair in record.duplicates:
        groups.setdefault((pair.a_set, pair.b_set), []).append(pair)
    place = {one.input.label: number for number, one in enumerate(record.sets)}
    ordered = sorted(
        groups.items(),
        key=lambda item: (item[0][0] != item[0][1], *(place[label] for label in item[0])),
    )
    return [_matches(a, b, pairs) for (a, b), pairs in ordered]


def _matches(a: str, b: str, pairs: Sequence[DuplicatePair]) -> _Plan:
    title = f"Within {a}" if a == b else f"{a} and {b}"
    shown = pairs[:MOST]
    more = f", the first {len(shown)} shown" if len(pairs) > len(shown) else ""
    rows = [
        (one.a, one.b, KINDS[one.kind], _bits(one), fixed(one.luma_difference, 1))
        for one in pairs[:_MOST_ROWS]
    ]
    head = (f"Image of {a}", f"Image of {b}", "Kind", "Bits", "Luma difference")
    return _Plan(
        title,
        f"{len(pairs):,} pair{'' if len(pairs) == 1 else 's'}{more}",
        [[(a, one.a), (b, one.b)] for one in shown],
        [
            f"{KINDS[one.kind]}, ± {fixed(one.luma_difference, 1)}"
            if one.kind == "dhash"
            else KINDS[one.kind]
            for one in shown
        ],
        Table(f"{title}, in numbers", head, rows),
    )


def _bits(pair: DuplicatePair) -> str:
    return "" if pair.distance is None else str(pair.distance)


def _outlier_plans(record: AuditRecord) -> list[_Plan]:
    plans = []
    for one in record.sets:
        label = one.input.label
        images: dict[str, list[Outlier]] = {}
        for outlier in record.outliers:
            if outlier.set == label:
                images.setdefault(outlier.key, []).append(outlier)
        if images:
            plans.append(_outliers(label, images))
    return plans


def _outliers(label: str, images: dict[str, list[Outlier]]) -> _Plan:
    shown = list(images.items())[:MOST]
    more = f", the farthest {len(shown)} shown" if len(images) > len(shown) else ""
    rows = [
        (one.key, one.kind, significant(one.value, 3), _score(one))
        for found in images.values()
        for one in found
    ]
    return _Plan(
        label,
        f"{len(images):,} image{'' if len(images) == 1 else 's'}{more}",
        [[(label, key)] for key, _ in shown],
        [", ".join(f"{one.kind} {_score(one)}" for one in found) for _, found in shown],
        Table(
            f"Outliers of {label}, in numbers",
            ("Image", "By", "Value", "Robust z"),
            rows[:_MOST_ROWS],
        ),
    )


def _score(outlier: Outlier) -> str:
    return ("+" if outlier.score > 0 else "") + fixed(outlier.score, 1)


def _grid(
    plan: _Plan,
    embedded: Sequence[Sequence[Picture | Absence]],
    roles: dict[str, Role],
    marks: dict[str, Look],
) -> Grid:
    tiles = [
        Tile([_shot(*both, roles, marks) for both in zip(place, found, strict=True)], number)
        for place, found, number in zip(plan.places, embedded, plan.numbers, strict=True)
        if any(isinstance(one, Picture) for one in found)
    ]
    lost = len(plan.places) - len(tiles)
    note = (
        f"{lost} of {len(plan.places)} are not shown: gone, or too much for one page."
        if lost
        else ""
    )
    return Grid(plan.title, None, plan.about, tiles, note, plan.table)


def _shot(
    wanted: tuple[str, str],
    found: Picture | Absence,
    roles: dict[str, Role],
    marks: dict[str, Look],
) -> Shot:
    label, key = wanted
    return Shot(
        role=roles[label],
        look=marks.get(label, REAL).css,
        end=label,
        name=key,
        alt=f"{label}: {key}",
        picture=found if isinstance(found, Picture) else None,
    )
