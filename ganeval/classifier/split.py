"""Who learns, who chooses, and who is kept for the test: whole groups, the same every time."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, PARTS, REAL, Examples, Part, Split
from ganeval.errors import GanevalError, InputError
from ganeval.records.classify import SplitInfo

AS_ASKED: Final = 40
"""Groups of the smaller class from which on the shares are those asked for."""

HOLDOUT: Final = 20
"""Groups of the smaller class from which on there is a part held out for the test."""

FEWEST: Final = 8
"""Groups of the smaller class below which nothing is tested."""

SMALL_SHARES: Final = (0.4, 0.2, 0.4)
"""Shares of train, validation and test where groups are few."""

Shares = tuple[float, float, float]

_CLASSES: Final = ("real", "fake")
_TIES: Final[tuple[Part, ...]] = ("train", "test", "validation")
_SET_APART: Final = (
    2  # the fakes of the generator's own training images, dealt as a class of theirs
)


def class_groups(examples: Examples) -> tuple[int, int]:
    """Returns the number of groups with reals and of those with fakes."""
    groups = np.array(examples.groups)
    real, fake = (len(np.unique(groups[examples.labels == label])) for label in (REAL, FAKE))
    return real, fake


def smaller_class_groups(examples: Examples) -> int:
    """Returns the number of groups of the class that has fewer."""
    return min(class_groups(examples))


def effective_shares(groups: int, asked: Shares) -> Shares:
    """Returns the shares of train, validation and test that so many groups are split by.

    Args:
        groups: Groups of the smaller class.
        asked: Shares asked for.
    """
    return asked if groups >= AS_ASKED else SMALL_SHARES


def require_enough(examples: Examples) -> None:
    """Refuses sets of too few independent groups.

    Raises:
        GanevalError: A class has fewer than 8 groups, or a single one.
    """
    counts = class_groups(examples)
    images = [int((examples.labels == label).sum()) for label in (REAL, FAKE)]
    for label, name in enumerate(examples.names):
        if counts[label] == 1 and images[label] > 1:
            raise GanevalError(
                f"one group cannot be split: all {images[label]} images of {name} belong together",
                hint="Tell by --groups which of them are independent, or pass --no-infer-groups if "
                "all are.",
            )
    if min(counts) < FEWEST:
        found = " and ".join(
            f"{name} has {count} {'group' if count == 1 else 'groups'} of {n} images"
            for name, count, n in zip(examples.names, counts, images, strict=True)
        )
        raise GanevalError(
            f"too few to test: {found}; at least {FEWEST} independent groups of each are needed",
            hint="Give more images, or tell by --groups which of them are independent.",
        )


def split_examples(
    examples: Examples,
    shares: Shares,
    seed: int,
    *,
    generator_train: npt.NDArray[np.bool_] | None = None,
) -> Split:
    """Splits whole groups into train, validation and test.

    The split depends on the seed, on which images belong together and on their pixels; neither on
    names nor on the order of files. Groups, the largest first and those of one size in the order
    of a seeded hash, go one after another to the part that lacks most of its share of groups,
    relative to that share and summed over the classes of the group.

    Args:
        examples: The images in their groups.
        shares: Of groups for train, validation and test; with fewer than 40 groups in a class
            they are 0.4, 0.2 and 0.4 whatever was asked.
        seed: Seed of the order.
        generator_train: bool ``[n]``, fakes of images that the generator was trained on; those
            that would be in the test part are in none.

    Raises:
        InputError: The shares are no shares.
        GanevalError: There are too few groups, or a part would be without reals or fakes.
    """
    _check_shares(shares)
    apart, testable = _set_apart(examples, generator_train)
    require_enough(testable)
    used = effective_shares(smaller_class_groups(testable), shares)
    by_part = dict(zip(PARTS, used, strict=True))
    parts = np.full(len(examples), -1, np.int8)
    places = [PARTS.index(part) for part in _TIES]
    groups = _ordered_groups(examples, apart, seed)
    for group, place in zip(groups, _dealt(groups, [by_part[p] for p in _TIES]), strict=True):
        parts[group.rows] = places[place]
    parts[apart & (parts == PARTS.index("test"))] = -1
    _require_both(examples, parts)
    return Split(parts, _hash(examples, parts, PARTS))


def cross_validation_folds(
    examples: Examples,
    folds: int,
    seed: int,
    *,
    generator_train: npt.NDArray[np.bool_] | None = None,
) -> list[Split]:
    """Splits whole groups into folds; each is the test part once, the next one the validation.

    Args:
        examples: The images in their groups.
        folds: Number of folds, at least 3.
        seed: Seed of the order, see `split_examples`.
        generator_train: bool ``[n]``, fakes that are in no test part, see `split_examples`.

    Raises:
        InputError: There are fewer than 3 folds.
        GanevalError: There are too few groups, or a part would be without reals or fakes.
    """
    if folds < 3:
        raise InputError(f"{folds} folds leave no part for training, validation or test")
    apart, testable = _set_apart(examples, generator_train)
    require_enough(testable)
    groups = _ordered_groups(examples, apart, seed)
    fold = np.empty(len(examples), np.int64)
    for group, place in zip(groups, _dealt(groups, [1 / folds] * folds), strict=True):
        fold[group.rows] = place
    splits = []
    for number in range(folds):
        parts = np.full(len(examples), PARTS.index("train"), np.int8)
        parts[fold == (number + 1) % folds] = PARTS.index("validation")
        parts[fold == number] = PARTS.index("test")
        parts[apart & (fold == number)] = -1
        _require_both(examples, parts)
        splits.append(Split(parts, _hash(examples, parts, PARTS)))
    return splits


def split_record(
    examples: Examples, split: Split | Sequence[Split], shares: Sequence[float]
) -> SplitInfo:
    """Describes a split for a record.

    Args:
        examples: The images in their groups.
        split: The split, or the folds of a cross-validation, whose test parts are counted.
        shares: As asked for.
    """
    if isinstance(split, Split):
        names: Sequence[str] = PARTS
        parts, digest = split.parts, split.hash
    else:
        names = [f"fold {number}" for number in range(1, len(split) + 1)]
        parts = np.full(len(examples), -1, np.int8)
        for number, one in enumerate(split):
            parts[one.rows("test")] = number
        digest = _hash(examples, parts, names)
    images: dict[str, dict[str, int]] = {}
    units: dict[str, dict[str, int]] = {}
    groups = np.array(examples.groups)
    for number, name in enumerate(names):
        rows = [(parts == number) & (examples.labels == label) for label in (REAL, FAKE)]
        images[name] = {c: int(r.sum()) for c, r in zip(_CLASSES, rows, strict=True)}
        units[name] = {c: len(np.unique(groups[r])) for c, r in zip(_CLASSES, rows, strict=True)}
    return SplitInfo(
        method="holdout" if isinstance(split, Split) else "cross-validation",
        shares=list(shares),
        images=images,
        units=units,
        hash=digest,
        left_out=int((parts < 0).sum()),
    )


def group_identities(groups: Sequence[str], contents: Sequence[str]) -> dict[str, str]:
    """Returns what each group is known by whatever it is called: sha256 over its sorted images.

    Args:
        groups: Group of each image.
        contents: Digest of each image.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for label, content in zip(groups, contents, strict=True):
        members[label].append(content)
    return {label: _sha256(sorted(found)) for label, found in members.items()}


