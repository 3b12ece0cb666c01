"""The folder of a classifier test: whole or not there, and never over what is not its own."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ganeval.commands.protection import refuse_inside, require_folder
from ganeval.errors import GanevalError
from ganeval.images.listing import is_left_out
from ganeval.records import ApplyRecord

COLUMNS: Final = ("path", "set", "group", "part", "logit", "p_fake")
"""First columns of the table per image; those of the rungs and the audit follow."""


@dataclass(frozen=True)
class Contents:
    """What a command leaves in its folder.

    Args:
        record: The file that comes last, so that where it lies the folder is whole.
        table: The table per image.
        page: The report page.
        others: Folders beside them.
    """

    record: str
    table: str
    page: str
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the command may leave, the record first."""
        images = f"{Path(self.page).stem}_images"
        return (self.record, self.table, self.page, images, *self.others)


TEST: Final = Contents("classify.json", "classify.csv", "classify.html", ("pictures", "model"))
SCORES: Final = Contents("scores.json", "scores.csv", "scores.html")


def require_free(out: Path, contents: Contents, read: Sequence[str], *, overwrite: bool) -> None:
    """Refuses, before any work is done, a folder in which something would be lost.

    Args:
        out: The folder; it need not exist.
        contents: What would be put into it.
        read: Paths of everything that is read.
        overwrite: Results of an earlier run may be replaced.

    Raises:
        click.UsageError: It is filled, lies among images that are read, or holds what is read.
    """
    require_folder("--out", out)
    refuse_inside("--out", out, read)
    if not out.is_dir():
        return
    there = [one.name for one in out.iterdir() if not is_left_out(one.name)]
    if there and not overwrite:
        raise click.UsageError(
            f"--out {out} is not empty; name another folder, or add --overwrite to replace the"
            " results in it."
        )
    if contents.record not in there:
        for name in sorted({*contents.names} & {*there}):
            raise click.UsageError(
                f"--out {out} holds {name}, which no earlier run left there (there is no"
                f" {contents.record}); name another folder."
            )
    for path in read:
        place = Path(os.path.realpath(path))
        for name in contents.names:
            if place.is_relative_to(os.path.realpath(out / name)):
                raise click.UsageError(
                    f"--out {out}: --overwrite would delete {path}, which is read; name another"
                    " folder."
                )


@contextlib.contextmanager
def staged(out: Path, contents: Contents) -> Iterator[Path]:
    """Gives a folder whose content becomes that of ``out`` when the block succeeds.

    A failure or a Ctrl-C leaves ``out`` as it was. What an earlier run left in ``out`` is replaced,
    its record first and the new one last; other files there stay.

    Raises:
        GanevalError: The folder cannot be made or written to.
    """
    target = Path(os.path.realpath(out))
    there = target.is_dir()
    part = f"part-{os.getpid()}"
    # Inside a folder that exists: its file system and its permissions are those of the results.
    stage = target / f".{part}" if there else target.with_name(f".{target.name}.{part}")
    try:
        with _told(out):
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir()
        yield stage
        with _told(out):
            if there:
                _replace(stage, target, contents)
            else:
                stage.rename(target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise GanevalError(f"--out {out}: cannot be written: {reason}") from error


def _replace(stage: Path, target: Path, contents: Contents) -> None:
    for name in contents.names:
        _remove(target / name)
    made = sorted(one.name for one in stage.iterdir())
    for name in sorted(made, key=contents.record.__eq__):
        _remove(target / name)
        (stage / name).rename(target / name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def image_table(rows: Sequence[dict[str, object]]) -> str:
    """Returns one comma-separated row per image, a header first.

    `COLUMNS` come first, the others in the order in which rows bring them; a value that a row lacks
    is empty.
    """
    found = dict.fromkeys(name for row in rows for name in row)
    columns = [*COLUMNS, *(name for name in found if name not in COLUMNS)]
    return _csv(columns, ([row.get(name) for name in columns] for row in rows))


def score_table(record: ApplyRecord) -> str:
    """Returns one comma-separated row per scored image, a header first."""
    columns = ("path", "set", "logit", "p_fake")
    images = [image for one in record.sets for image in one.scores]
    return _csv(columns, ([one.key, one.label, one.logit, one.p_fake] for one in images))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return repr(float(value)) if isinstance(value, float) else str(value)
