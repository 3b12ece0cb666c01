"""``ganeval evaluate``: every metric of one or several fake sets, and which set is better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganeval.cli import ARGV
from ganeval.commands.options import (
    Output,
    Tables,
    feature_options,
    image_options,
    output_options,
    permutation_option,
    run_options,
    statistics_options,
    table_options,
)
from ganeval.commands.show import show


@click.command(epilog="Example: ganeval evaluate real/ fake-a/ fake-b/ --metrics all --html e.html")
@click.argument("real")
@click.argument("fakes", nargs=-1, required=True, metavar="FAKE...")
@click.option(
    "--metrics",
    default="fid,kid,prdc",
    show_default=True,
    metavar="NAMES",
    help="Names separated by commas, or all; `ganeval metrics` lists them.",
)
@click.option(
    "--train",
    metavar="PATH",
    help="Training images, which near copies are looked for in.  [default: REAL]",
)
@click.option(
    "--compat", is_flag=True, help="Also tell what other packages would print for these images."
)
@permutation_option
@feature_options
@image_options
@statistics_options
@run_options
@table_options
@output_options
def evaluate(
    real: str,
    fakes: tuple[str, ...],
    metrics: str,
    train: str | None,
    compat: bool,
    weights: Path | None,
    tables: Tables,
    output: Output,
    **chosen: Any,
) -> None:
    """Every metric of each FAKE against REAL from one pass, and the differences between the FAKEs.

    REAL and the FAKEs are what `ganeval fid` takes. A value is marked as the best only where it is
    better than that of every other set by more than chance. Images with equal names in two FAKEs
    are taken as pairs.
    """
    from ganeval.commands.progress import Bars
    from ganeval.metrics.settings import Settings
    from ganeval.metrics.suite import compare_sets

    settings = Settings(
        weights=weights, compat=compat, per_image=tables.per_image is not None, **chosen
    )
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=output.quiet) as bars:
        comparison = compare_sets(
            real, fakes, metrics, settings, train=train, argv=argv, progress=bars
        )
    show(comparison, output, tables)
