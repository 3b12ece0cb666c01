"""The ladder of a classifier test: every step, control and null control on one axis of AUC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganeval.records import ClassifyRecord, Estimate, NullControl, Rung
from ganeval_reports.auc_plot import AucRow, Mark, auc_plot
from ganeval_reports.interval_plot import Heading
from ganeval_reports.numbers import MISSING, duration, exact_p, fixed, percent
from ganeval_reports.parts import Note, Plot, Table

AXIS = "AUC: the probability that a fake scores above a real"

_DEFENDED = {"match": "matched", "equalise": "equalised", "none": "defended"}


def auc_number(value: float) -> str:
    """Prints an AUC with two decimals, with three where two would round it up to 1."""
    return fixed(value, 3 if 0.995 <= value < 1 else 2)


def interval(estimate: Estimate, decimals: int = 2) -> str:
    """Prints the interval of an AUC or a rate; empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{fixed(estimate.low, decimals)} to {fixed(estimate.high, decimals)}"


def interval_cell(estimate: Estimate, decimals: int = 3) -> str:
    """Prints the interval for a table, with its level; a dash where there is none."""
    found = interval(estimate, decimals)
    return f"{found}, {percent(estimate.level)}" if found else MISSING


def value_cell(estimate: Estimate, decimals: int = 3) -> str:
    """Prints the value for a table, or why there is none."""
    if estimate.value is None:
        return estimate.reason or "no value"
    return fixed(estimate.value, decimals)


def counted(numbers: dict[str, int]) -> str:
    """Prints counts per side: ``90 fake, 90 real``; a dash where none are recorded."""
    return ", ".join(f"{count:,} {side}" for side, count in numbers.items()) or MISSING


def mark(estimate: Estimate, *, hollow: bool = False, points: Sequence[float] = ()) -> list[Mark]:
    """Returns the estimate as the marks of a row: one, or none where it has no value."""
    if estimate.value is None:
        return []
    return [Mark(estimate.value, estimate.low, estimate.high, hollow, points)]


def defended_name(record: ClassifyRecord) -> str:
    """Returns what pixels are called after the defence: matched, equalised."""
    return _DEFENDED[record.defence.name]


def ladder(record: ClassifyRecord) -> Plot:
    """Returns all AUCs of the test as one forest plot, with their numbers as a table."""
    rows = [*_rungs(record), *_control(record), *_nulls(record.nulls)]
    drawable = any(isinstance(row, AucRow) and row.marks for row in rows)
    drawing = auc_plot(rows, axis=AXIS, prefix="ladder", name="ladder")
    return Plot(
        "How well each way of looking tells fakes from reals",
        [drawing] if drawable else [],
        _table(record),
        list(_meaning(record)),
        list(_methods(record)),
    )


def nulls_table(nulls: Sequence[NullControl]) -> Table | None:
    """Returns the null controls with their expected bands; None if none were run."""
    if not nulls:
        return None
    rows = [
        (
            one.display,
            one.rung,
            value_cell(one.auc),
            MISSING if (band := _band(one)) is None else " to ".join(fixed(e, 3) for e in band),
            f"{len(one.runs):,}" if one.runs else MISSING,
            MISSING if one.p is None else exact_p(one.p),
            MISSING if one.p_holm is None else exact_p(one.p_holm),
            "ALARM" if one.alarm else "no alarm" if one.auc.value is not None else "not run",
            one.remedy or MISSING,
        )
        for one in nulls
    ]
    head = (
        "Control", "Rung", "AUC", "Expected, 99\u00a0%", "Runs", "p", "p, Holm", "Outcome",
        "Remedy",
    )  # fmt: skip
    return Table("Null controls", head, rows)


def _rungs(record: ClassifyRecord) -> Iterator[AucRow | Heading]:
    for title, probe in (("", False), ("Probes of the file format", True)):
        own = [one for one in record.rungs if one.probe == probe]
        if own and title:
            yield Heading(title)
        for name in dict.fromkeys(one.name for one in own):
            yield _rung(record, [one for one in own if one.name == name])


def _rung(record: ClassifyRecord, both: Sequence[Rung]) -> AucRow:
    ordered = sorted(both, key=lambda one: one.pixels == "defended")
    marks = [
        found
        for one in ordered
        for found in mark(
            one.test,
            hollow=one.pixels != record.primary.pixels,
            points=[seed.auc for seed in one.seeds],
        )
    ]
    values = [one.test.value for one in ordered if one.test.value is not None]
    text = " → ".join(auc_number(value) for value in values)
    strong = any((one.name, one.pixels) == _verdict(record) for one in both)
    return AucRow(both[0].display, text or "no value", marks, strong=strong)


def _verdict(record: ClassifyRecord) -> tuple[str, str]:
    return record.primary.rung, record.primary.pixels


