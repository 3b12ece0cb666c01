"""Do files that lie side by side look alike? Then groups are missing, and a split leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import Labels, Rows
from ganeval.classifier.knn import neighbours, unit_rows
from ganeval.classifier.relabelling import neighbour_labels
from ganeval.statistics.groups import group_codes, group_members
from ganeval.statistics.permutation import permutation_p

NEIGHBOURS: Final = 5
"""Training images that are asked for each test image."""

ORDERS: Final = 999
"""Random orders of the groups behind the p-value."""

_FEWEST = 8  # test files, and couples of blocks, below which nothing can be told
_UNKNOWN = -1


@dataclass(frozen=True)
class Neighbouring:
    """What labels that follow the files' order give away.

    Args:
        runs: AUC of every relabelling.
        p: One-sided p-value: the order of the files matters.
        files: Test files behind it.
    """

    runs: list[float]
    p: float
    files: int


def neighbouring_files(
    matrix: npt.NDArray[np.floating],
    groups: Sequence[str],
    learnt: npt.NDArray[np.bool_],
    held: npt.NDArray[np.bool_],
    rng: np.random.Generator,
    runs: int,
    orders: int = ORDERS,
) -> Neighbouring | None:
    """Labels blocks of four files by coins and asks 5 nearest neighbours for the labels.

    A held-out file that has its like among the files learnt from finds it; if the two lie side by
    side, they share a label more often than not, and the AUC rises above 1/2. The p-value compares
    the mean over relabellings with those of the same files whose groups stand in random order.

    Args:
        matrix: float ``[n, d]`` of one set, its files in order of their names.
        groups: Group of each file.
        learnt: bool ``[n]``, files whose labels are known.
        held: bool ``[n]``, files whose labels are asked.
        rng: Source of coins and orders.
        runs: Number of relabellings.
        orders: Number of random orders.

    Returns:
        None where files are too few.
    """
    asked, known = np.flatnonzero(held), np.flatnonzero(learnt)
    if min(len(asked), len(known), len(matrix) // 8) < _FEWEST:
        return None
    rows = unit_rows(matrix)
    _, nearest = neighbours(rows[asked], rows[known], NEIGHBOURS)
    nearest = known[nearest]
    observed = _aucs(_labels(np.arange(len(matrix)), rng, runs), asked, nearest)
    members = group_members(group_codes(groups, len(matrix)))
    chance = np.empty(orders)
    for order in range(orders):
        files = np.concatenate([members[group] for group in rng.permutation(len(members))])
        chance[order] = _aucs(_labels(files, rng, runs), asked, nearest).mean()
    return Neighbouring(observed.tolist(), permutation_p(observed.mean(), chance), len(asked))


def _labels(order: Rows, rng: np.random.Generator, runs: int) -> npt.NDArray[np.int64]:
    """Relabellings of files that stand in an order, ``[runs, n]``, by file."""
    labels = np.empty((runs, len(order)), np.int64)
    labels[:, order] = neighbour_labels(len(order), runs, rng)
    return labels


def _aucs(labels: npt.NDArray[np.int64], asked: Rows, nearest: Labels) -> npt.NDArray[np.float64]:
    """AUC of the share of 1 among the neighbours of every file, per relabelling.

    Shares have few values, so wins are counted over values and not over files; a neighbour
    without label counts half.
    """
    votes = np.where(labels == _UNKNOWN, 1, 2 * labels)[:, nearest].sum(axis=2)
    levels = 2 * nearest.shape[1] + 1
    own = labels[:, asked]
    run = np.arange(len(labels))[:, None]
    index = ((run * 2 + own) * levels + votes)[own != _UNKNOWN]
    counts = np.bincount(index, minlength=2 * levels * len(labels)).reshape(-1, 2, levels)
    zeros, ones = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    below = np.cumsum(zeros, axis=1) - zeros / 2
    pairs = zeros.sum(axis=1) * ones.sum(axis=1)
    wins = (ones * below).sum(axis=1)
    return np.where(pairs > 0, wins / np.where(pairs > 0, pairs, 1), 0.5)
