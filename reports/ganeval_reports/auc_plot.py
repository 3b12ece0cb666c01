"""AUCs with their intervals on one axis with chance in it, several marks to a row where need be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ganeval_reports.axes import (
    BETWEEN,
    INK,
    MUTED,
    PAPER,
    SMALL,
    TRACK,
    WIDTH,
    Scale,
    clear,
    fitted,
    line,
    marker,
    number_axis,
    width_of,
    write,
)
from ganeval_reports.drawing import Drawing
from ganeval_reports.interval_plot import Heading
from ganeval_reports.palette import Look

CHANCE = 0.5
"""AUC of a classifier that knows nothing."""

_ROW, _STEP, _HEADING, _FIRST, _AXIS = 46, 12, 32, 20, 44
_GAP = 12
_LOWEST = 0.4
"""The axis starts here unless something lies below."""


@dataclass(frozen=True)
class Mark:
    """One AUC of a row.

    Args:
        value: Where the marker goes.
        low: Lower end of the interval, if there is one.
        high: Upper end of the interval, if there is one.
        hollow: Drawn as a circle of paper: a number that the verdict does not rest on.
        points: Single runs behind it, each a short tick.
    """

    value: float
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    points: Sequence[float] = ()


@dataclass(frozen=True)
class AucRow:
    """One comparison; without marks only its label and text are drawn.

    Args:
        label: What tells the sets apart.
        text: The numbers as printed, or why there are none.
        marks: Each on a line of its own, top to bottom.
        band: Where a number without any difference is expected; a pale bar.
        strong: The row that the verdict rests on.
        look: Of filled marks, where they belong to a set.
    """

    label: str
    text: str
    marks: Sequence[Mark] = ()
    band: tuple[float, float] | None = None
    strong: bool = False
    look: Look = BETWEEN


def auc_plot(
    rows: Sequence[AucRow | Heading], *, axis: str, prefix: str, name: str = "auc"
) -> Drawing:
    """Draws AUCs below each other on one axis that includes chance, up to 1.

    Args:
        rows: Top to bottom.
        axis: What the axis measures.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    heights = [_height(row) for row in rows]
    height = _FIRST + sum(heights) + _AXIS

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        scale = _scale([row for row in rows if isinstance(row, AucRow)])
        bottom = height - _AXIS + 2
        ticks = [scale(tick) for tick in number_axis(axes, scale, bottom + 12)]
        at = scale(CHANCE)
        line(axes, (at, at), (_FIRST, bottom - 4), color=MUTED, linewidth=1, dashes=(2, 2))
        half = width_of("chance", SMALL) / 2
        write(axes, max(at, half), _FIRST - 7, "chance", size=SMALL, color=MUTED, ha="center")
        top = _FIRST
        for row, size in zip(rows, heights, strict=True):
            if isinstance(row, Heading):
                paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 2}
                write(axes, 0, top + size - 5, row.text, size=SMALL, color=MUTED, bbox=paper)
            else:
                _draw_row(axes, row, top, scale, ticks)
            top += size
        write(axes, 0, height - 4, axis, size=SMALL, color=MUTED)

    described = [f"{row.label}: {row.text}" for row in rows if isinstance(row, AucRow)]
    return Drawing(name, "; ".join(described), WIDTH, height, prefix, draw)


def _height(row: AucRow | Heading) -> int:
    if isinstance(row, Heading):
        return _HEADING
    return _ROW + _STEP * max(len(row.marks) - 1, 0)


def _scale(rows: Sequence[AucRow]) -> Scale:
    ends = [_LOWEST]
    for row in rows:
        for mark in row.marks:
            ends += [mark.value, *mark.points]
            ends += [] if mark.low is None else [mark.low]
        ends += row.band or ()
    low = math.floor(max(min(ends), 0.0) * 10 + 1e-9) / 10
    return Scale(low, 1.0, 0, WIDTH)


def _draw_row(axes: Axes, row: AucRow, top: float, scale: Scale, ticks: Sequence[float]) -> None:
    missing = not row.marks
    weight = 700 if row.strong else 400
    text = fitted(row.text, 0.62 * WIDTH, bold=not missing)
    room = WIDTH - width_of(text, bold=not missing) - _GAP
    label = fitted(row.label, room, bold=row.strong)
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    write(axes, 0, top + 17, label, fontweight=weight, bbox=paper)
    write(
        axes, WIDTH, top + 17, text, ha="right", bbox=paper,
        color=MUTED if missing else INK, fontweight=400 if missing else 700,
    )  # fmt: skip
    lines = [top + 31 + _STEP * place for place in range(max(len(row.marks), 1))]
    for y in lines:
        line(axes, (0, WIDTH), (y, y), color=TRACK, linewidth=1)
        for tick in ticks:
            line(axes, (tick, tick), (y - 3, y + 3), color=TRACK, linewidth=1)
    for mark, y in zip(row.marks, lines, strict=False):
        if row.band is not None:
            low, high = (min(max(end, scale.low), 1.0) for end in row.band)
            line(axes, (scale(low), scale(high)), (y, y), color=TRACK, linewidth=9)
        _draw_mark(axes, mark, y, scale, row.look)


def _draw_mark(axes: Axes, mark: Mark, y: float, scale: Scale, look: Look) -> None:
    for point in mark.points:
        x = scale(min(max(point, scale.low), 1.0))
        line(axes, (x, x), (y - 5, y + 5), color=MUTED, linewidth=1)
    if mark.low is not None and mark.high is not None:
        ends = (scale(mark.low), scale(mark.high))
        colour = MUTED if mark.hollow else look.light
        line(axes, ends, (y, y), color=colour, linewidth=1.5 if mark.hollow else 3.5)
    x = scale(mark.value)
    if mark.hollow:
        axes.plot(
            x, y, "o", color=PAPER, markersize=8, markeredgecolor=MUTED,
            markeredgewidth=1.5, clip_on=False,
        )  # fmt: skip
    else:
        marker(axes, x, y, look)
