"""Histograms of one measurement, a strip per set on one axis, drawn as plain SVG.

As wide as `figures.interval_plot` and in the colours of the page, so that both stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape
from matplotlib.ticker import MaxNLocator

from ganeval.records import Role

_WIDTH = 380
_STRIP, _TEXT, _BARS, _AXIS = 70, 16, 40, 30
_BINS = 40
_LETTERS = 30


@dataclass(frozen=True)
class Strip:
    """The values of one set.

    Args:
        label: Name of the set.
        text: Its numbers as printed.
        values: One per image.
        median: Marked on the axis; None where there are no values.
        role: Decides the colour.
    """

    label: str
    text: str
    values: Sequence[float]
    median: float | None
    role: Role


def histograms(strips: Sequence[Strip], *, unit: str = "") -> Markup:
    """Draws a histogram per set below each other; all share axis and bins.

    Args:
        strips: Top to bottom; at least one has values.
        unit: What the axis measures.
    """
    everything = [value for strip in strips for value in strip.values]
    low, high = min(everything), max(everything)
    if low == high:
        low, high = low - 0.5, high + 0.5
    height = _STRIP * len(strips) + _AXIS
    described = "; ".join(f"{strip.label}: {strip.text}" for strip in strips)
    parts = [
        Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            _WIDTH, height, described
        )
    ]
    for number, strip in enumerate(strips):
        parts += _strip(strip, number * _STRIP, low, high)
    parts += _axis(low, high, height, unit)
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _strip(strip: Strip, top: int, low: float, high: float) -> list[Markup]:
    base = top + _TEXT + 8 + _BARS
    colour = f"var(--{strip.role})"
    label = strip.label if len(strip.label) <= _LETTERS else f"…{strip.label[1 - _LETTERS :]}"
    drawn = [
        _text(0, top + _TEXT, label, size=13),
        _text(_WIDTH, top + _TEXT, strip.text, size=13, anchor="end", weight=700),
        _line(0, base, _WIDTH, base, "var(--line)", 1),
    ]
    counts = [0] * _BINS
    for value in strip.values:
        counts[min(_BINS - 1, int((value - low) / (high - low) * _BINS))] += 1
    tallest = max(counts) or 1
    step = _WIDTH / _BINS
    outline = "".join(
        f"M{i * step + 0.5:.2f} {base}v{-_BARS * count / tallest:.2f}h{step - 1:.2f}V{base}z"
        for i, count in enumerate(counts)
        if count
    )
    drawn.append(Markup('<path d="{}" fill="{}"/>').format(outline, colour))
    if strip.median is not None:
        x = (strip.median - low) / (high - low) * _WIDTH
        drawn.append(_line(x, base - 2, x, base + 6, "currentColor", 2))
    return drawn


def _axis(low: float, high: float, height: int, unit: str) -> list[Markup]:
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    drawn = []
    for tick in ticks:
        x = (float(tick) - low) / (high - low) * _WIDTH
        if -0.5 <= x <= _WIDTH + 0.5:
            anchor = "start" if x < 12 else "end" if x > _WIDTH - 12 else "middle"
            text = f"{float(tick):g}".replace("-", "−")
            drawn.append(_text(x, height - _AXIS + 12, text, colour="var(--muted)", anchor=anchor))
    if unit:
        drawn.append(_text(0, height - 2, unit, colour="var(--muted)"))
    return drawn


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = 11.5,
    colour: str = "currentColor",
    anchor: str = "start",
    weight: int = 400,
) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{}" font-size="{}px" fill="{}" text-anchor="{}" font-weight="{}">'
        "{}</text>"
    ).format(x, y, size, colour, anchor, weight, escape(text))


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> Markup:
    return Markup(
        '<path d="M{:.1f} {}L{:.1f} {}" stroke="{}" stroke-width="{}" fill="none"/>'
    ).format(x1, y1, x2, y2, colour, width)
