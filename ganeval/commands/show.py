"""Where a record goes: terminal, stdout as JSON, files; the same for every metric command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganeval.commands.options import Output, Tables
from ganeval.errors import ConditionError, GanevalError
from ganeval.records import MetricsRecord, Record, write_text

if TYPE_CHECKING:
    from ganeval.metrics.suite import Comparison
    from ganeval_reports import ImageLoader


def show(comparison: Comparison, output: Output, tables: Tables) -> None:
    """Writes and prints a record as the options ask; a file that fails costs no other output.

    Raises:
        ConditionError: ``--strict`` was given and the record holds warnings.
        GanevalError: A file cannot be written.
    """
    record, unwritten = comparison.record, []
    for write in _writers(comparison, output, tables):
        try:
            write()
        except GanevalError as error:
            unwritten.append(str(error))
    _print(record, output)
    if unwritten:
        raise GanevalError("\n".join(unwritten))
    if output.strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")


def _writers(
    comparison: Comparison, output: Output, tables: Tables
) -> Iterator[Callable[[], object]]:
    """Yields what writes each file."""
    record = comparison.record
    if output.out is not None:
        yield partial(write_text, output.out, record.to_json())
    if output.html is not None:
        yield partial(show_page, output.html, record, comparison.load_image)
    if tables.csv is not None:
        from ganeval_reports.csv_table import csv_table

        yield partial(write_text, tables.csv, csv_table(record))
    if tables.latex is not None:
        from ganeval_reports.latex_table import latex_table

        yield partial(write_text, tables.latex, latex_table(record))
    if tables.per_image is not None:
        from ganeval.metrics.per_image import image_table

        yield partial(write_text, tables.per_image, image_table(comparison.per_image))
    if tables.figures is not None:
        from ganeval_reports.figure_files import write_figures

        yield partial(write_figures, record, tables.figures)


def show_page(path: Path, record: Record, load_image: ImageLoader) -> None:
    """Writes the page of a record that was just made, with every image of it.

    Raises:
        GanevalError: It cannot be written.
    """
    from ganeval_reports import Source, write_page

    write_page(path, [Source(record, load_image)])


def _print(record: MetricsRecord, output: Output) -> None:
    if output.json:
        click.echo(record.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        first = record.metrics[0].name  # of every fake set, one a line
        for metric in record.metrics:
            if metric.name == first:
                if metric.estimate.value is None:
                    raise GanevalError(f"{metric.display} has no value: {metric.estimate.reason}")
                click.echo(repr(metric.estimate.value))
    else:
        from ganeval.commands.text import print_record

        print_record(record)
