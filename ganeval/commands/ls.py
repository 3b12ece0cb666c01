"""``ganeval ls``: what can be chosen by name."""

from __future__ import annotations

import click

from ganeval.commands.tables import print_table
from ganeval.features.extractor import EXTRACTORS, Extractor, get_extractor
from ganeval.training.trainers import TRAINERS

# What follows the colon of a family: name, layers, resize modes, input.
_FAMILIES = {
    "timm": ("NAME", "pooled", "own", "own"),
    "torchscript": ("FILE", "output", "own", "own"),
    "torchvision": ("NAME", "pooled", "own", "own"),
}


@click.group()
def ls() -> None:
    """List what can be chosen by name.

    Example: ganeval ls extractors
    """


@ls.command()
def extractors() -> None:
    """List the extractors with their layers and resize modes (the default in front)."""
    rows = [_row(get_extractor(name)) for name in EXTRACTORS.names()]
    for family in EXTRACTORS.families():
        member, *rest = _FAMILIES[family]
        rows.append((f"{family}:{member}", *rest))
    print_table(("extractor", "layers", "resize modes", "input"), rows)


@ls.command()
def trainers() -> None:
    """List what `ganeval train --trainer` can train."""
    found = ((name, TRAINERS.get(name)) for name in TRAINERS.names())
    print_table(("trainer", "what it trains"), [(name, _headline(one)) for name, one in found])


@ls.command()
def presets() -> None:
    """List the presets of every trainer."""
    rows = [
        (preset, name) for name in TRAINERS.names() for preset in TRAINERS.get(name)().presets()
    ]
    print_table(("preset", "trainer"), rows)


def _row(extractor: Extractor) -> tuple[str, ...]:
    layers = sorted(extractor.layers, key=lambda x: x != extractor.default_layer)
    modes = sorted(extractor.resize_modes, key=lambda x: x != extractor.default_resize)
    return extractor.name, ", ".join(layers), ", ".join(modes), f"{extractor.size} px"


def _headline(documented: object) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]
