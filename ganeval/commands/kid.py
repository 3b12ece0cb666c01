"""``ganeval kid``: the kernel distance alone, in a short form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganeval.cli import ARGV
from ganeval.commands.options import (
    Output,
    feature_options,
    image_options,
    output_options,
    run_options,
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
@click.option(
    "--permutations",
    type=click.IntRange(min=0),
    default=999,
    show_default=True,
    help="Permutations of labels behind the p-value; 0: no test.",
)
@click.option(
    "--protocol",
    "kid_protocol",
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
@run_options
@output_options
def kid(real: str, fake: str, weights: Path | None, output: Output, **chosen: Any) -> None:
    """Kernel distance (KID) of FAKE from REAL over all pairs, with standard error and p-value.

    REAL and FAKE are what `ganeval fid` takes; saved statistics need to hold features.
    """
    from ganeval.commands.progress import Bars
    from ganeval.metrics.settings import Settings
    from ganeval.metrics.suite import compare

    if chosen["kid_protocol"] == "all-pairs" and (chosen["subsets"] or chosen["subset_size"]):
        raise click.UsageError("--subsets and --subset-size need a --protocol with subsets.")
    settings = Settings(weights=weights, **chosen)
    argv = click.get_current_context().find_root().meta[ARGV]
    with Bars(quiet=output.quiet) as bars:
        comparison = compare(real, fake, settings, command="kid", argv=argv, progress=bars)
    show(comparison.record, comparison.load_image, output)
