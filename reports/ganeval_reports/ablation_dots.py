"""Every run of an ablation as a dot: a column per arm, equal seeds joined, floors as levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes

from ganeval.records import AblationRecord, ArmInfo, CellMetric
from ganeval_reports.ablation_names import (
    arm_looks,
    common_decimals,
    kinds,
    scaled,
    toward,
    trained,
)
from ganeval_reports.axes import (
    INK,
    MUTED,
    SMALL,
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
from ganeval_reports.drawing import Drawing, slug
from ganeval_reports.numbers import MISSING, fixed
from ganeval_reports.palette import Look
from ganeval_reports.parts import Note, Plot, Table

_TOP, _PLOT, _NAMES, _LEVEL_NAME = 30, 210, 34, 0.3
_FEW = 4
"""Columns that fit a narrow figure."""
_FAR = 1.0
"""A floor farther off than so many spans of the runs is named, not drawn: it would squash them."""


@dataclass(frozen=True)
class Column:
    """The runs of one arm.

    Args:
        name: Of the arm.
        look: How it is drawn.
        values: By seed; None where the run diverged. A single run of unknown seed is -1.
        joined: Its seeds are those of the base: lines may join them.
    """

    name: str
    look: Look
    values: dict[int, float | None]
    joined: bool


@dataclass(frozen=True)
class Level:
    """What a translator must beat."""

    name: str
    value: float


def dots_plots(record: AblationRecord, *, deciding: bool) -> list[Plot]:
    """Returns a plot per direction of the metric that decides, or of all others."""
    if record.verdict_name == "single_run":  # a dot per arm shows no spread
        return []
    plots = []
    for kind in kinds(record):
        columns = _columns(record, kind)
        known = [v for one in columns for v in one.values.values() if v is not None]
        if known and kind.compare and (kind.name == record.protocol.primary) == deciding:
            plots.append(_plot(record, kind, columns))
    return plots


def _columns(record: AblationRecord, kind: CellMetric) -> list[Column]:
    looks = arm_looks(record)
    found = []
    for arm in trained(record):
        values: dict[int, float | None] = {}
        for cell in record.cells:
            if cell.arm == arm.name and cell.state == "diverged":
                values[_seed(cell.seed)] = None
        for one in record.metrics:
            same = (one.arm, one.direction, one.name) == (arm.name, kind.direction, kind.name)
            if same and one.estimate.value is not None:
                values[_seed(one.seed)] = one.estimate.value
        joined = _joined(record, arm)
        found.append(Column(arm.name, looks[arm.name], dict(sorted(values.items())), joined))
    return [one for one in found if one.values]


def _joined(record: AblationRecord, arm: ArmInfo) -> bool:
    """Whether equal seeds of this arm and the base mean something."""
    if arm.name == record.base:
        return True
    pairings = {one.pairing for one in record.comparisons if one.variant == arm.name}
    return arm.kind != "same" and bool(pairings & {"full", "data"})


def _seed(seed: int | None) -> int:
    return -1 if seed is None else seed


def _plot(record: AblationRecord, kind: CellMetric, columns: Sequence[Column]) -> Plot:
    title = f"{scaled(kind.display, kind.unit)}{toward(record, kind.direction)}"
    levels = _levels(record, kind)
    drawn, far = _near(columns, levels)
    name = f"seeds-{slug(kind.name)}-{kind.direction}"
    axis = scaled(kind.display, kind.unit)
    if kind.better != "none":
        axis += f", {kind.better} is better"
    drawing = _Layout(columns, drawn, axis).drawing(name, title)
    meaning = []
    if any(one.joined for one in columns[1:]):
        meaning.append(Note("Lines", "join runs of equal seeds."))
    if any(len(one.values) > 1 for one in columns):
        meaning.append(Note("Bar", "mean of the arm's finished runs."))
    if any(value is None for one in columns for value in one.values.values()):
        meaning.append(
            Note("Cross", "a run that diverged; comparisons give it the worst value of the study.")
        )
    if far:
        decimals = common_decimals([one.value for one in far], 3)
        told = ", ".join(f"{one.name} {fixed(one.value, decimals)}" for one in far)
        meaning.append(Note("Beyond the axis", f"{told}."))
    return Plot(title, [drawing], _table(title, columns, levels), meaning, [])


def _levels(record: AblationRecord, kind: CellMetric) -> list[Level]:
    floors = {arm.name for arm in record.arms if arm.kind == "floor"}
    return [
        Level(one.arm, one.estimate.value)
        for one in record.metrics
        if one.arm in floors
        and (one.name, one.direction) == (kind.name, kind.direction)
        and one.estimate.value is not None
    ]


def _near(columns: Sequence[Column], levels: Sequence[Level]) -> tuple[list[Level], list[Level]]:
    known = [v for one in columns for v in one.values.values() if v is not None]
    low, high = min(known), max(known)
    room = _FAR * ((high - low) or abs(high) or 1.0)
    near = [one for one in levels if low - room <= one.value <= high + room]
    return near, [one for one in levels if one not in near]


def _table(title: str, columns: Sequence[Column], levels: Sequence[Level]) -> Table:
    seeds = sorted({seed for one in columns for seed in one.values})
    known = [value for one in columns for value in one.values.values()]
    decimals = common_decimals([*known, *(one.value for one in levels)])
    rows = [
        (
            "single run" if seed < 0 else f"seed {seed}",
            *(_printed(one, seed, decimals) for one in columns),
        )
        for seed in seeds
    ]
    blank = ("",) * (len(columns) - 1)
    rows += [(one.name, fixed(one.value, decimals), *blank) for one in levels]
    return Table(f"{title}, every run", ("", *(one.name for one in columns)), rows)


def _printed(column: Column, seed: int, decimals: int) -> str:
    if seed not in column.values:
        return MISSING
    value = column.values[seed]
    return "diverged" if value is None else fixed(value, decimals)


class _Layout:
    """Where everything stands, in pixels."""

    def __init__(self, columns: Sequence[Column], levels: Sequence[Level], axis: str) -> None:
        self.columns, self.levels, self.axis = columns, levels, axis
        self.width = WIDTH if len(columns) <= _FEW else WIDE
        known = [v for one in columns for v in one.values.values() if v is not None]
        known += [one.value for one in levels]
        low, high = min(known), max(known)
        room = 0.06 * (high - low) or abs(high) * 0.1 or 0.5
        self._crosses = any(v is None for one in columns for v in one.values.values())
        self._y = Scale(low - room, high + room, _TOP + _PLOT, _TOP + (20 if self._crosses else 0))
        self._ticks = self._y.ticks(5)
        self._left = max(width_of(plain(tick), SMALL) for tick in self._ticks or [0.0]) + 8
        named = max((width_of(one.name, SMALL) for one in levels), default=0.0)
        self._level_room = min(named, _LEVEL_NAME * self.width)
        self._right = self.width - (self._level_room + 10 if levels else 0)
        step = (self._right - self._left) / len(columns)
        self._x = [self._left + step * (i + 0.5) for i in range(len(columns))]
        self._step = step
        self.height = _TOP + _PLOT + _NAMES

    def drawing(self, name: str, title: str) -> Drawing:
        """Returns the figure."""
        told = "; ".join(_described(one) for one in self.columns)
        told += "".join(f"; level {one.name}: {plain(round(one.value, 3))}" for one in self.levels)
        return Drawing(name, f"{title}. {told}", self.width, self.height, name, self._draw)

    def _draw(self, axes: Axes) -> None:
        clear(axes, self.width, self.height)
        write(axes, 0, 12, fitted(self.axis, self.width, SMALL), size=SMALL, color=MUTED)
        for tick in self._ticks:
            y = self._y(tick)
            line(axes, (self._left, self._right), (y, y), color=TRACK, linewidth=1)
            write(axes, self._left - 8, y + 4, plain(tick), size=SMALL, color=MUTED, ha="right")
        self._draw_levels(axes)
        self._draw_joints(axes)
        for x, column in zip(self._x, self.columns, strict=True):
            self._draw_column(axes, x, column)

    def _draw_levels(self, axes: Axes) -> None:
        for one in self.levels:
            y = self._y(one.value)
            line(axes, (self._left, self._right), (y, y), color=MUTED, linewidth=1.5, dashes=(4, 3))
            name = fitted(one.name, self._level_room, SMALL)
            write(axes, self._right + 8, y + 4, name, size=SMALL, color=MUTED)

    def _draw_joints(self, axes: Axes) -> None:
        joined = [(x, one) for x, one in zip(self._x, self.columns, strict=True) if one.joined]
        for (x, one), (next_x, other) in pairwise(joined):
            for seed, value in one.values.items():
                beside = other.values.get(seed)
                if value is not None and beside is not None:
                    ends = (self._y(value), self._y(beside))
                    line(axes, (x, next_x), ends, color=MUTED, linewidth=0.9, alpha=0.45)

    def _draw_column(self, axes: Axes, x: float, column: Column) -> None:
        known = [value for value in column.values.values() if value is not None]
        diverged = len(column.values) - len(known)
        if len(known) > 1:
            y = self._y(sum(known) / len(known))
            half = min(22.0, self._step * 0.3)
            line(axes, (x - half, x + half), (y, y), color=INK, linewidth=2.2)
        for value in known:
            marker(axes, x, self._y(value), column.look, size=0.8)
        for number in range(diverged):
            at = x + 12 * (number - (diverged - 1) / 2)
            axes.plot(
                at, _TOP + 6, "x", color=column.look.light, markersize=7, markeredgewidth=2,
                clip_on=False,
            )  # fmt: skip
        base = _TOP + _PLOT
        name = fitted(column.name, self._step - 8, SMALL)
        write(axes, x, base + 18, name, size=SMALL, ha="center")
        runs = f"n = {len(known)}" + (f" + {diverged} ×" if diverged else "")
        write(axes, x, base + 32, runs, size=SMALL - 1, color=MUTED, ha="center")


def _described(column: Column) -> str:
    known = [value for value in column.values.values() if value is not None]
    diverged = len(column.values) - len(known)
    lost = f", {diverged} diverged" if diverged else ""
    if not known:
        return f"{column.name}: no finished run{lost}"
    decimals = common_decimals(known)
    low, high = fixed(min(known), decimals), fixed(max(known), decimals)
    if len(known) == 1:
        return f"{column.name}: {low}{lost}"
    return f"{column.name}: {len(known)} runs from {low} to {high}{lost}"
