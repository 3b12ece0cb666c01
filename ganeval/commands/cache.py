"""``ganeval cache``: what the cache of features and maps holds, whether it is sound, and less."""

from __future__ import annotations

import json
import sys

import click
from rich.filesize import decimal

from ganeval.commands.options import byte_count
from ganeval.commands.tables import print_table
from ganeval.errors import InputError, unknown_name
from ganeval.features.cache import DEFAULT_MAX_BYTES, CacheEntry, FeatureCache
from ganeval.saliency.map_cache import MapCache


@click.group()
def cache() -> None:
    """Look into the cache of features and maps, check it, or make it smaller.

    Everything in it can be computed again. Its place is $GANEVAL_CACHE, else the user's cache
    folder.

    Example: ganeval cache gc --max-size 2GB
    """


@cache.command()
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def info(json_: bool) -> None:
    """Show what the cache holds, per extractor, layer and resize mode."""
    store, maps = FeatureCache.open(), MapCache()
    map_count, map_bytes = maps.size()
    entries = store.info()
    rows, size = sum(entry.rows for entry in entries), sum(entry.bytes for entry in entries)
    if json_:
        listed = [vars(entry) | {"last_used": entry.last_used.isoformat()} for entry in entries]
        document = {
            "folder": str(store.folder),
            "rows": rows,
            "bytes": size,
            "entries": listed,
            "maps": {"folder": str(maps.folder), "maps": map_count, "bytes": map_bytes},
        }
        click.echo(json.dumps(document, indent=2))
        return
    if entries:
        _print_entries(entries)
    if map_count:
        click.echo(f"{map_count} saliency maps, {decimal(map_bytes)} in {maps.folder}")
    click.echo(f"{rows} rows, {decimal(size)} in {store.folder}")


@cache.command()
def verify() -> None:
    """Read all features and drop what is broken; it is computed again when it is needed.

    Saliency maps are checked whenever they are read.
    """
    store = FeatureCache.open()
    broken = store.verify()
    for path in broken:
        click.echo(f"dropped {path}")
    click.echo(f"{len(broken)} broken shards in {store.folder}")


@cache.command()
@click.option(
    "--max-size",
    callback=byte_count,
    default=decimal(DEFAULT_MAX_BYTES),
    show_default=True,
    metavar="SIZE",
    help="Keep this much: 500MB, 1.5GB, 2GiB.",
)
def gc(max_size: int) -> None:
    """Remove what was not used for longest until --max-size is left."""
    store, maps = FeatureCache.open(), MapCache()
    rows, size = store.gc(max_size)
    click.echo(f"removed {rows} rows, {decimal(size)}")
    left = sum(entry.bytes for entry in store.info())
    if any(removed := maps.trim(max(0, max_size - left))):  # features take longer to make
        click.echo(f"removed {removed.maps} saliency maps, {decimal(removed.bytes)}")


@cache.command()
@click.option("--extractor", metavar="NAME", help="Only the features of this extractor.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(extractor: str | None, yes: bool) -> None:
    """Remove everything that is cached, or the features of one extractor."""
    store, maps = FeatureCache.open(), MapCache()
    map_count = 0 if extractor else maps.size()[0]
    entries = store.info()
    known = {entry.extractor for entry in entries}
    if extractor and known and extractor not in known:
        raise unknown_name("extractor in the cache", extractor, known)
    rows = sum(entry.rows for entry in entries if extractor in (None, entry.extractor))
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise InputError(
                "cache clear asks before it removes, and there is nobody to ask", hint="Pass --yes."
            )
        also = f" and {map_count} saliency maps from {maps.folder}" if map_count else ""
        if not click.confirm(f"Remove {rows} rows from {store.folder}{also}?"):
            return
    removed, size = store.clear(extractor)
    click.echo(f"removed {removed} rows, {decimal(size)}")
    if map_count:
        gone = maps.trim(0)
        click.echo(f"removed {gone.maps} saliency maps, {decimal(gone.bytes)}")


def _print_entries(entries: list[CacheEntry]) -> None:
    rows = [
        (
            entry.extractor,
            entry.layer,
            entry.resize,
            entry.backend,
            str(entry.rows),
            decimal(entry.bytes),
            entry.last_used.astimezone().strftime("%Y-%m-%d %H:%M"),
        )
        for entry in entries
    ]
    columns = ("extractor", "layer", "resize", "backend", "rows", "size", "last used")
    print_table(columns, rows, numbers="rows size")
