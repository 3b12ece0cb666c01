"""``ganeval stats``: statistics of image sets, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganeval.commands.options import (
    feature_options,
    image_options,
    require_writable,
    run_options,
)


@click.group()
def stats() -> None:
    """Save the statistics of an image set, or look into a file of them.

    Example: ganeval stats save real/ real.npz
    """


@stats.command(epilog="Example: ganeval stats save real/ real.npz")
@click.argument("images")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
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
@run_options
def save(images: str, file: Path, keep_features: Any, **chosen: Any) -> None:
    """Save mean, covariance and features of IMAGES to FILE (.npz).

    FILE can stand for the images in every later comparison under the same extractor, layer, resize
    mode and weights, here and in pytorch-fid.
    """
    from ganeval.commands.progress import Bars
    from ganeval.commands.text import print_notices
    from ganeval.metrics.saving import save_image_statistics
    from ganeval.metrics.settings import Settings

    require_writable("FILE", file)
    with Bars(quiet=False) as bars:
        side, notices = save_image_statistics(
            images, file, Settings(**chosen), keep_features=keep_features, progress=bars
        )
    print_notices(notices)
    click.echo(f"{file}: {side.info.n} images")


@stats.command(epilog="Example: ganeval stats show real.npz")
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Tell what FILE holds, and which images and network it was made from."""
    from ganeval.commands.tables import print_table
    from ganeval.metrics.statistics_file import load_statistics

    saved = load_statistics(file)
    rows = [
        ("images", "not told" if saved.n is None else str(saved.n)),
        ("dimension", str(saved.moments.d)),
        ("features", "no" if saved.features is None else "yes"),
        ("sha256", saved.digest),
    ]
    if saved.meta is None:
        rows.append(("made by", "another package, which does not tell how"))
    else:
        rows += [(name, str(value)) for name, value in saved.meta.spec.model_dump().items()]
        rows += [
            ("made from", saved.meta.source.path),
            ("fingerprint", str(saved.meta.source.fingerprint)),
            ("made by", f"ganeval {saved.meta.environment.ganeval}"),
        ]
    print_table(("what", "value"), rows)
