"""The same inputs through all arms of an ablation: samples, failures, one panel per seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ganeval.records import AblationRecord, ArmPicture, InputRow
from ganeval_reports.ablation_names import arm_looks, common_decimals, toward, trained
from ganeval_reports.drawing import slug
from ganeval_reports.images import NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import fixed
from ganeval_reports.palette import REAL
from ganeval_reports.parts import Lead, Shot, Tile
from ganeval_reports.training_sheets import RUN

_STAGES: Final = ("translated", "recovered", "identity")
_STAGE_TITLES: Final = {
    "translated": "",
    "recovered": "Recovered by the other generator",
    "identity": "Given to the generator whose output it should be already (identity)",
}
_FIRST: Final = "samples"

_Found = Sequence[Picture | Absence | None]


@dataclass(frozen=True)
class Matrix:
    """Inputs as rows, arms as columns, all pictures in one size.

    Args:
        title: What the arms made of the inputs; empty where the gallery says it.
        heads: Classes of the mark, and name, of each column; the first is that of the inputs.
        tiles: One per input.
        values: Per input what stands under its pictures; empty where there are no numbers.
        lead: The tile whose first two pictures also stand large, under a slider.
    """

    title: str
    heads: Sequence[tuple[str, str]]
    tiles: Sequence[Tile]
    values: Sequence[Sequence[str]]
    lead: Lead | None = None


@dataclass(frozen=True)
class Panel:
    """The runs of one seed.

    Args:
        name: Of the seeds, in words.
        first: What all arms made of the inputs.
        further: The way back, and the identity; folded.
    """

    name: str
    first: Matrix
    further: Sequence[Matrix]


@dataclass(frozen=True)
class Gallery:
    """The same inputs through all arms.

    Args:
        key: Unique within the page.
        title: The heading.
        about: How its inputs were chosen.
        panels: One per seed.
        note: What is not shown and why.
    """

    key: str
    title: str
    about: str
    panels: Sequence[Panel]
    note: str


@dataclass(frozen=True)
class Samples:
    """All pictures of the page; ``note`` says why there are none."""

    note: str
    chosen: Sequence[Gallery]
    failures: Sequence[Gallery]


@dataclass(frozen=True)
class _Plan:
    """A matrix before its images are embedded."""

    gallery: tuple[str, str]
    panel: int
    stage: str
    rows: Sequence[tuple[InputRow, Sequence[ArmPicture | None]]]
    arms: Sequence[str]


_ABOUT: Final = {
    "samples": "Inputs drawn by chance, the same in every arm; nobody picked them.",
    "structure": "Inputs whose layout all arms together keep least, by structure distance.",
    "cycle": "Inputs that all arms together recover worst.",
    "unchanged": "Inputs that all arms together change least.",
    "caught": "Fakes that the classifier recognises most surely.",
    "nearest": "Fakes nearest to a training image.",
    "watched": "Inputs on the watch list of the study.",
}


def samples(record: AblationRecord, load: ImageLoader | None, budget: int) -> Samples | None:
    """Embeds the pictures of all galleries; None where the record names none."""
    if not record.rows:
        return None
    if load is None:
        return Samples(NO_IMAGES, [], [])
    plans = list(_plans(record))
    wanted = [
        [
            [(RUN, path) for path in _paths(row, pictures, plan.stage) if path]
            for row, pictures in plan.rows
        ]
        for plan in plans
    ]
    found = embed(wanted, load, budget)
    by_gallery: dict[tuple[str, str], list[tuple[_Plan, Sequence[_Found]]]] = {}
    for plan, places in zip(plans, found, strict=True):
        whole = [_whole(plan, *both) for both in zip(plan.rows, places, strict=True)]
        by_gallery.setdefault(plan.gallery, []).append((plan, whole))
    galleries = [_gallery(record, own) for own in by_gallery.values()]
    return Samples(
        "",
        [one for one, key in zip(galleries, by_gallery, strict=True) if key[0] == _FIRST],
        [one for one, key in zip(galleries, by_gallery, strict=True) if key[0] != _FIRST],
    )


def _plans(record: AblationRecord) -> Iterator[_Plan]:
    groups: dict[tuple[str, str], list[InputRow]] = {}
    for row in record.rows:
        groups.setdefault((row.gallery, row.direction), []).append(row)
    for key, rows in groups.items():
        known = {one.arm for row in rows for one in row.pictures}
        arms = [arm.name for arm in trained(record) if arm.name in known]
        seeds = max(_runs(row, arm) for row in rows for arm in arms)
        for panel in range(seeds):
            cells = [(row, [_nth(row, arm, panel) for arm in arms]) for row in rows]
            for stage in _STAGES:
                if any(one and getattr(one, stage) for _, pictures in cells for one in pictures):
                    yield _Plan(key, panel, stage, cells, arms)


def _runs(row: InputRow, arm: str) -> int:
    return sum(one.arm == arm for one in row.pictures)


def _nth(row: InputRow, arm: str, panel: int) -> ArmPicture | None:
    """The picture of an arm in a panel; an arm with one run stands in every panel."""
    own = [one for one in row.pictures if one.arm == arm]
    if len(own) == 1:
        return own[0]
    return own[panel] if panel < len(own) else None


def _paths(row: InputRow, pictures: Sequence[ArmPicture | None], stage: str) -> list[str]:
    """The files of a row; an empty path stands for a picture that there is not."""
    return [row.original, *(getattr(one, stage) or "" if one else "" for one in pictures)]


def _whole(
    plan: _Plan,
    row: tuple[InputRow, Sequence[ArmPicture | None]],
    found: Sequence[Picture | Absence],
) -> _Found:
    """What was found at the places of its row; None where the record names no picture."""
    rest = iter(found)
    return [next(rest) if path else None for path in _paths(*row, plan.stage)]


def _gallery(record: AblationRecord, own: Sequence[tuple[_Plan, Sequence[_Found]]]) -> Gallery:
    first = own[0][0]
    kind, _ = first.gallery
    row = first.rows[0][0]
    title = f"{row.display or kind}{toward(record, row.direction)}"
    panels: dict[int, list[Matrix]] = {}
    names: dict[int, str] = {}
    lost = over = 0
    for plan, found in own:
        names.setdefault(plan.panel, _name(plan))
        panels.setdefault(plan.panel, []).append(_matrix(record, plan, found))
        lost += sum(one == "gone" for pictures in found for one in pictures)
        over += sum(one == "over budget" for pictures in found for one in pictures)
    return Gallery(
        f"{slug(kind)}-{row.direction}",
        title,
        _ABOUT.get(kind, ""),
        [Panel(names[place], ones[0], ones[1:]) for place, ones in panels.items()],
        _note(lost, over),
    )


def _note(lost: int, over: int) -> str:
    sentences = []
    if lost:
        sentences.append(f"{lost:,} picture{'' if lost == 1 else 's'} could not be loaded.")
    if over:
        sentences.append(
            f"{over:,} picture{'' if over == 1 else 's'} left out, to keep the page small."
        )
    return " ".join(sentences)


def _name(plan: _Plan) -> str:
    """The seeds of a panel: ``Seed 0``, or the arms whose seeds are others."""
    seeds: dict[int, list[str]] = {}
    for arm, one in zip(plan.arms, plan.rows[0][1], strict=True):
        if one is not None and one.seed is not None:
            seeds.setdefault(one.seed, []).append(arm)
    if not seeds:
        return "Single runs"
    most = max(seeds, key=lambda seed: len(seeds[seed]))
    others = [f"{', '.join(arms)}: {seed}" for seed, arms in seeds.items() if seed != most]
    return f"Seed {most}" + (f" ({'; '.join(others)})" if others else "")


def _matrix(record: AblationRecord, plan: _Plan, found: Sequence[_Found]) -> Matrix:
    looks = arm_looks(record)
    heads = [(REAL.css, "input"), *((looks[arm].css, arm) for arm in plan.arms)]
    tiles, values = [], []
    numbers = [one.value for _, pictures in plan.rows for one in pictures if one]
    decimals = common_decimals(numbers, 3)
    for (row, pictures), shown in zip(plan.rows, found, strict=True):
        if not any(isinstance(one, Picture) for one in shown):
            continue
        shots = [
            Shot(
                role="real" if look == REAL.css else "fake",
                look=look,
                end=name,
                name=name,
                alt=f"{row.key}: {name if look == REAL.css else f'{plan.stage}, {name}'}",
                picture=one if isinstance(one, Picture) else None,
            )
            for (look, name), one in zip(heads, shown, strict=True)
        ]
        tiles.append(Tile(shots, row.key))
        told = [
            "" if one is None or one.value is None else fixed(one.value, decimals)
            for one in pictures
        ]
        values.append(["", *told] if any(told) else [])
    leads = (_FIRST, record.rows[0].direction) == plan.gallery and plan.panel == 0
    own = leads and plan.stage == _STAGES[0]
    return Matrix(_STAGE_TITLES[plan.stage], heads, tiles, values, _lead(tiles) if own else None)


def _lead(tiles: Sequence[Tile]) -> Lead | None:
    """The first input that has its translation beside it in the same shape."""
    for place, tile in enumerate(tiles):
        if tile.comparable:
            return Lead(place, f"{tile.number}, before and after, {tile.shots[1].name}")
    return None
