"""How the arms of an ablation look, and how its numbers are called and printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ganeval.records import AblationRecord, ArmInfo, CellMetric, Comparison, Direction
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import decimals_for, fixed
from ganeval_reports.palette import Look, looks

_NUMBER = re.compile(r"(?<![\w.])-(?=\d)")


def trained(record: AblationRecord) -> list[ArmInfo]:
    """Returns the arms in the order of the page, the base first; without floors."""
    arms = [arm for arm in record.arms if arm.kind != "floor"]
    return sorted(arms, key=lambda arm: arm.name != record.base)


def arm_looks(record: AblationRecord) -> dict[str, Look]:
    """Returns how each arm is drawn, all over the page."""
    return looks(arm.name for arm in trained(record))


def scaled(display: str, unit: str) -> str:
    """Returns the name of a metric with the unit that its values are in."""
    if not unit:
        return display
    return f"{display} {unit}" if unit.startswith("×") else f"{display}, {unit}"


def kinds(record: AblationRecord) -> list[CellMetric]:
    """Returns one number of each metric and direction, the primary metric first."""
    found: dict[tuple[Direction, str], CellMetric] = {}
    for one in record.metrics:
        found.setdefault((one.direction, one.name), one)
    directions = record.protocol.directions
    return sorted(
        found.values(),
        key=lambda one: (one.name != record.protocol.primary, _place(directions, one.direction)),
    )


def toward(record: AblationRecord, direction: Direction) -> str:
    """Returns a direction in words, with a comma before it; empty where there is only one."""
    if len({one.direction for one in record.metrics}) < 2:
        return ""
    return f", {DIRECTIONS[direction]}"


def signed(number: float, decimals: int) -> str:
    """Prints a difference with its sign; 0 has none."""
    text = fixed(number, decimals)
    return f"+{text}" if number > 0 and text.strip("0.") else text


def decimals_of(one: Comparison) -> int:
    """Decimals that show two digits of the half width of the interval, else of the difference."""
    if one.intervals and one.intervals[0].high > one.intervals[0].low:
        return decimals_for((one.intervals[0].high - one.intervals[0].low) / 2, 2)
    return decimals_for(one.mean or 0.0, 3)


def interval_of(one: Comparison) -> str:
    """Prints the main interval in brackets; empty where there is none."""
    if not one.intervals:
        return ""
    decimals = decimals_of(one)
    low, high = (fixed(end, decimals) for end in (one.intervals[0].low, one.intervals[0].high))
    return f"[{low}, {high}]"


def common_decimals(numbers: Iterable[float | None], digits: int = 4) -> int:
    """Decimals for a column: those that show so many digits of its largest number."""
    known = [abs(number) for number in numbers if number is not None]
    return max(0, decimals_for(max(known, default=0.0), digits))


def outcome(one: Comparison) -> str:
    """Says in a word whether the variant's mean is better or worse; of single runs only where."""
    if one.mean is None or one.better == "none":
        return ""
    if one.mean == 0:
        return "equal"
    if one.kind == "single_run":  # nothing is said of methods
        return "lower" if one.mean < 0 else "higher"
    return "better" if (one.mean < 0) == (one.better == "lower") else "worse"


def real_minus(text: str) -> str:
    """Returns a sentence of the record with real minus signs before its numbers."""
    return _NUMBER.sub("−", text)


def _place(directions: Sequence[Direction], one: Direction) -> int:
    return directions.index(one) if one in directions else len(directions)
