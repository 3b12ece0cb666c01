"""Groups of items that belong together: the independent units of every interval and test."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError

Codes = npt.NDArray[np.int64]


def group_codes(groups: Sequence[Hashable] | None, n: int) -> Codes:
    """Numbers the groups 0, 1, ... in order of first appearance.

    Args:
        groups: One label per item; None makes every item a group of its own.
        n: Number of items.

    Returns:
        int64 ``[n]``, all of 0..G-1.

    Raises:
        InputError: There is not exactly one label per item.
    """
    if groups is None:
        return np.arange(n, dtype=np.int64)
    if len(groups) != n:
        raise InputError(f"{len(groups)} group labels were given for {n} items")
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(label, len(codes)) for label in groups], dtype=np.int64)


def group_count(codes: Codes) -> int:
    """Returns the number of groups G."""
    return int(codes.max(initial=-1)) + 1


def group_members(codes: Codes) -> list[npt.NDArray[np.int64]]:
    """Returns the item indices of every group, ascending, by code."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=group_count(codes)))
    return np.split(order, ends[:-1]) if len(codes) else []


def deal_groups(codes: Codes, blocks: int, rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Deals whole groups, shuffled, into blocks of nearly equal numbers of items.

    Each group goes to the block that holds the fewest items so far (the first of equals), so
    without groups the block sizes differ by at most one.

    Args:
        codes: int ``[n]``, the group of every item.
        blocks: Number of blocks.
        rng: Source of the shuffle.

    Returns:
        Item indices per block, in the order dealt; a block may be empty when groups are few.
    """
    members = group_members(codes)
    dealt: list[list[npt.NDArray[np.int64]]] = [[] for _ in range(blocks)]
    heap = [(0, block) for block in range(blocks)]
    for group in rng.permutation(len(members)):
        size, block = heap[0]
        dealt[block].append(members[group])
        heapq.heapreplace(heap, (size + len(members[group]), block))
    return [np.concatenate(parts) if parts else np.empty(0, np.int64) for parts in dealt]
