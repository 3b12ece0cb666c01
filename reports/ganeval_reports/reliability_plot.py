"""How often images of a stated probability are fake: a reliability curve beside its diagonal."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from ganeval.records import CalibrationBin
from ganeval_reports.axes import (
    BETWEEN,
    MUTED,
    SMALL,
    TRACK,
    WIDTH,
    Scale,
    clear,
    line,
    marker,
    width_of,
    write,
)
from ganeval_reports.drawing import Drawing
from ganeval_reports.numbers import fixed

_TOP, _PLOT, _AXIS = 26, 300, 42
_LEFT = 34
_LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)


def reliability_plot(
    bins: Sequence[CalibrationBin], *, prefix: str, name: str = "calibration"
) -> Drawing:
    """Draws the share of fakes against the mean stated probability, bin by bin.

    Args:
        bins: Images of nearly equal score, one or more.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    height = _TOP + _PLOT + _AXIS
    ordered = sorted(bins, key=lambda one: one.predicted)

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        across = Scale(0, 1, _LEFT, WIDTH - 8)
        down = Scale(0, 1, _TOP + _PLOT, _TOP)
        write(axes, 0, 12, "share of fakes", size=SMALL, color=MUTED)
        for level in _LEVELS:
            x, y, text = across(level), down(level), f"{level:g}"
            line(axes, (_LEFT, WIDTH - 8), (y, y), color=TRACK, linewidth=1)
            write(axes, _LEFT - 8, y + 4, text, size=SMALL, color=MUTED, ha="right")
            at = min(x, WIDTH - width_of(text, SMALL) / 2)
            write(axes, at, down(0) + 18, text, size=SMALL, color=MUTED, ha="center")
        line(axes, (across(0), across(1)), (down(0), down(1)), color=MUTED, lw=1.5, dashes=(4, 3))
        points = [(across(one.predicted), down(one.observed)) for one in ordered]
        line(axes, *zip(*points, strict=True), color=BETWEEN.light, linewidth=2.2)
        for x, y in points:
            marker(axes, x, y, BETWEEN, size=0.9)
        middle = (_LEFT + WIDTH) / 2
        label = "stated probability of being fake"
        write(axes, middle, height - 5, label, size=SMALL, color=MUTED, ha="center")

    described = "; ".join(
        f"stated {fixed(one.predicted, 2)}: {fixed(one.observed, 2)} are fake of {one.n:,}"
        for one in ordered
    )
    return Drawing(name, described, WIDTH, height, prefix, draw)
