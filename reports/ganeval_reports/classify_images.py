"""The images of a classifier's page: galleries beside their score maps, and what it drew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ganeval.records import ClassifyRecord, Role, ScoredGallery, ScoredImage
from ganeval.records import Picture as Drawn
from ganeval_reports.images import NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import fixed, significant
from ganeval_reports.palette import REAL, SETS
from ganeval_reports.parts import Grid, Note, Shot, Table, Tile
from ganeval_reports.training_sheets import RUN

MAP = "patch scores"
"""What the score map of an image is called beside it."""

_ABOUT = {
    "caught": "The fakes with the highest scores.",
    "convincing": "The fakes with the lowest scores.",
    "mistaken": "The reals with the highest scores.",
}
_HALF = 0.5
"""p fake from which an image is taken for fake."""

SCALE = "map-scale"
"""Name of the picture of the colour scale that all score maps share."""

_SECTIONS = (
    ("mean-map", "maps", "Mean patch scores"),
    ("spectrum", "spectrum", "Mean spectra, fakes less reals"),
    ("most", "drawn", "What the network takes for real and for fake"),
    ("", "drawn", "More pictures"),
)
"""Start of a picture's name, the part of the page it belongs to, and the heading there."""


@dataclass(frozen=True)
class DrawnGrid:
    """Pictures that the classifier drew, and what they are."""

    grid: Grid
    notes: Sequence[Note]


@dataclass(frozen=True)
class ClassifyImages:
    """All images of the page.

    Args:
        note: Why there are none, or how many are gone.
        scale: The colours of all score maps, and what they mean.
        galleries: Test images by score.
        mapped: Some of these have a score map beside them.
        maps: Mean score maps.
        spectrum: Mean spectra as pictures.
        drawn: Images made to look most real and most fake, and whatever else was drawn.
    """

    note: str
    scale: tuple[Shot, str] | None
    galleries: Sequence[Grid]
    mapped: bool
    maps: Sequence[DrawnGrid]
    spectrum: Sequence[DrawnGrid]
    drawn: Sequence[DrawnGrid]


@dataclass(frozen=True)
class _Plan:
    """Pictures under one heading; those of a place are two of a kind: of reals and of fakes."""

    title: str
    section: str
    places: Sequence[Sequence[Drawn]]


Found = Sequence[Picture | Absence]

_SIDE = re.compile("-(real|fake)")


def classify_images(
    record: ClassifyRecord, load: ImageLoader | None, budget: int
) -> ClassifyImages:
    """Embeds the images the record names and lays them out."""
    plans = list(_plans(record.pictures))
    scale = next((one for one in record.pictures if one.name == SCALE), None)
    wanted: list[list[list[tuple[str, str]]]] = [
        [[(RUN, scale.file)]] if scale else [],
        *([_ids(one) for one in gallery.images] for gallery in record.galleries),
        *([[(RUN, one.file) for one in place] for place in plan.places] for plan in plans),
    ]
    if load is None:
        note = NO_IMAGES if any(wanted) else ""
        galleries = [_gallery(one, [], {}) for one in record.galleries]
        return ClassifyImages(note, None, galleries, False, [], [], [])
    found = embed(wanted, load, budget)
    marks = {info.label: (info.role, _look(info.role)) for info in record.inputs}
    first, galleries_found = found[0], found[1 : 1 + len(record.galleries)]
    galleries = [
        _gallery(*both, marks) for both in zip(record.galleries, galleries_found, strict=True)
    ]
    grids: dict[str, list[DrawnGrid]] = {section: [] for _, section, _ in _SECTIONS}
    for plan, places in zip(plans, found[1 + len(record.galleries) :], strict=True):
        grids[plan.section].append(_pictures(plan, places))
    mapped = any(one.map for gallery in record.galleries for one in gallery.images)
    return ClassifyImages(_note(found), _scale_shot(scale, first), galleries, mapped, **grids)


def scored_table(title: str, images: Sequence[ScoredImage]) -> Table:
    """Returns images with their scores."""
    rows = [(one.key, one.label, fixed(one.p_fake, 3), _logit(one)) for one in images]
    return Table(title, ("Image", "Set", "p fake", "Logit"), rows)


def score(one: ScoredImage) -> str:
    """Prints the score that stands under an image."""
    p = one.p_fake
    return f"p fake {fixed(p, 2 if 0.005 <= p <= 0.995 or p in (0, 1) else 3)}"


def _logit(one: ScoredImage) -> str:
    return ("+" if one.logit > 0 else "") + fixed(one.logit, 2)


