"""Which image after belongs to which image before: by name, or by a table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from ganeval.classifier.stems import StemRule, stem_rule
from ganeval.errors import InputError
from ganeval.images.failures import printable
from ganeval.images.image_set import ImageSet
from ganeval.images.listing import is_image_name

FEWEST_PAIRS: Final = 2

_SHOWN: Final = 3
_HINT: Final = "Give --pairs FILE.csv with the columns before,after to say which belong together."

# Behind the stem of a name: which crop, augmented version or copy of the picture a file is.
_VERSION: Final = re.compile(r"(crop|aug|x|y|\()[_-]?(\d+)")


@dataclass(frozen=True)
class Pairing:
    """Pairs of images, in the order of the images before.

    Args:
        before: Places of the images before in their set.
        after: Places of the images after in theirs.
        keys: Name of each pair, unique: the path of the image before without its extension, with
            that of the image after where one alone is not unique.
        unpaired_before: Keys of the images before without a partner.
        unpaired_after: Keys of the images after without a partner.
        stems: Name of the picture each pair is of; crops and versions of one picture share it.
    """

    before: list[int]
    after: list[int]
    keys: list[str]
    unpaired_before: list[str]
    unpaired_after: list[str]
    stems: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)


def pair_sets(before: ImageSet, after: ImageSet, table: Path | None = None) -> Pairing:
    """Pairs the images of two sets.

    By name: images belong together when their names are equal once extension and role (``fake``,
    ``real_A``) are left out. Crops and numbered versions of a picture keep to their number; one
    image before is paired with each of several versions after.

    Args:
        before: Source images.
        after: Their translations.
        table: CSV file with the columns before and after, each a key; None: by name.

    Raises:
        InputError: No names agree, it is not clear which belong together, there are fewer than 2
            pairs, or the table does not fit the sets.
    """
    rule = stem_rule([before.keys, after.keys])
    rows = _named(before, after, rule) if table is None else _read_pairs(table, before, after)
    if len(rows) < FEWEST_PAIRS:
        raise InputError(
            f"{before.path} and {after.path} have {len(rows)} pair in common; a comparison needs "
            f"{FEWEST_PAIRS} or more",
            hint=_HINT if table is None else None,
        )
    rows = sorted(rows)
    first, second = [row[0] for row in rows], [row[1] for row in rows]
    return Pairing(
        first,
        second,
        _pair_keys([before.keys[i] for i in first], [after.keys[i] for i in second]),
        _left_out(before, first),
        _left_out(after, second),
        [rule.stem(before.keys[i]) for i in first],
    )


def _left_out(images: ImageSet, paired: Sequence[int]) -> list[str]:
    places = set(paired)
    return [key for i, key in enumerate(images.keys) if i not in places]


def _pair_keys(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """One name a pair, which depends on other pairs only where it would not be unique."""
    short = [_without_extension(key) for key in before]
    often = Counter(short)
    return [
        name if often[name] == 1 else f"{first} > {second}"
        for name, first, second in zip(short, before, after, strict=True)
    ]


def _without_extension(key: str) -> str:
    path = PurePosixPath(key)
    return str(path.with_suffix("")) if is_image_name(path.name) else key


def _named(before: ImageSet, after: ImageSet, rule: StemRule) -> list[tuple[int, int]]:
    """Places of the images whose names agree."""
    first, second = _by_stem(before.keys, rule), _by_stem(after.keys, rule)
    common = [stem for stem in first if stem in second]
    if not common:
        raise InputError(
            f"no image of {before.path} has the name of one of {after.path}: "
            f"{_examples(before.keys)} before, {_examples(after.keys)} after",
            hint=_HINT,
        )
    rows: list[tuple[int, int]] = []
    for stem in common:
        rows += _of_one_stem(first[stem], second[stem], before, after, rule)
    return rows


def _examples(keys: Sequence[str]) -> str:
    if not keys:
        return "none"
    shown = ", ".join(printable(key) for key in keys[:_SHOWN])
    return f"{shown}, ..." if len(keys) > _SHOWN else shown


def _by_stem(keys: Sequence[str], rule: StemRule) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(rule.stem(key), []).append(place)
    return found


def _of_one_stem(
    first: list[int], second: list[int], before: ImageSet, after: ImageSet, rule: StemRule
) -> list[tuple[int, int]]:
    """Pairs the files of one picture: one with each version, or versions of equal number."""
    if len(first) == 1:
        return [(first[0], place) for place in second]
    versions = {_version(before.keys[place], rule): place for place in first}
    numbers = [_version(after.keys[place], rule) for place in second]
    if len(versions) < len(first) or len(set(numbers)) < len(numbers):
        raise InputError(
            f"it is not clear which images belong together: "
            f"{_examples([before.keys[place] for place in first])} of {before.path} and "
            f"{_examples([after.keys[place] for place in second])} of {after.path} have one name",
            hint=_HINT,
        )
    return [
        (versions[number], place)
        for number, place in zip(numbers, second, strict=True)
        if number in versions
    ]


def _version(key: str, rule: StemRule) -> tuple[tuple[str, str], ...]:
    """Which crop, augmented version or copy a file is, as its name tells."""
    stem = PurePosixPath(rule.stem(key)).name
    behind = PurePosixPath(_without_extension(key)).name.lower()[len(stem) :]
    return tuple(_VERSION.findall(behind))


def _read_pairs(path: Path, before: ImageSet, after: ImageSet) -> list[tuple[int, int]]:
    """Places of the images that a table pairs.

    Raises:
        InputError: It cannot be read, lacks a column, or names an image that is not there.
    """
    sides = ("before", "after")
    places = [{key: i for i, key in enumerate(images.keys)} for images in (before, after)]
    rows: dict[tuple[int, int], None] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            table.fieldnames = [name.strip().lower() for name in table.fieldnames or []]
            if not set(sides) <= set(table.fieldnames):
                raise InputError(
                    f"--pairs {path}: the first row does not name the columns before and after",
                    hint="Start the file with the line: before,after",
                )
            for row in table:
                pair = []
                for side, known, images in zip(sides, places, (before, after), strict=True):
                    key = (row[side] or "").strip()
                    if key not in known:
                        raise InputError(
                            f"--pairs {path}: line {table.line_num}: {images.path} has no image "
                            f"{printable(key)!r}; it has {_examples(images.keys)}"
                        )
                    pair.append(known[key])
                if (pair[0], pair[1]) in rows:
                    raise InputError(
                        f"--pairs {path}: line {table.line_num}: the same pair is there twice"
                    )
                rows[pair[0], pair[1]] = None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--pairs {path}: cannot be read as a table: {reason}") from error
    return list(rows)
