"""The label-swap test of the AUC: for units of which some are pairs and some stand alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.statistics.auc import Values, auc_value
from ganeval.statistics.permutation import permutation_p, permuted_labels
from ganeval.statistics.ranks import RankTest, mid_ranks
from ganeval.statistics.streams import generator

SWAPS: Final = 9_999
"""Permutations, so that p is a multiple of 1/10,000."""

_BLOCK: Final = 1 << 21  # labels drawn at once


def label_swap_test(
    fakes: Values,
    reals: Values,
    fake_groups: Sequence[Hashable],
    real_groups: Sequence[Hashable],
    *,
    seed: int = 0,
    count: int = SWAPS,
) -> RankTest:
    """Tests whether fakes score higher than reals when some groups hold one of each.

    The statistic is the AUC. Without difference the two labels of a paired group may be swapped,
    each with probability 1/2, and those of the other units permuted among them. p is (1 + #{A* >=
    A})/(B + 1). The classifier stays fixed, which is right for units it never saw.

    Args:
        fakes: float ``[m]``, finite, one per group.
        reals: float ``[n]``, finite, one per group.
        fake_groups: Group of each fake; no two equal.
        real_groups: Group of each real; no two equal; a name in both is a pair.
        seed: Seed of the permutations.
        count: Their number B.

    Source: Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010)
    39, arXiv 1603.05766.
    """
    steps, alone, labels = _layout(fakes, reals, fake_groups, real_groups)
    rng = generator(seed, "label swaps")
    # Sums of ranks are whole or half numbers: they compare exactly.
    change = np.concatenate([np.empty(0), *_changes(steps, alone, labels, count, rng)])
    pairs = f"{len(steps)} pairs swapped, {len(alone)} other units permuted"
    return RankTest(
        auc_value(fakes, reals),
        permutation_p(0.0, change),
        permutation_p(0.0, -change),
        f"permutation of the AUC, {count:,} draws: {pairs}",
    )


def _layout(
    fakes: Values,
    reals: Values,
    fake_groups: Sequence[Hashable],
    real_groups: Sequence[Hashable],
) -> tuple[Values, Values, npt.NDArray[np.bool_]]:
    """What a swap adds to the fakes' ranks, per pair; ranks and labels of the other units."""
    ranks = mid_ranks(np.concatenate([fakes, reals]))
    place = {group: len(fakes) + i for i, group in enumerate(real_groups)}
    pairs = [(i, place.pop(group)) for i, group in enumerate(fake_groups) if group in place]
    of_pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    steps = ranks[of_pairs[:, 1]] - ranks[of_pairs[:, 0]]
    others = np.setdiff1d(np.arange(len(ranks)), of_pairs)
    return steps, ranks[others], others < len(fakes)


def _changes(
    steps: Values,
    alone: Values,
    labels: npt.NDArray[np.bool_],
    count: int,
    rng: np.random.Generator,
) -> Iterator[Values]:
    """What permutations add to the fakes' sum of ranks, block by block."""
    block = max(1, _BLOCK // (len(steps) + len(alone)))
    strata = np.zeros(len(alone), dtype=np.int64)
    for start in range(0, count, block):
        draws = min(block, count - start)
        change: Values = rng.integers(0, 2, (draws, len(steps)), dtype=np.int8) @ steps
        if len(alone):
            change += permuted_labels(labels, strata, draws, rng) @ alone - labels @ alone
        yield change
