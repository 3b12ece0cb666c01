"""Histograms: a strip per set on one axis, or two populations over each other with a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ganeval_reports.axes import (
    INK,
    MUTED,
    SMALL,
    TEXT,
    TRACK,
    WIDTH,
    Scale,
    clear,
    fitted,
    line,
    marker,
    number_axis,
    plain,
    width_of,
    write,
)
from ganeval_reports.drawing import Drawing
from ganeval_reports.palette import REAL, SETS, Look

_STRIP, _BASE, _BARS = 70, 64, 40  # of a strip: its height, where its bars stand, how tall they are
_AXIS = 44
_BINS = 40
_MARK = 16  # a marker and the space after it
_GAP = 12


@dataclass(frozen=True)
class Strip:
    """The values of one set.

    Args:
        label: Name of the set.
        text: Its numbers as printed.
        values: One per image.
        median: Marked on the axis; None where there are no values.
        look: How the set is drawn.
    """

    label: str
    text: str
    values: Sequence[float]
    median: float | None
    look: Look


def histograms(
    strips: Sequence[Strip], *, axis: str, prefix: str, name: str = "histogram"
) -> Drawing:
    """Draws a histogram per set below each other; all share axis and bins.

    Args:
        strips: Top to bottom; at least one has values.
        axis: What is measured.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    everything = [value for strip in strips for value in strip.values]
    low, high = min(everything), max(everything)
    if low == high:
        low, high = low - 0.5, high + 0.5
    height = _STRIP * len(strips) + _AXIS

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        scale = Scale(low, high, 0, WIDTH)
        for number, strip in enumerate(strips):
            _draw_strip(axes, strip, number * _STRIP, scale)
        number_axis(axes, scale, height - _AXIS + 14)
        write(axes, 0, height - 4, axis, size=SMALL, color=MUTED)

    described = "; ".join(f"{strip.label}: {strip.text}" for strip in strips)
    return Drawing(name, described, WIDTH, height, prefix, draw)


def score_histogram(
    real_counts: Sequence[int],
    fake_counts: Sequence[int],
    edges: Sequence[float],
    threshold: float | None,
    labels: tuple[str, str],
    *,
    axis: str,
    prefix: str,
    name: str = "scores",
) -> Drawing:
    """Draws how two populations score, over each other: one filled, one an outline with hatching.

    Bars show the share of their own population, so sets of unequal size can be compared.

    Args:
        real_counts: Real images per bin.
        fake_counts: Fake images per bin.
        edges: Ends of the bins, ascending, one more than there are bins.
        threshold: Score from which an image counts as real; None: no line.
        labels: Names of the real and the fake population.
        axis: What the score is.
        prefix: Put before each id; unique within the page.
        name: Of a file of it.
    """
    populations = [
        (label, counts, look)
        for label, counts, look in zip(
            labels, (real_counts, fake_counts), (REAL, SETS[0]), strict=True
        )
    ]
    shares = [_shares(counts) for _, counts, _ in populations]
    top, bottom = 62, 222
    height = bottom + _AXIS - 4
    tallest = max(max(one, default=0.0) for one in shares) or 1.0

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        tall = Scale(0, tallest, bottom, top)
        levels = [tick for tick in tall.ticks(3) if tick > 0]
        left = max((width_of(_percent(tick), SMALL) for tick in levels), default=0) + 6
        wide = Scale(edges[0], edges[-1], left, WIDTH)
        for tick in levels:
            y = tall(tick)
            line(axes, (left, WIDTH), (y, y), color=TRACK, linewidth=1)
            write(axes, left - 6, y + 4, _percent(tick), size=SMALL, color=MUTED, ha="right")
        for number, ((label, counts, look), share) in enumerate(
            zip(populations, shares, strict=True)
        ):
            _draw_population(axes, [wide(x) for x in edges], [tall(y) for y in share], bottom, look)
            _draw_key(axes, label, f"n = {sum(counts):,}", look, 14 + 18 * number)
        line(axes, (left, WIDTH), (bottom, bottom), color=MUTED, linewidth=1)
        if threshold is not None:
            _draw_threshold(axes, wide(threshold), f"threshold {plain(threshold)}", top, bottom)
        number_axis(axes, wide, bottom + 16)
        write(axes, left, height - 4, f"{axis}; share of each set", size=SMALL, color=MUTED)

    described = [
        f"{label}: {_beyond(counts, edges, threshold)}" for label, counts, _ in populations
    ]
    return Drawing(name, "; ".join(described), WIDTH, height, prefix, draw)


