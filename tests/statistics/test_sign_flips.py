"""Exact tests of few runs, against counts by hand and the published tables."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.sign_flips import (
    DRAWS,
    flip_p_values,
    label_permutation_test,
    seeds_needed,
    sign_flip_test,
    smallest_paired_p,
    smallest_unpaired_p,
)

# Differences and the share of all sign flips with a mean as large, counted by hand.
COUNTED = {
    (0.3, 0.1, 0.5, 0.2, 0.4): (2, 32),
    (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0): (2, 256),
    (0.5, 0.2, 0.3, 0.1, 0.4, -0.1): (6, 64),
    (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, -8.0): (50, 256),
    (0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.0): (4, 128),
    (0.0, 0.0, 0.0): (8, 8),
    (-2.0,): (2, 2),
}


@pytest.mark.parametrize("differences", COUNTED)
def test_p_is_the_share_of_flips(differences: tuple[float, ...]) -> None:
    hits, flips = COUNTED[differences]
    result = sign_flip_test(np.array(differences))
    assert result.p == hits / flips
    assert result.smallest_p == 2 / flips
    assert result.exact
    assert result.draws == flips


def test_the_test_may_disagree_with_the_t_interval() -> None:
    d = np.array([0.5, 0.2, 0.3, 0.1, 0.4, -0.1])
    low, high = t_interval(float(d.mean()), float(d.std(ddof=1)) / math.sqrt(6), 5)
    assert (low, high) == (pytest.approx(0.0066, abs=5e-5), pytest.approx(0.4600, abs=5e-5))
    assert sign_flip_test(d).p > 0.05


def test_unit_and_sign_of_the_metric_do_not_matter() -> None:
    d = np.random.default_rng(2).normal(0.4, 1, 11)
    p = sign_flip_test(d).p
    assert sign_flip_test(-d).p == p
    assert sign_flip_test(d * 1e-9).p == p
    assert sign_flip_test(d * 1e9).p == p


def test_equal_sums_count_as_ties_whatever_the_rounding() -> None:
    # 0.1 + 0.2 + ... differ in their last digits by order; (.3, -.1, -.2) and its mirror are zero.
    d = np.array([0.1, 0.2, -0.3, 0.1, 0.2, -0.3])
    assert sign_flip_test(d).p == 1.0


def test_many_tests_at_once_are_the_tests_one_by_one() -> None:
    rows = np.random.default_rng(3).normal(size=(7, 9))
    expected = [sign_flip_test(row).p for row in rows]
    assert flip_p_values(rows).tolist() == expected


def test_beyond_sixteen_pairs_flips_are_random_and_keyed() -> None:
    d = np.random.default_rng(4).normal(0.5, 1, 17)
    result = sign_flip_test(d)
    assert not result.exact
    assert result.draws == DRAWS
    assert sign_flip_test(d) == result
    assert sign_flip_test(d, seed=1).p != result.p
    signs = np.array(list(product((1.0, -1.0), repeat=17)))
    exact = np.mean(np.abs(signs @ d) >= abs(d.sum()) - 1e-9)
    # Four standard deviations of a share of 100,000 draws.
    assert result.p == pytest.approx(exact, abs=4 * math.sqrt(exact / DRAWS))
    assert sign_flip_test(np.ones(60)).p == sign_flip_test(np.ones(60)).smallest_p > 0


def test_unpaired_arms_by_all_relabellings() -> None:
    first, second = np.array([5.0, 6.0, 10.0]), np.array([1.0, 2.0, 3.0, 4.0])
    result = label_permutation_test(first, second)
    pooled = np.concatenate([first, second])
    differences = []
    for chosen in combinations(range(7), 3):
        rest = np.delete(pooled, chosen)
        differences.append(abs(pooled[list(chosen)].mean() - rest.mean()))
    assert result.p == np.mean(np.array(differences) >= 4.5 - 1e-9) == 1 / 35
    assert result.smallest_p == 1 / 35
    assert result.draws == 35


def test_complete_separation_of_equal_arms_gives_the_smallest_p() -> None:
    for n in range(2, 8):
        values = np.random.default_rng(n).normal(70, 1, 2 * n)
        values.sort()
        result = label_permutation_test(values[:n], values[n:])
        assert result.p == result.smallest_p == 2 / math.comb(2 * n, n)


def test_many_runs_per_arm_are_permuted_at_random() -> None:
    rng = np.random.default_rng(8)
    first, second = rng.normal(0, 1, 14), rng.normal(0.6, 1, 12)
    result = label_permutation_test(first, second)
    assert (result.exact, result.draws) == (False, DRAWS)
    assert 1 / (DRAWS + 1) <= result.p < 1
    assert label_permutation_test(first, second) == result


def test_smallest_p_table_is_the_published_one() -> None:
    paired = [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.0156, 0.0078, 0.0039, 0.0020]
    unpaired = [0.333, 0.1, 0.0286, 0.0079, 0.0022, 0.00058]
    for n, p in enumerate(paired, start=2):
        assert smallest_paired_p(n) == pytest.approx(p, abs=5.1e-5)  # rounded to 4 decimals
    for n, p in enumerate(unpaired, start=2):
        assert smallest_unpaired_p(n, n) == pytest.approx(p, rel=0.02)  # rounded to 2-3 figures


def test_seeds_needed_table_is_the_published_one() -> None:
    paired = {6: (1, 1), 7: (2, 3), 8: (4, 6), 9: (7, 12), 10: (13, 25)}
    unpaired = {4: (1, 1), 5: (2, 6), 6: (7, 23)}
    for is_paired, table in ((True, paired), (False, unpaired)):
        for n, (least, most) in table.items():
            for m in range(least, most + 1):
                assert seeds_needed(m, 0.05, is_paired) == n
            assert seeds_needed(most + 1, 0.05, is_paired) == n + 1


def test_input_that_cannot_be_tested_is_refused() -> None:
    with pytest.raises(InputError, match="at least one finite number"):
        sign_flip_test(np.array([]))
    with pytest.raises(InputError, match="finite"):
        sign_flip_test(np.array([1.0, math.nan]))
    with pytest.raises(InputError, match="second"):
        label_permutation_test(np.ones(3), np.array([math.inf]))
    with pytest.raises(InputError, match="alpha"):
        seeds_needed(1, 0.7)
    with pytest.raises(InputError, match="no number of seeds"):
        seeds_needed(10_000)
    with pytest.raises(InputError, match="at least one pair"):
        smallest_paired_p(0)
    with pytest.raises(InputError, match="both arms"):
        smallest_unpaired_p(3, 0)
