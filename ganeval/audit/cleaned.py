"""Lists of the images that an audit keeps, which every command takes in place of a set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ganeval import __version__
from ganeval.audit.copies import Copies
from ganeval.audit.settings import Drop
from ganeval.errors import GanevalError, InputError
from ganeval.images import ImageSet
from ganeval.images.listing import valid_text, write_list
from ganeval.records import AuditedSet, WrittenList

_PLACE = "{set}"
_REASONS = {
    "unreadable": "cannot be read",
    "duplicates": "same file or same pixels as an earlier image of the set",
    "near": "difference hash within 4 bits of an earlier image of the set",
    "leak": "matches an image of an earlier set",
    "outliers": "far from the rest of the set",
}


def list_paths(pattern: Path, labels: Sequence[str]) -> list[Path]:
    """Returns where the list of each set goes.

    Args:
        pattern: For one set the file; for several a file name with ``{set}`` in it, which becomes
            the label of each, or a folder, which gets one file per set.
        labels: Labels of the sets.

    Raises:
        InputError: The name does not end in ``.txt``, by which lists are known, or its place
            cannot be written to.
    """
    names = [label.replace("/", "-") for label in labels]
    if len(set(names)) < len(names):
        names = [f"{number}-{name}" for number, name in enumerate(names, start=1)]
    if _PLACE in pattern.name:
        paths = [pattern.with_name(pattern.name.replace(_PLACE, name)) for name in names]
    elif len(labels) == 1 and not pattern.is_dir():
        paths = [pattern]
    elif pattern.suffix.lower() == ".txt":
        raise InputError(
            f"--write-list {pattern}: {len(labels)} sets need a list each",
            hint=f"Name a folder, or a file with {_PLACE} in its name: kept-{_PLACE}.txt.",
        )
    else:
        paths = [pattern / f"{name}.txt" for name in names]
    if any(path.suffix.lower() != ".txt" for path in paths):
        raise InputError(
            f"--write-list {pattern}: the name must end in .txt, by which lists are known"
        )
    for path in paths:
        _require_room(path)
    return paths


def _require_room(path: Path) -> None:
    """Refuses, before any work is done for it, a list that cannot be written."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"--write-list {path}: {folder} is no folder that can be written to")
    if path.is_dir():
        raise InputError(f"--write-list {path}: is a folder")


def require_files(images: ImageSet) -> None:
    """Refuses a set whose images are no files of their own, before any work is done.

    Raises:
        InputError: The set is an archive or an array.
    """
    if images.kind not in ("folder", "list"):
        raise InputError(
            f"--write-list: {images.path} is {'an' if images.kind == 'array' else 'a'} "
            f"{images.kind}, and a list can only name files of their own",
            hint="Save its images as files first."
            if images.kind == "array"
            else "Unpack it into a folder first.",
        )


def dropped(
    audited: AuditedSet,
    position: int,
    readable: Sequence[str],
    copies: Copies,
    drop: Sequence[Drop],
) -> dict[str, str]:
    """Returns which images of a set are left out, and why: key to reason.

    Args:
        audited: The set.
        position: Its place among the sets.
        readable: Keys of its readable images, in the order of ``copies``.
        copies: All copies.
        drop: The reasons that count; where several hold, the first of them is told.
    """
    exact = {one for group in copies.exact[position] for one in group[1:]}
    alike = {one for group in copies.clusters[position] for one in group[1:]} - exact
    hit = {
        "unreadable": [one.key for one in audited.unreadable],
        "duplicates": [readable[one] for one in exact],
        "near": [readable[one] for one in alike],
        "leak": [readable[one] for one in copies.leaked[position]],
        "outliers": [image.key for image in audited.images if image.outlier],
    }
    found: dict[str, str] = {}
    for reason, keys in hit.items():
        if reason in drop:
            for key in keys:
                found.setdefault(key, reason)
    return found


def write_kept(
    path: Path, images: ImageSet, keys: Sequence[str], reasons: dict[str, str], label: str
) -> WrittenList:
    """Writes the list of the images of one set that are kept.

    Args:
        path: The list.
        images: The set, for its files.
        keys: All its keys, unreadable ones too.
        reasons: Key to reason of what is left out.
        label: Of the set.

    Raises:
        InputError: Nothing would be left, or a name cannot stand in a list.
        GanevalError: The list cannot be written.
    """
    kept = sorted(key for key in keys if key not in reasons)
    if not kept:
        raise InputError(f"--write-list: nothing of {images.path} would be left; drop less")
    counts = {name: n for name in _REASONS if (n := list(reasons.values()).count(name))}
    comments = [
        f"ganeval {__version__} audit: {len(kept)} of {len(keys)} images of {images.path}.",
        *(f"Left out: {count} {name} ({_REASONS[name]})." for name, count in counts.items()),
    ]
    if images.limit is not None:
        comments.append(f"Taken at random: at most {images.limit}, seed {images.seed}.")
    if "outliers" in counts:
        comments.append(
            "Choosing images changes what is measured: leaving out unusual ones has moved FID by "
            "10 to 20. Use the same choice for every generator you compare, and report it."
        )
    files = [file for key in kept if (file := images.file(key)) is not None]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanevalError(f"{path.parent}: cannot be made: {error.strerror}") from error
    write_list(path, files, comments)
    return WrittenList(set=label, path=valid_text(str(path)), kept=len(kept), dropped=counts)
