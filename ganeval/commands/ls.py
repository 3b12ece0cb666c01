"""``ganeval ls``: what can be chosen by name."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from ganeval.features.extractor import EXTRACTORS, get_extractor


@click.group()
def ls() -> None:
    """List what can be chosen by name.

    Example: ganeval ls extractors
    """


@ls.command()
def extractors() -> None:
    """List the extractors with their layers and resize modes (the default in front)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("extractor", "layers", "resize modes", "input"):
        table.add_column(column)
    for name in EXTRACTORS.names():
        extractor = get_extractor(name)
        layers = sorted(extractor.layers, key=lambda x: x != extractor.default_layer)
        modes = sorted(extractor.resize_modes, key=lambda x: x != extractor.default_resize)
        table.add_row(name, ", ".join(layers), ", ".join(modes), f"{extractor.size} px")
    Console(highlight=False, soft_wrap=True).print(table)