@dataclass(frozen=True)
class _Group:
    """Images that stay together, and the classes they are of."""

    rows: list[int]
    strata: frozenset[int]


def _set_apart(
    examples: Examples, generator_train: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.bool_], Examples]:
    """Which images no test part may hold, and the others."""
    if generator_train is None:
        return np.zeros(len(examples), bool), examples
    return generator_train, examples.take(np.flatnonzero(~generator_train))


def _ordered_groups(examples: Examples, apart: npt.NDArray[np.bool_], seed: int) -> list[_Group]:
    """The groups in the order in which they are dealt."""
    strata = np.where(apart, _SET_APART, examples.labels)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(examples.groups):
        rows[label].append(row)
    identities = group_identities(examples.groups, examples.contents)
    order = sorted(
        rows,
        key=lambda label: (
            -len(rows[label]),
            _sha256([f"split|{seed}|{identities[label]}"]),
            label,
        ),
    )
    return [_Group(rows[label], frozenset(strata[rows[label]].tolist())) for label in order]


def _dealt(groups: Sequence[_Group], shares: Sequence[float]) -> list[int]:
    """Deals groups by their classes; returns the place of each, the first of equals."""
    totals: dict[int, int] = defaultdict(int)
    for group in groups:
        for stratum in group.strata:
            totals[stratum] += 1
    targets = [{s: share * count for s, count in totals.items()} for share in shares]
    held: list[dict[int, int]] = [dict.fromkeys(totals, 0) for _ in shares]
    places = []
    for group in groups:
        # Rounded, so that sums of equal fractions tie whatever their last bits are.
        lacking = [
            round(sum(1 - have[s] / target[s] for s in sorted(group.strata)), 9)
            for have, target in zip(held, targets, strict=True)
        ]
        place = lacking.index(max(lacking))
        for stratum in group.strata:
            held[place][stratum] += 1
        places.append(place)
    return places


def _check_shares(shares: Sequence[float]) -> None:
    if len(shares) != len(PARTS) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        text = "/".join(f"{100 * share:.4g}" for share in shares)
        raise InputError(
            f"--split {text}: three shares above 0 that add up to 100 are needed",
            hint="They are those of train, validation and test, for example 60/15/25.",
        )


def _require_both(examples: Examples, parts: npt.NDArray[np.int8]) -> None:
    """Refuses a split one of whose parts lacks a class."""
    for number, part in enumerate(PARTS):
        for label, name in enumerate(examples.names):
            if not ((parts == number) & (examples.labels == label)).any():
                raise GanevalError(
                    f"the {part} part would hold no image of {name}: its groups are too few for "
                    "these shares",
                    hint="Give more images, or other shares by --split.",
                )


def _hash(examples: Examples, parts: npt.NDArray[np.int8], names: Sequence[str]) -> str:
    """Sha256 of the sorted lines content hash, class, part of all images in a part."""
    return _sha256(
        sorted(
            f"{content}\t{_CLASSES[label]}\t{names[part]}"
            for content, label, part in zip(
                examples.contents, examples.labels.tolist(), parts.tolist(), strict=True
            )
            if part >= 0
        )
    )


def _sha256(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
