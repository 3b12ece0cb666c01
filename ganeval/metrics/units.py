"""Independent units across several fake sets: what makes their differences paired.

Images of two fake sets that were translated from one source carry the same stem. They become one
unit, so that what they share cancels in the difference of the two sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import PurePosixPath

import numpy as np

from ganeval.images.duplicates import clusters
from ganeval.statistics.groups import Codes, group_codes

_PAIRED_SHARE = 0.9  # of the smaller set must have a partner, else the sets count as unpaired


@dataclass(frozen=True)
class Pairing:
    """How two sets of images match.

    Attributes:
        paired: Images with equal stems are taken as pairs.
        pairs: Number of equal stems, paired or not.
    """

    paired: bool
    pairs: int


@dataclass(frozen=True)
class Units:
    """Units shared by several sets.

    Attributes:
        codes: Per set the unit of every image, int ``[n]``, numbered over all sets.
        count: Number of units.
        digests: Per set one digest per image, the order in which seeded draws see the images: that
            of its partner in the first set, or its own.
        pairings: How sets i < j match.
    """

    codes: list[Codes]
    count: int
    digests: list[list[str]]
    pairings: dict[tuple[int, int], Pairing]


def stem_of(key: str) -> str:
    """Returns an image's key without its extension: what partners have in common."""
    return str(PurePosixPath(key).with_suffix(""))


def shared_units(
    keys: Sequence[Sequence[str]],
    digests: Sequence[Sequence[str]],
    groups: Sequence[Sequence[str]],
) -> Units:
    """Numbers the independent units of several sets.

    Images of one group of a set belong to one unit; so do images of equal stem in two sets, when
    at least 90 % of the smaller set has a partner. A stem that a set holds twice has no partner.

    Args:
        keys: Per set the key of every image.
        digests: Per set the content digest of every image.
        groups: Per set the group label of every image.
    """
    starts = np.concatenate([[0], np.cumsum([len(one) for one in keys])])
    positions = [_unique_stems(one) for one in keys]
    pairings, links = {}, []
    for i, j in combinations(range(len(keys)), 2):
        both = positions[i].keys() & positions[j].keys()
        paired = len(both) >= _PAIRED_SHARE * min(len(keys[i]), len(keys[j])) > 0
        pairings[i, j] = Pairing(paired, len(both))
        if paired:
            links += [
                (int(starts[i]) + positions[i][s], int(starts[j]) + positions[j][s]) for s in both
            ]
    for start, labels in zip(starts, groups, strict=False):
        first: dict[str, int] = {}
        links += [
            (int(start) + first.setdefault(g, n), int(start) + n) for n, g in enumerate(labels)
        ]
    count, codes = _components(links, int(starts[-1]))
    ordered = [list(one) for one in digests]
    for j in range(1, len(keys)):
        if pairings[0, j].paired:
            for stem, n in positions[j].items():
                if stem in positions[0]:
                    ordered[j][n] = digests[0][positions[0][stem]]
    parts = [codes[a:b] for a, b in pairwise(starts)]
    return Units(parts, count, ordered, pairings)


def _unique_stems(keys: Sequence[str]) -> dict[str, int]:
    stems = [stem_of(key) for key in keys]
    counts = Counter(stems)
    return {stem: n for n, stem in enumerate(stems) if counts[stem] == 1}


def _components(links: list[tuple[int, int]], size: int) -> tuple[int, Codes]:
    """Numbers of linked images and the code of each, in order of first appearance."""
    first = np.arange(size)
    for group in clusters(size, links):
        first[group] = group[0]
    return len(np.unique(first)), group_codes(first.tolist(), size)
