"""An audit as a person reads it in a terminal, and as a table per image."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

import click

from ganeval.audit.copies import MOST_PAIRS
from ganeval.commands.tables import print_table
from ganeval.commands.text import print_notices
from ganeval.images.failures import printable
from ganeval.records import (
    AuditedImage,
    AuditedSet,
    AuditRecord,
    DuplicatePair,
    SetDifference,
)
from ganeval_reports.numbers import MISSING, counts, p_value, significant

_SHOWN = 8  # rows of a table about single images


def print_audit(record: AuditRecord) -> None:
    """Prints verdict and tables on stdout, findings on stderr."""
    click.echo(record.verdict)
    for section in (_stored, _measured, _repeated, _standing_out, _unreadable, _written):
        section(record)
    print_notices(record.warnings)


def csv_text(record: AuditRecord) -> str:
    """Returns one row per image with every measurement, comma-separated, a header first."""
    text = io.StringIO()
    fields = list(AuditedImage.model_fields)
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["set", *fields])
    for one in record.sets:
        for image in one.images:
            cells = (getattr(image, name) for name in fields)
            table.writerow([one.input.label, *(_cell(value) for value in cells)])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return " ".join(value)
    return repr(value) if isinstance(value, float) else str(value)


def _stored(record: AuditRecord) -> None:
    """How the files of each set were stored; a row that tells nothing is left out."""
    rows: tuple[tuple[str, Callable[[AuditedSet], str]], ...] = (
        ("images", lambda one: f"{len(one.images):,}"),
        ("unreadable", lambda one: f"{len(one.unreadable):,}" if one.unreadable else ""),
        ("format", lambda one: counts(one.input.formats)),
        ("JPEG quality", lambda one: counts(one.input.jpeg_quality)),
        ("chroma", lambda one: counts(one.input.chroma)),
        ("size", lambda one: counts(one.input.sizes)),
        ("mode", lambda one: counts(one.input.modes)),
        ("special", lambda one: counts(one.input.decoded)),
        ("EXIF or XMP", lambda one: f"{one.exif:,}" if one.exif else ""),
        ("ignored files", lambda one: counts(one.input.ignored)),
    )
    told = [(name, [show(one) for one in record.sets]) for name, show in rows]
    _table(
        ("", *(one.input.label for one in record.sets)),
        [(name, *(cell or MISSING for cell in cells)) for name, cells in told if any(cells)],
    )


def _measured(record: AuditRecord) -> None:
    """Mean ± standard deviation per set; how well each measurement tells the sets apart."""
    others = [one.input.label for one in record.sets[1:]]
    named = {(one.name, one.b): one for one in record.differences}
    names = {one.name: one.display for entry in record.sets for one in entry.measurements}
    heads = [f"AUC {label}" if len(others) > 1 else "AUC [95 %]" for label in others]
    rows = []
    for name, display in names.items():
        if not _varies(record, name):
            continue
        cells = [_mean(one, name) for one in record.sets]
        rows.append((display, *cells, *(_auc(named.get((name, label))) for label in others)))
    _table(("mean ± SD", *(one.input.label for one in record.sets), *heads), rows)


def _varies(record: AuditRecord, name: str) -> bool:
    """Tells whether a measurement is not the same for every image."""
    values = {getattr(image, name) for one in record.sets for image in one.images}
    return len(values) > 1


def _mean(one: AuditedSet, name: str) -> str:
    for measurement in one.measurements:
        if measurement.name == name and measurement.estimate.value is not None:
            sd = "" if measurement.sd is None else f" ± {significant(measurement.sd, 2)}"
            return f"{significant(measurement.estimate.value, 3)}{sd}"
    return MISSING


def _auc(difference: SetDifference | None) -> str:
    if difference is None or difference.auc.value is None:
        return MISSING
    auc = difference.auc
    ends = "" if auc.low is None or auc.high is None else f" [{auc.low:.2f}, {auc.high:.2f}]"
    p = "" if difference.p is None else f" {p_value(difference.p)}"
    return f"{auc.value:.2f}{ends}{p}"


def _repeated(record: AuditRecord) -> None:
    """Images that match others: counts, then the surest pairs."""
    rows = [
        (
            one.input.label,
            one.input.label,
            str(sum(one.duplicates.values())),
            counts(one.duplicates),
        )
        for one in record.sets
        if one.duplicates
    ]
    rows += [
        (one.b, one.a, str(sum(one.images.values())), counts(one.images)) for one in record.overlaps
    ]
    _table(("images of", "that match one of", "count", "kind"), rows, "count")
    pairs = record.duplicates
    _table(
        ("pair", "", "kind", "luma difference"),
        [
            (
                f"{pair.a_set}: {printable(pair.a)}",
                f"{pair.b_set}: {printable(pair.b)}",
                _kind(pair),
                f"{pair.luma_difference:.1f}",
            )
            for pair in pairs[:_SHOWN]
        ],
    )
    _more(
        len(pairs), "pairs", f" (the surest {MOST_PAIRS:,} are kept)" * (len(pairs) == MOST_PAIRS)
    )


def _standing_out(record: AuditRecord) -> None:
    _table(
        ("outlier", "set", "by", "value", "robust z"),
        [
            (
                printable(one.key),
                one.set,
                one.kind,
                significant(one.value, 3),
                f"{one.score:+.1f}".replace("-", "−"),
            )
            for one in record.outliers[:_SHOWN]
        ],
        "value",
    )
    _more(len(record.outliers), "outliers")


def _unreadable(record: AuditRecord) -> None:
    """Every one of them: each has to be replaced."""
    rows = [
        (printable(skip.key), one.input.label, printable(skip.reason))
        for one in record.sets
        for skip in one.unreadable
    ]
    _table(("unreadable", "set", "reason"), rows)


def _written(record: AuditRecord) -> None:
    if record.lists:
        click.echo()
    for line in _list_lines(record):
        click.echo(line)


def _list_lines(record: AuditRecord) -> Iterator[str]:
    for one in record.lists:
        out = ", ".join(f"{count} {reason}" for reason, count in one.dropped.items())
        yield f"{one.path}: {one.kept:,} images kept" + (f", left out: {out}" if out else "")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: str = "") -> None:
    """Prints a table after an empty line, unless it has no rows."""
    if rows:
        click.echo()
        print_table(head, rows, numbers=numbers)


def _more(count: int, what: str, bound: str = "") -> None:
    if count > _SHOWN:
        click.echo(f"… {count - _SHOWN:,} more {what}{bound}; --out and --html show them")


def _kind(pair: DuplicatePair) -> str:
    if not pair.distance:
        return pair.kind
    return f"{pair.kind}, {pair.distance} bit{'' if pair.distance == 1 else 's'}"
