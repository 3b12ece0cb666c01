"""Which images are copies of others: equal files, equal pixels, nearly equal pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.images.decoding import Pixels

Kind = Literal["bytes", "pixels", "dhash"]

NEAR = 4  # bits of 64
_SMALLEST_SIDE = 32  # pixels
_FEWEST_STEPS = 16  # of the 64 comparisons
_BLOCK = 1 << 22  # comparisons at once: 32 MB

_KINDS: Final[tuple[Kind, ...]] = ("bytes", "pixels", "dhash")


@dataclass(frozen=True, slots=True)
class Signature:
    """What one image is recognised by.

    Args:
        digest: sha256 of the file.
        pixels: sha256 of the decoded pixels.
        dhash: 64-bit difference hash; None where it would tell nothing.
    """

    digest: str
    pixels: str
    dhash: int | None


@dataclass(frozen=True, slots=True)
class Match:
    """Two images that are one and the same, or nearly.

    Args:
        a: Position of the one.
        b: Position of the other; after ``a`` where both are of one list.
        kind: The strongest likeness: equal files, equal pixels, or near difference hashes.
        distance: Bits in which the hashes differ; None where a hash is missing.
    """

    a: int
    b: int
    kind: Kind
    distance: int | None


def thumbnail(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Returns luma averaged over 8 rows and 9 columns, uint8 ``[8, 9]``."""
    grey = Image.fromarray(np.ascontiguousarray(pixels)).convert("L")
    return np.asarray(grey.resize((9, 8), Image.Resampling.BOX))


def difference_hash(pixels: Pixels) -> int | None:
    """Returns the 64-bit difference hash of an image, uint8 ``[H, W, 3]``.

    Each bit tells whether a cell of the 8 x 9 `thumbnail` is brighter than the one to its left; the
    first bit, top left, is the highest. It survives new compression, resizing and recolouring, and
    a change of brightness; a mirrored or cropped picture has another one.

    Returns:
        None where the hash would tell nothing: a side under 32 px, or a picture so flat that
        fewer than 16 of the 64 neighbours differ.

    Source: N. Krawetz 2013, "Kind of Like That" (hackerfactor.com), where it is called dHash.
    """
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return None
    return hash_of_thumbnail(thumbnail(pixels))


def hash_of_thumbnail(small: npt.NDArray[np.uint8]) -> int | None:
    """Returns the difference hash of a `thumbnail`; None for a flat one."""
    steps = np.diff(small.astype(np.int16), axis=1)
    if np.count_nonzero(steps) < _FEWEST_STEPS:
        return None
    return int.from_bytes(np.packbits(steps > 0).tobytes(), "big")


