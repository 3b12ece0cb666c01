"""What the pixels of image sets tell: histograms, and how well each measurement separates sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganeval.records import AuditedSet, AuditRecord, Measurement, SetDifference
from ganeval_reports.drawing import Drawing, slug
from ganeval_reports.histograms import Strip, histograms
from ganeval_reports.interval_plot import Row, interval_plot
from ganeval_reports.numbers import MISSING, fixed, p_value, significant
from ganeval_reports.palette import REAL, Look, looks
from ganeval_reports.parts import Note, Plot, Table

_MEANING = {
    "bytes_per_pixel": "Size of the file over its pixels: stronger compression and smoother "
    "pictures take fewer.",
    "blockiness": "Steps at the borders of 8×8 blocks against steps elsewhere. About 0 without a "
    "past as JPEG; it shows that past in a PNG too.",
    "high_frequency": "Share of the power of luma above 0.25 cycles per pixel: sharpness and "
    "noise. Enlarging, and many generators, lower it.",
    "brightness": "Mean luma, 0 black to 255 white.",
    "contrast": "Standard deviation of luma.",
    "colourfulness": "Hasler and Süsstrunk 2003: 0 grey, 33 moderate, 59 quite, 109 extreme.",
    "aspect": "Width over height; networks see a square.",
}


@dataclass(frozen=True)
class Distribution:
    """How one measurement is distributed in each set.

    Args:
        title: What was measured.
        drawing: Its histograms.
        meaning: What the measurement tells.
        table: Its numbers.
    """

    title: str
    drawing: Drawing
    meaning: str
    table: Table


def separation(record: AuditRecord) -> list[Plot]:
    """Returns, per later set, how well each measurement tells it from the first."""
    sets = looks(one.input.label for one in record.sets[1:])
    plots = []
    for number, other in enumerate(record.sets[1:], start=1):
        found = [one for one in record.differences if one.b == other.input.label]
        if not found:
            continue
        label, first = other.input.label, record.sets[0].input.label
        drawing = interval_plot(
            [_auc_row(one, sets[label]) for one in found],
            axis=f"AUC of {label}: ← lower · higher →",
            prefix=f"auc{number}",
            name=f"{slug(label)}-separation",
        )
        table = Table(
            f"{label} against {first}, in numbers",
            ("Measurement", "AUC", "Interval", "p", "Difference of means", "Over the SD"),
            [_difference_row(one) for one in found],
        )
        notes = [
            Note(
                "AUC",
                f"the probability that an image of {label} exceeds one of {first}; 0.5 (grey "
                "tick): this measurement does not tell them apart.",
            )
        ]
        methods = [
            Note("Interval", found[0].auc.method),
            Note("p", "Wilcoxon's rank-sum test, normal approximation with ties"),
            Note("Difference of means", f"{found[0].estimate.method}; images as independent"),
        ]
        plots.append(
            Plot(
                f"{label} against {first}",
                [drawing],
                table,
                notes,
                methods,
            )
        )
    return plots


def _auc_row(one: SetDifference, look: Look) -> Row:
    auc = one.auc
    text = MISSING if auc.value is None else fixed(auc.value, 2)
    return Row(one.display, text, auc.value, auc.low, auc.high, look, expected=0.5)


def _difference_row(one: SetDifference) -> tuple[str, ...]:
    auc, value = one.auc, one.estimate.value
    interval = MISSING
    if auc.low is not None and auc.high is not None:
        interval = f"{fixed(auc.low, 2)} to {fixed(auc.high, 2)}"
    return (
        one.display,
        MISSING if auc.value is None else fixed(auc.value, 2),
        interval,
        MISSING if one.p is None else p_value(one.p),
        MISSING if value is None else significant(value, 3),
        MISSING if one.standardised is None else fixed(one.standardised, 2),
    )


def distributions(record: AuditRecord) -> list[Distribution]:
    """Returns one per measurement that varies."""
    first, *others = (entry.input.label for entry in record.sets)
    sets = {first: REAL, **looks(others)}
    names = {one.name: one.display for entry in record.sets for one in entry.measurements}
    found: list[Distribution] = []
    for name, display in names.items():
        strips = [strip for entry in record.sets if (strip := _strip(entry, name, sets))]
        everything = [value for strip in strips for value in strip.values]
        if len(set(everything)) < 2:
            continue
        rows = [
            _measurement_row(entry.input.label, one)
            for entry in record.sets
            for one in entry.measurements
            if one.name == name
        ]
        table = Table(
            f"{display}, in numbers",
            ("Set", "Mean", "Interval", "SD", "5 %", "Median", "95 %"),
            rows,
        )
        title = f"{display[0].upper()}{display[1:]}"
        drawing = histograms(
            strips,
            axis=display,
            prefix=f"histogram{len(found) + 1}",
            name=f"{slug(name)}-histogram",
        )
        found.append(Distribution(title, drawing, _MEANING.get(name, ""), table))
    return found


def _strip(entry: AuditedSet, name: str, sets: Mapping[str, Look]) -> Strip | None:
    measurement = next((one for one in entry.measurements if one.name == name), None)
    if measurement is None or measurement.estimate.value is None:
        return None
    values = [getattr(image, name) for image in entry.images]
    sd = "" if measurement.sd is None else f" ± {significant(measurement.sd, 2)}"
    return Strip(
        label=entry.input.label,
        text=f"{significant(measurement.estimate.value, 3)}{sd}",
        values=[value for value in values if value is not None],
        median=measurement.median,
        look=sets[entry.input.label],
    )


def _measurement_row(label: str, one: Measurement) -> tuple[str, ...]:
    ends = (one.estimate.low, one.estimate.high)
    interval = " to ".join(significant(end, 3) for end in ends if end is not None)
    numbers = (one.sd, one.low, one.median, one.high)
    return (
        label,
        MISSING if one.estimate.value is None else significant(one.estimate.value, 3),
        interval or MISSING,
        *(MISSING if number is None else significant(number, 3) for number in numbers),
    )
