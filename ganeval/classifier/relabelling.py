"""Other labels for the same images, under which there is nothing to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Labels, Rows
from ganeval.statistics.groups import group_codes, group_members

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
    shuffled = labels.copy()
    alone: dict[int, list[Rows]] = {}
    for rows in group_members(group_codes(groups, len(labels))):
        if len(np.unique(labels[rows])) == 1:
            alone.setdefault(int(parts[rows[0]]), []).append(rows)
        elif rng.integers(2):
            shuffled[rows] = REAL + FAKE - labels[rows]
    for part in sorted(alone):
        given = rng.permutation([labels[rows[0]] for rows in alone[part]])
        for rows, label in zip(alone[part], given, strict=True):
            shuffled[rows] = label
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
    of_part: dict[int, list[Rows]] = {}
    members = group_members(group_codes([groups[int(row)] for row in chosen], len(chosen)))
    for group in members:
        rows = chosen[group]
        of_part.setdefault(int(parts[rows[0]]), []).append(rows)
    for part in sorted(of_part):
        dealt = rng.permutation(len(of_part[part]))
        first = int(rng.integers(2))
        for place, group_number in enumerate(dealt):
            labels[of_part[part][group_number]] = (place + first) % 2
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
