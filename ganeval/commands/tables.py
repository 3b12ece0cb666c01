"""Plain tables on stdout, folded only where a terminal sets a width."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNBOUNDED = 1000


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: str = "") -> None:
    """Prints a table without lines.

    Args:
        columns: Headings.
        rows: Cells, one sequence per row.
        numbers: Headings, separated by blanks, whose columns are set flush right.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    right = numbers.split()
    for column in columns:
        table.add_column(
            Text(column), justify="right" if column in right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # names may hold what rich takes for markup
    if sys.stdout.isatty():
        Console(highlight=False).print(table)
        return
    text = io.StringIO()
    Console(file=text, highlight=False, width=_UNBOUNDED).print(table)
    click.echo("\n".join(line.rstrip() for line in text.getvalue().splitlines()))
