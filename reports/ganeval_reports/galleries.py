"""The images of a page: samples of each set, and fakes beside their nearest real image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ganeval.records import Gallery, InputInfo, MetricsRecord, Neighbour, Role
from ganeval_reports import glossary
from ganeval_reports.images import BUDGET, NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import MISSING, decimals_for, fixed
from ganeval_reports.palette import REAL, looks
from ganeval_reports.parts import Grid, Shot, Table, Tile

_NAMED = 5
"""Missing images named in a note; the rest are counted."""


@dataclass(frozen=True)
class FakeGrids:
    """What is shown of the neighbours of one fake set; ``look`` has the classes of its mark."""

    label: str
    look: str
    grids: Sequence[Grid]


@dataclass(frozen=True)
class Galleries:
    """All image grids of a page; ``note`` says why there are none."""

    note: str
    samples: Sequence[Grid]
    fakes: Sequence[FakeGrids]


class Wanted(NamedTuple):
    """An image of a set."""

    role: Role
    label: str
    key: str


@dataclass(frozen=True)
class _Plan:
    """A grid before its images are embedded: per place the images and their number."""

    title: str
    about: str
    places: Sequence[Sequence[Wanted]]
    numbers: Sequence[str]
    role: Role | None = None
    table: Table | None = None


def galleries(record: MetricsRecord, load: ImageLoader | None, budget: int = BUDGET) -> Galleries:
    """Embeds the images a record names and lays them out."""
    real = record.input("real").label
    samples = [_sample(info, _sample_keys(record, info)) for info in record.inputs] if load else []
    neighbours = [_neighbours(gallery, real) for gallery in record.galleries]
    plans = [*samples, *(plan for group in neighbours for plan in group)]
    ids = [[[(one.label, one.key) for one in place] for place in plan.places] for plan in plans]
    marks = marks_of_sets(record)
    if load:
        embedded = embed(ids, load, budget)
        grids = iter(_grid(plan, found, marks) for plan, found in zip(plans, embedded, strict=True))
    else:
        grids = iter(
            Grid(plan.title, plan.role, plan.about, [], table=plan.table) for plan in plans
        )
    return Galleries(
        "" if load else NO_IMAGES,
        [next(grids) for _ in samples],
        [
            FakeGrids(gallery.fake_label, marks[gallery.fake_label], [next(grids) for _ in group])
            for gallery, group in zip(record.galleries, neighbours, strict=True)
        ],
    )


def _sample_keys(record: MetricsRecord, info: InputInfo) -> list[str]:
    """Keys to show of one input; real images that several galleries name come once."""
    keys: list[str] = []
    for gallery in record.galleries:
        if info.role == "real":
            keys += gallery.real_sample
        elif gallery.fake_label == info.label:
            keys += gallery.fake_sample
    return list(dict.fromkeys(keys))


def _sample(info: InputInfo, keys: Sequence[str]) -> _Plan:
    if keys:
        of = "" if info.n is None else f" of {info.n:,}"
        about = f"{len(keys)}{of} images"
    elif info.kind == "statistics":
        about = "Given as saved statistics, which hold no images."
    else:
        about = "The record names no images of this set."
    places = [[Wanted(info.role, info.label, key)] for key in keys]
    return _Plan(info.label, about, places, [""] * len(keys), info.role)


def _neighbours(gallery: Gallery, real: str) -> list[_Plan]:
    chosen = (
        ("Nearest to the real set", glossary.NEAREST, gallery.nearest, False),
        ("Farthest from the real set", "", gallery.farthest, False),
        ("Raising the distance most", glossary.INFLUENCE, gallery.raising, True),
    )
    return [
        _pairs(
            title,
            about,
            places=[
                [Wanted("fake", gallery.fake_label, one.fake), Wanted("real", real, one.real)]
                for one in neighbours
            ],
            neighbours=neighbours,
            by_influence=by_influence,
        )
        for title, about, neighbours, by_influence in chosen
        if neighbours
    ]


def _pairs(
    title: str,
    about: str,
    *,
    places: Sequence[Sequence[Wanted]],
    neighbours: Sequence[Neighbour],
    by_influence: bool,
) -> _Plan:
    distances = _aligned([one.distance for one in neighbours])
    influences = _aligned([one.influence for one in neighbours], sign=True)
    numbers = [
        f"influence {influence}" if by_influence and influence else f"distance {distance}"
        for distance, influence in zip(distances, influences, strict=True)
    ]
    head: tuple[str, ...] = ("Fake", "Nearest real", "Distance")
    rows: list[tuple[str, ...]] = [
        (one.fake, one.real, distance) for one, distance in zip(neighbours, distances, strict=True)
    ]
    if any(influences):
        head = (*head, "Influence")
        rows = [(*row, number or MISSING) for row, number in zip(rows, influences, strict=True)]
    table = Table(f"{title}, {places[0][0].label}, in numbers", head, rows)
    return _Plan(title, about, places, numbers, table=table)


def _aligned(numbers: Sequence[float | None], *, sign: bool = False) -> list[str]:
    """Prints a column with the decimals that show three digits of its largest number."""
    largest = max((abs(number) for number in numbers if number is not None), default=0.0)
    decimals = decimals_for(largest, 3)
    return [
        "" if number is None else ("+" if sign and number > 0 else "") + fixed(number, decimals)
        for number in numbers
    ]


def _grid(
    plan: _Plan, embedded: Sequence[Sequence[Picture | Absence]], marks: dict[str, str]
) -> Grid:
    tiles = [
        Tile([shot(*both, marks) for both in zip(place, found, strict=True)], number)
        for place, found, number in zip(plan.places, embedded, plan.numbers, strict=True)
        if any(isinstance(one, Picture) for one in found)
    ]
    note = absences(plan.places, embedded)
    look = marks.get(plan.title, REAL.css) if plan.role else ""
    return Grid(plan.title, plan.role, plan.about, tiles, note, plan.table, look)


def marks_of_sets(record: MetricsRecord) -> dict[str, str]:
    """Returns the classes of the mark of each fake set."""
    fakes = [info.label for info in record.inputs if info.role == "fake"]
    return {label: look.css for label, look in looks(fakes).items()}


def shot(wanted: Wanted, found: Picture | Absence, marks: dict[str, str]) -> Shot:
    """Returns the image as part of a tile; ``marks`` are those of the fake sets."""
    role, label, key = wanted
    return Shot(
        role=role,
        look=REAL.css if role == "real" else marks[label],
        end=label,
        name=key,
        alt=f"{role}, {label}: {key}",
        picture=found if isinstance(found, Picture) else None,
    )


def absences(
    places: Sequence[Sequence[Wanted]], embedded: Sequence[Sequence[Picture | Absence]]
) -> str:
    """Says in words which images are gone and how many the budget left out."""
    both = zip(chain(*places), chain(*embedded), strict=True)
    gone = list(dict.fromkeys(wanted.key for wanted, found in both if found == "gone"))
    over = sum("over budget" in found for found in embedded)
    sentences = []
    if gone:
        more = " and others" if len(gone) > _NAMED else ""
        sentences.append(f"{len(gone)} could not be loaded: {', '.join(gone[:_NAMED])}{more}.")
    if over:
        shown = f"{len(places) - over} of {len(places)}"
        sentences.append(f"Only {shown} are shown, to keep the page small.")
    return " ".join(sentences)
