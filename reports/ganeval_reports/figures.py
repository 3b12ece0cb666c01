"""Plots of estimates with their intervals: matplotlib draws, `svg` makes them fit the page.

The drawing is narrow, with each label above its own line, so that the same plot can be read on a
telephone and, two abreast, on a desk.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ganeval_reports.svg import inline

Mark = Literal["between", "real", "fake"]

# Lengths in CSS pixels of the drawing; it is scaled as a whole.
_WIDTH = 380
_ROW, _HEADING, _AXIS = 48, 34, 44
_CONTRAST, _NUMBERS = 64, 24
_TEXT, _SMALL = 13, 11.5
_LETTERS = 48  # of a wide font in one line
_NAME = 21  # of them for one of two names

# Drawn colour -> colour of the page. Blue and orange stay apart for colour-blind readers, and
# the marker's shape says the same again.
_INK, _MUTED, _TRACK, _REAL, _FAKE, _PAPER = (
    "#16181d", "#5a606c", "#dfe2e7", "#0a66b0", "#b4470e", "#fefefe",
)  # fmt: skip
_COLOURS = {
    _INK: "currentColor",
    _MUTED: "var(--muted)",
    _TRACK: "var(--line)",
    _REAL: "var(--real)",
    _FAKE: "var(--fake)",
    _PAPER: "var(--page)",
}
_MARKS: dict[Mark, tuple[str, str, float]] = {
    "between": ("o", _INK, 9.0),
    "real": ("s", _REAL, 8.0),
    "fake": ("D", _FAKE, 7.5),
}


@dataclass(frozen=True)
class Heading:
    """A line of text between rows; a strong one stands above the others."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Row:
    """One estimate; without ``value`` only its label and text are drawn.

    Args:
        label: What was estimated.
        text: The number as printed, or why there is none.
        value: Where the marker goes.
        low: Lower end of the interval, if there is one.
        high: Upper end of the interval, if there is one.
        mark: Real against fake, or within one of the sets.
        expected: Value expected if both sets shared one distribution.
        above: A pale bar runs from here to the value: what the value is counted above.
    """

    label: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    mark: Mark = "between"
    expected: float | None = None
    above: float | None = None


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
    """

    left: str
    right: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    better: Literal["left", "right"] | None = None


def interval_plot(rows: Sequence[Row | Heading], *, axis: str, prefix: str) -> Markup:
    """Draws estimates below each other on one axis that includes 0.

    Args:
        rows: Top to bottom; at least one `Row` has a value.
        axis: What the axis measures and which way is better.
        prefix: Put before each id; unique within the page.
    """
    heights = [_HEADING if isinstance(row, Heading) else _ROW for row in rows]
    height = sum(heights) + _AXIS

    def draw(axes: Axes) -> None:
        ticks = _set_up(axes, [row for row in rows if isinstance(row, Row)], height)
        top = 0
        for row, size in zip(rows, heights, strict=True):
            if isinstance(row, Heading):
                _draw_heading(axes, row, top + size - 7)
            else:
                _draw_row(axes, row, top, ticks)
            top += size
        _text(axes, 0, height - 4, axis, color=_MUTED, fontsize=_SMALL)

    described = [f"{row.label}: {row.text}" for row in rows if isinstance(row, Row)]
    return _drawn(draw, height, prefix, "; ".join(described))


def forest_plot(rows: Sequence[Contrast], *, prefix: str) -> Markup:
    """Draws differences below each other on one axis with zero in its middle.

    Args:
        rows: Top to bottom; at least one has a value.
        prefix: Put before each id; unique within the page.
    """
    height = _CONTRAST * len(rows) + _NUMBERS

    def draw(axes: Axes) -> None:
        numbers = [(row.value, row.low, row.high) for row in rows]
        reach = max(abs(end) for row in numbers for end in row if end is not None) or 1.0
        _clear(axes, (-1.06 * reach, 1.06 * reach), height)
        ticks = _number_axis(axes, height - _NUMBERS + 16)
        for index, row in enumerate(rows):
            _draw_contrast(axes, row, index * _CONTRAST, ticks)

    described = [_described(row) for row in rows]
    return _drawn(draw, height, prefix, "; ".join(described))


def _drawn(draw: Callable[[Axes], None], height: int, prefix: str, description: str) -> Markup:
    """Draws on axes that fill the figure, in units of one pixel, y downwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever matplotlibrc the user has, the page looks the same
        matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ganeval"})
        # 72 units an inch make one unit of the drawing one pixel.
        figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=72)
        figure.patch.set_visible(False)
        draw(figure.add_axes((0, 0, 1, 1)))
        stream = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(stream, format="svg", metadata=nothing)
    return inline(stream.getvalue(), prefix=prefix, colours=_COLOURS, description=description)


def _set_up(axes: Axes, rows: Sequence[Row], height: int) -> list[float]:
    """Scales the axes, writes the numbers under them and returns where the ticks are."""
    marked = [row for row in rows if row.value is not None]
    numbers = [(row.value, row.low, row.high, row.expected) for row in marked]
    ends = [0.0, *(end for row in numbers for end in row if end is not None)]
    low, high = min(ends), max(ends)
    room = (high - low or 1.0) * 0.04
    _clear(axes, (low - room if low < 0 else 0.0, high + room), height)
    return _number_axis(axes, height - _AXIS + 12)


