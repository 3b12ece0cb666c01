"""Line charts: raw series thin and pale, moving averages strong over them, names at line ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.ticker import LogLocator

from ganeval_reports.axes import (
    INK,
    MUTED,
    PAPER,
    SMALL,
    TEXT,
    TRACK,
    WIDE,
    WIDTH,
    Scale,
    clear,
    fitted,
    line,
    marker,
    plain,
    width_of,
    write,
)
from ganeval_reports.chart import (
    Line,
    LineChart,
    Series,
    VerticalMark,
    chart_csv,
    chart_table,
    described,
    is_number,
    segments,
)
from ganeval_reports.drawing import Drawing, slug
from ganeval_reports.palette import Look
from ganeval_reports.placement import rows_without_overlap, spread_out

__all__ = ["Line", "LineChart", "VerticalMark", "chart_csv", "chart_table", "line_chart"]

_FEW = 40
"""Points that are each marked."""
_PLOT = {WIDTH: 200, WIDE: 300}
_TOP = 26  # the y label
_MARK_ROW = 17
_LABEL_ROW = 17
_AXIS = 42
_KEY = 14  # a marker and the space after it, before a name at a line's end
_LEADER = 16
_NAMES = 0.36  # of the width, at most
_WINDOW_TOO_SHORT = (0, (1.6, 1.4))


def line_chart(
    chart: LineChart, *, prefix: str, wide: bool = False, name: str | None = None
) -> Drawing:
    """Draws a chart; names stand at the ends of lines, and there is no legend.

    Markers and dash patterns of the looks tell lines apart where colours do not. Where there are
    moving averages, dashes mean that the window is not yet as long as stated, and markers alone
    tell lines apart.

    Args:
        chart: What to draw.
        prefix: Put before each id; unique within the page.
        wide: As wide as two figures.
        name: Of a file of it; by default made from the title.
    """
    layout = _Layout(chart, WIDE if wide else WIDTH)
    return Drawing(
        name or slug(chart.title),
        described(chart),
        layout.width,
        layout.height,
        prefix,
        layout.draw,
    )


class _Layout:
    """Where everything of a chart stands, in pixels."""

    def __init__(self, chart: LineChart, width: int) -> None:
        self.chart, self.width = chart, width
        low, high = _reach(chart)
        self._lowest = low
        level = chart.baseline
        self._baseline = None if level is None or (chart.log_y and level <= 0) else level
        self._levels = _levels(low, high, 5 if width == WIDTH else 6, log=chart.log_y)
        self._transform = _log10 if chart.log_y else float
        left = max((width_of(plain(one), SMALL) for one in self._levels), default=0) + 8
        names = self._names()
        room = _NAMES * width
        widest = max((width_of(text) for text in names if text), default=0)
        right = min(widest, room) + _KEY + _LEADER if any(names) else 12
        self._name_room = room
        ends = [x for one in chart.lines for x in one.x] + [mark.x for mark in chart.marks]
        first, last = min(ends, default=0.0), max(ends, default=1.0)
        if first == last:
            first, last = first - 0.5, last + 0.5
        self._x = Scale(first, last, left, width - right)
        self._left, self._right = left, width - right
        self._mark_rows = rows_without_overlap(
            [self._mark_span(mark) for mark in chart.marks], gap=10
        )
        self._top = _TOP + _MARK_ROW * (1 + max(self._mark_rows, default=-1))
        plot = max(_PLOT[width], _LABEL_ROW * len([text for text in names if text]))
        self._bottom = self._top + plot
        self.height = self._bottom + _AXIS
        self._y = Scale(self._transform(low), self._transform(high), self._bottom, self._top)

    def draw(self, axes: Axes) -> None:
        """Draws everything, from the back to the front."""
        clear(axes, self.width, self.height)
        write(axes, 0, 12, fitted(self.chart.y_label, self.width, SMALL), size=SMALL, color=MUTED)
        self._draw_levels(axes)
        self._draw_x_axis(axes)
        self._draw_marks(axes)
        if self._baseline is not None:
            y = self._height(self._baseline)
            line(axes, (self._left, self._right), (y, y), color=MUTED, linewidth=1.5, dashes=(4, 3))
        for one, look in self.chart.styled:
            self._draw_band(axes, one, look)
        for one, look in self.chart.styled:
            if one.smooth is not None:
                pale = {"color": look.light, "linewidth": 0.9, "alpha": 0.4}
                self._draw_series(axes, one.x, one.y, **pale)
        for one, look in self.chart.styled:
            if one.faint:
                # Many lie over each other.
                alpha = 0.35 if sum(line.faint for line in self.chart.lines) <= 12 else 0.16
                pale = {"color": look.light, "linewidth": 0.8, "alpha": alpha}
                self._draw_series(axes, one.x, one.y, **pale)
        for one, look in self.chart.styled:
            if not one.faint:
                self._draw_line(axes, one, look)
            if one.crossed:
                self._draw_cross(axes, one, look)
        self._draw_names(axes)
        if not any(any(map(is_number, one.y)) for one in self.chart.lines):
            middle = ((self._left + self._right) / 2, (self._top + self._bottom) / 2)
            write(axes, *middle, "no value", color=MUTED, ha="center")

    def _height(self, number: float) -> float:
        return self._y(self._transform(number))

    def _names(self) -> list[str]:
        """What stands at the ends of lines; nothing at a line that needs no telling apart."""
        lines = self.chart.lines
        alone = len(lines) == 1 and lines[0].name in ("", self.chart.title, self.chart.y_label)
        found = ["" if alone or one.faint else one.name for one in lines]
        if self._baseline is not None:
            found.append(self.chart.baseline_label)
        return found

    def _draw_levels(self, axes: Axes) -> None:
        for number in self._levels:
            y = self._height(number)
            line(axes, (self._left, self._right), (y, y), color=TRACK, linewidth=1)
            write(axes, self._left - 8, y + 4, plain(number), size=SMALL, color=MUTED, ha="right")

    def _draw_x_axis(self, axes: Axes) -> None:
        line(axes, (self._left, self._right), (self._bottom,) * 2, color=MUTED, linewidth=1)
        most = 4 if self.width == WIDTH else 8
        whole = all(float(x).is_integer() for one in self.chart.lines for x in one.x)
        for tick in self._x.ticks(most, whole=whole):
            x, label = self._x(tick), plain(tick)
            half = width_of(label, SMALL) / 2
            line(axes, (x, x), (self._bottom, self._bottom + 4), color=MUTED, linewidth=1)
            at = min(max(x, half), self.width - half)
            write(axes, at, self._bottom + 18, label, size=SMALL, color=MUTED, ha="center")
        write(
            axes, (self._left + self._right) / 2, self.height - 5, self.chart.x_label,
            size=SMALL, color=MUTED, ha="center",
        )  # fmt: skip

    def _mark_span(self, mark: VerticalMark) -> tuple[float, float]:
        half = width_of(mark.label, SMALL) / 2
        middle = min(max(self._x(mark.x), half), self.width - half)
        return middle - half, middle + half

    def _draw_marks(self, axes: Axes) -> None:
        places = [
            (mark, self._x(mark.x), self._top - 8 - _MARK_ROW * row)
            for mark, row in zip(self.chart.marks, self._mark_rows, strict=True)
        ]
        for _, x, y in places:
            line(axes, (x, x), (y + 4, self._bottom), color=MUTED, linewidth=1, dashes=(1, 2))
        # The line of a label in a higher row ends behind the labels below it.
        paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
        for mark, _, y in places:
            label = fitted(mark.label, self.width, SMALL)
            middle = sum(self._mark_span(mark)) / 2
            write(axes, middle, y, label, size=SMALL, ha="center", bbox=paper)

    def _draw_band(self, axes: Axes, one: Line, look: Look) -> None:
        if one.low is None or one.high is None:
            return
        # A logarithmic axis never reaches a low end of 0: the band goes down to where it ends.
        floor = self._lowest if self.chart.log_y else -math.inf
        lows: list[float | None] = [
            max(low, floor) if is_number(low) and is_number(high) and high > floor else None
            for low, high in zip(one.low, one.high, strict=True)
        ]
        highs = [
            high if low is not None else None for low, high in zip(lows, one.high, strict=True)
        ]
        bands = sum(other.low is not None for other in self.chart.lines)
        alpha = 0.16 if bands < 3 else 0.09  # many lie over each other
        for (xs, low), (_, high) in zip(segments(one.x, lows), segments(one.x, highs), strict=True):
            down, up = [self._height(n) for n in low], [self._height(n) for n in high]
            at = [self._x(x) for x in xs]
            if len(at) == 1:
                line(axes, (at[0], at[0]), (down[0], up[0]), color=look.light, alpha=0.4, lw=3)
                continue
            corners = [*zip(at, up, strict=True), *zip(at[::-1], down[::-1], strict=True)]
            axes.add_patch(Polygon(corners, facecolor=look.light, alpha=alpha, linewidth=0))

    def _draw_line(self, axes: Axes, one: Line, look: Look) -> None:
        """Draws the strong line of a series and, where there are few, its points."""
        strong = {"color": look.light, "linewidth": 2.2}
        few = len(one.x) <= _FEW
        if one.smooth is None:
            # Dashes have one meaning in a chart, and none between markers.
            averaged = any(other.smooth is not None for other in self.chart.lines)
            pattern = {"dashes": look.dash} if look.dash and not averaged and not few else {}
            self._draw_series(axes, one.x, one.y, **strong, **pattern)
        else:
            start = one.smooth_from
            early = [*one.smooth[: start + 1], *(None for _ in one.smooth[start + 1 :])]
            late = [*(None for _ in one.smooth[:start]), *one.smooth[start:]]
            self._draw_series(axes, one.x, early, **strong, linestyle=_WINDOW_TOO_SHORT)
            self._draw_series(axes, one.x, late, **strong)
        if few:
            self._draw_points(axes, one, look)

    def _draw_cross(self, axes: Axes, one: Line, look: Look) -> None:
        runs = list(segments(one.x, one.shown, positive=self.chart.log_y))
        if runs:
            x, y = self._x(runs[-1][0][-1]), self._height(runs[-1][1][-1])
            axes.plot(x, y, "x", color=look.light, markersize=8, markeredgewidth=2.2, clip_on=False)

    def _draw_series(self, axes: Axes, x: Sequence[float], y: Series, **look: Any) -> None:
        for xs, ys in segments(x, y, positive=self.chart.log_y):
            at = [
                (self._x(place), self._height(number)) for place, number in zip(xs, ys, strict=True)
            ]
            thin = list(_outline(at))
            if len(thin) == 1:
                axes.plot(*thin[0], "o", color=look["color"], markersize=3, alpha=look.get("alpha"))
            else:
                line(axes, *zip(*thin, strict=True), **look, solid_joinstyle="round")

    def _draw_points(self, axes: Axes, one: Line, look: Look) -> None:
        size = 0.8 if one.smooth is None and len(one.x) <= _FEW / 2 else 0.55
        for xs, ys in segments(one.x, one.y, positive=self.chart.log_y):
            for place, number in zip(xs, ys, strict=True):
                marker(axes, self._x(place), self._height(number), look, size=size)

    def _draw_names(self, axes: Axes) -> None:
        ends = list(self._ends())
        heights = spread_out(
            [y for _, (_, y), _ in ends], gap=_LABEL_ROW, low=self._top + 6, high=self._bottom
        )
        for (text, (x, y), look), height in zip(ends, heights, strict=True):
            start = self._right + _LEADER
            if look is not None:
                if len(ends) > 1 or x < self._right:
                    line(axes, (x, start - 4), (y, height), color=look.light, lw=1, dashes=(1, 2))
                marker(axes, start + 4, height, look, size=0.95)
            shift = _KEY if look is not None else 0
            write(
                axes, start + shift, height + TEXT * 0.36, fitted(text, self._name_room),
                color=INK if look is not None else MUTED,
            )  # fmt: skip

    def _ends(self) -> Iterator[tuple[str, tuple[float, float], Look | None]]:
        """Yields names with the point where their line ends."""
        names = self._names()
        for (one, look), text in zip(self.chart.styled, names, strict=False):
            runs = list(segments(one.x, one.shown, positive=self.chart.log_y))
            if text and runs:
                x, y = runs[-1][0][-1], runs[-1][1][-1]
                yield text, (self._x(x), self._height(y)), look
        if self._baseline is not None and self.chart.baseline_label:
            yield self.chart.baseline_label, (self._right, self._height(self._baseline)), None


def _reach(chart: LineChart) -> tuple[float, float]:
    """Returns the ends of the y axis."""
    series = [numbers for one in chart.lines for _, numbers in one.columns]
    found = [number for numbers in series for number in numbers if is_number(number)]
    if chart.baseline is not None:
        found.append(chart.baseline)
    if chart.log_y:
        found = [number for number in found if number > 0]
    low, high = min(found, default=0.1 if chart.log_y else 0.0), max(found, default=1.0)
    if chart.log_y:
        room = (high / low) ** 0.04 if high > low else 2.0
        return low / room, high * room
    room = 0.04 * (high - low) or abs(high) * 0.1 or 0.5
    # An axis of what is never below 0 does not show numbers below 0.
    return (0.0 if 0 <= low < room else low - room), high + room


def _levels(low: float, high: float, most: int, *, log: bool) -> list[float]:
    """Returns a few round numbers within these ends."""
    if not log:
        return Scale(low, high, 0, 1).ticks(most)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        ticks = LogLocator(subs=steps, numticks=12).tick_values(low, high)
        inside = [float(tick) for tick in ticks if low <= tick <= high]
        if len(inside) >= 3:
            return inside[:: math.ceil(len(inside) / (most + 1))]
    return Scale(low, high, 0, 1).ticks(most)


def _outline(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Leaves out points that the eye could not see: per pixel column first, last and extremes."""
    start = 0
    while start < len(points):
        end = start
        while end < len(points) and int(points[end][0]) == int(points[start][0]):
            end += 1
        column = range(start, end)
        kept = {
            start,
            end - 1,
            min(column, key=_height_of(points)),
            max(column, key=_height_of(points)),
        }
        yield from (points[place] for place in sorted(kept))
        start = end


def _height_of(points: Sequence[tuple[float, float]]) -> Callable[[int], float]:
    return lambda place: points[place][1]


def _log10(number: float) -> float:
    return math.log10(number)
