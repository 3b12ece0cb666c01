from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganeval.classifier import units
from ganeval.classifier.units import UnitScores, unit_scores
from ganeval.errors import InputError
from ganeval.statistics.auc import auc_value, clustered_variance, delong_variance, logit_interval
from ganeval.statistics.label_swaps import label_swap_test


def gathered(
    rows: list[tuple[str, int, float]], *, confirmed: bool = False, seed: int = 0
) -> UnitScores:
    """Units of images given as group, label, score."""
    groups, labels, logits = zip(*rows, strict=True)
    return unit_scores(
        np.array(logits), np.array(labels), groups, pairs_confirmed=confirmed, seed=seed
    )


def pairs(count: int, *, shift: float = 0.5, alone: int = 0) -> list[tuple[str, int, float]]:
    """Pictures with their translations, then fakes and reals that stand alone."""
    rng = np.random.default_rng(0)
    picture = 2 * rng.normal(size=count)
    rows = [(f"p{i:03}", 0, float(x + rng.normal())) for i, x in enumerate(picture)]
    rows += [(f"p{i:03}", 1, float(x + shift + rng.normal())) for i, x in enumerate(picture)]
    rows += [(f"r{i:03}", 0, float(rng.normal())) for i in range(alone)]
    return rows + [(f"f{i:03}", 1, float(rng.normal())) for i in range(alone)]


def separate(m: int, n: int, shift: float = 0.8) -> list[tuple[str, int, float]]:
    rng = np.random.default_rng(1)
    rows = [(f"r{i:03}", 0, float(rng.normal())) for i in range(n)]
    return rows + [(f"f{i:03}", 1, float(rng.normal() + shift)) for i in range(m)]


def test_a_unit_is_the_mean_of_one_class_in_one_group() -> None:
    rows = [("b", 1, 1.0), ("a", 0, 2.0), ("b", 1, 4.0), ("c", 0, 7.0), ("a", 0, 3.0)]
    found = gathered(rows)
    assert (found.fakes.tolist(), found.fake_groups) == ([2.5], ["b"])
    assert (found.reals.tolist(), found.real_groups) == ([2.5, 7.0], ["a", "c"])
    assert (found.design, found.m, found.n, found.dropped) == ("unpaired", 1, 2, {})


def test_the_order_of_images_changes_nothing() -> None:
    rows = [(f"g{i % 7}", int(i % 7 > 3), float(x)) for i, x in enumerate(np.sin(range(70)) / 3)]
    backwards = gathered(rows[::-1])
    for name, values in vars(gathered(rows)).items():
        assert np.array_equal(values, getattr(backwards, name)), name


def test_confirmed_pairs_are_compared_in_pairs_and_the_rest_is_left_out_and_counted() -> None:
    found = gathered(pairs(40, alone=2), confirmed=True)
    assert (found.design, found.m, found.n) == ("paired", 40, 40)
    assert found.dropped == {"real without its partner": 2, "fake without its partner": 2}
    assert found.fake_groups == found.real_groups
    assert found.differences is not None
    assert found.differences.tolist() == (found.fakes - found.reals).tolist()


def test_names_that_only_look_like_pairs_are_taken_as_independent() -> None:
    found = gathered(pairs(40), confirmed=False)
    assert (found.design, found.m, found.n, found.dropped) == ("unpaired", 40, 40, {})
    assert "rank-sum" in units.test_units(found).method


def test_a_few_pairs_lose_one_unit_each_by_hash() -> None:
    rows = pairs(4, alone=30)
    draws = [gathered(rows, seed=seed) for seed in range(20)]
    for found in draws:
        assert found.design == "unpaired"
        assert found.dropped == {"second unit of its group": 4}
        assert found.m + found.n == 64
        assert not found.share_groups
        # Of each of the four, exactly one is left.
        assert sum(g.startswith("p") for g in found.fake_groups + found.real_groups) == 4
    assert len({found.m for found in draws}) > 1
    assert gathered(rows, seed=3).fake_groups == draws[3].fake_groups


@pytest.mark.parametrize("confirmed", [False, True])
def test_anything_between_is_mixed(confirmed: bool) -> None:
    found = gathered(pairs(20, alone=20), confirmed=confirmed)
    assert (found.design, found.m, found.n, found.dropped) == ("mixed", 40, 40, {})


