"""Differences between two sets, below each other on one axis with zero in its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from ganeval_reports.axes import (
    BETWEEN,
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
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
from ganeval_reports.palette import Look

_CONTRAST, _NUMBERS = 64, 42
_MARK = 16  # a marker and the space after it
_GAP = 14


@dataclass(frozen=True)
class Contrast:
    """A difference between two sets, each named at the side where it is the better one.

    Args:
        left: The set that is better where the difference lies left of zero.
        right: The other.
        text: The difference as printed, or why there is none.
        value: Where the marker goes.
        low: Lower end of the interval, if there is one.
        high: Upper end of the interval, if there is one.
        better: The side of the set that is better by more than chance, if one is.
        left_look: How the left set is drawn elsewhere.
        right_look: How the right set is drawn elsewhere.
    """

    left: str
    right: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    better: Literal["left", "right"] | None = None
    left_look: Look | None = None
    right_look: Look | None = None


def forest_plot(
    rows: Sequence[Contrast], *, axis: str, prefix: str, name: str = "difference"
) -> Drawing:
    """Draws differences below each other on one axis with zero in its middle.

    Args:
        rows: Top to bottom; at least one has a value.
        axis: What is subtracted.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    height = _CONTRAST * len(rows) + _NUMBERS

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        numbers = [(row.value, row.low, row.high) for row in rows]
        reach = max(abs(end) for row in numbers for end in row if end is not None) or 1.0
        scale = Scale(-1.06 * reach, 1.06 * reach, 0, WIDTH)
        ticks = [scale(tick) for tick in number_axis(axes, scale, height - _NUMBERS + 16)]
        for index, row in enumerate(rows):
            _draw_contrast(axes, row, index * _CONTRAST, scale, ticks)
        write(axes, WIDTH / 2, height - 4, axis, size=SMALL, color=MUTED, ha="center")

    described = "; ".join(_described(row) for row in rows)
    return Drawing(name, described, WIDTH, height, prefix, draw)


def _draw_contrast(
    axes: Axes, row: Contrast, top: float, scale: Scale, ticks: Sequence[float]
) -> None:
    y = top + 30
    _draw_names(axes, row, top + 16)
    track(axes, y, ticks)
    middle = scale(0)
    line(axes, (middle, middle), (y - 8, y + 8), color=MUTED, linewidth=2)
    write(
        axes, middle, top + 50, row.text, size=SMALL, ha="center",
        color=MUTED if row.value is None else INK,
    )  # fmt: skip
    if row.value is None:
        return
    winner = {"left": row.left_look, "right": row.right_look, None: None}[row.better]
    look = winner or BETWEEN
    if row.low is not None and row.high is not None:
        colour = look.light if row.better else MUTED
        line(axes, (scale(row.low), scale(row.high)), (y, y), color=colour, linewidth=3.5)
    if row.better:
        marker(axes, scale(row.value), y, look)
    else:
        axes.plot(
            scale(row.value), y, "o", color=PAPER, markersize=9,
            markeredgecolor=MUTED, markeredgewidth=1.5, clip_on=False,
        )  # fmt: skip


def _draw_names(axes: Axes, row: Contrast, y: float) -> None:
    """Writes both names at their sides, the better one bold."""
    marks = [_MARK if look else 0 for look in (row.left_look, row.right_look)]
    arrow = width_of("← ", bold=True)
    left, right = _shares(
        width_of(row.left, bold=True),
        width_of(row.right, bold=True),
        WIDTH - 2 * arrow - sum(marks) - _GAP,
    )
    names = (
        f"← {fitted(row.left, left, bold=True)}",
        f"{fitted(row.right, right, bold=True)} →",
    )
    for side, name in zip(("left", "right"), names, strict=True):
        won = row.better == side
        edge, inward = (0, 1) if side == "left" else (WIDTH, -1)
        look = row.left_look if side == "left" else row.right_look
        if look:
            marker(axes, edge + inward * 5, y - TEXT * 0.36, look)
        write(
            axes, edge + inward * (_MARK if look else 0), y, name, ha=side,
            color=INK if won else MUTED, fontweight=700 if won else 400,
        )  # fmt: skip


def _shares(left: float, right: float, room: float) -> tuple[float, float]:
    """Gives each name what it needs; where that is too much, none gets more than it must."""
    if left + right <= room:
        return left, right
    half = room / 2
    if left <= half:
        return left, room - left
    return (room - right, right) if right <= half else (half, half)


def _described(row: Contrast) -> str:
    told = {"left": f", {row.left} is better", "right": f", {row.right} is better", None: ""}
    return f"{row.left} or {row.right}: {row.text}{told[row.better]}"
