"""The page of ``ganeval class-model``: pictures under which their scores stand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganeval.records import ClassModelRecord, DrawnClass, DrawnPicture
from ganeval_reports.chart import Line, LineChart, VerticalMark, chart_table
from ganeval_reports.classify_facts import choices
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.drawing import Drawing
from ganeval_reports.images import NO_IMAGES, ImageLoader, Picture, embed
from ganeval_reports.line_chart import line_chart
from ganeval_reports.model_facts import model_facts
from ganeval_reports.numbers import MISSING, fixed, moment, significant, unbroken
from ganeval_reports.parts import Grid, Note, Plot, Shot, Table, Tile
from ganeval_reports.provenance import environment, input_table
from ganeval_reports.training_sheets import RUN

_KINDS = {"full": "full ascent", "matched": "matched to real images"}
_NAMED = 3


@dataclass(frozen=True)
class ClassGrid:
    """The pictures of a class, with the sentence that belongs under each."""

    grid: Grid
    captions: Sequence[Note]


def class_model_content(
    record: ClassModelRecord, load_image: ImageLoader | None, budget: int
) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: What was drawn.
        load_image: Finds, under the label ``run``, a picture in the folder of the record.
        budget: Characters that its pictures may take.
    """
    names = list(dict.fromkeys(one.name for one in record.classes))
    shown = ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED} more" if names[_NAMED:] else ""
    )
    sets = [NamedSet("", shown, " as seen by "), NamedSet("", record.model.name)]
    grids, note = _grids(record, load_image, budget)
    return Content(
        "class_model.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "started": moment(record.started),
            "verdict": unbroken(record.verdict),
            "note": note,
            "grids": grids,
            "curves": _curves(record),
            "numbers": _numbers(record),
            "protocol": [model_facts(record.model), choices(record.params)],
            "inputs": input_table([record.input], ["real"]) if record.input else None,
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )


def class_model_figures(record: ClassModelRecord) -> Iterator[Drawing]:
    """Yields the figures of the page in their order there."""
    for plot in _curves(record):
        yield from plot.drawings


def caption(one: DrawnClass, picture: DrawnPicture) -> str:
    """Returns what must stand under a picture: its score, and what real images reach.

    Args:
        one: The class.
        picture: One of its pictures.
    """
    text = (
        f"Score {significant(picture.score, 3)}, probability {fixed(picture.probability, 3)}, step "
        f"{picture.step:,}."
    )
    if picture.kind == "matched":
        return f"{text} The least pattern on the way that the model takes for the class."
    if one.real is None:
        return f"{text} Not typical of the class: no score of a real image stands beside it."
    reach = f"real images reach {significant(one.real.largest, 3)} at most"
    if picture.score > one.real.largest:
        return f"{text} Not typical of the class: {reach}, 95 % {significant(one.real.q95, 3)}."
    return f"{text} For comparison, {reach}."


def _grids(
    record: ClassModelRecord, load: ImageLoader | None, budget: int
) -> tuple[list[ClassGrid], str]:
    wanted = [[[(RUN, picture.file)] for picture in one.pictures] for one in record.classes]
    if load is None:
        empty = [ClassGrid(_grid(one, []), _captions(one)) for one in record.classes]
        return empty, NO_IMAGES if any(wanted) else ""
    found = embed(wanted, load, budget)
    grids = [
        ClassGrid(_grid(one, [place[0] for place in places]), _captions(one))
        for one, places in zip(record.classes, found, strict=True)
    ]
    gone = sum(place[0] == "gone" for places in found for place in places)
    files = "picture" if gone == 1 else "pictures"
    return grids, f"{gone:,} {files} of the record's folder could not be loaded." if gone else ""


def _grid(one: DrawnClass, found: Sequence[object]) -> Grid:
    tiles = []
    for picture, shown in zip(one.pictures, found, strict=False):
        if isinstance(shown, Picture):
            name = _KINDS[picture.kind]
            shot = Shot("fake", "", name, name, f"{one.name}, {name}", shown)
            tiles.append(Tile([shot], f"score {significant(picture.score, 3)}"))
    return Grid(_title(one), None, one.flag or "", tiles)


def _captions(one: DrawnClass) -> list[Note]:
    return [Note(_KINDS[picture.kind], caption(one, picture)) for picture in one.pictures]


def _title(one: DrawnClass) -> str:
    number = "" if one.index is None else f" (class {one.index})"
    return f"{one.name}{number}, λ {one.strength:g}"


def _curves(record: ClassModelRecord) -> list[Plot]:
    plots = []
    for place, one in enumerate(record.classes):
        if not one.curve:
            continue
        matched = next((step.step for step in one.pictures if step.kind == "matched"), None)
        chart = LineChart(
            f"Score of {_title(one)}",
            "Step",
            "Score, a logit",
            [Line("score", [float(step) for step in range(len(one.curve))], one.curve)],
            baseline=None if one.real is None else one.real.q95,
            baseline_label="" if one.real is None else "95 % of real images",
            marks=[] if matched is None else [VerticalMark(float(matched), "matched")],
        )
        prefix = f"curve{place}"
        drawing = line_chart(chart, prefix=prefix, name=f"score-{place + 1}")
        plots.append(Plot(chart.title, [drawing], chart_table(chart), [], []))
    return plots


def _numbers(record: ClassModelRecord) -> Table:
    head = (
        "Class", "Picture", "Step", "Score", "Probability", "Norm", "RMS", "At the edge",
        "Restarts' spread", "Real, 5 %", "Real, median", "Real, 95 %", "Real, largest",
    )  # fmt: skip
    rows = []
    for one in record.classes:
        real = one.real
        quantiles = [real.q5, real.q50, real.q95, real.largest] if real else [None] * 4
        last = [MISSING if value is None else significant(value, 3) for value in quantiles]
        spread = MISSING if one.spread is None else significant(one.spread, 2)
        if not one.pictures:
            rows.append((_title(one), one.flag or MISSING, *[MISSING] * 7, *last))
        for picture in one.pictures:
            rows.append(
                (
                    _title(one),
                    _KINDS[picture.kind],
                    f"{picture.step:,}",
                    significant(picture.score, 4),
                    fixed(picture.probability, 3),
                    significant(picture.norm, 3),
                    fixed(picture.rms, 3),
                    f"{100 * picture.saturated:.1f} %",
                    spread,
                    *last,
                )
            )
    return Table("Pictures in numbers", head, rows)
