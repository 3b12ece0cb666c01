"""Metrics as plots of their intervals, family by family, each with its numbers in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ganeval.records import Estimate, Floor, Metric
from ganeval_reports import glossary
from ganeval_reports.axes import BETWEEN
from ganeval_reports.drawing import Drawing, slug
from ganeval_reports.families import by_family
from ganeval_reports.interval_plot import Heading, Row, interval_plot
from ganeval_reports.numbers import MISSING, Printed, decimals_for, fixed, printed
from ganeval_reports.palette import REAL, SETS, Look, looks
from ganeval_reports.parts import Note, Plot, PlotGroup, Table
from ganeval_reports.results import display_name, expected_text, outcome

_FEW = 3
"""Plots that need no headings between them."""

_Line = tuple[Row, Printed]
"""One estimate as it is drawn and as it stands in the table."""


def plots(metrics: Sequence[Metric]) -> list[PlotGroup]:
    """Returns one plot per metric name, by family; several fake sets share a plot's axis."""
    sets = looks(metric.fake for metric in metrics)
    names = dict.fromkeys(metric.name for metric in metrics)
    groups = [[metric for metric in metrics if metric.name == name] for name in names]
    few = len(groups) <= _FEW
    drawn: list[tuple[str, Plot]] = []
    told: dict[str, str] = {}  # explanation to the metric that it stands under
    for index, group in enumerate(groups, start=1):
        drawn.append((group[0].name, _plot(group, sets, f"plot{index}", told, few=few)))
    if few:
        return [PlotGroup("", "", [plot for _, plot in drawn])]
    return [
        PlotGroup(family.title, family.about, [plot for _, plot in members])
        for family, members in by_family(drawn, lambda both: both[0])
    ]


def _plot(
    group: Sequence[Metric],
    sets: Mapping[str, Look],
    prefix: str,
    told: dict[str, str],
    *,
    few: bool,
) -> Plot:
    first = group[0]
    bias = list(_once("Bias", (metric.bias for metric in group)))
    return Plot(
        title=display_name(first),
        drawings=list(_drawings(group, sets, prefix)),
        table=Table(
            f"{display_name(first)} in numbers",
            ("Quantity", "Value ± SE", "Interval", "Images"),
            list(_table_rows(group)),
        ),
        # Among many plots the text beside each must be short.
        meaning=[*_missing(group), *_meaning(group, told), *(bias if few else [])],
        methods=[*([] if few else bias), *_methods(group)],
    )


def _drawings(group: Sequence[Metric], sets: Mapping[str, Look], prefix: str) -> Iterator[Drawing]:
    """Draws everything known of one set, or several sets below each other; nothing: no value."""
    first = group[0]
    name, title = slug(first.name), display_name(first)
    if len(group) == 1:
        parts = [(f"{name}-interval", title, _of_one(first))]
    else:
        # Of several sets the excess is on an axis of its own, to be seen beside a large floor.
        parts = [
            (f"{name}-interval", title, _all_images(group, sets)),
            (f"{name}-excess", f"excess of {title}", _excesses(group, sets)),
        ]
    for index, (file, quantity, lines) in enumerate(parts):
        rows = list(lines)
        if any(isinstance(row, Row) and row.value is not None for row in rows):
            lower = first.direction == "lower" or file.endswith("-excess")
            axis = f"← lower {quantity} is better" if lower else f"higher {quantity} is better →"
            yield interval_plot(rows, axis=axis, prefix=f"{prefix}{index}", name=file)


def _of_one(metric: Metric) -> Iterator[Row | Heading]:
    for line in _lines(metric):
        yield line if isinstance(line, Heading) else line[0]


def _all_images(group: Sequence[Metric], sets: Mapping[str, Look]) -> Iterator[Row | Heading]:
    power = _power(group[0])
    for metric in group:
        look = sets[metric.fake]
        yield _line(metric.fake, metric.estimate, power, look, _expected(metric))[0]
    corrected = [(metric.fake, metric.bias_corrected) for metric in group]
    if any(one and one.value is not None for _, one in corrected):
        yield Heading("Corrected for bias")
        for label, one in corrected:
            if one:
                yield _line(label, one, power, sets[label])[0]


