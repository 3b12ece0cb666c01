"""Writes the parts of the documentation that the program itself can tell.

Run as ``make docs``; `tests/test_docs.py` fails when the files are out of date.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from pydantic import BaseModel

from ganeval.cli import cli
from ganeval.records import (
    AblationRecord,
    ApplyRecord,
    AuditRecord,
    ClassifyRecord,
    ClassModelRecord,
    MetricsRecord,
    SaliencyRecord,
    TrainingRecord,
)
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import dotted_keys, field_of, flat, shown, wanted
from ganeval_cyclegan.presets import load_preset, preset_names

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


def training_page() -> str:
    """Every preset and every key of the CycleGAN trainer, as Markdown."""
    lines = [
        "# Every preset and key of `ganeval train`",
        "",
        "Written by `make docs` from the program. How they are used: [training](training.md).",
        "",
        "## Presets",
        "",
        "`reference` holds the default of every key; the others name what differs from it.",
    ]
    for name in preset_names():
        preset = load_preset(name)
        lines += ["", f"### `{name}`", "", f"{preset.about} Source: {preset.source}.", ""]
        if name != "reference":
            values = (f"`{key}={shown(value)}`" for key, value in flat(preset.content).items())
            lines += [", ".join(values), ""]
        lines += [f"- assumed: {one}" for one in preset.assumptions]
    lines += ["", "## Keys", "", "`data.B` has the keys of `data.A`."]
    section = None
    for key in dotted_keys():
        if key.startswith("data.B."):
            continue
        above = key.rpartition(".")[0]
        if above != section:
            section = above
            lines += ["", f"### {f'`{above}`' if above else 'All'}", ""]
            lines += [*_about(above), "| key | default | takes | what |", "|---|---|---|---|"]
        field = field_of(key)
        assert field is not None
        takes, what = (text.replace("|", "\\|") for text in (wanted(key), field.description or ""))
        default = shown(field.get_default(call_default_factory=True))
        lines.append(f"| `{key}` | `{default}` | {takes} | {what} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _about(section: str) -> list[str]:
    """What a section is, as its class says."""
    field = field_of(section) if section else None
    kinds = [] if field is None else [field.annotation, *getattr(field.annotation, "__args__", ())]
    found = [one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)]
    documented = found[0] if found else TrainConfig
    return [" ".join((documented.__doc__ or "").split()), ""]


def schema(record: type[BaseModel]) -> str:
    """The JSON Schema of a record."""
    return json.dumps(record.model_json_schema(), indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    return {
        DOCS / "commands.md": commands_page(),
        DOCS / "training-keys.md": training_page(),
        DOCS / "record.schema.json": schema(MetricsRecord),
        DOCS / "audit.schema.json": schema(AuditRecord),
        DOCS / "training.schema.json": schema(TrainingRecord),
        DOCS / "classify.schema.json": schema(ClassifyRecord),
        DOCS / "scores.schema.json": schema(ApplyRecord),
        DOCS / "saliency.schema.json": schema(SaliencyRecord),
        DOCS / "class-model.schema.json": schema(ClassModelRecord),
        DOCS / "ablation.schema.json": schema(AblationRecord),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
