"""The translations of a training run: the last sheet as pairs, and some images over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ganeval.records import Direction, GridImage, Role, Sheet, SheetRow, TrainingRecord
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.images import NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import fixed
from ganeval_reports.palette import REAL, SETS
from ganeval_reports.parts import Grid, Lead, Shot, Tile

RUN: Final = "run"
"""Label under which the loader finds files of the run folder, by their path in it."""

_FOLLOWED: Final = 3
"""Images of each direction that are shown over time."""

_STAGES: Final[tuple[tuple[str, Role, str], ...]] = (
    ("original", "real", REAL.css),
    ("translated", "fake", SETS[0].css),
    ("recovered", "fake", SETS[1].css),
    ("identity", "fake", SETS[2].css),
)

_GRIDS: Final = 6
"""Pictures of generated images that are shown, spread over the run."""

Found = Picture | Absence


@dataclass(frozen=True)
class Sheets:
    """What is shown of the sheets of a run.

    Args:
        about: Which sheet the pairs are of.
        last: Per direction all its images, each with its translation and the way back.
        followed: A few images, each through all sheets.
        note: Why there are no images, or which are gone.
    """

    about: str
    last: Sequence[Grid]
    followed: Sequence[Grid]
    note: str


def sheets(record: TrainingRecord, load: ImageLoader | None, budget: int) -> Sheets | None:
    """Embeds the last sheet, and some images of all sheets; None if the run wrote none."""
    if not record.sheets:
        return None
    last = record.sheets[-1]
    about = f"The same images as on every sheet, {_when(last)}."
    if load is None:
        return Sheets(about, [], [], NO_IMAGES)
    directions = list(dict.fromkeys(row.direction for row in last.rows))
    rows = {one: [row for row in last.rows if row.direction == one] for one in directions}
    places = [[_paths(row) for row in rows[one]] for one in directions]
    courses = [
        (one, row) for one in directions for row in rows[one][:_FOLLOWED] if len(record.sheets) > 1
    ]
    steps = [_course(record.sheets, row) for _, row in courses]
    wanted = [*places, *([[path] for _, path in course] for course in steps)]
    found = embed(
        [[[(RUN, path) for path in one] for one in grid] for grid in wanted], load, budget
    )
    grids = [
        _pairs(one, rows[one], pictures) for one, pictures in zip(directions, found, strict=False)
    ]
    followed = [
        _over_time(direction, row, course, pictures)
        for (direction, row), course, pictures in zip(
            courses, steps, found[len(directions) :], strict=True
        )
    ]
    gone = sum(one == "gone" for grid in found for place in grid for one in place)
    files = "file" if gone == 1 else "files"
    note = f"{gone:,} {files} of the run folder could not be loaded." if gone else ""
    return Sheets(about, grids, followed, note)


def generated(record: TrainingRecord, load: ImageLoader | None, budget: int) -> Grid | None:
    """Embeds pictures of what a generator makes of the same noise; None if the run wrote none."""
    if not record.grids or load is None:
        return None
    last = len(record.grids) - 1
    places = dict.fromkeys(round(i * last / (_GRIDS - 1)) for i in range(_GRIDS))
    shown = [record.grids[place] for place in places]
    (found,) = embed([[[(RUN, one.path)] for one in shown]], load, budget)
    tiles = []
    for one, (picture,) in zip(shown, found, strict=True):
        if isinstance(picture, Picture):
            name = _short(one)
            shot = Shot("fake", SETS[0].css, name, name, f"generated images, {_when(one)}", picture)
            tiles.append(Tile([shot], ""))
    about = f"{shown[-1].rows} × {shown[-1].columns} images in each picture."
    gone = len(shown) - len(tiles)
    note = f"{gone:,} of {len(shown):,} pictures could not be loaded." if gone else ""
    return Grid("From the same noise", None, about, tiles, note)


def _when(one: Sheet | GridImage) -> str:
    if one.update == 0:
        return "before the first update"
    return f"after epoch {one.epoch:,} ({one.update:,} updates)"


def _paths(row: SheetRow) -> list[str]:
    paths = (getattr(row, stage) for stage, _, _ in _STAGES)
    return [path for path in paths if path is not None]


def _pairs(
    direction: Direction, rows: Sequence[SheetRow], found: Sequence[Sequence[Found]]
) -> Grid:
    tiles = [
        Tile(_shots(row, pictures), _cycle(row))
        for row, pictures in zip(rows, found, strict=True)
        if any(isinstance(one, Picture) for one in pictures)
    ]
    stages = "translated, recovered by the other generator"
    if rows and rows[0].identity is not None:
        stages += ", and given to the generator whose output it should be already (identity)"
    about = f"From left to right: original, {stages}."
    return Grid(DIRECTIONS[direction], None, about, tiles, lead=_lead(tiles))


def _shots(row: SheetRow, pictures: Sequence[Found]) -> list[Shot]:
    stages = [one for one in _STAGES if getattr(row, one[0]) is not None]
    return [
        Shot(
            role=role,
            look=look,
            end=stage,
            name=row.key if stage == "original" else stage,
            alt=f"{stage}: {row.key}",
            picture=found if isinstance(found, Picture) else None,
        )
        for (stage, role, look), found in zip(stages, pictures, strict=True)
    ]


def _cycle(row: SheetRow) -> str:
    return "" if row.cycle_l1 is None else f"cycle L1 {fixed(row.cycle_l1, 1)}"


def _lead(tiles: Sequence[Tile]) -> Lead | None:
    """The first image that has its translation beside it in the same shape."""
    for place, tile in enumerate(tiles):
        if tile.comparable:
            return Lead(place, f"{tile.shots[0].name}, original and translated")
    return None


def _course(sheets: Sequence[Sheet], row: SheetRow) -> list[tuple[str, str]]:
    """The original, then its translation on every sheet: what it is called, and its path."""
    course = [("original", row.original)]
    for sheet in sheets:
        for one in sheet.rows:
            if (one.direction, one.key) == (row.direction, row.key):
                course.append((_short(sheet), one.translated))
                break
    return course


def _short(sheet: Sheet | GridImage) -> str:
    return "untrained" if sheet.update == 0 else f"epoch {sheet.epoch:,}"


def _over_time(
    direction: Direction,
    row: SheetRow,
    course: Sequence[tuple[str, str]],
    found: Sequence[Sequence[Found]],
) -> Grid:
    tiles = []
    for place, ((name, _), pictures) in enumerate(zip(course, found, strict=True)):
        stage, role, look = _STAGES[min(place, 1)]
        picture = pictures[0]
        if isinstance(picture, Picture):
            shot = Shot(role, look, stage, name, f"{name}: {row.key}", picture)
            tiles.append(Tile([shot], ""))
    return Grid(f"{DIRECTIONS[direction]}: {row.key}", None, "", tiles)