def _clear(axes: Axes, ends: tuple[float, float], height: int) -> None:
    axes.set_xlim(*ends)
    axes.set_ylim(height, 0)
    axes.patch.set_visible(False)
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _number_axis(axes: Axes, y: float) -> list[float]:
    """Writes round numbers at that height and returns them."""
    start, end = axes.get_xlim()
    locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
    ticks = [float(tick) for tick in locator.tick_values(start, end) if start <= tick <= end]
    for tick in ticks:
        label = f"{tick:g}".replace("-", "−")
        axes.text(tick, y, label, ha="center", color=_MUTED, fontsize=_SMALL)
    return ticks


def _draw_heading(axes: Axes, heading: Heading, y: float) -> None:
    if heading.strong:
        _text(
            axes, 0, y, _fitted(heading.text, _LETTERS), color=_INK, fontsize=_TEXT, fontweight=700
        )
    else:
        _text(axes, 0, y, heading.text, color=_MUTED, fontsize=_SMALL)


def _draw_row(axes: Axes, row: Row, top: int, ticks: Sequence[float]) -> None:
    line = top + 32
    label = _fitted(row.label, _LETTERS - len(row.text))
    _text(axes, 0, top + 17, label, color=_INK, fontsize=_TEXT)
    missing = row.value is None
    _text(
        axes,
        1,
        top + 17,
        row.text,
        color=_MUTED if missing else _INK,
        fontsize=_TEXT,
        fontweight=400 if missing else 700,
    )
    _line(axes, axes.get_xlim(), (line, line), color=_TRACK, linewidth=1)
    for tick in ticks:
        _line(axes, (tick, tick), (line - 4, line + 4), color=_TRACK, linewidth=1)
    if row.value is None:
        return
    marker, colour, size = _MARKS[row.mark]
    if row.above is not None:
        _line(axes, (row.above, row.value), (line, line), color=_TRACK, linewidth=9)
    if row.expected is not None:
        _line(axes, (row.expected, row.expected), (line - 7, line + 7), color=_MUTED, linewidth=2)
    if row.low is not None and row.high is not None:
        _line(axes, (row.low, row.high), (line, line), color=colour, linewidth=3.5)
    axes.plot(
        row.value, line, marker, color=colour, markersize=size,
        markeredgecolor=_PAPER, markeredgewidth=1.5, clip_on=False,
    )  # fmt: skip


def _draw_contrast(axes: Axes, row: Contrast, top: int, ticks: Sequence[float]) -> None:
    line = top + 30
    for side, name in ((0, f"← {_fitted(row.left, _NAME)}"), (1, f"{_fitted(row.right, _NAME)} →")):
        won = row.better == ("right" if side else "left")
        look = {"color": _INK if won else _MUTED, "fontweight": 700 if won else 400}
        _text(axes, 1 if side else 0, top + 16, name, fontsize=_TEXT, **look)
    _line(axes, axes.get_xlim(), (line, line), color=_TRACK, linewidth=1)
    for tick in ticks:
        _line(axes, (tick, tick), (line - 4, line + 4), color=_TRACK, linewidth=1)
    _line(axes, (0, 0), (line - 8, line + 8), color=_MUTED, linewidth=2)
    axes.text(
        0, top + 50, row.text, ha="center", color=_INK if row.value is not None else _MUTED,
        fontsize=_SMALL, parse_math=False,
    )  # fmt: skip
    if row.value is None:
        return
    colour = _INK if row.better else _MUTED
    if row.low is not None and row.high is not None:
        _line(axes, (row.low, row.high), (line, line), color=colour, linewidth=3.5)
    axes.plot(
        row.value, line, "o", color=colour if row.better else _PAPER, markersize=9,
        markeredgecolor=_PAPER if row.better else colour, markeredgewidth=1.5, clip_on=False,
    )  # fmt: skip


def _described(row: Contrast) -> str:
    told = {"left": f", {row.left} is better", "right": f", {row.right} is better", None: ""}
    return f"{row.left} or {row.right}: {row.text}{told[row.better]}"


def _line(
    axes: Axes, x: tuple[float, float], y: tuple[float, float], *, color: str, linewidth: float
) -> None:
    axes.plot(x, y, color=color, linewidth=linewidth, clip_on=False, scalex=False, scaley=False)


def _fitted(label: str, letters: int) -> str:
    """Leaves out the middle of a label that is too long; tables hold all of it."""
    half = letters // 2
    return label if len(label) <= letters else f"{label[: half - 1]}…{label[-half:]}"


def _text(axes: Axes, side: Literal[0, 1], y: float, text: str, **look: Any) -> None:
    """Writes at the left (0) or right (1) edge; never read as a formula."""
    axes.text(
        side, y, text, transform=axes.get_yaxis_transform(), ha="right" if side else "left",
        parse_math=False, **look,
    )  # fmt: skip
