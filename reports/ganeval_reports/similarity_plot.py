"""Similarity of maps before and after, between what unrelated images give and the least change."""

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
from ganeval_reports.interval_plot import track
from ganeval_reports.palette import SETS, Look

NOISE, COLOUR = SETS[1], SETS[4]

_ROW, _AXIS, _GAP = 66, 44, 12
_BAND = 15


@dataclass(frozen=True)
class Mean:
    """A mean with its interval, and how it is drawn."""

    name: str
    value: float
    low: float | None
    high: float | None
    look: Look = BETWEEN


@dataclass(frozen=True)
class SimilarityRow:
    """One method.

    Args:
        label: Its name.
        text: kappa as printed, or why nothing is read off this row.
        null: Mean similarity to unrelated images.
        ceiling: That to the least change a file can hold.
        means: Controls, then the transfer.
        trusted: False greys the row.
    """

    label: str
    text: str
    null: float | None
    ceiling: float | None
    means: Sequence[Mean]
    trusted: bool = True


def similarity_plot(
    rows: Sequence[SimilarityRow], *, axis: str, prefix: str, name: str = "similarity"
) -> Drawing:
    """Draws a row per method: a band from null to ceiling, controls and transfer in front of it.

    Args:
        rows: Top to bottom; at least one has a number.
        axis: What is measured.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    height = _ROW * len(rows) + _AXIS

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        ends = [0.0, 1.0]
        for row in rows:
            ends += [one for one in (row.null, row.ceiling) if one is not None]
            for mean in row.means:
                ends += [one for one in (mean.value, mean.low, mean.high) if one is not None]
        room = 0.02 * (max(ends) - min(ends))
        scale = Scale(min(ends) - room, max(ends) + room, 0, WIDTH)
        ticks = [scale(tick) for tick in number_axis(axes, scale, height - _AXIS + 12)]
        for place, row in enumerate(rows):
            _draw_row(axes, row, place * _ROW, scale, ticks)
        write(axes, 0, height - 4, axis, size=SMALL, color=MUTED)

    described = "; ".join(_described(row) for row in rows)
    return Drawing(name, described, WIDTH, height, prefix, draw)


def _described(row: SimilarityRow) -> str:
    parts = [f"null {row.null:.2f}"] if row.null is not None else []
    parts += [f"{mean.name} {mean.value:.2f}" for mean in row.means]
    parts += [f"ceiling {row.ceiling:.2f}"] if row.ceiling is not None else []
    return f"{row.label}: {', '.join(parts)} ({row.text})"


def _draw_row(
    axes: Axes, row: SimilarityRow, top: float, scale: Scale, ticks: Sequence[float]
) -> None:
    y = top + 42
    look = INK if row.trusted else MUTED
    text = fitted(row.text, WIDTH * 0.62, SMALL)
    write(axes, WIDTH, top + 17, text, ha="right", size=SMALL, color=look)
    room = WIDTH - width_of(text, SMALL) - _GAP
    write(axes, 0, top + 17, fitted(row.label, room), color=look)
    if row.null is not None and row.ceiling is not None:
        ends = (scale(row.null), scale(row.ceiling))
        line(axes, ends, (y, y), color=TRACK, linewidth=_BAND, solid_capstyle="butt")
        for x in ends:
            line(axes, (x, x), (y - 10, y + 10), color=MUTED, linewidth=1.6)
    track(axes, y, ticks)
    for mean in row.means:
        at = mean.look
        colour = at.light if row.trusted else MUTED
        if mean.low is not None and mean.high is not None:
            span = (scale(mean.low), scale(mean.high))
            line(axes, span, (y, y), color=colour, linewidth=3)
        shown = at if row.trusted else Look("", at.marker, (), MUTED, MUTED)
        marker(axes, scale(mean.value), y, shown)
