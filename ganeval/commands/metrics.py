"""``ganeval metrics``: what can be measured, which way is better, and what each cannot see."""

from __future__ import annotations

import json

import click

from ganeval.commands.tables import print_table


@click.command(epilog="Example: ganeval metrics")
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def metrics(json_: bool) -> None:
    """List the metrics of `ganeval evaluate --metrics`.

    A name may be followed by a colon and a choice where one is listed: fid:768, fd:dinov2-vits14,
    kid:torch-fidelity, prdc:adm. prdc stands for precision, recall, density and coverage; mifid
    also gives the memorisation distance behind it; all asks for everything that can be had.
    """
    from ganeval.metrics.catalogue import CATALOGUE
    from ganeval_reports.glossary import entry

    if json_:
        listed = [
            {
                "name": info.name,
                "display": info.display,
                "direction": info.direction,
                "low": info.low,
                "high": info.high,
                "expected_under_equality": info.null,
                "choice": info.choices,
                "what": entry(info.name).what,
                "blind_to": entry(info.name).blind_to,
            }
            for info in CATALOGUE.values()
        ]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False).encode())
        return
    print_table(
        ("name", "better", "range", "equal sets give", "after a colon", "blind to"),
        [
            (
                info.name,
                info.direction,
                info.range,
                info.null,
                info.choices,
                entry(info.name).blind_to,
            )
            for info in CATALOGUE.values()
        ],
    )
