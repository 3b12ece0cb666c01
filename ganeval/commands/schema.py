"""``ganeval schema``: what a record may hold, for programs that read it."""

from __future__ import annotations

import json

import click

from ganeval.records import (
    AblationRecord,
    ApplyRecord,
    AuditRecord,
    ClassifyRecord,
    ClassModelRecord,
    MetricsRecord,
    Model,
    SaliencyRecord,
    TrainingRecord,
)

_RECORDS: dict[str, type[Model]] = {
    "metrics": MetricsRecord,
    "audit": AuditRecord,
    "training": TrainingRecord,
    "classify": ClassifyRecord,
    "scores": ApplyRecord,
    "saliency": SaliencyRecord,
    "class-model": ClassModelRecord,
    "ablation": AblationRecord,
}


@click.command(epilog="Example: ganeval schema > record.schema.json")
@click.option(
    "--record",
    type=click.Choice(list(_RECORDS)),
    default="metrics",
    show_default=True,
    help="metrics: of fid, kid and evaluate; audit: of audit; training: of train; "
    "classify: of classify; scores: of classify --apply; "
    "saliency: of saliency; class-model: of class-model; "
    "ablation: of ablation-report.",
)
def schema(record: str) -> None:
    """Print the JSON Schema of the record that a command writes with --json or --out."""
    click.echo(json.dumps(_RECORDS[record].model_json_schema(), indent=2))
