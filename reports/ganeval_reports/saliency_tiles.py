"""The maps of a saliency record: a table per method whose rows can be sorted by any number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ganeval.records import LookedPair, MapMethod, MeasuredMap, SaliencyRecord, ScoredSide
from ganeval_reports.images import NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import MISSING, fixed, percent
from ganeval_reports.parts import Grid, Lead, Shot, Tile
from ganeval_reports.training_sheets import RUN

_MOST = 200
"""Pairs that are shown per method; the table of the run holds all."""

_LOOKS = {"before": "real", "after": "fake"}


@dataclass(frozen=True)
class MapCell:
    """Pictures that open together: an image and its map, or a difference."""

    shots: Sequence[Shot]
    note: str = ""


@dataclass(frozen=True)
class MapRow:
    """One pair: its name, its pictures and its numbers."""

    name: str
    target: str
    flags: Sequence[str]
    cells: Sequence[MapCell]
    numbers: Sequence[str]


@dataclass(frozen=True)
class MapTable:
    """All maps of one method, on one scale."""

    title: str
    facts: Sequence[str]
    warning: str
    untrusted: str
    shared: bool
    scale: str
    signed: bool
    heads: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[MapRow]
    note: str


@dataclass(frozen=True)
class SaliencyImages:
    """All pictures of the page; ``note`` says why there are none, or how many are gone."""

    note: str
    pairs: Grid | None
    tables: Sequence[MapTable]


Found = Sequence[Picture | Absence]


def saliency_images(
    record: SaliencyRecord, load: ImageLoader | None, budget: int
) -> SaliencyImages:
    """Embeds pictures of images and maps and lays them out, largest change first."""
    orders = {one.name: _ordered(record, one.name) for one in record.methods}
    conditions = ["before", "after"] if record.compared else ["before"]
    first = next(iter(orders.values()), list(record.pairs))[:_MOST]
    wanted: list[list[list[tuple[str, str]]]] = []
    if record.compared:
        wanted.append(
            [
                [(RUN, one.original[side]) for side in conditions if side in one.original]
                for one in first
            ]
        )
    for method, pairs in orders.items():
        wanted.append([[(RUN, file) for file in _files(one, method, conditions)] for one in pairs])
    if load is None:
        note = NO_IMAGES if any(any(place) for grid in wanted for place in grid) else ""
        found: list[list[list[Picture | Absence]]] = [
            [["gone" for _ in place] for place in grid] for grid in wanted
        ]
    else:
        found, note = embed(wanted, load, budget), ""
        gone = sum(one == "gone" for grid in found for place in grid for one in place)
        if gone:
            files = "picture" if gone == 1 else "pictures"
            note = f"{gone:,} {files} of the record's folder could not be loaded."
    pictures = [
        dict(zip((key for _, key in place), shown, strict=True))
        for grid, grids in zip(wanted, found, strict=True)
        for place, shown in zip(grid, grids, strict=True)
    ]
    known: dict[str, Picture] = {
        key: one for each in pictures for key, one in each.items() if isinstance(one, Picture)
    }
    grid = _pairs(first, known) if record.compared and known else None
    tables = [
        _table(record, record.method(method), pairs, conditions, known)
        for method, pairs in orders.items()
    ]
    return SaliencyImages(note, grid, tables)


def _ordered(record: SaliencyRecord, method: str) -> list[LookedPair]:
    """Pairs by the largest change of their maps first; of one set alone as they came."""

    def similarity(pair: LookedPair) -> float:
        after = _map(pair, method, "after")
        value = after.values.get("spearman") if after else None
        return 2.0 if value is None else value

    if not record.compared:
        return list(record.pairs)[:_MOST]
    return sorted(record.pairs, key=similarity)[:_MOST]


def _files(pair: LookedPair, method: str, conditions: Sequence[str]) -> list[str]:
    files = []
    for side in conditions:
        if side in pair.original:
            files.append(pair.original[side])
        one = _map(pair, method, side)
        if one is not None and one.picture:
            files.append(one.picture)
    if method in pair.differences:
        files.append(pair.differences[method])
    return files


def _pairs(pairs: Sequence[LookedPair], known: dict[str, Picture]) -> Grid:
    tiles = []
    for pair in pairs:
        shots = [_shot(side, pair.original[side], pair, known) for side in pair.original]
        if any(shot.picture for shot in shots):
            tiles.append(Tile(shots, f"{pair.key}: {_target(pair)}"))
    lead = next((place for place, tile in enumerate(tiles) if tile.comparable), None)
    about = "As the model saw them, the pair whose first map changed most in front."
    return Grid(
        "Images before and after",
        None,
        about,
        tiles,
        lead=None if lead is None else Lead(lead, "The first pair: before, and after"),
    )


def _table(
    record: SaliencyRecord,
    method: MapMethod,
    pairs: Sequence[LookedPair],
    conditions: Sequence[str],
    known: dict[str, Picture],
) -> MapTable:
    compared = record.compared
    trust = next((one for one in record.trust if one.method == method.name), None)
    facts = [method.paper, f"in {method.unit}"]
    facts += [f"layer {method.layer}"] if method.layer else []
    facts += [f"{name} {value}" for name, value in method.params.items() if value is not None]
    if method.guided is not None:
        facts.append(f"{method.guided} of {method.nonlinearities} nonlinearities guided")
    scale = "each picture has its own scale: not comparable"
    if method.scale is not None:
        scale = f"{method.scale:.3g} {method.unit}"
    if method.saturated is not None:
        facts.append(f"{percent(round(method.saturated, 4))} of pixels lie beyond the scale")
    heads = ["before, its map", "after, its map", "difference"]
    rest = len(record.pairs) - len(pairs)
    return MapTable(
        title=method.display,
        facts=facts,
        warning=method.warning,
        untrusted=trust.reason if trust is not None and trust.trusted is False else "",
        shared=method.scale is not None,
        scale=scale,
        signed=method.signed,
        heads=heads if compared else ["image, its map"],
        columns=_COMPARED if compared else _ALONE,
        rows=[_row(pair, method, conditions, known, compared=compared) for pair in pairs],
        note=f"{rest:,} more pairs are in the table of the run." if rest else "",
    )


_COMPARED = (
    "Spearman", "Logit", "Logit after", "p", "p after", "Rank after", "Gini", "Gini after",
)  # fmt: skip
_ALONE = ("Logit", "p", "Rank", "Gini", "Effective area", "Spread")


def _row(
    pair: LookedPair,
    method: MapMethod,
    conditions: Sequence[str],
    known: dict[str, Picture],
    *,
    compared: bool,
) -> MapRow:
    cells = []
    flags = [] if method.scale is not None else ["own scale, not comparable"]
    for side in conditions:
        one = _map(pair, method.name, side)
        image, drawn = (side, f"map {side}") if compared else ("image", "map")
        shots = [_shot(image, pair.original[side], pair, known)] if side in pair.original else []
        if one is not None and one.picture:
            shots.append(_shot(drawn, one.picture, pair, known))
        if one is not None and one.flag:
            flags.append(f"{side}: {one.flag}" if compared else one.flag)
        cells.append(MapCell(shots, "no picture" if not shots else ""))
    if compared:
        file = pair.differences.get(method.name)
        shots = [_shot("difference", file, pair, known)] if file else []
        cells.append(MapCell(shots, "no picture" if not shots else ""))
    return MapRow(pair.key, _target(pair), flags, cells, _numbers(pair, method.name, compared))


def _numbers(pair: LookedPair, method: str, compared: bool) -> list[str]:
    before, after = _score(pair, "before"), _score(pair, "after")
    first, second = _map(pair, method, "before"), _map(pair, method, "after")
    if not compared:
        return [
            _of(before, "logit", 2),
            _of(before, "probability", 3),
            str(before.rank) if before else MISSING,
            _value(first, "gini"),
            _value(first, "effective_area"),
            _value(first, "spread"),
        ]
    return [
        _value(second, "spearman", 2),
        _of(before, "logit", 2),
        _of(after, "logit", 2),
        _of(before, "probability", 3),
        _of(after, "probability", 3),
        str(after.rank) if after else MISSING,
        _value(first, "gini"),
        _value(second, "gini"),
    ]


def _shot(end: str, file: str, pair: LookedPair, known: dict[str, Picture]) -> Shot:
    look = _LOOKS.get(end.rpartition(" ")[2], "")
    role = "fake" if look == "fake" else "real"
    return Shot(role, look, end, end, f"{end}: {pair.key}", known.get(file))  # type: ignore[arg-type]


def _target(pair: LookedPair) -> str:
    score = _score(pair, "before")
    return score.target_name if score else ""


def _score(pair: LookedPair, condition: str) -> ScoredSide | None:
    return next((one for one in pair.scores if one.condition == condition), None)


def _map(pair: LookedPair, method: str, condition: str) -> MeasuredMap | None:
    return next(
        (one for one in pair.maps if one.method == method and one.condition == condition), None
    )


def _value(one: MeasuredMap | None, name: str, decimals: int = 3) -> str:
    return _fixed(one.values.get(name) if one else None, decimals)


def _of(score: ScoredSide | None, name: Literal["logit", "probability"], decimals: int) -> str:
    if score is None:
        return MISSING
    return fixed(score.logit if name == "logit" else score.probability, decimals)


def _fixed(value: float | None, decimals: int) -> str:
    return MISSING if value is None else fixed(value, decimals)
