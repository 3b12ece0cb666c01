"""``ganeval fid``: the main job, as thin as a command should be."""

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
    run_options,
    statistics_options,
    table_options,
)
from ganeval.commands.show import show


@click.command(epilog="Example: ganeval fid real/ fake/ --html report.html")
@click.argument("real")
@click.argument("fake")
@feature_options
@image_options
@click.option(
    "--uncertainty",
    type=click.Choice(["influence", "jackknife", "bootstrap", "none"]),
    default="influence",
    show_default=True,
    help="How the standard error is found.",
)
@statistics_options
@run_options
@table_options
@output_options
def fid(
    real: str, fake: str, weights: Path | None, tables: Tables, output: Output, **chosen: Any
) -> None:
    """Fréchet distance of FAKE from REAL, with standard error, interval, sampling floor and KID.

    REAL and FAKE are folders (searched recursively), zip archives, arrays (.npy, .npz), text files
    that list images, or saved statistics (.npz with mu and sigma).
    """
    from ganeval.commands.progress import Bars
    from ganeval.metrics.settings import Settings
    from ganeval.metrics.suite import compare_sets

    settings = Settings(weights=weights, per_image=tables.per_image is not None, **chosen)
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=output.quiet) as bars:
        comparison = compare_sets(
            real, [fake], ["fid", "kid"], settings, command="fid", argv=argv, progress=bars
        )
    show(comparison, output, tables)
