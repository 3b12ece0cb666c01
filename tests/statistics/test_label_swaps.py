from __future__ import annotations

import itertools

import numpy as np
import pytest

from ganeval.statistics.auc import auc_value
from ganeval.statistics.label_swaps import label_swap_test
from ganeval.statistics.ranks import mann_whitney, signed_rank


def test_p_is_the_share_of_all_permissible_labellings() -> None:
    rng = np.random.default_rng(0)
    fakes, reals = np.round(rng.normal(0.6, 1, 7), 1), np.round(rng.normal(0, 1, 6), 1)
    # Groups a, b, c, d are pairs; three fakes and two reals stand alone.
    observed, as_high, as_low, every = auc_value(fakes, reals), 0, 0, 0
    alone = np.concatenate([fakes[4:], reals[4:]])
    for swaps in itertools.product([False, True], repeat=4):
        swapped = np.where(swaps, reals[:4], fakes[:4]), np.where(swaps, fakes[:4], reals[:4])
        for chosen in itertools.combinations(range(5), 3):
            rest = np.delete(alone, chosen)
            value = auc_value(
                np.concatenate([swapped[0], alone[list(chosen)]]),
                np.concatenate([swapped[1], rest]),
            )
            every += 1
            as_high += value >= observed - 1e-12
            as_low += value <= observed + 1e-12
    found = label_swap_test(fakes, reals, [*"abcdxyz"], [*"abcduv"], seed=1)
    assert found.statistic == pytest.approx(observed)
    # 9,999 draws: a standard error of at most 0.005; four of these.
    assert found.p == pytest.approx(as_high / every, abs=0.02)
    assert found.p_below == pytest.approx(as_low / every, abs=0.02)


def test_without_pairs_it_agrees_with_the_rank_sum_and_with_pairs_alone_it_swaps() -> None:
    rng = np.random.default_rng(1)
    fakes, reals = rng.normal(0.5, 1, 30), rng.normal(0, 1, 20)
    apart = label_swap_test(fakes, reals, range(30), range(50, 70))
    assert apart.p == pytest.approx(mann_whitney(fakes, reals).p, abs=0.01)
    pictures = 3 * rng.normal(size=30)
    fakes, reals = pictures + 0.4 + 0.5 * rng.normal(size=30), pictures + 0.5 * rng.normal(size=30)
    paired = label_swap_test(fakes, reals, range(30), range(30))
    # Both use the pairs: the rank-sum test sees nothing under this spread of pictures.
    assert paired.p < 0.05
    assert signed_rank(fakes - reals).p < 0.05
    assert mann_whitney(fakes, reals).p > 0.2


@pytest.mark.parametrize(("count", "possible"), [(0, {1.0}), (1, {0.5, 1.0})])
def test_p_of_few_draws_is_b_plus_one_over_b_plus_one(count: int, possible: set[float]) -> None:
    fakes, reals = np.arange(10.0, 15.0), np.arange(4.0)
    found = {
        label_swap_test(fakes, reals, range(5), range(3, 7), seed=seed, count=count).p
        for seed in range(40)
    }
    assert found == possible


def test_p_is_never_zero_and_depends_on_the_seed_alone() -> None:
    fakes, reals = np.arange(100.0, 160.0), np.arange(60.0)
    groups = list(range(30, 90)), list(range(60))
    assert label_swap_test(fakes, reals, *groups).p == 1 / 10_000
    mixed = fakes - 95.0, reals
    state = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    first, again = (label_swap_test(*mixed, *groups, seed=3) for _ in range(2))
    assert first == again
    assert np.random.get_state()[1].tolist() == state  # type: ignore[index]  # noqa: NPY002
    assert label_swap_test(*mixed, *groups, seed=4).p != first.p


@pytest.mark.slow
def test_true_nulls_of_a_mixed_design_are_rejected_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(2)
    rejected = 0
    for run in range(400):
        pictures = 2 * rng.normal(size=60)
        fakes = pictures[:40] + rng.normal(size=40)
        reals = pictures[20:] + rng.normal(size=40)
        found = label_swap_test(fakes, reals, range(40), range(20, 60), seed=run, count=999)
        rejected += found.p <= 0.05
    # Binomial band of 99.9 % around 20 of 400.
    assert 7 <= rejected <= 36
