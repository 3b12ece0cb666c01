"""Class models as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ganeval.commands.tables import print_table
from ganeval.commands.text import print_notices
from ganeval.records import ClassModelRecord
from ganeval.saliency.class_wording import caption

COLUMNS = (
    "class", "lambda", "picture", "step", "score", "probability", "norm", "RMS", "at the edge",
    "file",
)  # fmt: skip


def print_class_models(record: ClassModelRecord, folder: Path, record_file: Path) -> None:
    """Prints a line per picture, what belongs under each, and the verdict.

    Args:
        record: What was drawn.
        folder: Where the pictures lie.
        record_file: Where the record lies.
    """
    print_table(COLUMNS, _rows(record, folder), " ".join(COLUMNS[3:9]).replace("at the edge", ""))
    for one in record.classes:
        if one.real is not None:
            real = one.real
            click.echo(
                f"Scores of {real.n:,} real images for {one.name}: 5 % {real.q5:.3g}, median "
                f"{real.q50:.3g}, 95 % {real.q95:.3g}, largest {real.largest:.3g}."
            )
        if one.spread is not None:
            click.echo(
                f"{one.name}, lambda {one.strength:g}: {one.restarts} starts end within "
                f"{one.spread:.2g} of each other."
            )
    for one in record.classes:
        for picture in one.pictures:
            click.echo(f"{picture.file}: {caption(one, picture)}")
    click.echo(f"record  {record_file}")
    click.echo(record.verdict)
    print_notices(record.warnings)


def _rows(record: ClassModelRecord, folder: Path) -> Iterator[tuple[str, ...]]:
    for one in record.classes:
        if not one.pictures:
            yield (one.name, f"{one.strength:g}", one.flag or "", *[""] * 7)
        for picture in one.pictures:
            yield (
                one.name,
                f"{one.strength:g}",
                picture.kind,
                str(picture.step),
                f"{picture.score:.4g}",
                f"{picture.probability:.3f}",
                f"{picture.norm:.3g}",
                f"{picture.rms:.3f}",
                f"{picture.saturated:.1%}",
                str(folder / picture.file),
            )
