"""Where a record goes: terminal, stdout as JSON, files; the same for every metric command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganeval.commands.options import Output, Tables
from ganeval.errors import ConditionError, GanevalError
from ganeval.records import MetricsRecord, write_text

if TYPE_CHECKING:
    from PIL import Image


def show(
    record: MetricsRecord,
    load_image: Callable[[str, str], Image.Image | None],
    output: Output,
    tables: Tables | None = None,
) -> None:
    """Writes and prints a record as the options ask; a file that fails costs no other output.

    Raises:
        ConditionError: ``--strict`` was given and the record holds warnings.
        GanevalError: A file cannot be written.
    """
    unwritten = []
    for path, text in _files(record, load_image, output, tables):
        try:
            write_text(path, text)
        except GanevalError as error:
            unwritten.append(str(error))
    _print(record, output)
    if unwritten:
        raise GanevalError("\n".join(unwritten))
    if output.strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")


def _files(
    record: MetricsRecord,
    load_image: Callable[[str, str], Image.Image | None],
    output: Output,
    tables: Tables | None,
) -> Iterator[tuple[Path, str]]:
    """Yields what goes into which file."""
    if output.out is not None:
        yield output.out, record.to_json()
    if output.html is not None:
        from ganeval_reports import render

        yield output.html, render(record, load_image)
    if tables is not None and tables.csv is not None:
        from ganeval_reports.csv_table import csv_table

        yield tables.csv, csv_table(record)
    if tables is not None and tables.latex is not None:
        from ganeval_reports.latex_table import latex_table

        yield tables.latex, latex_table(record)


def _print(record: MetricsRecord, output: Output) -> None:
    if output.json:
        click.echo(record.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        click.echo(repr(record.metrics[0].estimate.value))
    else:
        from ganeval.commands.text import print_record

        print_record(record)
