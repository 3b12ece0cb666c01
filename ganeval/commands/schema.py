"""``ganeval schema``: what a record may hold, for programs that read it."""

from __future__ import annotations

import json

import click

from ganeval.records import MetricsRecord


@click.command(epilog="Example: ganeval schema > record.schema.json")
def schema() -> None:
    """Print the JSON Schema of the record that `ganeval fid --json` writes."""
    click.echo(json.dumps(MetricsRecord.model_json_schema(), indent=2))
