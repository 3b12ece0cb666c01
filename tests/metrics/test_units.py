"""Images of equal stem in two fake sets are one unit."""

from __future__ import annotations

import numpy as np

from ganeval.metrics.units import Pairing, shared_units, stem_of


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(count)]


def test_partners_are_one_unit_whatever_their_order_and_extension() -> None:
    a = ["x/1.png", "x/2.png", "x/3.png"]
    b = ["x/3.jpg", "x/1.jpg", "x/2.jpg"]
    units = shared_units([a, b], [names("a", 3), names("b", 3)], [names("a", 3), names("b", 3)])
    assert units.count == 3
    assert units.pairings == {(0, 1): Pairing(paired=True, pairs=3)}
    by_stem = [
        dict(zip(map(stem_of, k), c.tolist(), strict=True))
        for k, c in zip((a, b), units.codes, strict=True)
    ]
    assert by_stem[0] == by_stem[1]
    assert units.digests[1] == ["a2", "a0", "a1"]


def test_sets_with_few_equal_stems_are_independent() -> None:
    a, b = names("", 10), [*names("", 8), "p", "q"]
    units = shared_units([a, b], [a, b], [names("a", 10), names("b", 10)])
    assert units.pairings[0, 1] == Pairing(paired=False, pairs=8)
    assert units.count == 20
    assert units.digests[1] == b


def test_a_small_set_may_be_paired_with_a_part_of_a_large_one() -> None:
    a, b = names("", 30), names("", 10)
    units = shared_units([a, b], [a, b], [names("a", 30), names("b", 10)])
    assert units.pairings[0, 1].paired
    assert units.count == 30
    assert np.isin(units.codes[1], units.codes[0]).all()


def test_groups_of_either_set_join_the_units_of_both() -> None:
    keys = ["1", "2", "3", "4"]
    units = shared_units([keys, keys], [keys, keys], [["g", "g", "c", "d"], ["a", "h", "h", "d"]])
    assert units.count == 2
    assert len(set(units.codes[0][:3].tolist())) == 1


def test_a_stem_that_occurs_twice_in_a_set_has_no_partner() -> None:
    a, b = [*names("", 20), "0.png"], names("", 20)
    units = shared_units([a, b], [a, b], [a, b])
    assert units.pairings[0, 1].pairs == 19
    assert units.codes[1][0] not in units.codes[0]
