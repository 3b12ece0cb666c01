"""What ``ganeval report`` says: what was drawn, and on stderr which images are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ganeval.images.failures import printable
from ganeval.images.recorded import RecordedImages
from ganeval.records import Record
from ganeval_reports.images import ImageId
from ganeval_reports.page import Page

_NAMED = 5
"""Missing images named per set; the rest are counted."""


@dataclass(frozen=True)
class ReadRecord:
    """A record, the file it came from, and what was found of its images.

    Args:
        path: The file.
        record: What it holds.
        images: Its sets as they are now; None where none are to be shown.
    """

    path: Path
    record: Record
    images: RecordedImages | None

    def lacks(self, gone: Collection[ImageId]) -> bool:
        """Tells whether the page shows less than it should; ``gone``: images it asked for."""
        if self.images is None:
            return False
        return bool(gone) or any(found.missing for found in self.images.sets.values())


def print_report(out: Path, read: Sequence[ReadRecord], page: Page) -> None:
    """Prints a line per record and one for the page; what is missing on stderr."""
    for one, title in zip(read, page.titles, strict=True):
        click.echo(f"{one.record.command}: {printable(title)}")
    where = [f"{page.embedded:,} images inside" if page.embedded else "no images inside"]
    if page.beside:
        where.append(f"{page.beside:,} beside it in {page.folder}")
    click.echo(f"{out}: {', '.join(where)}")
    if page.note:
        click.echo(f"All images are inside the page: {page.note}.", err=True)
    for one, gone in zip(read, page.gone, strict=True):
        for line in _missing(one, gone):
            click.echo(f"{one.path}: {printable(line)}", err=True)


def _missing(one: ReadRecord, gone: Collection[ImageId]) -> Iterator[str]:
    if one.images is None:
        return
    yield from one.images.remarks
    told = {label for label, found in one.images.sets.items() if found.images is None}
    for label in sorted({of for of, _ in gone} - told):
        keys = sorted(key for of, key in gone if of == label)
        more = " and others" if len(keys) > _NAMED else ""
        counted = "1 image" if len(keys) == 1 else f"{len(keys):,} images"
        are = "is" if len(keys) == 1 else "are"
        yield f"{counted} of {label} {are} missing: {', '.join(keys[:_NAMED])}{more}."
