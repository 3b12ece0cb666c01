"""``ganeval stats``: statistics of image sets, in and out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from ganeval.commands.options import (
    feature_options,
    image_options,
    run_options,
)
from ganeval.commands.protection import protect_inputs, require_writable

_SAVED = click.Path(path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.group()
def stats() -> None:
    """Save the statistics of image sets, merge or convert them, or look into a file of them.

    Example: ganeval stats save real/ real.npz
    """


@stats.command(epilog="Example: ganeval stats save real/ real.npz")
@click.argument("images")
@click.argument("file", type=_NEW)
@feature_options
@image_options
@click.option(
    "--features",
    "keep_features",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Keep each image's features too; auto: of up to 10,000 images.",
)
@click.option(
    "--with-spatial",
    is_flag=True,
    help="Also save mean and covariance of the spatial features that sFID is computed from.",
)
@run_options
def save(images: str, file: Path, keep_features: Any, with_spatial: bool, **chosen: Any) -> None:
    """Save mean, covariance and features of IMAGES to FILE (.npz).

    FILE can stand for the images in every later comparison under the same extractor, layer, resize
    mode and weights, here and in pytorch-fid.
    """
    from ganeval.commands.progress import Bars
    from ganeval.commands.text import print_notices
    from ganeval.metrics.saving import save_image_statistics
    from ganeval.metrics.settings import Settings

    require_writable("FILE", file)
    protect_inputs({"FILE": file}, [images])
    with Bars(quiet=False) as bars:
        side, notices = save_image_statistics(
            images,
            file,
            Settings(**chosen),
            keep_features=keep_features,
            with_spatial=with_spatial,
            progress=bars,
        )
    print_notices(notices)
    click.echo(f"{file}: {side.info.n} images")


@stats.command(epilog="Example: ganeval stats show real.npz")
@click.argument("file", type=_SAVED)
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def show(file: Path, json_: bool) -> None:
    """Tell what FILE holds, and which images and network it was made from.

    FILE is what `ganeval stats save`, pytorch-fid, clean-fid, the ADM evaluator or torch-fidelity's
    cache wrote.
    """
    from ganeval.commands.tables import print_table
    from ganeval.metrics.statistics_file import load_statistics
    from ganeval.metrics.statistics_summary import as_document, as_rows

    saved = load_statistics(file)
    if json_:
        click.echo(json.dumps(as_document(saved), indent=2))
    else:
        print_table(("what", "value"), as_rows(saved))


@stats.command(epilog="Example: ganeval stats merge part1.npz part2.npz whole.npz")
@click.argument("files", type=_SAVED, nargs=-1, required=True)
@click.argument("out", type=_NEW)
def merge(files: tuple[Path, ...], out: Path) -> None:
    """Merge FILES, statistics of parts of a set, into those of the whole set, OUT (.npz).

    The result is that of all images at once, to rounding. Features are kept where all files hold
    them and there are at most 10,000 images.
    """
    from ganeval.commands.text import print_notices
    from ganeval.metrics.merging import merge_statistics
    from ganeval.metrics.statistics_file import load_statistics

    if out.exists():
        raise click.BadParameter(
            f"{out} exists already; the last file named is the new one.", param_hint="OUT"
        )
    require_writable("OUT", out)
    merged = merge_statistics([load_statistics(file) for file in files], out)
    print_notices(merged.notices)
    kept = "with" if merged.has_features else "without"
    click.echo(f"{out}: {merged.n} images, {kept} features")


@stats.command(epilog="Example: ganeval stats convert real.npz theirs.npz --to pytorch-fid")
@click.argument("file", metavar="IN", type=_SAVED)
@click.argument("out", type=_NEW)
@click.option(
    "--to",
    type=click.Choice(["pytorch-fid", "clean-fid", "clean-fid-kid", "adm", "ganeval"]),
    required=True,
    help="Who is to read it; clean-fid-kid: the features that clean-fid's KID takes.",
)
@click.option(
    "--ref-resize", metavar="MODE", help="Resize mode behind IN, where it does not tell it."
)
@click.option(
    "--ref-n",
    type=click.IntRange(min=2),
    metavar="N",
    help="Number of images behind IN, where it does not tell it.",
)
def convert(file: Path, out: Path, to: Any, ref_resize: str | None, ref_n: int | None) -> None:
    """Write the statistics in IN to OUT (.npz) as another package reads them."""
    from ganeval.metrics.converting import convert_statistics
    from ganeval.metrics.statistics_file import load_statistics, stated

    require_writable("OUT", out)
    protect_inputs({"OUT": out}, [os.fspath(file)])
    if to != "ganeval" and (ref_resize is not None or ref_n is not None):
        raise click.UsageError(f"--to {to} has no place for --ref-resize and --ref-n.")
    convert_statistics(stated(load_statistics(file), ref_resize, ref_n), out, to)
    click.echo(f"{out}: written for {to}")
