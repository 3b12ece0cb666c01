"""Metrics of a record as large numbers and as plots with their tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ganeval.records import Estimate, Floor, Metric, Test
from ganeval_reports import glossary
from ganeval_reports.figures import Heading, Mark, Row, interval_plot
from ganeval_reports.numbers import MISSING, Printed, decimals_for, fixed, p_value, printed
from ganeval_reports.parts import Note, Plot, Stat, Table

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_Line = tuple[Row, Printed]
"""One estimate as it is drawn and as it stands in the table."""


def display_name(metric: Metric) -> str:
    """Name with the power of ten its numbers are multiplied by: ``KID ×10³``."""
    power = _power(metric)
    return f"{metric.display} ×10{str(power).translate(_SUPERSCRIPT)}" if power else metric.display


def stats(metrics: Sequence[Metric]) -> list[Stat]:
    """Returns each metric of one fake set, and its excess over the floor, as large numbers."""
    shown = []
    for metric in metrics:
        test = [] if metric.test is None else [_test_text(metric.test)]
        shown.append(_stat(display_name(metric), metric, metric.estimate, test))
        if metric.floor:
            size = [f"at half size, {metric.floor.half_size:,} images a side"]
            name = f"{display_name(metric)}, excess over floor"
            shown.append(_stat(name, metric, metric.floor.excess, size))
    return shown


def plots(metrics: Sequence[Metric]) -> list[Plot]:
    """Returns one plot per metric name; several fake sets share its axis."""
    names = dict.fromkeys(metric.name for metric in metrics)
    groups = [[metric for metric in metrics if metric.name == name] for name in names]
    return [_plot(group, f"plot{index}") for index, group in enumerate(groups, start=1)]


def _power(metric: Metric) -> int:
    return glossary.entry(metric.name).power


def _stat(name: str, metric: Metric, estimate: Estimate, extra: Sequence[str]) -> Stat:
    number = printed(estimate, _power(metric))
    interval = f"{number.level} interval {number.interval}" if number.interval else ""
    notes = tuple(note for note in (interval, number.reason, number.n, *extra) if note)
    missing = estimate.value is None
    direction = f"{metric.direction} is better"
    return Stat(name, direction, number.value, number.se, notes, missing)


def _plot(group: Sequence[Metric], prefix: str) -> Plot:
    several = len(group) > 1
    rows: list[Row | Heading] = []
    table: list[tuple[str, ...]] = []
    for metric in group:
        if several:
            rows.append(Heading(metric.fake, strong=True))
        for line in _lines(metric):
            if isinstance(line, Heading):
                rows.append(line)
                continue
            row, number = line
            rows.append(row)
            label = f"{metric.fake}: {row.label}" if several else row.label
            table.append(_table_row(label, number))
    first = group[0]
    axis = "← lower is better" if first.direction == "lower" else "higher is better →"
    drawable = any(isinstance(row, Row) and row.value is not None for row in rows)
    return Plot(
        title=display_name(first),
        drawing=interval_plot(rows, axis=axis, prefix=prefix) if drawable else None,
        table=Table(
            f"{display_name(first)} in numbers",
            ("Quantity", "Value ± SE", "Interval", "Images"),
            table,
        ),
        meaning=list(_meaning(group)),
        methods=list(_methods(group)),
    )


def _lines(metric: Metric) -> Iterator[_Line | Heading]:
    power = _power(metric)
    expected = None if metric.null_expected is None else metric.null_expected * 10.0**power
    yield _line(f"{metric.display}, all images", metric.estimate, power, expected)
    if metric.bias_corrected:
        yield _line("corrected for bias", metric.bias_corrected, power)
    if metric.floor:
        yield Heading(f"At half size, {metric.floor.half_size:,} images a side")
        yield from _floor_lines(metric.floor, power)


def _floor_lines(floor: Floor, power: int) -> Iterator[_Line]:
    scale = 10.0**power
    cross, real, fake = (
        number * scale for number in (floor.cross, floor.floor_real, floor.floor_fake)
    )
    # Bare numbers get the decimals of the excess, which is their difference.
    se = floor.excess.se
    decimals = decimals_for(se * scale, 2) if se else decimals_for(cross, 4)
    parts: tuple[tuple[str, float, Mark, float | None], ...] = (
        ("half the real, half the fake", cross, "between", (real + fake) / 2),
        ("two halves of the real: floor", real, "real", None),
        ("two halves of the fake: floor", fake, "fake", None),
    )
    n = f"{floor.half_size:,} a side, {floor.splits} splits"
    for label, value, mark, above in parts:
        text = fixed(value, decimals)
        yield Row(label, text, value, mark=mark, above=above), Printed(text, n=n)
    yield _line("excess over floor", floor.excess, power)


def _line(label: str, estimate: Estimate, power: int, expected: float | None = None) -> _Line:
    number = printed(estimate, power)
    value, low, high = (
        None if end is None else end * 10.0**power
        for end in (estimate.value, estimate.low, estimate.high)
    )
    return Row(label, number.value_and_se, value, low, high, expected=expected), number


def _table_row(label: str, number: Printed) -> tuple[str, ...]:
    reason = f" ({number.reason})" if number.reason else ""
    interval = f"{number.interval}, {number.level}" if number.interval else ""
    return label, number.value_and_se + reason, interval or MISSING, number.n or MISSING


def _meaning(group: Sequence[Metric]) -> Iterator[Note]:
    """What a reader must know to read the number."""
    known = glossary.entry(group[0].name)
    direction = f"{group[0].direction.capitalize()} is better."
    yield Note("What it is", f"{known.what} {direction}".strip())
    if known.blind_to:
        yield Note("Blind to", known.blind_to)
    yield from _once("Bias", (metric.bias for metric in group))
    if any(metric.floor for metric in group):
        yield Note("Excess over floor, the pale bar", glossary.EXCESS)
    ticks = [(metric, _expected_text(metric)) for metric in group]
    yield from _each("Grey tick", ticks)


def _methods(group: Sequence[Metric]) -> Iterator[Note]:
    """What a reviewer wants to know on top of it."""
    yield from _once("The interval covers", (metric.estimate.covers for metric in group))
    yield from _once("Computed by", (metric.estimate.method for metric in group))
    excesses = [metric.floor.excess for metric in group if metric.floor]
    yield from _once("Excess covers", (excess.covers for excess in excesses))
    yield from _once("Excess computed by", (excess.method for excess in excesses))
    tests = [(metric, metric.test) for metric in group]
    texts = [(one, f"{_test_text(test)}; {test.method}" if test else "") for one, test in tests]
    yield from _each("Test", texts)


def _test_text(test: Test) -> str:
    return f"{p_value(test.p)}, null: {test.null}"


def _expected_text(metric: Metric) -> str:
    if metric.null_expected is None:
        return ""
    value = metric.null_expected * 10.0 ** _power(metric)
    return f"{fixed(value, decimals_for(value, 3) if value else 0)}, {glossary.EXPECTED}"


def _each(term: str, texts: Sequence[tuple[Metric, str]]) -> Iterator[Note]:
    """Yields what holds for all fake sets once, else each text with the set it belongs to."""
    if len({text for _, text in texts}) == 1:
        yield from _once(term, [texts[0][1]])
    else:
        yield from _once(term, [text and f"{metric.fake}: {text}" for metric, text in texts])


def _once(term: str, texts: Iterable[str]) -> Iterator[Note]:
    """Yields each distinct text that is not empty."""
    for text in dict.fromkeys(texts):
        if text:
            yield Note(term, text)
