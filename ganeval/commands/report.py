"""``ganeval report``: one page from the records of earlier runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganeval.commands.options import byte_count, figures_option
from ganeval.commands.protection import (
    protect_inputs,
    refuse_inside,
    require_folder,
    require_writable,
)

if TYPE_CHECKING:
    from ganeval.commands.report_text import ReadRecord
    from ganeval.records import Record
    from ganeval_reports import Source
    from ganeval_reports.page import Page


@click.command(epilog="Example: ganeval report monday.json tuesday.json -o both.html")
@click.argument(
    "records",
    metavar="RECORD...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the page to FILE.",
)
@click.option(
    "--images",
    "moved",
    multiple=True,
    metavar="LABEL=PATH",
    help="Where the images of the set called LABEL are now; may be given several times.  "
    "[default: where they were]",
)
@click.option("--no-images", is_flag=True, help="Show no images, wherever they are.")
@click.option(
    "--embed",
    callback=byte_count,
    default="8MB",
    show_default=True,
    metavar="SIZE",
    help="Images inside the page; more lie in a folder beside it.",
)
@figures_option
@click.option("--title", default="", metavar="TEXT", help="Title of the page.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with code 4 if images are missing or a record holds warnings.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def report(
    records: tuple[Path, ...],
    out: Path,
    moved: tuple[str, ...],
    no_images: bool,
    embed: int,
    figures: Path | None,
    title: str,
    strict: bool,
) -> None:
    """Draw one page from the RECORDs of earlier runs; several get an index and a section each.

    A RECORD is what --out wrote. Images are looked for where they were, from here and from the
    record's folder; the page says which are missing, and which are not those that were measured.
    """
    from ganeval.commands.report_text import print_report
    from ganeval_reports import write_page

    if no_images and moved:
        raise click.UsageError("--no-images shows none; leave out --images.")
    require_writable("--out", out)
    if figures:
        require_folder("--figures", figures)
    _require_files(records)
    protect_inputs({"--out": out}, map(str, records))
    read = _read(records, moved, no_images)
    if figures:
        refuse_inside("--figures", figures, _image_folders(read))
    page = write_page(out, [_source(one, records) for one in read], title=title, budget=embed)
    written = _write_figures(read, figures) if figures else 0
    print_report(out, read, page)
    if figures:
        click.echo(f"{figures}: {written:,} files of figures")
    if strict:
        _require_sound(read, page)


def _require_files(records: Sequence[Path]) -> None:
    taken: dict[str, Path] = {}
    for path in records:
        if path.is_dir():
            raise click.UsageError(f"{path} is a folder; name the record in it, a JSON file.")
        place = os.path.realpath(path)
        if place in taken:
            raise click.UsageError(f"{taken[place]} and {path} are the same record; give it once.")
        taken[place] = path


def _read(paths: Sequence[Path], moved: Sequence[str], no_images: bool) -> list[ReadRecord]:
    """Reads every record before any image is looked for."""
    from ganeval.commands.report_text import ReadRecord
    from ganeval.images.recorded import find_images

    records = [_record(path) for path in paths]
    places = _places(moved, records)
    return [
        ReadRecord(
            path,
            one,
            None if no_images else find_images(one, folders=[Path(), path.parent], moved=places),
        )
        for path, one in zip(paths, records, strict=True)
    ]


def _record(path: Path) -> Record:
    from ganeval.errors import InputError
    from ganeval.records import read_record
    from ganeval.records.inputs import require_described

    record = read_record(path)
    try:
        require_described(record)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    return record


def _places(moved: Sequence[str], records: Sequence[Record]) -> dict[str, list[Path]]:
    """Reads every ``--images``; a label may be given several times, once per record."""
    from ganeval.images.recorded import RUN, drawn_pictures
    from ganeval.records import TrainingRecord
    from ganeval.records.inputs import recorded_inputs

    labels: set[str] = set()
    saved: set[str] = set()
    for record in records:
        if isinstance(record, TrainingRecord):
            labels.add(RUN)
            continue
        if drawn_pictures(record):
            labels.add(RUN)
        for info in recorded_inputs(record):
            (saved if info.kind == "statistics" else labels).add(info.label)
    places: dict[str, list[Path]] = {}
    for text in moved:
        label, place = _moved(text, labels | saved)
        if label not in labels:
            raise click.BadParameter(
                f"{label} was given as saved statistics, which name no images.",
                param_hint="--images",
            )
        places.setdefault(label, []).append(place)
    return places


def _moved(text: str, labels: set[str]) -> tuple[str, Path]:
    """Reads LABEL=PATH; labels may hold ``=`` themselves."""
    from ganeval.errors import unknown_name

    label = max((one for one in labels if text.startswith(f"{one}=")), key=len, default=None)
    if label is None:
        typed, equals, _ = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is not LABEL=PATH.", param_hint="--images")
        raise click.BadParameter(
            str(unknown_name("set in these records called", typed, labels)), param_hint="--images"
        )
    place = text.removeprefix(f"{label}=")
    if not os.path.exists(place):
        raise click.BadParameter(f"{label}: nothing is at {place!r}.", param_hint="--images")
    return label, Path(place)


def _image_folders(read: Sequence[ReadRecord]) -> Iterator[str]:
    """Yields where the images lie that a page shows."""
    for one in read:
        if one.images is not None:
            opened = (found.images for found in one.images.sets.values())
            yield from (str(images.path) for images in opened if images)


def _source(one: ReadRecord, records: Sequence[Path]) -> Source:
    from ganeval.images.failures import printable
    from ganeval.images.listing import valid_text
    from ganeval_reports import Source

    name = printable(valid_text(str(one.path))) if len(records) > 1 else ""
    if one.images is None:
        return Source(one.record, name=name)
    load = one.images.load if one.images.any else None
    return Source(one.record, load, one.images.remarks, name)


def _write_figures(read: Sequence[ReadRecord], folder: Path) -> int:
    """Writes the figures of every record; those of several say of which they are."""
    from ganeval_reports.figure_files import write_figures

    several = len(read) > 1
    files: list[Path] = []
    for number, one in enumerate(read, start=1):
        stem = f"{number}-{one.path.stem}" if several else ""
        files += write_figures(one.record, folder, stem=stem)
    return len(files)


def _require_sound(read: Sequence[ReadRecord], page: Page) -> None:
    """Holds the page to ``--strict``."""
    from ganeval.errors import ConditionError

    found = []
    if missing := [one.path for one, gone in zip(read, page.gone, strict=True) if one.lacks(gone)]:
        found.append(f"images of {', '.join(map(str, missing))} are missing")
    if warned := [one.path for one in read if one.record.warnings]:
        found.append(f"there are warnings in {', '.join(map(str, warned))}")
    if found:
        raise ConditionError(f"--strict: {'; '.join(found)}")
