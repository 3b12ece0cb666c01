"""Groups stay whole, and names play no part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganeval.errors import InputError
from ganeval.statistics.groups import deal_groups, group_codes, group_count, group_members

labels = st.lists(st.integers(0, 6), min_size=1, max_size=40)


def test_groups_are_numbered_by_first_appearance() -> None:
    assert group_codes(["b", "a", "b", "c"], 4).tolist() == [0, 1, 0, 2]


def test_without_labels_every_item_is_its_own_group() -> None:
    assert group_codes(None, 3).tolist() == [0, 1, 2]


def test_one_label_per_item_is_needed() -> None:
    with pytest.raises(InputError, match="2 group labels were given for 3 items"):
        group_codes(["a", "b"], 3)


@given(labels)
def test_members_list_every_item_once_under_its_group(values: list[int]) -> None:
    codes = group_codes(values, len(values))
    members = group_members(codes)
    assert len(members) == group_count(codes) == len(set(values))
    assert sorted(np.concatenate(members).tolist()) == list(range(len(values)))
    assert all(set(codes[part]) == {code} for code, part in enumerate(members))


@given(labels, st.integers(1, 8), st.integers(0, 5))
def test_dealing_keeps_groups_whole_and_blocks_even(
    values: list[int], blocks: int, seed: int
) -> None:
    codes = group_codes(values, len(values))
    dealt = deal_groups(codes, blocks, np.random.default_rng(seed))
    assert len(dealt) == blocks
    assert sorted(np.concatenate(dealt).tolist()) == list(range(len(values)))
    for part in dealt:
        assert not set(codes[part]) & set(np.delete(codes, part))
    sizes = [len(part) for part in dealt]
    assert max(sizes) - min(sizes) <= np.bincount(codes).max()


def test_single_items_are_dealt_to_within_one() -> None:
    dealt = deal_groups(group_codes(None, 11), 2, np.random.default_rng(0))
    assert sorted(len(part) for part in dealt) == [5, 6]
