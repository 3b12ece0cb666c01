"""``ganeval ls``: what can be chosen by name."""

from __future__ import annotations

import click

from ganeval.commands.tables import print_table
from ganeval.features.extractor import EXTRACTORS, get_extractor


@click.group()
def ls() -> None:
    """List what can be chosen by name.

    Example: ganeval ls extractors
    """


@ls.command()
def extractors() -> None:
    """List the extractors with their layers and resize modes (the default in front)."""
    rows = []
    for name in EXTRACTORS.names():
        extractor = get_extractor(name)
        layers = sorted(extractor.layers, key=lambda x: x != extractor.default_layer)
        modes = sorted(extractor.resize_modes, key=lambda x: x != extractor.default_resize)
        rows.append((name, ", ".join(layers), ", ".join(modes), f"{extractor.size} px"))
    print_table(("extractor", "layers", "resize modes", "input"), rows)
