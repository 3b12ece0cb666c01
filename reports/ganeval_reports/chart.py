"""What a line chart shows, and its numbers as a table and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ganeval_reports.numbers import MISSING, significant
from ganeval_reports.palette import Look, looks
from ganeval_reports.parts import Table

_ROWS = 50
"""Rows of a table on a page; CSV has all."""
_DIGITS = 4

Series = Sequence[float | None]


@dataclass(frozen=True)
class Line:
    """One series; None is a gap.

    Args:
        name: Stands at the end of the line.
        x: Ascending.
        y: One per x.
        smooth: Moving average of ``y``, one per x; the strong line where there is one.
        smooth_from: Index from which its window is as long as stated; dashed before.
        low: Lower end of an interval, one per x.
        high: Upper end of an interval, one per x.
        faint: One of several behind a strong line: thin and pale, without points and name.
        crossed: Ends with a cross: what it follows broke down there.
    """

    name: str
    x: Sequence[float]
    y: Series
    smooth: Series | None = None
    smooth_from: int = 0
    low: Series | None = None
    high: Series | None = None
    faint: bool = False
    crossed: bool = False

    @property
    def shown(self) -> Series:
        """What is drawn strong: the moving average where there is one."""
        return self.y if self.smooth is None else self.smooth

    @property
    def columns(self) -> list[tuple[str, Series]]:
        """Heads and numbers of its columns in a table."""
        found: list[tuple[str, Series]] = [(self.name, self.y)]
        if self.smooth is not None:
            found.append((f"{self.name}, moving average", self.smooth))
        if self.low is not None and self.high is not None:
            found += [(f"{self.name}, low", self.low), (f"{self.name}, high", self.high)]
        return found


@dataclass(frozen=True)
class VerticalMark:
    """Something that happened at one x."""

    x: float
    label: str


@dataclass(frozen=True)
class LineChart:
    """Lines over one pair of axes.

    Args:
        title: What is shown.
        x_label: What the x are.
        y_label: What the y are, and which way is better if one is.
        lines: In the order of their looks.
        log_y: Logarithmic y; numbers that are not above 0 are gaps there.
        baseline: Height of a horizontal reference.
        baseline_label: Stands at its end.
        marks: Vertical references.
        looks: One per line, where a line is a set that has a look elsewhere.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    log_y: bool = False
    baseline: float | None = None
    baseline_label: str = ""
    marks: Sequence[VerticalMark] = ()
    looks: Sequence[Look] = ()

    @property
    def styled(self) -> list[tuple[Line, Look]]:
        """Each line with its look."""
        if self.looks:
            return list(zip(self.lines, self.looks, strict=True))
        found = looks(str(index) for index in range(len(self.lines)))
        return list(zip(self.lines, found.values(), strict=True))


def chart_table(chart: LineChart) -> Table:
    """Returns the numbers of a chart in at most 50 rows at even distances, with first and last."""
    head, rows = _rows(chart)
    kept = rows
    caption = f"{chart.title}, in numbers"
    if len(rows) > _ROWS:
        places = [round(i * (len(rows) - 1) / (_ROWS - 1)) for i in range(_ROWS)]
        kept = [rows[place] for place in places]
        caption += f": {_ROWS} of {len(rows):,} rows at even distances"
    return Table(
        caption,
        tuple(head),
        [(f"{x:,.10g}", *(_printed(number) for number in numbers)) for x, numbers in kept],
    )


def chart_csv(chart: LineChart) -> str:
    """Returns every number of a chart as CSV; a gap is an empty cell."""
    head, rows = _rows(chart)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows((repr(x), *("" if n is None else repr(n) for n in rest)) for x, rest in rows)
    return stream.getvalue()


def described(chart: LineChart) -> str:
    """Returns what is read out instead of the picture: where each line starts, ends and turns."""
    parts = [f"{line.name}: {_course(line)}" for line in chart.lines if not line.faint]
    if chart.baseline is not None:
        parts.append(f"{chart.baseline_label or 'reference'}: {_printed(chart.baseline)}")
    parts += [f"{mark.label}: {chart.x_label} {mark.x:,.10g}" for mark in chart.marks]
    return f"{chart.title}, {chart.y_label} by {chart.x_label}. {'; '.join(parts)}"


def is_number(number: float | None) -> TypeGuard[float]:
    """Tells a finite number from a gap."""
    return number is not None and math.isfinite(number)


def _printed(number: float | None) -> str:
    return significant(number, _DIGITS) if is_number(number) else MISSING


def _rows(chart: LineChart) -> tuple[list[str], list[tuple[float, list[float | None]]]]:
    columns = [(line.x, head, numbers) for line in chart.lines for head, numbers in line.columns]
    found = [dict(zip(x, numbers, strict=True)) for x, _, numbers in columns]
    places = sorted({x for line in chart.lines for x in line.x})
    head = [chart.x_label, *(head for _, head, _ in columns)]
    return head, [(x, [column.get(x) for column in found]) for x in places]


def _course(line: Line) -> str:
    numbers = [(x, y) for x, y in zip(line.x, line.shown, strict=True) if is_number(y)]
    if not numbers:
        return "no value"
    ends = [numbers[0], numbers[-1]]
    lowest, highest = min(numbers, key=lambda one: one[1]), max(numbers, key=lambda one: one[1])
    return (
        f"{' to '.join(_printed(y) for _, y in ends)}, "
        f"lowest {_printed(lowest[1])} at {lowest[0]:,.10g}, "
        f"highest {_printed(highest[1])} at {highest[0]:,.10g}"
    )


def segments(
    x: Sequence[float], y: Series, *, positive: bool = False
) -> Iterator[tuple[list[float], list[float]]]:
    """Yields the runs of a series between its gaps."""
    xs: list[float] = []
    ys: list[float] = []
    for place, number in zip(x, y, strict=True):
        if is_number(number) and not (positive and number <= 0):
            xs.append(place)
            ys.append(number)
        elif xs:
            yield xs, ys
            xs, ys = [], []
    if xs:
        yield xs, ys
