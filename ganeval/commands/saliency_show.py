"""Where a saliency record goes: page, table, stdout, exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import click
from PIL import Image

from ganeval.commands.classify_files import Contents
from ganeval.commands.saliency_options import SaliencyOutput
from ganeval.commands.show import show_page
from ganeval.errors import ConditionError, GanevalError
from ganeval.images.recorded import RUN, RecordedImages
from ganeval.records import SaliencyRecord, write_text
from ganeval.saliency.table import saliency_table

CLASS_MODELS: Final = "class-models"
"""Where a preset leaves the pictures of classes and their record."""

CONTENTS: Final = Contents(
    "saliency.json", "saliency.csv", "saliency.html", ("maps", "images", CLASS_MODELS)
)


def show_saliency(record: SaliencyRecord, output: SaliencyOutput, folder: Path | None) -> None:
    """Draws the page, writes further files and prints; a file that fails costs no other output.

    Args:
        record: What was found.
        output: What was asked for.
        folder: Where its pictures lie; None: there are none.

    Raises:
        GanevalError: A file cannot be written.
        ConditionError: ``--strict`` was given and the record holds warnings.
    """
    unwritten = []
    for write in _writers(record, output, folder):
        try:
            write()
        except GanevalError as error:
            unwritten.append(str(error))
    if output.json:
        kept = record if output.out is not None else without_pictures(record)
        click.echo(kept.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        click.echo(record.verdict)
    else:
        from ganeval.commands.saliency_text import print_saliency

        print_saliency(record, list(_files(output)))
    if unwritten:
        raise GanevalError("\n".join(unwritten))
    if output.strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")


def without_pictures(record: SaliencyRecord) -> SaliencyRecord:
    """Returns a record that names no pictures, since none were kept."""
    pairs = [
        pair.model_copy(
            update={
                "maps": [one.model_copy(update={"picture": None}) for one in pair.maps],
                "differences": {},
                "original": {},
            }
        )
        for pair in record.pairs
    ]
    return record.model_copy(update={"pairs": pairs})


def _writers(
    record: SaliencyRecord, output: SaliencyOutput, folder: Path | None
) -> Iterator[Callable[[], object]]:
    """Yields what writes each file."""
    page = output.html or (output.out / CONTENTS.page if output.out is not None else None)
    if page is not None and folder is not None:
        pictures = RecordedImages({}, run_folder=folder)

        def load(label: str, key: str) -> Image.Image | None:
            return pictures.load(label, key) if label == RUN else None

        yield partial(show_page, page, record, load)
    if output.csv is not None:
        yield partial(write_text, output.csv, saliency_table(record))


def _files(output: SaliencyOutput) -> Iterator[tuple[str, Path]]:
    """Yields what lies where, by what it is; only what is there."""
    named: list[tuple[str, Path | None]] = [("page", output.html), ("table", output.csv)]
    if output.out is not None:
        named = [
            ("page", output.html or output.out / CONTENTS.page),
            ("record", output.out / CONTENTS.record),
            ("table", output.out / CONTENTS.table),
            *((name, output.out / name) for name in CONTENTS.others),
        ]
    for name, path in named:
        if path is not None and path.exists():
            yield name, path
