"""Writes a page: the images its budget leaves no room for go into a folder beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ganeval.records import write_text
from ganeval.records.inputs import recorded_inputs
from ganeval_reports.beside import Beside
from ganeval_reports.images import BUDGET, NO_END
from ganeval_reports.page import Page, Source, draw


def write_page(
    path: Path, sources: Sequence[Source], *, title: str = "", budget: int = BUDGET
) -> Page:
    """Draws records and writes the page; no image is left out.

    Images above the budget go into the folder ``NAME_images`` beside ``NAME.html``. What an
    earlier run of the same page left there is removed. There is no such folder, and every image is
    embedded, where the page lies among the images of a set, to which its own would be added, where
    something else has the folder's name, and where the page is no file but a device or pipe.

    Args:
        path: The page.
        sources: The records, one or more.
        title: See `ganeval_reports.page.draw`.
        budget: Characters of the page that images may take.

    Raises:
        InputError: There is no page for one of these types of records.
        GanevalError: A file cannot be written.
    """
    beside = Beside(path)
    why = beside.taken() or _why_not(path, beside.folder, sources)
    if why:
        page = draw(sources, title=title, budget=NO_END)
        write_text(path, page.html)
        return replace(page, note=why) if page.characters > budget else page
    page = draw(sources, title=title, budget=budget, beside=beside)
    # The page comes between, so that at no time it shows what is not there.
    beside.write()
    write_text(path, page.html)
    beside.clean()
    return page


def _why_not(path: Path, folder: Path, sources: Sequence[Source]) -> str:
    """Says why no images may be put beside the page; empty if they may."""
    if path.exists() and not path.is_file():
        return f"{path} is no regular file"
    place = Path(os.path.realpath(folder))
    for source in sources:
        for info in recorded_inputs(source.record):
            measured = Path(os.path.realpath(info.path))
            if info.kind == "folder" and place.is_relative_to(measured):
                return f"{folder} would lie among the images of {info.path}"
    return ""