def _control(record: ClassifyRecord) -> Iterator[AucRow | Heading]:
    yield Heading("Format-only control: identical content, both formats")
    control = record.control
    both = [(control.auc_raw, record.primary.pixels != "raw")]
    if record.defence.name != "none" or control.auc_defended.value is not None:
        both.append((control.auc_defended, record.primary.pixels != "defended"))
    marks = [found for one, hollow in both for found in mark(one, hollow=hollow)]
    values = [one.value for one, _ in both if one.value is not None]
    text = " → ".join(auc_number(value) for value in values)
    yield AucRow("format alone", text or "not measured", marks)


def _nulls(nulls: Sequence[NullControl]) -> Iterator[AucRow | Heading]:
    if not nulls:
        return
    yield Heading("Null controls: there is nothing to find")
    for one in nulls:
        if one.auc.value is None:
            yield AucRow(one.display, "not run")
            continue
        text = auc_number(one.auc.value) + (", alarm" if one.alarm else "")
        marks = mark(one.auc, points=one.runs)
        yield AucRow(one.display, text, marks, band=_band(one), strong=one.alarm)


def _band(one: NullControl) -> tuple[float, float] | None:
    return None if one.low is None or one.high is None else (one.low, one.high)


def _meaning(record: ClassifyRecord) -> Iterator[Note]:
    both = len({one.pixels for one in record.rungs}) > 1
    if both:
        after = defended_name(record)
        yield Note("Hollow circle, left number", "pixels as they were stored")
        yield Note("Full circle, right number", f"pixels {after} so that formats tell nothing")
    if record.best_rung is not None:
        yield Note("Bold", "the rung that the verdict rests on")
    if any(one.test.low is not None for one in record.rungs):
        level = percent(record.rungs[0].test.level)
        yield Note("Bar", f"{level} interval over independent units of the test part")
    if any(one.seeds for one in record.rungs) or any(one.runs for one in record.nulls):
        yield Note("Thin ticks", "the same under further seeds; the runs of a null control")
    if any(_band(one) for one in record.nulls):
        yield Note("Pale band", "where the mean of a null control lies 99 times in 100")
    if any(one.probe for one in record.rungs):
        yield Note(
            "Probes",
            "look at traces of storing. One that tells the sets apart proves nothing about the "
            "format, since content leaves such traces too; the control below them does.",
        )


def _methods(record: ClassifyRecord) -> Iterator[Note]:
    for text in dict.fromkeys(one.test.method for one in record.rungs):
        if text:
            yield Note("Interval", text)
    for text in dict.fromkeys(one.corrected.method for one in record.rungs if one.corrected):
        if text:
            yield Note("Over seeds", text)
    yield Note(
        "p of the other rungs",
        "adjusted by Holm over all rungs but the best, and descriptive: the verdict rests on one",
    )


def _table(record: ClassifyRecord) -> Table:
    rows = [
        (
            one.display,
            _pixels(record, one),
            MISSING if one.validation is None else fixed(one.validation, 3),
            value_cell(one.test),
            interval_cell(one.test),
            MISSING if one.p is None else exact_p(one.p),
            MISSING if one.p_holm is None else exact_p(one.p_holm),
            _over_seeds(one.corrected),
            counted(one.test.n),
        )
        for one in record.rungs
    ]
    for pixels, estimate in (
        ("raw", record.control.auc_raw),
        (defended_name(record), record.control.auc_defended),
    ):
        cells = (value_cell(estimate), interval_cell(estimate), *(MISSING,) * 3)
        rows.append(("format alone", pixels, MISSING, *cells, counted(estimate.n)))
    head = (
        "Rung", "Pixels", "Validation", "Test", "Interval", "p", "p, Holm", "Mean of seeds",
        "Units",
    )  # fmt: skip
    return Table("The ladder in numbers: AUC", head, rows)


def rungs_table(record: ClassifyRecord) -> Table:
    """Returns how each rung was climbed: its size, its test, further seeds, its time."""
    rows = [
        (
            one.display,
            _pixels(record, one),
            MISSING if one.dimension is None else f"{one.dimension:,}",
            one.method or MISSING,
            ", ".join(fixed(seed.auc, 2) for seed in one.seeds) or MISSING,
            duration(one.seconds),
            one.note or MISSING,
        )
        for one in record.rungs
    ]
    head = ("Rung", "Pixels", "Numbers per image", "Test behind p", "Further seeds", "Time", "Note")
    return Table("How each rung was climbed", head, rows)


def _pixels(record: ClassifyRecord, one: Rung) -> str:
    return "raw" if one.pixels == "raw" else defended_name(record)


def _over_seeds(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return MISSING
    found = interval(estimate)
    return f"{fixed(estimate.value, 2)} ({found})" if found else fixed(estimate.value, 2)
