"""What a metric is called on a page, and the few numbers that stand large at its top."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.records import Estimate, Metric, Test
from ganeval_reports import glossary
from ganeval_reports.numbers import decimals_for, fixed, p_value, printed
from ganeval_reports.parts import Stat

ARROWS = {"lower": "↓", "higher": "↑"}

_LARGE = 3
"""Numbers that stand large; the table under them has all."""

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def display_name(metric: Metric) -> str:
    """Name with the power of ten its numbers are multiplied by: ``KID ×10³``."""
    return scaled_name(metric.display, metric.name)


def scaled_name(display: str, name: str) -> str:
    """The same for a name to print and the name of its metric."""
    power = glossary.entry(name).power
    return f"{display} ×10{str(power).translate(_SUPERSCRIPT)}" if power else display


def stats(metrics: Sequence[Metric]) -> list[Stat]:
    """Returns the leading numbers of one fake set: a distance, its excess over the floor, KID.

    Without these, the first three numbers there are.
    """
    ordered = [*metrics[:1], *(one for one in metrics[1:] if one.name == "kid")]
    ordered += [one for one in metrics[1:] if one.name != "kid"]
    shown = []
    for metric in ordered:
        test = [] if metric.test is None else [outcome(metric.test)]
        shown.append(_stat(display_name(metric), metric, metric.estimate, test))
        if metric.floor:
            size = [f"at half size, {metric.floor.half_size:,} images a side"]
            name = f"{display_name(metric)}, excess over floor"
            shown.append(_stat(name, metric, metric.floor.excess, size))
    return shown[:_LARGE]


def outcome(test: Test) -> str:
    """Returns the p-value and what it is a p-value of."""
    return f"{p_value(test.p)}, null: {test.null}"


def expected_text(metric: Metric) -> str:
    """Returns the value expected under equality, on the scale of the page; empty if unknown."""
    if metric.null_expected is None:
        return ""
    value = metric.null_expected * 10.0 ** glossary.entry(metric.name).power
    return fixed(value, decimals_for(value, 3)) if value else "0"


def _stat(name: str, metric: Metric, estimate: Estimate, extra: Sequence[str]) -> Stat:
    number = printed(estimate, glossary.entry(metric.name).power)
    interval = f"{number.level} interval {number.interval}" if number.interval else ""
    notes = tuple(note for note in (interval, number.reason, number.n, *extra) if note)
    missing = estimate.value is None
    direction = f"{metric.direction} is better"
    return Stat(name, direction, number.value, number.se, notes, missing)