@pytest.mark.parametrize(
    ("both", "alone", "design"),
    [(90, 5, "paired"), (89, 6, "mixed"), (10, 45, "unpaired"), (11, 45, "mixed")],
)
def test_the_shares_at_which_designs_change(both: int, alone: int, design: str) -> None:
    # Of both + 2 alone groups: 0.90, 0.88, 0.10 and 0.109.
    assert gathered(pairs(both, alone=alone), confirmed=True).design == design


def test_a_missing_class_is_told() -> None:
    with pytest.raises(InputError, match="no fake image"):
        gathered([("a", 0, 1.0), ("b", 0, 2.0)])
    with pytest.raises(InputError, match="2 scores, 1 labels"):
        unit_scores(np.zeros(2), np.zeros(1, int), ["a", "b"], pairs_confirmed=False, seed=0)


def test_independent_units_take_the_rank_sum_and_delong() -> None:
    held = gathered(separate(33, 25))
    found = units.test_units(held, level=0.9)
    peer = stats.mannwhitneyu(held.fakes, held.reals, alternative="greater", method="exact")
    assert (found.value, found.p) == pytest.approx((peer.statistic, peer.pvalue), rel=1e-9)
    se = math.sqrt(delong_variance(held.fakes, held.reals))
    assert found.estimate.value == peer.statistic / (33 * 25)
    assert found.estimate.se == se
    assert (found.estimate.low, found.estimate.high) == logit_interval(
        found.estimate.value, se, 0.9
    )
    assert found.estimate.n == {"real": 25, "fake": 33}
    assert (found.m, found.n, found.design) == (33, 25, "unpaired")


def test_pairs_take_the_signed_ranks_and_the_clustered_error() -> None:
    held = gathered(pairs(40), confirmed=True)
    found = units.test_units(held)
    peer = stats.wilcoxon(held.fakes, held.reals, alternative="greater", method="exact")
    assert (found.value, found.p) == pytest.approx((peer.statistic, peer.pvalue), rel=1e-9)
    variance = clustered_variance(held.fakes, held.reals, range(40), range(40))
    assert found.estimate.se == math.sqrt(variance)
    assert found.estimate.se < math.sqrt(delong_variance(held.fakes, held.reals))


def test_a_mixed_design_takes_label_swaps() -> None:
    held = gathered(pairs(20, alone=20))
    found = units.test_units(held, seed=5)
    peer = label_swap_test(held.fakes, held.reals, held.fake_groups, held.real_groups, seed=5)
    assert (found.p, found.p_below, found.value) == (peer.p, peer.p_below, peer.statistic)
    assert found.estimate.value == found.value
    assert units.test_units(held, seed=6).p != found.p


def test_scores_the_wrong_way_round_show_in_the_other_tail() -> None:
    for rows, confirmed in ((separate(30, 30, -1.5), False), (pairs(40, shift=-1.5), True)):
        found = units.test_units(gathered(rows, confirmed=confirmed))
        assert found.p > 0.99
        assert found.p_below < 0.01


def test_equal_pairs_are_counted_in_the_method() -> None:
    rows = [*pairs(30), ("same", 0, 1.0), ("same", 1, 1.0)]
    found = units.test_units(gathered(rows, confirmed=True))
    assert "1 equal pairs left out" in found.method


@pytest.mark.parametrize(("n", "low"), [(90, 0.907), (25, 0.704)])
def test_complete_separation_is_bounded_by_both_rates(n: int, low: float) -> None:
    rows = [(f"r{i}", 0, float(i)) for i in range(n)]
    rows += [(f"f{i}", 1, float(i + 1000)) for i in range(n)]
    found = units.test_units(gathered(rows), threshold=500.0).estimate
    # The published bounds, three digits.
    assert found.low == pytest.approx(low, abs=5e-4)
    assert (found.value, found.high, found.se) == (1.0, 1.0, None)
    mirrored = [(group, 1 - label, score) for group, label, score in rows]
    below = units.test_units(gathered(mirrored), threshold=500.0).estimate
    assert (below.value, below.low) == (0.0, 0.0)
    assert below.high == pytest.approx(1 - low, abs=5e-4)


def test_a_threshold_that_misses_makes_the_bound_weaker() -> None:
    rows = [(f"r{i}", 0, float(i)) for i in range(40)]
    rows += [(f"f{i}", 1, float(i + 1000)) for i in range(40)]
    ends = [units.test_units(gathered(rows), threshold=t).estimate.low for t in (500.0, 1010.0)]
    lower = stats.beta.ppf(0.0125, 30, 11) * 0.0125 ** (1 / 40)
    assert ends[1] == pytest.approx(lower, rel=1e-9)
    assert ends[1] < ends[0]