def _excesses(group: Sequence[Metric], sets: Mapping[str, Look]) -> Iterator[Row | Heading]:
    power = _power(group[0])
    floors = [(metric.fake, metric.floor) for metric in group if metric.floor]
    sizes = {floor.half_size for _, floor in floors}
    size = f", {sizes.pop():,} images a side" if len(sizes) == 1 else ""
    yield Heading(f"Excess over floor, at half size{size}")
    for label, floor in floors:
        yield _line(label, floor.excess, power, sets[label])[0]


def _lines(metric: Metric) -> Iterator[_Line | Heading]:
    power = _power(metric)
    yield _line(f"{metric.display}, all images", metric.estimate, power, expected=_expected(metric))
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
    parts: tuple[tuple[str, float, Look, float | None], ...] = (
        ("half the real, half the fake", cross, BETWEEN, (real + fake) / 2),
        ("two halves of the real: floor", real, REAL, None),
        ("two halves of the fake: floor", fake, SETS[0], None),
    )
    n = f"{floor.half_size:,} a side, {floor.splits} splits"
    for label, value, look, above in parts:
        text = fixed(value, decimals)
        yield Row(label, text, value, look=look, above=above), Printed(text, n=n)
    yield _line("excess over floor", floor.excess, power)


def _line(
    label: str,
    estimate: Estimate,
    power: int,
    look: Look = BETWEEN,
    expected: float | None = None,
) -> _Line:
    number = printed(estimate, power)
    value, low, high = (
        None if end is None else end * 10.0**power
        for end in (estimate.value, estimate.low, estimate.high)
    )
    return Row(label, number.value_and_se, value, low, high, look, expected), number


def _power(metric: Metric) -> int:
    return glossary.entry(metric.name).power


def _expected(metric: Metric) -> float | None:
    null = metric.null_expected
    return None if null is None else null * 10.0 ** _power(metric)


def _table_rows(group: Sequence[Metric]) -> Iterator[tuple[str, ...]]:
    for metric in group:
        for line in _lines(metric):
            if isinstance(line, Heading):
                continue
            row, number = line
            label = f"{metric.fake}: {row.label}" if len(group) > 1 else row.label
            reason = f" ({number.reason})" if number.reason else ""
            interval = f"{number.interval}, {number.level}" if number.interval else ""
            yield label, number.value_and_se + reason, interval or MISSING, number.n or MISSING


def _missing(group: Sequence[Metric]) -> Iterator[Note]:
    """Why there is nothing to draw."""
    reasons = [(metric, printed(metric.estimate).reason) for metric in group]
    if all(metric.estimate.value is None for metric in group):
        yield from _each("No value", reasons)


def _meaning(group: Sequence[Metric], told: dict[str, str]) -> Iterator[Note]:
    """What a reader must know to read the number; what was told before is referred to."""
    first = group[0]
    known = glossary.entry(first.name)
    direction = f"{first.direction.capitalize()} is better."
    before = told.setdefault(known.what + known.blind_to, first.display)
    if before != first.display and known.what:
        yield Note("What it is", f"{before} with another choice, see the protocol. {direction}")
    else:
        yield Note("What it is", f"{known.what} {direction}".strip())
        if known.blind_to:
            yield Note("Blind to", known.blind_to)
    floors = any(metric.floor for metric in group)
    if floors and told.setdefault(glossary.EXCESS, first.name) == first.name:
        bar = ", the pale bar" if len(group) == 1 else ""
        yield Note(f"Excess over floor{bar}", glossary.EXCESS)
    ticks = [(metric, _expected_note(metric)) for metric in group]
    yield from _each("Grey tick", ticks)


def _methods(group: Sequence[Metric]) -> Iterator[Note]:
    """What a reviewer wants to know on top of it."""
    yield from _once("The interval covers", (metric.estimate.covers for metric in group))
    yield from _once("Computed by", (metric.estimate.method for metric in group))
    excesses = [metric.floor.excess for metric in group if metric.floor]
    yield from _once("Excess covers", (excess.covers for excess in excesses))
    yield from _once("Excess computed by", (excess.method for excess in excesses))
    tests = [(metric, metric.test) for metric in group]
    texts = [(one, f"{outcome(test)}; {test.method}" if test else "") for one, test in tests]
    yield from _each("Test", texts)


def _expected_note(metric: Metric) -> str:
    text = expected_text(metric)
    return f"{text}, {glossary.EXPECTED}" if text else ""


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
