"""The page of ``ganeval audit``: what of an `AuditRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganeval.records import AuditedSet, AuditRecord, Measurement, SetDifference
from ganeval_reports.audit_grids import audit_grids
from ganeval_reports.content import Content
from ganeval_reports.histograms import Strip, histograms
from ganeval_reports.images import ImageLoader
from ganeval_reports.interval_plot import Heading, Row, interval_plot
from ganeval_reports.numbers import MISSING, counts, duration, fixed, moment, p_value, significant
from ganeval_reports.parts import Fact, Facts, Note, Plot, Stat, Table

_UNREADABLE = 100
"""Unreadable files listed; the record holds all."""

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
class _Histogram:
    """The drawing of one measurement with its numbers."""

    title: str
    drawing: object
    meaning: str
    table: Table


def audit_content(record: AuditRecord, load_image: ImageLoader | None, budget: int) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: What was found.
        load_image: Finds an image; None: no images are shown.
        budget: Characters that its images may take.
    """
    sets = [one.input for one in record.sets]
    return Content(
        "audit.html.j2",
        ", ".join(one.label for one in sets),
        [(one.role, one.label) for one in sets],
        {
            "record": record,
            "sets": sets,
            "verdict": record.verdict,
            "started": moment(record.started),
            "stats": _stats(record),
            "stored": _stored(record),
            "separation": _separation(record),
            "histograms": _histograms(record),
            "grids": audit_grids(record, load_image, budget),
            "unreadable": _unreadable(record),
            "lists": _lists(record),
            "protocol": _protocol(record),
            "environment": _environment(record),
            "command": shlex.join(record.argv),
        },
    )


def _stats(record: AuditRecord) -> list[Stat]:
    images = sum(len(one.images) for one in record.sets)
    within = sum(sum(one.duplicates.values()) for one in record.sets)
    across = sum(image.matched is not None for one in record.sets for image in one.images)
    odd = sum(bool(image.outlier) for one in record.sets for image in one.images)
    limit = record.params.get("outlier_z")
    shown = [
        ("Findings", "", len(record.warnings)),
        ("Images", f"in {len(record.sets)} set{'s' if len(record.sets) > 1 else ''}", images),
        ("Repeated", "in their set", within),
        ("Outliers", f"z > {limit:g}" if isinstance(limit, float) else "", odd),
    ]
    if len(record.sets) > 1:
        shown.insert(3, ("Shared", "between sets", across))
    return [Stat(name, about, f"{count:,}", "", (), False) for name, about, count in shown]


def _stored(record: AuditRecord) -> Table:
    """Sets as columns; properties that no set has are left out."""
    rows = []
    for name, cells in _stored_rows(record.sets):
        if any(cells):
            rows.append((name, *(cell or MISSING for cell in cells)))
    head = ("", *(one.input.label for one in record.sets))
    return Table("How the files were stored", head, rows)


def _stored_rows(sets: Sequence[AuditedSet]) -> Iterator[tuple[str, list[str]]]:
    inputs = [one.input for one in sets]
    yield "Path", [one.path for one in inputs]
    yield "Kind", [one.kind for one in inputs]
    yield "Images", [f"{len(one.images):,}" for one in sets]
    yield "Unreadable", [f"{len(one.unreadable):,}" if one.unreadable else "" for one in sets]
    yield "Formats", [counts(one.formats) for one in inputs]
    yield "JPEG quality", [counts(one.jpeg_quality) for one in inputs]
    yield "Chroma subsampling", [counts(one.chroma) for one in inputs]
    yield "Sizes", [counts(one.sizes).replace("x", " × ") for one in inputs]
    yield "Colour modes", [counts(one.modes) for one in inputs]
    yield "Special decoding", [counts(one.decoded) for one in inputs]
    yield "EXIF or XMP", [f"{one.exif:,}" if one.exif else "" for one in sets]
    yield "Ignored files", [counts(one.ignored) for one in inputs]
    yield "Limit", ["" if o.limit is None else f"{o.limit:,}, seed {o.seed}" for o in inputs]


