"""``ganeval kid``: the kernel distance alone, in a short form."""

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

_PROTOCOLS = (
    "all-pairs",
    "torch-fidelity",
    "torchmetrics",
    "clean-fid",
    "stylegan3",
    "dgm",
    "mmd-gan",
)


@click.command(epilog="Example: ganeval kid real/ fake/")
@click.argument("real")
@click.argument("fake")
@feature_options
@image_options
@permutation_option
@click.option(
    "--protocol",
    type=click.Choice(_PROTOCOLS),
    default="all-pairs",
    show_default=True,
    help="Also average over subsets as this package does.",
)
@click.option(
    "--subsets", type=click.IntRange(min=1), metavar="N", help="Subsets.  [default: the package's]"
)
@click.option(
    "--subset-size",
    type=click.IntRange(min=2),
    metavar="N",
    help="Images per side and subset.  [default: the package's]",
)
@statistics_options
@run_options
@table_options
@output_options
def kid(
    real: str,
    fake: str,
    protocol: str,
    weights: Path | None,
    tables: Tables,
    output: Output,
    **chosen: Any,
) -> None:
    """Kernel distance (KID) of FAKE from REAL over all pairs, with standard error and p-value.

    REAL and FAKE are what `ganeval fid` takes; saved statistics need to hold features.
    """
    from ganeval.commands.progress import Bars
    from ganeval.metrics.settings import Settings
    from ganeval.metrics.suite import compare_sets

    if protocol == "all-pairs" and (chosen["subsets"] or chosen["subset_size"]):
        raise click.UsageError("--subsets and --subset-size need a --protocol with subsets.")
    settings = Settings(weights=weights, per_image=tables.per_image is not None, **chosen)
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=output.quiet) as bars:
        metrics = ["kid"] if protocol == "all-pairs" else ["kid", f"kid:{protocol}"]
        comparison = compare_sets(
            real, [fake], metrics, settings, command="kid", argv=argv, progress=bars
        )
    show(comparison, output, tables)
