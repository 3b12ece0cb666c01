"""Weights files: where they may lie, and whether they are the published ones.

Nothing is looked for at import, and nothing is fetched that was not asked for.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from ganeval.errors import InputError, MissingFileError, unknown_name
from ganeval.features.fetch import FetchError, ProgressSink, fetch_file
from ganeval.features.published import PUBLISHED as PUBLISHED
from ganeval.features.published import PublishedWeights
from ganeval.images.digests import DigestHints, file_sha256
from ganeval.paths import cache_folder


@dataclass(frozen=True)
class WeightsFile:
    """A weights file that is there."""

    path: Path
    sha256: str
    verified: bool  # the digest is the published one

    @property
    def short(self) -> str:
        """The first 8 hex digits of the digest, as they appear in names."""
        return self.sha256[:8]


def resolve_weights(
    name: str,
    explicit: Path | None = None,
    *,
    progress: ProgressSink | None = None,
    hints: DigestHints | None = None,
) -> WeightsFile:
    """Finds the weights called ``name``, or fetches them.

    A file that the user named (``explicit``, or ``GANEVAL_WEIGHTS`` in the environment) is taken
    whatever its digest, and ``verified`` tells; one that merely lies in a searched folder must
    have the published digest. ``GANEVAL_OFFLINE=1`` forbids fetching.

    Args:
        name: A name in `PUBLISHED`.
        explicit: A file, or a folder that holds the file under its published name.
        progress: Is told about the bytes fetched.
        hints: Known digests; default: those of the cache folder.

    Raises:
        InputError: There are no weights of that name, or the file cannot be read.
        MissingFileError: The file is nowhere and cannot be fetched, a named file does not exist,
            or a found file is not the published one.
        GanevalError: The file was fetched but cannot be written.
    """
    return resolve_published(published_weights(name), explicit, progress=progress, hints=hints)


def resolve_published(
    published: PublishedWeights,
    explicit: Path | None = None,
    *,
    progress: ProgressSink | None = None,
    hints: DigestHints | None = None,
) -> WeightsFile:
    """Does what `resolve_weights` does, for a file that need not be in `PUBLISHED`."""
    return find_weights(published, explicit, hints=hints) or _fetch(published, progress)


def find_weights(
    published: PublishedWeights,
    explicit: Path | None = None,
    *,
    hints: DigestHints | None = None,
) -> WeightsFile | None:
    """Does what `resolve_weights` does short of fetching; none: the file is not there."""
    named = _named_file(published, explicit)
    path = named or _search(published, explicit)
    if path is None:
        return None
    found = inspect_weights(published, path, hints or DigestHints(cache_folder()))
    if named is None and not found.verified:
        raise _mismatch(published, found)
    return found


def published_weights(name: str) -> PublishedWeights:
    """Returns what is known of the weights called ``name``.

    Raises:
        InputError: Nothing is.
    """
    if name not in PUBLISHED:
        raise unknown_name("weights", name, PUBLISHED, listing="`ganeval weights list`")
    return PUBLISHED[name]


def locate_weights(published: PublishedWeights) -> Path | None:
    """Returns the file that a run without ``--weights`` would use, whatever its bytes.

    Raises:
        MissingFileError: ``GANEVAL_WEIGHTS`` names what does not exist.
    """
    return _named_file(published, None) or _search(published, None)


def search_folders(published: PublishedWeights) -> list[Path]:
    """Returns the folders in which the file may lie, in the order in which they are searched."""
    if published.package:
        spec = importlib.util.find_spec(published.package)  # imports nothing
        roots = (spec and spec.submodule_search_locations) or []
        return [Path(root) / published.folder for root in roots]
    environment = _environment(published)
    torch_home = os.environ.get("TORCH_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch"
    )
    return [
        *([environment] if environment else []),
        cache_folder() / "weights",
        Path(torch_home).expanduser() / "hub" / "checkpoints",
    ]


def inspect_weights(
    published: PublishedWeights, path: Path, hints: DigestHints | None = None
) -> WeightsFile:
    """Compares a file with what is published; without ``hints`` every byte is read.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        digest = file_sha256(path, hints)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return WeightsFile(path, digest, verified=published.matches(digest))


def _named_file(published: PublishedWeights, explicit: Path | None) -> Path | None:
    """The file itself if that is what the user named, none if it was a folder or nothing."""
    named = explicit if explicit is not None else _environment(published)
    if named is None or named.is_dir() or (explicit is None and not published.reference):
        return None
    if not named.is_file():
        origin = "--weights " if explicit is not None else "GANEVAL_WEIGHTS="
        raise MissingFileError(f"{origin}{named}: no such file")
    return named


def _search(published: PublishedWeights, explicit: Path | None) -> Path | None:
    """Looks for the published name in the folder that the user named, or in all folders."""
    for folder in search_folders(published) if explicit is None else [explicit]:
        for file in (published.file, *published.aliases):
            if (folder / file).is_file():
                return folder / file
    if explicit is not None:
        raise MissingFileError(f"--weights {explicit}: the folder holds no {published.file}")
    return None


def _environment(published: PublishedWeights) -> Path | None:
    """What GANEVAL_WEIGHTS names; it speaks of no weights that come with a package.

    A file speaks of the reference network alone, a folder may hold the files of all networks.
    """
    value = os.environ.get("GANEVAL_WEIGHTS")
    return Path(value).expanduser() if value and not published.package else None


def _fetch(published: PublishedWeights, progress: ProgressSink | None) -> WeightsFile:
    if published.package:
        raise _missing(published, f"the package {published.package} does not hold it")
    if os.environ.get("GANEVAL_OFFLINE", "0") not in ("", "0"):
        raise _missing(published, "GANEVAL_OFFLINE forbids fetching it")
    path = cache_folder() / "weights" / published.file
    try:
        fetch_file(
            published.url, path, sha256=published.sha256, size=published.size, progress=progress
        )
    except FetchError as error:
        raise _missing(published, f"fetching {published.url} failed: {error.message}") from error
    known = len(published.sha256) == 64
    return WeightsFile(path, published.sha256 if known else file_sha256(path), verified=True)


def _missing(published: PublishedWeights, reason: str) -> MissingFileError:
    hint = [f"Origin: {published.source}"]
    if not published.package:
        hint.append("Put the file into one of these folders, or name it with --weights FILE:")
        hint += [f"  {folder}" for folder in search_folders(published)]
    size = "" if published.size is None else f"{decimal(published.size)}, "
    more = "" if len(published.sha256) == 64 else "..."
    return MissingFileError(
        f"weights {published.name}: {published.file} ({size}sha256 {published.sha256}{more}) "
        f"is not on this computer, and {reason}",
        hint="\n".join([*hint, published.alternative]),
    )


def _mismatch(published: PublishedWeights, found: WeightsFile) -> MissingFileError:
    """The error for a file that lies where the published one should."""
    remedy = (
        published.alternative
        if published.package
        else f"Delete it and run `ganeval weights fetch {published.name}`"
    )
    return MissingFileError(
        f"{found.path}: its sha256 is {found.sha256}, but {published.file} is published "
        f"with {published.sha256}",
        hint=f"{remedy}; or name the file with --weights FILE to use it as it is.",
    )
