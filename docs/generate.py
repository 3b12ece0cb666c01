"""Writes the parts of the documentation that the program itself can tell.

Run as ``make docs``; `tests/test_docs.py` fails when the files are out of date.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from pydantic import BaseModel

from ganeval.cli import cli
from ganeval.records import AuditRecord, MetricsRecord, TrainingRecord

DOCS = Path(__file__).resolve().parent


def commands_page() -> str:
    """The help of every command, as Markdown."""
    blocks = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in helps(cli, "ganeval")]
    return "# Every command and option\n\n" + "\n".join(blocks)


def helps(command: click.Command, name: str) -> list[tuple[str, str]]:
    """Name and help text of a command and of all commands below it."""
    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
    context.help_option_names = ["-h", "--help"]
    found = [(name, command.get_help(context))]
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            child = command.get_command(context, below)
            if child is not None:
                found += helps(child, f"{name} {below}")
    return found


def schema(record: type[BaseModel]) -> str:
    """The JSON Schema of a record."""
    return json.dumps(record.model_json_schema(), indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    return {
        DOCS / "commands.md": commands_page(),
        DOCS / "record.schema.json": schema(MetricsRecord),
        DOCS / "audit.schema.json": schema(AuditRecord),
        DOCS / "training.schema.json": schema(TrainingRecord),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