def test_complete_separation_without_a_threshold_is_bounded_by_separate_pairs() -> None:
    rows = [(f"r{i}", 0, float(i)) for i in range(40)]
    rows += [(f"f{i}", 1, float(i + 1000)) for i in range(30)]
    found = units.test_units(gathered(rows)).estimate
    # 30 disjoint pairs, all won: the smallest A with A^30 >= 0.025.
    assert (found.low, found.high) == pytest.approx((0.025 ** (1 / 30), 1.0))
    of_pairs = pairs(30, shift=1000)
    paired = units.test_units(gathered(of_pairs, confirmed=True)).estimate
    # A fake of one picture and the real of another: 15 of them.
    assert paired.low == pytest.approx(0.025 ** (1 / 15))


@pytest.mark.parametrize("threshold", [None, 0.0])
def test_scores_without_spread_leave_everything_open(threshold: float | None) -> None:
    rows = [(f"{label}{i}", label, 0.0) for label in (0, 1) for i in range(20)]
    found = units.test_units(gathered(rows), threshold=threshold)
    assert (found.p, found.p_below) == (1.0, 1.0)
    assert (found.estimate.value, found.estimate.se) == (0.5, None)
    assert (found.estimate.low, found.estimate.high) == (0.0, 1.0)


def test_a_single_unit_of_a_class_has_no_standard_error() -> None:
    found = units.test_units(gathered(separate(1, 20)), threshold=0.4)
    assert found.estimate.se is None
    assert found.estimate.low is not None
    assert found.estimate.low <= found.estimate.value <= found.estimate.high  # type: ignore[operator]


def test_power_of_independent_units_is_the_published_row() -> None:
    found = units.power(gathered(separate(90, 90)), 0.05)
    # Printed .043, .61 and .60; the accuracy on a grid of 0.005.
    assert found.null_se == pytest.approx(0.043, abs=5e-4)
    assert found.auc == pytest.approx(0.61, abs=5e-3)
    assert found.accuracy == pytest.approx(0.60, abs=7.5e-3)
    assert (found.power, found.alpha) == (0.8, 0.05)


def test_pairs_that_are_alike_see_smaller_effects() -> None:
    alike, alone = units.power(gathered(pairs(90), confirmed=True), 0.05), None
    alone = units.power(gathered(separate(90, 90)), 0.05)
    assert 0.5 < alike.auc < alone.auc  # type: ignore[operator]
    assert alike.null_se < 0.6 * alone.null_se
    effect = 0.5 + 2.487 / math.sqrt(270)
    assert f"{effect:.3f}" in alike.method


def test_an_effect_does_not_change_the_power_that_is_stated() -> None:
    weak, strong = (
        units.power(gathered(pairs(60, shift=shift), confirmed=True), 0.05) for shift in (0.0, 50.0)
    )
    assert strong == weak


def test_too_few_units_see_nothing() -> None:
    assert units.power(gathered(separate(2, 2)), 0.05).auc is None
    assert units.power(gathered(pairs(5), confirmed=True), 0.05).auc is None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unpaired", "paired", "mixed"])
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    rng = np.random.default_rng(3)
    truth = float(stats.norm.cdf(0.8 / math.sqrt(2)))
    held = 0
    for _ in range(600):
        shared = {"unpaired": 0, "paired": 60, "mixed": 30}[kind]
        picture = math.sqrt(0.7) * rng.normal(size=120)
        fakes = picture[:60] + math.sqrt(0.3) * rng.normal(size=60) + 0.8
        reals = picture[60 - shared :][:60] + math.sqrt(0.3) * rng.normal(size=60)
        names = [f"g{i}" for i in range(60)], [f"g{i}" for i in range(60 - shared, 120 - shared)]
        one = UnitScores(fakes, reals, "unpaired", {}, *names)
        estimate = units.test_units(one).estimate
        assert estimate.value == auc_value(fakes, reals)
        held += estimate.low <= truth <= estimate.high  # type: ignore[operator]
    # A share of 600 has a standard error of 0.9 %; three of these.
    assert held / 600 == pytest.approx(0.95, abs=0.027)
