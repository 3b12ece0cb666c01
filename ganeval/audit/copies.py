"""Images that are copies of others, within sets and across them, as a record tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from ganeval.audit.measuring import Measured, luma_difference
from ganeval.images.duplicates import NEAR, Comparison, Kind, Match, Signature, clusters
from ganeval.records import DuplicatePair, Overlap

MOST_PAIRS = 1000  # listed of a record; all are counted
_LOOKED_AT = 20_000  # pairs of two sets from which the surest are taken
_ORDER: dict[Kind, int] = {"bytes": 0, "pixels": 1, "dhash": 2}


@dataclass(frozen=True)
class Readable:
    """The images of a set that could be read, all lists in one order.

    Args:
        label: Of the set.
        keys: Image keys.
        digests: sha256 of the files.
        measured: What their pixels tell.
    """

    label: str
    keys: list[str]
    digests: list[str]
    measured: list[Measured]


@dataclass(frozen=True)
class Copies:
    """All copies among sets.

    Args:
        pairs: The surest pairs, surest first.
        clusters: Per set the positions of images that are duplicates of each other.
        within: Per set the images with a duplicate in their set: position to strongest kind.
        exact: Per set the clusters made by equal files or equal pixels alone.
        across: Per set the images that match one of another set: position to strongest kind.
        leaked: The same, but matches in earlier sets only.
        overlaps: How many images each later set shares with each earlier one.
    """

    pairs: list[DuplicatePair]
    clusters: list[list[list[int]]]
    within: list[dict[int, Kind]]
    exact: list[list[list[int]]]
    across: list[dict[int, Kind]]
    leaked: list[dict[int, Kind]]
    overlaps: list[Overlap]


def find_copies(sets: Sequence[Readable]) -> Copies:
    """Compares every image with every other, in its set and in the others."""
    signatures = [
        [one.signature(digest) for one, digest in zip(s.measured, s.digests, strict=True)]
        for s in sets
    ]
    pairs: list[DuplicatePair] = []
    joined, within, exact = [], [], []
    across: list[dict[int, Kind]] = [{} for _ in sets]
    leaked: list[dict[int, Kind]] = [{} for _ in sets]
    overlaps = []
    for j, later in enumerate(sets):
        own = Comparison(signatures[j])
        pairs += _pairs(later, later, own.matches())
        joined.append(clusters(len(later.keys), own.links()))
        within.append(own.kinds())
        sure = Comparison([replace(one, dhash=None) for one in signatures[j]])
        exact.append(clusters(len(later.keys), sure.links()))
        for i, earlier in enumerate(sets[:j]):
            both = Comparison(signatures[i], signatures[j])
            listed = _pairs(earlier, later, both.matches())
            pairs += listed
            found = both.kinds()
            _keep_strongest(across[j], found)
            _keep_strongest(leaked[j], found)
            _keep_strongest(across[i], Comparison(signatures[j], signatures[i]).kinds())
            if found:
                named = _same_name(earlier, later, signatures[i], signatures[j], found)
                counts = {kind: n for kind in _ORDER if (n := list(found.values()).count(kind))}
                overlap = Overlap(
                    a=earlier.label,
                    b=later.label,
                    images=counts,
                    same_name=named,
                    luma_difference=min(
                        pair.luma_difference for pair in listed if pair.kind == listed[-1].kind
                    ),
                )
                overlaps.append(overlap)
    pairs.sort(key=_surest)
    return Copies(pairs[:MOST_PAIRS], joined, within, exact, across, leaked, overlaps)


def _pairs(first: Readable, second: Readable, found: Iterable[Match]) -> list[DuplicatePair]:
    return [
        DuplicatePair(
            a_set=first.label,
            a=first.keys[match.a],
            b_set=second.label,
            b=second.keys[match.b],
            kind=match.kind,
            distance=match.distance,
            luma_difference=luma_difference(first.measured[match.a], second.measured[match.b]),
        )
        for match in islice(found, _LOOKED_AT)
    ]


def _surest(pair: DuplicatePair) -> tuple[object, ...]:
    # A translation beside its own source surprises nobody.
    stems = [PurePosixPath(key).stem for key in (pair.a, pair.b)]
    expected = pair.a_set != pair.b_set and stems[0] == stems[1]
    names = pair.a_set, pair.a, pair.b_set, pair.b
    return _ORDER[pair.kind], expected, pair.luma_difference, *names


def _keep_strongest(known: dict[int, Kind], found: dict[int, Kind]) -> None:
    for position, kind in found.items():
        if position not in known or _ORDER[kind] < _ORDER[known[position]]:
            known[position] = kind


def _same_name(
    earlier: Readable,
    later: Readable,
    theirs: Sequence[Signature],
    own: Sequence[Signature],
    found: dict[int, Kind],
) -> int:
    """Counts the matched images whose namesake, folders and extension aside, is a match."""
    named: dict[str, list[int]] = defaultdict(list)
    for position, key in enumerate(earlier.keys):
        named[PurePosixPath(key).stem].append(position)
    return sum(
        any(_match(theirs[a], own[b]) for a in named.get(PurePosixPath(later.keys[b]).stem, ()))
        for b in found
    )


def _match(a: Signature, b: Signature) -> bool:
    if a.digest == b.digest or a.pixels == b.pixels:
        return True
    return a.dhash is not None and b.dhash is not None and (a.dhash ^ b.dhash).bit_count() <= NEAR
