"""Estimates with their intervals, each with its label above its own line, on one axis with 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ganeval_reports.axes import (
    BETWEEN,
    INK,
    MUTED,
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
from ganeval_reports.palette import Look

_ROW, _HEADING, _AXIS = 48, 34, 44
_GAP = 12


@dataclass(frozen=True)
class Heading:
    """A line of text between rows."""

    text: str


@dataclass(frozen=True)
class Row:
    """One estimate; without ``value`` only its label and text are drawn.

    Args:
        label: What was estimated.
        text: The number as printed, or why there is none.
        value: Where the marker goes.
        low: Lower end of the interval, if there is one.
        high: Upper end of the interval, if there is one.
        look: That of the set it belongs to, or of no single one.
        expected: Value expected if both sets shared one distribution.
        above: A pale bar runs from here to the value: what the value is counted above.
    """

    label: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    look: Look = BETWEEN
    expected: float | None = None
    above: float | None = None


def interval_plot(
    rows: Sequence[Row | Heading], *, axis: str, prefix: str, name: str = "interval"
) -> Drawing:
    """Draws estimates below each other on one axis that includes 0.

    Args:
        rows: Top to bottom; at least one `Row` has a value.
        axis: What the axis measures and which way is better.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    heights = [_HEADING if isinstance(row, Heading) else _ROW for row in rows]
    height = sum(heights) + _AXIS

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        scale = _scale([row for row in rows if isinstance(row, Row)])
        ticks = [scale(tick) for tick in number_axis(axes, scale, height - _AXIS + 12)]
        top = 0
        for row, size in zip(rows, heights, strict=True):
            if isinstance(row, Heading):
                write(axes, 0, top + size - 7, row.text, size=SMALL, color=MUTED)
            else:
                _draw_row(axes, row, top, scale, ticks)
            top += size
        write(axes, 0, height - 4, axis, size=SMALL, color=MUTED)

    described = [f"{row.label}: {row.text}" for row in rows if isinstance(row, Row)]
    return Drawing(name, "; ".join(described), WIDTH, height, prefix, draw)


def _scale(rows: Sequence[Row]) -> Scale:
    numbers = [
        (row.value, row.low, row.high, row.expected) for row in rows if row.value is not None
    ]
    ends = [0.0, *(end for row in numbers for end in row if end is not None)]
    low, high = min(ends), max(ends)
    room = (high - low or 1.0) * 0.04
    return Scale(low - room if low < 0 else 0.0, high + room, 0, WIDTH)


def _draw_row(axes: Axes, row: Row, top: float, scale: Scale, ticks: Sequence[float]) -> None:
    y = top + 32
    missing = row.value is None
    room = WIDTH - width_of(row.text, bold=not missing) - _GAP
    write(axes, 0, top + 17, fitted(row.label, room))
    write(
        axes, WIDTH, top + 17, row.text, ha="right",
        color=MUTED if missing else INK, fontweight=400 if missing else 700,
    )  # fmt: skip
    track(axes, y, ticks)
    if row.value is None:
        return
    x = scale(row.value)
    if row.above is not None:
        line(axes, (scale(row.above), x), (y, y), color=TRACK, linewidth=9)
    if row.expected is not None:
        at = scale(row.expected)
        line(axes, (at, at), (y - 7, y + 7), color=MUTED, linewidth=2)
    if row.low is not None and row.high is not None:
        ends = (scale(row.low), scale(row.high))
        line(axes, ends, (y, y), color=row.look.light, linewidth=3.5)
    marker(axes, x, y, row.look)


def track(axes: Axes, y: float, ticks: Sequence[float]) -> None:
    """Draws the pale line that a row's marker stands on, with its ticks, in pixels."""
    line(axes, (0, WIDTH), (y, y), color=TRACK, linewidth=1)
    for tick in ticks:
        line(axes, (tick, tick), (y - 4, y + 4), color=TRACK, linewidth=1)
