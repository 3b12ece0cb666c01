"""Other labels for the same images, under which there is nothing to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Labels, Rows
from ganeval.statistics.groups import Codes, group_codes, group_count

_BLOCK = 4  # files that get one label as neighbours


def shuffled_labels(
    labels: Labels, groups: Sequence[str], parts: npt.NDArray[np.integer], rng: np.random.Generator
) -> Labels:
    """Shuffles labels over whole groups.

    A group of both classes swaps its two labels with probability 1/2; all other groups of a part
    exchange labels among themselves, so that every part keeps its numbers of groups.

    Args:
        labels: int64 ``[n]``, 0 real and 1 fake.
        groups: Group of each image.
        parts: int ``[n]``, the part each image is in; a group is in one part.
        rng: Source of the shuffles.
    """
    codes = group_codes(groups, len(labels))
    fakes = np.bincount(codes[labels == FAKE], minlength=group_count(codes))
    sizes = np.bincount(codes)
    both = (fakes > 0) & (fakes < sizes)
    swapped = both & (rng.integers(2, size=len(sizes)) == 1)
    given = np.where(fakes == sizes, FAKE, REAL)
    for alone in _by_part(np.flatnonzero(~both), codes, parts):
        given[alone] = rng.permutation(given[alone])
    own = np.where(swapped[codes], REAL + FAKE - labels, labels)
    shuffled: Labels = np.where(both[codes], own, given[codes])
    return shuffled


def halved_labels(
    chosen: Rows, groups: Sequence[str], parts: npt.NDArray[np.integer], rng: np.random.Generator
) -> Labels:
    """Calls one random half of some images' groups fake, the other real, within every part.

    Args:
        chosen: Rows to be halved, for example all reals.
        groups: Group of each image, ``[n]``.
        parts: int ``[n]``, the part each image is in; a group is in one part.
        rng: Source of the halves; it decides too which half has the group that is over.

    Returns:
        int64 ``[n]``; rows that were not chosen are called real.
    """
    labels = np.full(len(parts), REAL, np.int64)
    codes = group_codes([groups[int(row)] for row in chosen], len(chosen))
    halves = np.empty(group_count(codes), np.int64)
    for together in _by_part(np.arange(len(halves)), codes, parts[chosen]):
        first = int(rng.integers(2))
        halves[together] = (rng.permutation(len(together)) + first) % 2
    labels[chosen] = np.where(halves[codes] == 1, FAKE, REAL)
    return labels


def neighbour_labels(count: int, runs: int, rng: np.random.Generator) -> Labels:
    """Labels files in order of their names, so that neighbours share a label by chance.

    Consecutive blocks of four files share a label, the two blocks of a couple have opposite ones,
    and a coin decides which has which. Files that are alike because they lie close together then
    are told apart; a folder that is sorted by something slow is not.

    Args:
        count: Number of files.
        runs: Number of independent labellings.
        rng: Source of the coins.

    Returns:
        int64 ``[runs, count]``: 0 or 1; -1 for what is left over at the end.
    """
    couples = count // (2 * _BLOCK)
    coins = rng.integers(2, size=(runs, couples, 1))
    blocks = np.concatenate([coins, 1 - coins], axis=2).reshape(runs, 2 * couples)
    labels = np.full((runs, count), -1, np.int64)
    labels[:, : 2 * couples * _BLOCK] = np.repeat(blocks, _BLOCK, axis=1)
    return labels


def _by_part(
    groups: npt.NDArray[np.int64], codes: Codes, parts: npt.NDArray[np.integer]
) -> list[npt.NDArray[np.int64]]:
    """Some groups, by code, in one array per part."""
    _, first = np.unique(codes, return_index=True)
    part_of_group = parts[first][groups]
    return [groups[part_of_group == part] for part in np.unique(part_of_group)]
