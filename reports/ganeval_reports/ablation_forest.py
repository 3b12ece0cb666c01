"""Differences of arms below each other on one axis: interval, zero line, and the A/A band."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ganeval.records import AblationRecord, Comparison, Direction
from ganeval_reports.ablation_names import (
    arm_looks,
    decimals_of,
    interval_of,
    outcome,
    scaled,
    signed,
    toward,
)
from ganeval_reports.ablation_tables import comparisons_table
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
from ganeval_reports.interval_plot import track
from ganeval_reports.numbers import exact_p, percent
from ganeval_reports.palette import Look
from ganeval_reports.parts import Note, Plot

_ROW, _RULE, _HEAD, _AXIS = 62, 34, 22, 44
_GAP = 12


def forest_plots(record: AblationRecord) -> list[Plot]:
    """Returns a plot per direction of the comparisons by the primary metric."""
    plots = []
    for direction in record.protocol.directions:
        rows = [
            one
            for one in record.comparisons
            if one.metric == record.protocol.primary
            and one.direction == direction
            and one.mean is not None
        ]
        if rows:
            plots.append(_plot(record, direction, rows))
    return plots


def _plot(record: AblationRecord, direction: Direction, rows: Sequence[Comparison]) -> Plot:
    first = rows[0]
    title = f"{scaled(first.display, first.unit)}{toward(record, direction)}"
    declared = [one for one in rows if not one.exploratory]
    further = [one for one in rows if one.exploratory]
    drawing = _drawing(record, declared, further, f"forest-{direction}")
    return Plot(
        title, [drawing], comparisons_table(f"{title}: differences", rows), _meaning(record, rows),
        [],
    )  # fmt: skip


def _meaning(record: AblationRecord, rows: Sequence[Comparison]) -> list[Note]:
    first = rows[0]
    against = {one.against for one in rows}
    than = next(iter(against)) if len(against) == 1 else "the arm it is compared with"
    notes = [Note("Difference", f"mean of the variant less that of {than}.")]
    intervals = [one.intervals[0] for one in rows if one.intervals]
    if intervals:
        level, speaks = percent(intervals[0].level), intervals[0].population
        notes.append(Note("Line", f"{level} interval, {speaks} ({intervals[0].method})."))
    if first.band is not None:
        notes.append(
            Note(
                "Pale band",
                "95\u00a0% of the differences of equal settings, around 0: the A/A arm.",
            )
        )
    elif record.verdict_name != "single_run":
        notes.append(Note("No band", "there is no A/A arm: the noise floor is unknown."))
    if any(_found(one) for one in rows):
        notes.append(Note("Filled marker", "the test over seeds declares a difference."))
    if any(one.p_holm is not None and one.family > 1 for one in rows):
        notes.append(
            Note(
                "Holm p",
                f"adjusted for the {max(one.family for one in rows)} declared comparisons; the "
                "verdict follows it, not the interval.",
            )
        )
    if any(one.exploratory for one in rows):
        notes.append(
            Note("Exploratory", "not declared before the first run; no adjusted p, no verdict.")
        )
    return notes


def _drawing(
    record: AblationRecord,
    declared: Sequence[Comparison],
    further: Sequence[Comparison],
    prefix: str,
) -> Drawing:
    rows = [*declared, *further]
    rule = _RULE if further and declared else 0
    height = _HEAD + _ROW * len(rows) + rule + _AXIS
    looks = arm_looks(record)

    def draw(axes: Axes) -> None:
        clear(axes, WIDTH, height)
        scale = _scale(rows)
        ticks = [scale(tick) for tick in number_axis(axes, scale, height - _AXIS + 14)]
        _draw_sides(axes, rows[0], scale)
        tops = [_HEAD + _ROW * i + (rule if i >= len(declared) else 0) for i in range(len(rows))]
        if rule:
            top = _HEAD + _ROW * len(declared)
            line(axes, (0, WIDTH), (top + 8, top + 8), color=TRACK, linewidth=1)
            write(axes, 0, top + 27, "Exploratory", size=SMALL, color=MUTED)
        elif further:
            write(axes, 0, 12, "Exploratory", size=SMALL, color=MUTED)
        for row, top in zip(rows, tops, strict=True):
            _draw_row(axes, row, top, scale, ticks, looks.get(row.variant, BETWEEN))
        label = f"difference of {scaled(rows[0].display, rows[0].unit)}"
        write(axes, 0, height - 4, fitted(label, WIDTH, SMALL), size=SMALL, color=MUTED)

    described = "; ".join(_described(row) for row in rows)
    return Drawing(prefix, described, WIDTH, height, prefix, draw)


def _scale(rows: Sequence[Comparison]) -> Scale:
    ends = [abs(row.mean) for row in rows if row.mean is not None]
    ends += [abs(end) for row in rows for one in row.intervals[:1] for end in (one.low, one.high)]
    ends += [row.band for row in rows if row.band is not None]
    reach = max(ends, default=0.0) or 1.0
    return Scale(-1.06 * reach, 1.06 * reach, 0, WIDTH)


def _draw_sides(axes: Axes, row: Comparison, scale: Scale) -> None:
    """Names the side on which the variant is better, and the other."""
    if row.better == "none":
        return
    left, right = ("better", "worse") if row.better == "lower" else ("worse", "better")
    if row.kind == "single_run":  # nothing is said of methods
        left, right = "lower", "higher"
    middle = scale(0)
    write(axes, middle - 8, 12, f"← {left}", size=SMALL, color=MUTED, ha="right")
    write(axes, middle + 8, 12, f"{right} →", size=SMALL, color=MUTED)


def _draw_row(
    axes: Axes, row: Comparison, top: float, scale: Scale, ticks: Sequence[float], look: Look
) -> None:
    y, found = top + 32, _found(row)
    told = _p(row)
    marker(axes, 5, top + 12, look)
    room = WIDTH - 16 - width_of(told, SMALL) - _GAP
    write(
        axes, 16, top + 17, fitted(row.variant, room, bold=found),
        fontweight=700 if found else 400,
    )  # fmt: skip
    write(axes, WIDTH, top + 17, told, size=SMALL, color=MUTED, ha="right")
    if row.band is not None:
        left, right = scale(-row.band), scale(row.band)
        axes.add_patch(Rectangle((left, y - 7), right - left, 14, facecolor=TRACK, linewidth=0))
    track(axes, y, ticks)
    middle = scale(0)
    line(axes, (middle, middle), (y - 9, y + 9), color=MUTED, linewidth=2)
    if row.intervals:
        ends = (scale(row.intervals[0].low), scale(row.intervals[0].high))
        line(axes, ends, (y, y), color=look.light if found else MUTED, linewidth=3.5)
    if row.mean is None:
        return
    x = scale(row.mean)
    if found:
        marker(axes, x, y, look)
    else:
        axes.plot(
            x, y, look.marker, color=PAPER, markersize=8, markeredgecolor=look.light,
            markeredgewidth=1.8, clip_on=False,
        )  # fmt: skip
    text = _numbers(row)
    half = width_of(text, SMALL) / 2
    at = min(max(x, half), WIDTH - half)
    write(axes, at, top + 53, text, size=SMALL, color=INK, ha="center")


def _found(row: Comparison) -> bool:
    return row.kind == "difference" and not row.exploratory


def _p(row: Comparison) -> str:
    if row.p_holm is not None and row.family > 1:
        return f"Holm p {exact_p(row.p_holm)}"
    if row.n < 2:
        return "one run each"
    if row.exploratory or row.p is None:
        return f"{row.n:,} {'images' if row.pairing == 'images' else 'seeds'}"
    return f"p {exact_p(row.p)}"


def _numbers(row: Comparison) -> str:
    number = "" if row.mean is None else signed(row.mean, decimals_of(row))
    return " ".join(text for text in (number, interval_of(row)) if text)


def _described(row: Comparison) -> str:
    kind = "exploratory, " if row.exploratory else ""
    word = outcome(row)
    told = f", {'' if _found(row) else 'observed '}{word}" if word else ""
    return f"{kind}{row.variant} less {row.against}: {_numbers(row)}{told}, {_p(row)}"
