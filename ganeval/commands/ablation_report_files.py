"""The forms an ablation's record is written in: page, JSON, tables, Markdown, figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ganeval.commands.ablation_pictures import load_picture, with_copies
from ganeval.commands.show import show_page
from ganeval.errors import GanevalError
from ganeval.records import AblationRecord, write_text


def write_forms(record: AblationRecord, chosen: dict[str, Any]) -> dict[str, Path]:
    """Writes every form that was asked for; one that fails costs no other.

    Args:
        record: What was found.
        chosen: The command's options.

    Returns:
        What was written, by what it is.

    Raises:
        GanevalError: Some could not be written; the others are.
    """
    writers: dict[str, tuple[Path, Callable[[], object]]] = {}
    if (path := chosen["out"]) is not None:
        writers["record"] = (path, partial(_write_record, path, record))
    if (path := chosen["html"]) is not None:
        writers["page"] = (path, partial(show_page, path, record, load_picture))
    if chosen["csv_"] or chosen["latex"] or chosen["markdown"]:
        from ganeval_reports.ablation_files import latex_table, to_markdown, write_csv_tables

        if (path := chosen["csv_"]) is not None:
            writers["tables"] = (path, partial(write_csv_tables, record, path))
        if (path := chosen["latex"]) is not None:
            writers["latex"] = (path, partial(write_text, path, latex_table(record)))
        if (path := chosen["markdown"]) is not None:
            writers["markdown"] = (path, partial(write_text, path, to_markdown(record)))
    if (path := chosen["figures"]) is not None:
        from ganeval_reports.figure_files import write_figures

        writers["figures"] = (path, partial(write_figures, record, path))
    unwritten, written = [], {}
    for what, (path, write) in writers.items():
        try:
            write()
            written[what] = path
        except GanevalError as error:
            unwritten.append(str(error))
    if unwritten:
        raise GanevalError("\n".join(unwritten))
    return written


def _write_record(path: Path, record: AblationRecord) -> None:
    """Writes the record, with copies of its pictures beside it so that it can be drawn later."""
    write_text(path, with_copies(record, path).to_json())
