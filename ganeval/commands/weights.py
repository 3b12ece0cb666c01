"""``ganeval weights``: which weights files there are, where they lie, whether they are sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import click
from rich.filesize import decimal

from ganeval.commands.progress import Bars
from ganeval.commands.tables import print_table
from ganeval.errors import GanevalError, MissingFileError
from ganeval.features.extractor import get_extractor
from ganeval.features.published import PUBLISHED, PublishedWeights
from ganeval.features.torchvision_extractor import TorchvisionExtractor
from ganeval.features.weights import (
    find_weights,
    inspect_weights,
    locate_weights,
    published_weights,
    resolve_weights,
)
from ganeval.images.digests import DigestHints
from ganeval.paths import cache_folder


class _Place(NamedTuple):
    """Where one published file lies, if anywhere, and whether it is that file."""

    published: PublishedWeights
    path: Path | None
    state: str


@click.group()
def weights() -> None:
    """Find, fetch and verify the weights of the networks.

    Example: ganeval weights fetch inception-2015
    """


@weights.command("list")
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def list_(json_: bool) -> None:
    """List the published weights and where they lie on this computer."""
    hints = DigestHints(cache_folder())
    places = [_place(published, hints) for published in PUBLISHED.values()]
    if json_:
        click.echo(json.dumps([_document(place) for place in places], indent=2))
        return
    print_table(
        ("name", "file", "size", "sha256", "state"),
        [
            (
                place.published.name,
                place.published.file,
                "" if place.published.size is None else decimal(place.published.size),
                place.published.sha256[:8],
                f"{place.state}: {place.path}" if place.path else place.state,
            )
            for place in places
        ],
    )


@weights.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where the weights NAME lie, and nothing else; exit code 3 if nowhere."""
    found = find_weights(_published(name))
    if found is None:
        raise _absent(name)
    click.echo(found.path)


@weights.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Fetch the weights NAME unless they are there, and print where they lie."""
    with Bars(quiet=False) as bars:

        def progress(done: int, size: int) -> None:
            bars(name, done, size, "bytes")

        if ":" in name:
            found = get_extractor(name).weights(None, progress)
        else:
            found = resolve_weights(name, progress=progress)
    if found is not None:
        click.echo(found.path)


@weights.command()
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Read every byte of the weights NAME (default: all that are there) and compare digests."""
    wrong = []
    for published in [_published(name)] if name else PUBLISHED.values():
        where = locate_weights(published)
        if where is None:
            if name:
                raise _absent(name)
            click.echo(f"{published.name}: not found")
            continue
        found = inspect_weights(published, where)
        if found.verified:
            click.echo(f"{published.name}: sha256 {found.sha256} as published, {where}")
        else:
            wrong.append(f"{where}: sha256 {found.sha256}, published is {published.sha256}")
    if wrong:
        raise GanevalError("not the published weights:\n  " + "\n  ".join(wrong))


def _published(name: str) -> PublishedWeights:
    """What is published under a name of the list, or by torchvision of one of its models."""
    if name.startswith("torchvision:"):
        extractor = get_extractor(name)
        if isinstance(extractor, TorchvisionExtractor):
            return extractor.published
    return published_weights(name)


def _place(published: PublishedWeights, hints: DigestHints) -> _Place:
    where = locate_weights(published)
    if where is None:
        return _Place(published, None, "not found")
    verified = inspect_weights(published, where, hints).verified
    return _Place(published, where, "found" if verified else "wrong digest")


def _document(place: _Place) -> dict[str, str | int | None]:
    published = place.published
    return {
        "name": published.name,
        "file": published.file,
        "bytes": published.size,
        "sha256": published.sha256,
        "source": published.source,
        "state": place.state,
        "path": str(place.path) if place.path else None,
    }


def _absent(name: str) -> MissingFileError:
    return MissingFileError(
        f"weights {name}: not on this computer", hint=f"`ganeval weights fetch {name}` gets them."
    )