def _look(role: Role) -> str:
    return REAL.css if role == "real" else SETS[0].css


def _ids(one: ScoredImage) -> list[tuple[str, str]]:
    """The image and, if there is one, its score map."""
    return [(one.label, one.key), *([(RUN, one.map)] if one.map else [])]


def _plans(pictures: Sequence[Drawn]) -> Iterator[_Plan]:
    left = [one for one in pictures if one.name != SCALE]
    for start, section, title in _SECTIONS:
        own = [one for one in left if one.name.startswith(start)]
        left = [one for one in left if one not in own]
        if own:
            yield _Plan(title, section, _two_of_a_kind(own))


def _two_of_a_kind(pictures: Sequence[Drawn]) -> list[list[Drawn]]:
    """Puts those together whose names differ in nothing but ``real`` and ``fake``."""
    places: dict[str, list[Drawn]] = {}
    for one in pictures:
        places.setdefault(_SIDE.sub("", one.name), []).append(one)
    return list(places.values())


def _gallery(
    gallery: ScoredGallery, places: Sequence[Found], marks: dict[str, tuple[Role, str]]
) -> Grid:
    tiles = [
        Tile(list(_shots(one, found, marks)), score(one))
        for one, found in zip(gallery.images, places, strict=False)
        if any(isinstance(shown, Picture) for shown in found)
    ]
    lost = len(gallery.images) - len(tiles) if places else 0
    note = f"{lost} of {len(gallery.images)} are not shown." if lost else ""
    about = _about(gallery) if gallery.images else "There are none."
    table = scored_table(f"{gallery.display}, in numbers", gallery.images)
    return Grid(gallery.display, None, about, tiles, note, table if gallery.images else None)


def _about(gallery: ScoredGallery) -> str:
    """Says what the images are, and what the classifier takes them for."""
    n = len(gallery.images)
    fakes = sum(one.p_fake >= _HALF for one in gallery.images)
    fake = gallery.name != "convincing"
    count = fakes if fake else n - fakes
    kind = "fake, p 0.5 or more" if fake else "real, p below 0.5"
    many = "None" if count == 0 else "All" if count == n else f"{count:,} of these {n:,}"
    return f"{_ABOUT[gallery.name]} {many} {'is' if count == 1 else 'are'} taken for {kind}."


def _shots(one: ScoredImage, found: Found, marks: dict[str, tuple[Role, str]]) -> Iterator[Shot]:
    role, look = marks[one.label]
    names = [(one.label, one.key, f"{one.label}: {one.key}")]
    if one.map:
        names.append((MAP, MAP, f"{MAP} of {one.key}"))
    for (end, name, alt), shown in zip(names, found, strict=True):
        yield Shot(role, look, end, name, alt, shown if isinstance(shown, Picture) else None)


def _pictures(plan: _Plan, places: Sequence[Found]) -> DrawnGrid:
    tiles = []
    for place, found in zip(plan.places, places, strict=True):
        shots = [
            _picture_shot(one, shown)
            for one, shown in zip(place, found, strict=True)
            if isinstance(shown, Picture)
        ]
        if shots:
            tiles.append(Tile(shots, _scale(place[0])))
    shown_now = sum(len(tile.shots) for tile in tiles)
    whole = sum(len(place) for place in plan.places)
    note = f"{whole - shown_now} of {whole} could not be shown." if shown_now < whole else ""
    notes = [
        Note(one.display, one.caption) for place in plan.places for one in place if one.caption
    ]
    return DrawnGrid(Grid(plan.title, None, "", tiles, note), notes)


def _picture_shot(one: Drawn, shown: Picture) -> Shot:
    side = _SIDE.search(one.name)
    role: Role = "real" if side is not None and side[1] == "real" else "fake"
    look = _look(role) if side else ""
    return Shot(role, look, one.display, one.display, one.display, shown)


def _scale_shot(scale: Drawn | None, found: Sequence[Found]) -> tuple[Shot, str] | None:
    if scale is None or not isinstance(found[0][0], Picture):
        return None
    return _picture_shot(scale, found[0][0]), scale.caption


def _scale(one: Drawn) -> str:
    return "" if one.scale is None else f"end colours ± {significant(one.scale, 2)}"


def _note(found: Sequence[Sequence[Found]]) -> str:
    gone = sum(one == "gone" for places in found for one in chain(*places))
    if not gone:
        return ""
    return f"{gone:,} image{'' if gone == 1 else 's'} could not be loaded."