def near_hashes(
    first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64] | None = None, limit: int = NEAR
) -> npt.NDArray[np.int64]:
    """Finds hashes that differ in few bits, comparing all with all in blocks.

    Args:
        first: uint64 ``[n]``.
        second: uint64 ``[m]``; None compares ``first`` with itself, each pair once.
        limit: Largest number of differing bits.

    Returns:
        int64 ``[k, 3]``: position in the first, position in the second, differing bits; sorted.
    """
    other = first if second is None else second
    rows = max(1, _BLOCK // max(1, len(other)))
    found = []
    for start in range(0, len(first), rows):
        bits = np.bitwise_count(first[start : start + rows, None] ^ other[None])
        i, j = np.nonzero(bits <= limit)
        if second is None:
            later = i + start < j
            i, j = i[later], j[later]
        found.append(np.stack([i + start, j, bits[i, j]], axis=1).astype(np.int64))
    return np.concatenate(found) if found else np.empty((0, 3), np.int64)


class Comparison:
    """Finds the matches within one list of images, or between two.

    Args:
        first: Signatures of the images.
        second: Those of another set; None looks within the first.
    """

    def __init__(
        self, first: Sequence[Signature], second: Sequence[Signature] | None = None
    ) -> None:
        self._within = second is None
        self._first = first
        self._second = first if second is None else second

    def matches(self) -> Iterator[Match]:
        """Yields each pair once with its strongest kind, the strongest kinds first.

        There may be very many: n copies of one image make n (n - 1)/2 pairs.
        """
        for kind in _KINDS:
            for left, right in self._classes(kind):
                for a, b in self._pairs(left, right):
                    if _strongest(self._first[a], self._second[b]) == kind:
                        yield Match(a, b, kind, _bits(self._first[a], self._second[b]))

    def first_matches(self) -> Iterator[Match]:
        """Yields one match of every image of the second of two lists that has any.

        It is of the strongest kind. Unlike that of `matches`, the work does not grow with the
        number of pairs.
        """
        seen: set[int] = set()
        for kind in _KINDS:
            for left, right in self._classes(kind):
                for b in right:
                    if b not in seen:
                        seen.add(b)
                        yield Match(left[0], b, kind, _bits(self._first[left[0]], self._second[b]))

    def kinds(self) -> dict[int, Kind]:
        """Returns the strongest kind of match of every image of the second list that has one."""
        found: dict[int, Kind] = {}
        for kind in _KINDS:
            for left, right in self._classes(kind):
                if left is not right or len(left) > 1:
                    for b in (*right, *left) if self._within else right:
                        found.setdefault(b, kind)
        return found

    def links(self) -> Iterator[tuple[int, int]]:
        """Yields enough links within the first list to join all that match, for `clusters`."""
        for kind in _KINDS:
            for left, right in self._classes(kind):
                yield from ((left[0], b) for b in right)

    def _pairs(self, left: list[int], right: list[int]) -> Iterator[tuple[int, int]]:
        if left is right:
            yield from ((a, b) for i, a in enumerate(left) for b in left[i + 1 :])
        elif self._within:
            yield from ((min(a, b), max(a, b)) for a in left for b in right)
        else:
            yield from ((a, b) for a in left for b in right)

    def _classes(self, kind: Kind) -> Iterator[tuple[list[int], list[int]]]:
        """Yields lists of positions of which each of the left matches each of the right.

        Within one list, the members of one class come as the same list on both sides.
        """
        left, right = _places(self._first, kind), _places(self._second, kind)
        if self._within:
            right = left
        yield from ((left[value], right[value]) for value in left if value in right)
        if kind == "dhash":
            own, theirs = list(left), list(right)
            for i, j, _ in self._near:
                yield left[own[i]], right[theirs[j]]

    @cached_property
    def _near(self) -> npt.NDArray[np.int64]:
        """Pairs of hashes, by their place among the distinct ones, that differ, but little."""
        own = np.array(list(_places(self._first, "dhash")), np.uint64)
        if self._within:
            return near_hashes(own)
        found = near_hashes(own, np.array(list(_places(self._second, "dhash")), np.uint64))
        return found[found[:, 2] > 0]


def clusters(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Joins what is linked, directly or by others; returns groups of two and more, sorted.

    Args:
        count: Number of things, called 0..count-1.
        pairs: Links between them.
    """
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for one in range(count):
        members[root(one)].append(one)
    return [group for group in members.values() if len(group) > 1]


def _places(signatures: Sequence[Signature], kind: Kind) -> dict[str | int, list[int]]:
    """Positions of the images per value of what they are compared by."""
    places: dict[str | int, list[int]] = defaultdict(list)
    for position, one in enumerate(signatures):
        value = {"bytes": one.digest, "pixels": one.pixels, "dhash": one.dhash}[kind]
        if value is not None:
            places[value].append(position)
    return dict(places)


def _strongest(a: Signature, b: Signature) -> Kind:
    if a.digest == b.digest:
        return "bytes"
    return "pixels" if a.pixels == b.pixels else "dhash"


def _bits(a: Signature, b: Signature) -> int | None:
    return None if a.dhash is None or b.dhash is None else (a.dhash ^ b.dhash).bit_count()
