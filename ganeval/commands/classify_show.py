"""Where the record of ``ganeval classify`` goes: page, further files, stdout, exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from PIL import Image

from ganeval.commands.classify_files import Contents
from ganeval.commands.classify_options import FolderOutput
from ganeval.commands.classify_text import print_scores, print_test
from ganeval.commands.show import show_page
from ganeval.errors import ConditionError, GanevalError
from ganeval.images.recorded import RUN, RecordedImages, drawn_pictures
from ganeval.records import ApplyRecord, ClassifyRecord, Record, write_text

if TYPE_CHECKING:
    from ganeval_reports import ImageLoader


def show_result(
    record: ClassifyRecord | ApplyRecord,
    out: Path,
    contents: Contents,
    load_image: ImageLoader,
    output: FolderOutput,
    table: str,
) -> None:
    """Draws the page, writes further files and prints; a file that fails costs no other output.

    Args:
        record: What was measured; it lies in ``out`` already.
        out: The folder of the results.
        contents: Names in it.
        load_image: Finds an image of the sets.
        output: What was asked for.
        table: The table per image.

    Raises:
        GanevalError: A file cannot be written.
    """
    unwritten = []
    page = output.html or out / contents.page
    for write in _writers(record, page, with_pictures(record, load_image, out), output, table):
        try:
            write()
        except GanevalError as error:
            unwritten.append(str(error))
    if output.json:
        click.echo(record.to_json().encode(), nl=False)  # JSON is UTF-8, whatever the terminal is
    elif output.quiet:
        for number in _numbers(record):
            click.echo(number)
    elif isinstance(record, ClassifyRecord):
        print_test(record, _files(out, contents, page))
    else:
        print_scores(record, _files(out, contents, page))
    if unwritten:
        raise GanevalError("\n".join(unwritten))


def hold(
    record: ClassifyRecord | ApplyRecord, *, strict: bool, verdicts: frozenset[str] = frozenset()
) -> None:
    """Ends with exit code 4 where a condition that was asked for does not hold.

    Args:
        record: What was measured.
        strict: There may be no warning.
        verdicts: Verdicts that were not wanted.

    Raises:
        ConditionError: One does not hold.
    """
    if isinstance(record, ClassifyRecord) and record.verdict_name in verdicts:
        raise ConditionError(f"--fail-on: the verdict is {record.verdict_name}")
    if strict and record.warnings:
        codes = ", ".join(dict.fromkeys(notice.code for notice in record.warnings))
        raise ConditionError(f"--strict: {len(record.warnings)} warnings: {codes}")


def with_pictures(record: Record, load_image: ImageLoader, folder: Path) -> ImageLoader:
    """Returns a loader that also finds the pictures which the classifier left in its folder."""
    drawn = drawn_pictures(record)
    pictures = RecordedImages({}, run_folder=folder)

    def load(label: str, key: str) -> Image.Image | None:
        if label == RUN and key in drawn:
            return pictures.load(label, key)
        return load_image(label, key)

    return load


def _writers(
    record: ClassifyRecord | ApplyRecord,
    page: Path,
    load_image: ImageLoader,
    output: FolderOutput,
    table: str,
) -> Iterator[Callable[[], object]]:
    """Yields what writes each file."""
    yield partial(show_page, page, record, load_image)
    if output.csv is not None:
        yield partial(write_text, output.csv, table)
    if output.figures is not None:
        from ganeval_reports.figure_files import write_figures

        yield partial(write_figures, record, output.figures)


def _numbers(record: ClassifyRecord | ApplyRecord) -> Iterator[str]:
    """The AUC of the test, or how many images of each set are called fake."""
    if isinstance(record, ApplyRecord):
        yield from (str(one.called_fake) for one in record.sets)
        return
    rung = record.rung(record.primary.rung, record.primary.pixels)
    if rung is None or rung.test.value is None:
        raise GanevalError(f"the test has no AUC: {rung.test.reason if rung else 'no rung'}")
    yield repr(rung.test.value)


def _files(out: Path, contents: Contents, page: Path) -> list[tuple[str, Path]]:
    """What lies where, by what it is; only what is there."""
    named = [("page", page), ("record", out / contents.record), ("table", out / contents.table)]
    named += [("classifier", out / "model")] if "model" in contents.others else []
    return [(name, path) for name, path in named if path.exists()]
