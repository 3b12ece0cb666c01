"""Which images belong together: the independent units behind every interval."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ganeval.errors import InputError
from ganeval.images.duplicates import Comparison, Signature, clusters, difference_hash
from ganeval.images.failures import UnreadableImage, printable

if TYPE_CHECKING:
    from ganeval.images.image_set import ImageSet

BY_DHASH = "dhash"
EACH_ITS_OWN = "none"

_SHOWN = 5  # keys listed in an error about many


def group_of_each(keys: Sequence[str], groups: str | os.PathLike[str] | None) -> list[str]:
    """Returns the group of every key.

    Args:
        keys: Keys of an image set.
        groups: A CSV file with the columns path and group; or a regular expression whose one
            capture, searched for in the key, is the group; None or ``none`` makes each image its
            own group.

    Raises:
        InputError: The file or the expression is faulty, or leaves a key without a group.
    """
    if groups is None or os.fspath(groups) == EACH_ITS_OWN:
        return list(keys)
    if is_table(groups):
        return _from_table(keys, Path(groups))
    return _from_expression(keys, os.fspath(groups))


def is_table(groups: str | os.PathLike[str]) -> bool:
    """Tells whether ``--groups`` names a table rather than an expression."""
    text = os.fspath(groups)
    return os.path.isfile(text) or text.lower().endswith(".csv")


def groups_by_dhash(images: ImageSet, threads: int = 8) -> list[str]:
    """Returns the group of every image: those that look alike belong together.

    Alike are equal files and difference hashes that differ in at most 4 bits, directly or through
    others; see `ganeval.images.duplicates.difference_hash`. Every image is decoded. One that cannot
    be is in a group of its own.

    Args:
        images: The set.
        threads: Decoding threads.

    Returns:
        Per image the first key of its group.
    """

    def signature(position: int) -> Signature:
        digest = images.digests[position]
        try:
            return Signature(digest, digest, difference_hash(images.decode(position)))
        except UnreadableImage:
            return Signature(digest, digest, None)

    with ThreadPoolExecutor(threads, thread_name_prefix="dhash") as pool:
        signatures = list(pool.map(signature, range(len(images))))
    groups = list(images.keys)
    for members in clusters(len(groups), Comparison(signatures).links()):
        for one in members:
            groups[one] = images.keys[members[0]]
    return groups


def _from_expression(keys: Sequence[str], text: str) -> list[str]:
    try:
        expression = re.compile(text)
    except re.error as error:
        raise InputError(
            f"--groups {text!r} is neither a file nor a regular expression: {error}"
        ) from error
    if expression.groups != 1:
        raise InputError(
            f"--groups {text!r} has {expression.groups} captures, not one",
            hint="Put parentheses around the part of the name that tells the group: '^(.*)_crop'.",
        )
    found = {key: expression.search(key) for key in keys}
    groups = {key: match[1] for key, match in found.items() if match and match[1] is not None}
    _require_all(keys, groups, f"--groups {text!r} matches no group in")
    return [groups[key] for key in keys]


def _from_table(keys: Sequence[str], path: Path) -> list[str]:
    groups: dict[str, str] = {}
    for number, key, group in read_table(path):
        if groups.setdefault(key, group) != group:
            raise InputError(
                f"{path}: line {number}: {printable(key)} is in {groups[key]!r} and in {group!r}"
            )
    _require_all(keys, groups, f"{path} gives no group for")
    return [groups[key] for key in keys]


def read_table(path: Path) -> list[tuple[int, str, str]]:
    """Reads (line, path, group) from a table whose first row names its columns.

    Raises:
        InputError: It cannot be read, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            names = [name.strip().lower() for name in table.fieldnames or []]
            if "path" not in names or "group" not in names:
                raise InputError(
                    f"{path}: the first row does not name the columns path and group",
                    hint="Start the file with the line: path,group",
                )
            table.fieldnames = names
            return [(table.line_num, row["path"] or "", row["group"] or "") for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--groups {path}: cannot be read as a table: {reason}") from error


def _require_all(keys: Sequence[str], groups: dict[str, str], complaint: str) -> None:
    without = [key for key in keys if not groups.get(key)]
    if without:
        raise InputError(f"{complaint} {len(without)} of {len(keys)} images: {first_few(without)}")


def first_few(keys: Sequence[str]) -> str:
    """Lists the first five keys on one line."""
    shown = ", ".join(printable(key) for key in keys[:_SHOWN])
    return f"{shown}, ..." if len(keys) > _SHOWN else shown