def _draw_strip(axes: Axes, strip: Strip, top: float, scale: Scale) -> None:
    base = top + _BASE
    marker(axes, 5, top + 16 - TEXT * 0.36, strip.look)
    room = WIDTH - _MARK - width_of(strip.text, bold=True) - _GAP
    write(axes, _MARK, top + 16, fitted(strip.label, room))
    write(axes, WIDTH, top + 16, strip.text, ha="right", fontweight=700)
    line(axes, (0, WIDTH), (base, base), color=TRACK, linewidth=1)
    counts = [0] * _BINS
    for value in strip.values:
        place = int((value - scale.low) / (scale.high - scale.low) * _BINS)
        counts[min(_BINS - 1, place)] += 1
    tallest, step = max(counts) or 1, WIDTH / _BINS
    bars = [
        (i * step + 0.5, (i + 1) * step - 0.5, base - _BARS * count / tallest)
        for i, count in enumerate(counts)
        if count
    ]
    if bars:
        axes.add_patch(PathPatch(_boxes(bars, base), facecolor=strip.look.light, linewidth=0))
    if strip.median is not None:
        x = scale(strip.median)
        line(axes, (x, x), (base - 2, base + 6), color=INK, linewidth=2)


def _boxes(bars: Sequence[tuple[float, float, float]], base: float) -> Path:
    """One path of all bars: left, right and top of each."""
    corners, codes = [], []
    for left, right, top in bars:
        corners += [(left, base), (left, top), (right, top), (right, base), (left, base)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(corners, codes)


def _draw_population(
    axes: Axes, edges: Sequence[float], tops: Sequence[float], base: float, look: Look
) -> None:
    """Draws the outline of a histogram; the real one is filled, the other one hatched."""
    corners = [(edges[0], base)]
    for left, right, top in zip(edges[:-1], edges[1:], tops, strict=True):
        corners += [(left, top), (right, top)]
    corners.append((edges[-1], base))
    outline = Path(corners)
    if look is REAL:
        inside = {"facecolor": look.light, "alpha": 0.28, "linewidth": 0}
    else:
        inside = {"facecolor": "none", "edgecolor": look.light, "hatch": "////", "linewidth": 0}
    axes.add_patch(PathPatch(outline, **inside))
    dash = {} if look is REAL else {"linestyle": (0, (4, 1.5))}
    axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=look.light, linewidth=2, **dash))


def _draw_key(axes: Axes, label: str, text: str, look: Look, y: float) -> None:
    marker(axes, 5, y - TEXT * 0.36, look)
    name = fitted(label, WIDTH - _MARK - width_of(text, SMALL) - _GAP)
    write(axes, _MARK, y, name)
    write(axes, WIDTH, y, text, size=SMALL, color=MUTED, ha="right")


def _draw_threshold(axes: Axes, x: float, text: str, top: float, bottom: float) -> None:
    line(axes, (x, x), (top - 6, bottom), color=INK, linewidth=1.5)
    half = width_of(text, SMALL) / 2
    write(axes, min(max(x, half), WIDTH - half), top - 10, text, size=SMALL, ha="center")


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]


def _percent(share: float) -> str:
    return f"{plain(round(100 * share, 6))}\u00a0%"


def _beyond(counts: Sequence[int], edges: Sequence[float], threshold: float | None) -> str:
    """Tells where a population lies: its size and, with a threshold, the bins from there on."""
    size = f"{sum(counts):,} images"
    if threshold is None or not sum(counts):
        return size
    above = sum(count for count, left in zip(counts, edges[:-1], strict=True) if left >= threshold)
    return f"{size}, {_percent(above / sum(counts))} in bins from {plain(threshold)} up"