def _separation(record: AuditRecord) -> list[Plot]:
    """Per later set, how well each measurement tells it from the first."""
    plots = []
    for number, other in enumerate(record.sets[1:], start=1):
        found = [one for one in record.differences if one.b == other.input.label]
        if not found:
            continue
        rows: list[Row | Heading] = [_auc_row(one) for one in found]
        label, first = other.input.label, record.sets[0].input.label
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
                [interval_plot(rows, axis="← lower · higher →", prefix=f"auc{number}")],
                table,
                notes,
                methods,
            )
        )
    return plots


def _auc_row(one: SetDifference) -> Row:
    auc = one.auc
    text = MISSING if auc.value is None else fixed(auc.value, 2)
    return Row(one.display, text, auc.value, auc.low, auc.high, expected=0.5)


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


def _histograms(record: AuditRecord) -> list[_Histogram]:
    """One per measurement that varies."""
    names = {one.name: one.display for entry in record.sets for one in entry.measurements}
    found = []
    for name, display in names.items():
        strips = [strip for entry in record.sets if (strip := _strip(entry, name))]
        everything = [value for strip in strips for value in strip.values]
        if min(everything) == max(everything):
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
        drawing = histograms(strips)
        found.append(_Histogram(title, drawing, _MEANING.get(name, ""), table))
    return found


def _strip(entry: AuditedSet, name: str) -> Strip | None:
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
        role=entry.input.role,
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


def _unreadable(record: AuditRecord) -> Table | None:
    rows = [
        (one.input.label, skip.key, skip.reason) for one in record.sets for skip in one.unreadable
    ]
    if not rows:
        return None
    first = f", the first {_UNREADABLE}" if len(rows) > _UNREADABLE else ""
    return Table(
        f"Unreadable files ({len(rows):,}{first})", ("Set", "File", "Reason"), rows[:_UNREADABLE]
    )


def _lists(record: AuditRecord) -> Table | None:
    if not record.lists:
        return None
    rows = [
        (one.set, one.path, f"{one.kept:,}", counts(one.dropped) or MISSING) for one in record.lists
    ]
    return Table("Lists of kept images", ("Set", "List", "Kept", "Left out"), rows)


def _protocol(record: AuditRecord) -> list[Facts]:
    names = {
        "near_hash_bits": "Near: differing bits of 64, at most",
        "outlier_z": "Outlier: robust z above",
        "outlier_neighbours": "Neighbours behind the feature distance",
        "outlier_fewest": "Images a set needs for outliers",
        "decode": "Decoding",
        "limit": "Limit",
        "seed": "Seed",
        "drop": "Left out of lists",
    }
    choices = [
        Fact(name, str(record.params[key]), code=True)
        for key, name in names.items()
        if record.params.get(key) is not None
    ]
    run = next((one.features for one in record.sets if one.features), None)
    if run is None:
        features = [Fact("Features", "none were extracted")]
    else:
        features = [
            Fact("Extractor", run.spec.extractor, code=True),
            Fact("Layer", f"{run.spec.layer}, {run.spec.dimension:,} numbers per image"),
            Fact("Resize", f"{run.spec.resize}, to {run.spec.size} × {run.spec.size} px"),
        ]
    return [Facts("Choices", choices), Facts("Features for outliers", features)]


def _environment(record: AuditRecord) -> Facts:
    found = record.environment
    facts = [
        Fact("ganeval", found.ganeval),
        Fact("Python", found.python),
        *(Fact(name, version) for name, version in found.packages.items()),
        Fact("Platform", found.platform),
        Fact("Processor", found.processor),
        Fact("Wall time", duration(record.seconds)),
    ]
    return Facts("", [fact for fact in facts if fact.text])
