"""The page of ``ganeval audit``: what of an `AuditRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from ganeval.records import AuditedSet, AuditRecord
from ganeval_reports.audit_grids import audit_grids
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.images import ImageLoader
from ganeval_reports.measurements import distributions, separation
from ganeval_reports.numbers import MISSING, counts, moment, unbroken
from ganeval_reports.palette import REAL, looks
from ganeval_reports.parts import Fact, Facts, Stat, Table
from ganeval_reports.provenance import environment

_UNREADABLE = 100
"""Unreadable files listed; the record holds all."""


def audit_content(record: AuditRecord, load_image: ImageLoader | None, budget: int) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: What was found.
        load_image: Finds an image; None: no images are shown.
        budget: Characters that its images may take.
    """
    inputs = [one.input for one in record.sets]
    marks = looks(one.label for one in inputs if one.role == "fake")
    sets = [NamedSet(marks.get(one.label, REAL).css, one.label, ", ") for one in inputs]
    sets[-1] = sets[-1]._replace(joint="")
    return Content(
        "audit.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "verdict": unbroken(record.verdict),
            "started": moment(record.started),
            "stats": _stats(record),
            "stored": _stored(record),
            "separation": separation(record),
            "histograms": distributions(record),
            "grids": audit_grids(record, load_image, budget),
            "unreadable": _unreadable(record),
            "lists": _lists(record),
            "protocol": _protocol(record),
            "environment": environment(record),
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
