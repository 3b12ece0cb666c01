"""Where a record goes: terminal, stdout as JSON, files; the same for every metric command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ganeval.commands.options import Output
from ganeval.errors import ConditionError
from ganeval.records import MetricsRecord, write_text

if TYPE_CHECKING:
    from PIL import Image


def show(
    record: MetricsRecord,
    load_image: Callable[[str, str], Image.Image | None],
    output: Output,
) -> None:
    """Prints and writes a record as the options ask.

    Raises:
        ConditionError: ``--strict`` was given and the record holds warnings.
        GanevalError: A file cannot be written.
    """
    if output.out is not None:
        write_text(output.out, record.to_json())
    if output.html is not None:
        from ganeval_reports import render

        write_text(output.html, render(record, load_image))
    if output.json:
        click.echo(record.to_json(), nl=False)
    elif output.quiet:
        click.echo(repr(record.metrics[0].estimate.value))
    else:
        from ganeval.commands.text import print_record

        print_record(record)
    if output.strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")
