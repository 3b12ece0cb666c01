"""What all figures share: sizes, neutral colours, text, lines, markers and number axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ganeval_reports.palette import MARKER_SIZE, Look

# Narrow enough to be read on a telephone and, two abreast, on a desk.
WIDTH = 380
WIDE = 760
TEXT, SMALL = 13, 11.5

INK, MUTED, TRACK, PAPER = "#16181d", "#5a606c", "#dfe2e7", "#fefefe"

BETWEEN = Look("", "o", (), INK, INK)
"""The look of a number that belongs to no single set."""

_STEPS = [1, 2, 2.5, 5, 10]


def clear(axes: Axes, width: float, height: float) -> None:
    """Makes the units of empty axes pixels, y downwards."""
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()


class Scale:
    """Maps numbers to pixels: ``low`` to ``start``, ``high`` to ``end``."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high
        self._start, self._end = start, end

    def __call__(self, number: float) -> float:
        """Returns the pixel of a number."""
        share = (number - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self, most: int = 5, *, whole: bool = False) -> list[float]:
        """Returns at most ``most`` + 1 round numbers on the scale, if asked whole ones."""
        locator = MaxNLocator(most, steps=_STEPS, integer=whole)
        found = locator.tick_values(self.low, self.high)
        if whole:
            found = [tick for tick in found if float(tick).is_integer()]
        room = 1e-9 * (self.high - self.low)
        return [float(one) for one in found if self.low - room <= one <= self.high + room]


def plain(number: float) -> str:
    """Prints a round number: thousands separated, a real minus sign."""
    size = abs(number)
    text = f"{size:,.10g}" if size == 0 or 1e-4 <= size < 1e7 else f"{size:g}"
    return f"−{text}" if number < 0 else text


def write(axes: Axes, x: float, y: float, text: str, *, size: float = TEXT, **look: Any) -> None:
    """Writes a text that is never read as a formula."""
    look.setdefault("color", INK)
    axes.text(x, y, text, fontsize=size, parse_math=False, **look)


def line(axes: Axes, x: Sequence[float], y: Sequence[float], **look: Any) -> None:
    """Draws a line that may leave the axes."""
    axes.plot(x, y, clip_on=False, scalex=False, scaley=False, **look)


def marker(axes: Axes, x: float, y: float, look: Look, *, size: float = 1.0) -> None:
    """Draws the marker of a set with an edge of paper around it."""
    axes.plot(
        x, y, look.marker, color=look.light, markersize=size * MARKER_SIZE[look.marker],
        markeredgecolor=PAPER, markeredgewidth=1.5 * size, clip_on=False,
    )  # fmt: skip


def number_axis(axes: Axes, scale: Scale, y: float) -> list[float]:
    """Writes round numbers at that height and returns them; none leaves the scale's ends."""
    ticks = scale.ticks()
    left, right = sorted((scale(scale.low), scale(scale.high)))
    for tick in ticks:
        label = plain(tick)
        half = width_of(label, SMALL) / 2
        x = min(max(scale(tick), left + half), right - half)
        write(axes, x, y, label, size=SMALL, color=MUTED, ha="center")
    return ticks


def width_of(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Returns the pixels a text takes in DejaVu Sans, which is wider than the fonts of pages."""
    return sum(_advance(letter, bold) for letter in text) * size


def fitted(text: str, room: float, size: float = TEXT, *, bold: bool = False) -> str:
    """Leaves out the middle of a text that is too wide; tables hold all of it."""
    if width_of(text, size, bold=bold) <= room:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: (kept + 1) // 2 - 1].rstrip()}…{text[-(kept // 2) :].lstrip()}"
        if width_of(short, size, bold=bold) <= room:
            return short
    return "…"


@cache
def _advance(letter: str, bold: bool) -> float:
    """Width of a letter in font sizes; one that the font lacks is taken as a full square."""
    properties = font_manager.FontProperties(
        family="DejaVu Sans", weight="bold" if bold else "normal"
    )
    font = font_manager.get_font(font_manager.findfont(properties))
    if not font.get_char_index(ord(letter)):
        return 1.0
    font.set_size(1000, 72)
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 1000
