"""From values per seed to a verdict, and the sentences that say it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ganeval.ablation.judged import Judged
from ganeval.ablation.judging import adjust, judge, sentence
from ganeval.errors import InputError
from ganeval.statistics.crossed import Crossed
from ganeval.statistics.intervals import holm
from ganeval.statistics.sign_flips import sign_flip_test

BASE = {s: 0.01 * v for s, v in enumerate([5.0, 5.3, 4.8, 5.1, 5.6, 4.9, 5.2, 5.4])}


def against(differences: list[float], **options: Any) -> Judged:
    """A paired comparison of KID, which is shown a hundredfold, with these differences."""
    base = {seed: BASE[seed % len(BASE)] for seed in range(len(differences))}
    variant = {seed: base[seed] + d for seed, d in enumerate(differences)}
    given: dict[str, Any] = {"metric": "kid", "better": "lower"}
    given |= {"label": "KID x100", "scale": 100.0, "variant": "no-buffer"}
    return judge(variant, base, **(given | options))


CLEAR = [0.004, 0.006, 0.003, 0.005, 0.002, 0.004, 0.005, 0.0046]
VAGUE = [0.004, -0.006, 0.003, -0.001, 0.002, -0.004, 0.005, 0.0049]


def test_a_clear_difference_is_said_with_its_numbers() -> None:
    judged = against(CLEAR, family_size=1)
    d = np.array(CLEAR)
    low, high = 100 * np.array(stats.t.interval(0.95, 7, d.mean(), stats.sem(d)))
    assert judged.kind == "difference"
    assert judged.p == 2 / 256
    assert judged.sentence == (
        f"no-buffer is worse: KID x100 +{100 * d.mean():.2f} [{low:.2f}, {high:.2f}] over 8 seeds, "
        "p 0.0078, no A/A arm to compare with."
    )
    assert judged.notes == ["no A/A arm: the noise floor of this study is unknown"]
    assert sentence(judged) == judged.sentence


def test_better_and_worse_follow_the_metric() -> None:
    assert "is worse: KID" in against(CLEAR).sentence
    assert "is better: KID" in against([-d for d in CLEAR]).sentence
    assert "is better: KID" in against(CLEAR, better="higher").sentence
    assert against(CLEAR).poi == 0.0
    assert against(CLEAR, better="higher").poi == 1.0


def test_five_seeds_are_underpowered_by_design_and_told_what_is_missing() -> None:
    d = [-0.005, -0.004, 0.0015, -0.006, -0.002]
    judged = against(d, family_size=3)
    assert judged.kind == "underpowered"
    start = (
        "Underpowered by design: with n = 5 paired seeds the smallest possible p is 0.0625 "
        "(Holm: 0.19), so no difference could have been declared. "
        "Observed: KID x100 0.31 lower (4 of 5 seeds better). "
        "7 seeds would be needed for these 3 comparisons; effects below "
    )
    assert judged.sentence.startswith(start)
    # With seven pairs at 0.05/3 only the most extreme outcome counts: beyond 1.8 sd of 0.30.
    invisible, _, rest = judged.sentence.removeprefix(start).partition(" ")
    assert float(invisible) == pytest.approx(100 * 1.85 * np.std(d, ddof=1), rel=0.04)
    assert rest == "stay invisible even then."


@pytest.mark.parametrize("effect", [0.0, 0.3, 5.0, 1e6])
@pytest.mark.parametrize("family_size", [1, 3])
def test_five_pairs_never_give_a_difference(effect: float, family_size: int) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        judged = against((effect + rng.normal(size=5)).tolist(), family_size=family_size)
        [adjusted] = adjust([judged])
        assert judged.kind == adjusted.kind == "underpowered"


def test_five_equal_differences_are_still_underpowered() -> None:
    base = {seed: float(seed) for seed in range(5)}
    shifted = {seed: value + 0.25 for seed, value in base.items()}
    judged = judge(shifted, base, metric="fid", better="lower", margin=1.0)
    assert judged.kind == "underpowered"
    assert "stay invisible" not in judged.sentence  # the spread is not known


def test_nothing_found_is_undecided_with_what_could_have_been_found() -> None:
    judged = against(VAGUE)
    sd = np.std(VAGUE, ddof=1)
    assert judged.kind == "undecided"
    assert judged.mde == pytest.approx(1.18 * sd, abs=0.05 * sd)
    assert judged.mde is not None
    low, high = 100 * np.array(stats.t.interval(0.95, 7, np.mean(VAGUE), stats.sem(VAGUE)))
    assert judged.sentence == (
        f"Undecided: KID x100 +{100 * np.mean(VAGUE):.2f} [{low:.2f}, {high:.2f}] over 8 seeds; "
        f"this design finds differences of {100 * judged.mde:.2f} or more with 80 % power."
    )


def test_equality_is_only_said_within_a_declared_margin() -> None:
    judged = against(VAGUE, margin=0.01)
    above = stats.ttest_1samp(VAGUE, -0.01, alternative="greater").pvalue
    below = stats.ttest_1samp(VAGUE, 0.01, alternative="less").pvalue
    assert judged.equivalence_p == pytest.approx(max(above, below), rel=1e-9)
    assert judged.kind == "equivalent"
    assert judged.sentence.startswith("no-buffer and base are equal within ±1.00: KID x100 +0.10 [")
    assert against(VAGUE, margin=0.001).kind == "undecided"
    assert against(CLEAR, margin=1.0).kind == "difference"


def test_the_test_decides_where_the_interval_disagrees() -> None:
    judged = against([0.5, 0.2, 0.3, 0.1, 0.4, -0.1], scale=1.0)
    assert judged.p == 6 / 64
    assert judged.kind == "undecided"
    assert judged.interval is not None
    assert (judged.interval.low, judged.interval.high) == pytest.approx((0.0066, 0.46), abs=5e-5)
    assert any("the verdict follows the test" in note for note in judged.notes)


def test_one_run_each_says_nothing_about_methods() -> None:
    images = Crossed(0.004, 0.001, 0.002, 0.006, 1, "over images, these training runs", "bootstrap")
    judged = against([0.004], over_images=images)
    assert judged.kind == "single_run"
    assert judged.p is None
    assert judged.sentence == (
        "no-buffer and base: these two image sets differ by KID x100 +0.40 [0.20, 0.60] "
        "(images resampled); one training run each, so this says nothing about the methods."
    )
    assert "images resampled" not in against([0.004]).sentence


def test_what_cannot_be_compared_has_no_conclusion_whatever_the_numbers() -> None:
    judged = against(CLEAR, invalid="105 fakes against 120")
    assert judged.kind == "invalid"
    assert judged.sentence == "No conclusion: 105 fakes against 120."
    assert judged.p == 2 / 256
    apart = judge({0: 1.0}, {1: 2.0}, metric="fid", better="lower")
    assert "no seed was run to its end in both" in apart.sentence
    empty = judge({}, {1: 2.0}, metric="fid", better="lower", pairing="none")
    assert empty.kind == "invalid"


def test_rules_are_taken_in_order() -> None:
    assert against([0.004], invalid="mixed protocols").kind == "invalid"
    assert against([0.004], margin=9.0).kind == "single_run"
    assert against(CLEAR[:4], margin=9.0).kind == "underpowered"
    assert against(CLEAR, margin=9.0).kind == "difference"
    assert against(VAGUE, margin=9.0).kind == "equivalent"
    assert against(VAGUE).kind == "undecided"


def test_holm_is_applied_over_the_declared_family() -> None:
    six_of_eight = [0.004, 0.006, 0.003, 0.005, 0.002, 0.004, -0.0021, 0.0046]
    judged = [against(d, family_size=3) for d in (CLEAR, six_of_eight, VAGUE)]
    adjusted = adjust(judged)
    p = [j.p for j in judged if j.p is not None]
    assert [j.p_holm for j in adjusted] == holm(p)
    assert 0.05 / 3 < p[1] < 0.05
    assert [j.kind for j in adjusted] == ["difference", "difference", "undecided"]
    assert judged[1].kind == "undecided"  # alone it must count with all three
    assert "Holm p 0.023" in adjusted[0].sentence


def test_comparisons_without_a_value_still_count() -> None:
    adjusted = adjust([against(CLEAR, family_size=4)])
    assert adjusted[0].p_holm == 4 * 2 / 256
    lost = judge({}, BASE, metric="kid", better="lower", family_size=2)
    both = adjust([against(CLEAR, family_size=2), lost])
    assert both[0].p_holm == 2 * 2 / 256
    assert both[1].kind == "invalid"


def test_a_small_arm_beside_large_ones_may_reach_alpha_last() -> None:
    """Six pairs reach 0.031; after two larger arms were found that is enough, as Holm says."""
    ten = [0.004 + 0.0001 * i for i in range(10)]
    first, second, small = adjust([against(d, family_size=3) for d in (ten, ten, ten[:6])])
    assert small.smallest_holm == small.p_holm == 1 / 32
    assert small.kind == first.kind == second.kind == "difference"
    assert against(ten[:6], family_size=3).kind == "underpowered"


def test_exploratory_comparisons_are_marked_and_not_adjusted() -> None:
    judged = [against(CLEAR, family_size=1), against(CLEAR, exploratory=True, family_size=1)]
    declared, exploratory = adjust(judged)
    assert declared.p_holm == 2 / 256
    assert exploratory.p_holm is None
    assert exploratory.sentence.startswith("Exploratory, not declared in advance. ")


def test_families_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="families of 2, 3"):
        adjust([against(CLEAR, family_size=2), against(CLEAR, family_size=3)])
    with pytest.raises(InputError, match="2 declared"):
        adjust([against(CLEAR), against(CLEAR)])


def test_a_run_that_diverged_counts_as_the_worst_and_is_dropped_beside() -> None:
    base: dict[int, float | None] = dict(BASE)
    variant: dict[int, float | None] = {s: value - 0.004 for s, value in BASE.items()}
    variant[3] = None
    judged = judge(variant, base, metric="kid", better="lower", variant="no-buffer")
    assert judged.n == 8
    assert judged.diffs[3] == pytest.approx(0.056 - 0.051, abs=1e-12)
    assert judged.sensitivity is not None
    assert judged.sensitivity.n == 7
    assert judged.sensitivity.diffs == pytest.approx([-0.004] * 7)
    assert judged.sensitivity.kind == "difference"
    assert judged.kind == "undecided"
    [diverged] = judged.diverged
    assert (diverged.arm, diverged.seeds, diverged.runs) == ("no-buffer", [3], 8)
    expected = stats.binomtest(1, 8).proportion_ci(0.95, "exact")
    assert (diverged.low, diverged.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert any("1 of 8 runs of no-buffer diverged" in note for note in judged.notes)
    [adjusted] = adjust([judged])
    assert adjusted.sensitivity is not None
    assert adjusted.sensitivity.p_holm == 2 / 128


def test_the_worst_value_is_that_of_the_study() -> None:
    variant: dict[int, float | None] = {0: None, 1: 1.0, 2: 2.0}
    base = {0: 1.5, 1: 1.6, 2: 1.7}
    lower = judge(variant, base, metric="fid", better="lower", worst=30.0)
    assert lower.diffs[0] == 28.5
    higher = judge(variant, base, metric="is", better="higher")
    assert higher.diffs[0] == -0.5
    from_noise = judge(variant, base, metric="fid", better="lower", aa=[9.0, 2.0])
    assert from_noise.diffs[0] == 7.5
    gone = judge({0: None, 1: None}, {0: None}, metric="fid", better="lower")
    assert gone.kind == "invalid"
    assert "every run diverged" in gone.sentence


def test_seeds_of_one_arm_only_drop_out_and_are_listed() -> None:
    variant = {s: v + 0.004 for s, v in BASE.items() if s != 2} | {11: 0.05}
    judged = judge(variant, BASE, metric="kid", better="lower")
    assert judged.seeds == [0, 1, 3, 4, 5, 6, 7]
    assert any("seeds 2, 11" in note for note in judged.notes)


def test_noise_band_stands_beside_and_plans() -> None:
    rng = np.random.default_rng(4)
    base = dict(enumerate(rng.normal(5, 0.3, 8).tolist()))
    aa = rng.normal(5, 0.3, 8).tolist()
    shifted = {s: v + 2 + 0.2 * (s % 3) for s, v in base.items()}
    far = judge(shifted, base, metric="fid", better="lower", aa=aa)
    assert far.noise is not None
    before, _, band = far.sentence.rstrip(".").partition("outside the A/A band ±")
    assert before.startswith("variant is worse: fid +2.")
    assert float(band) == pytest.approx(far.noise.half_width, abs=6e-3)
    assert far.sd_planning == far.noise.sd
    near = judge({s: v + 0.01 for s, v in base.items()}, base, metric="fid", better="lower", aa=aa)
    assert near.kind == "difference"
    assert "but inside the A/A band" in near.sentence
    other = judge(base, base, metric="fid", better="lower", aa=[v + 3 for v in aa])
    assert other.notes[0].startswith("the noise arm itself differs")


def test_unpaired_arms_are_permuted() -> None:
    one, other = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}, {5: 11.0, 6: 12.0, 7: 13.0, 8: 15.0}
    judged = judge(one, other, metric="fid", better="lower", pairing="none", variant="unet")
    assert (judged.p, judged.kind) == (2 / 70, "difference")
    assert judged.diffs == []
    assert judged.pairing_gain is None
    assert "over 4 seeds per arm, unpaired" in judged.sentence
    few = judge({0: 1.0, 1: 2.0, 2: 3.0}, {5: 11.0, 6: 12.0, 7: 13.0}, metric="fid",
                better="lower", pairing="none")  # fmt: skip
    assert few.kind == "underpowered"
    assert "n = 3 unpaired seeds per arm the smallest possible p is 0.1" in few.sentence
    assert "4 seeds per arm would be needed" in few.sentence


def test_interval_over_seeds_and_images_is_shown_where_known() -> None:
    images = Crossed(0.0042, 0.001, 0.001, 0.0074, 8, "over seeds and images", "bootstrap")
    judged = against(CLEAR, over_images=images)
    assert judged.interval is not None
    assert judged.interval.population == "over seeds and images"
    assert judged.seed_interval is not None
    assert judged.seed_interval.population == "over training seeds, these test images"
    assert "[0.10, 0.74]" in judged.sentence


def test_ten_pairs_have_a_bootstrap_interval_and_five_their_range() -> None:
    ten = against([0.004 + 0.001 * i for i in range(10)])
    assert ten.bootstrap is not None
    assert ten.bootstrap.kind.startswith("BCa")
    five = against(CLEAR[:5])
    assert five.bootstrap is None
    assert five.effect is not None
    assert five.effect.range == pytest.approx((0.002, 0.006))


def test_values_out_of_range_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="arm unet, seed 1"):
        judge({0: 1.0, 1: math.nan}, BASE, metric="fid", better="lower", variant="unet")
    for option in ({"alpha": 0.7}, {"power": 0.01}, {"margin": 0.0}, {"family_size": 0}):
        with pytest.raises(InputError, match="wanted"):
            against(CLEAR, **option)


@pytest.mark.slow
def test_families_of_null_comparisons_are_found_as_often_as_meant() -> None:
    """400 studies of eight seeds and three variants that change nothing but chance."""
    rng = np.random.default_rng(400)
    false = 0
    for _ in range(400):
        base = dict(enumerate(rng.normal(size=8).tolist()))
        family = [
            judge(
                dict(enumerate(rng.normal(size=8).tolist())),
                base,
                metric="kid",
                better="lower",
                family_size=3,
            )
            for _ in range(3)
        ]
        false += any(judged.kind == "difference" for judged in adjust(family))
    low, high = stats.binomtest(false, 400).proportion_ci(0.99, "exact")
    assert low <= 0.05
    # Eight pairs reach multiples of 1/128: Holm's first step then is at 2/128, not at 0.05/3.
    assert high >= 0.03


@pytest.mark.slow
def test_effects_of_the_table_are_found_four_times_in_five() -> None:
    rng = np.random.default_rng(18)
    found = [sign_flip_test(d).p <= 0.05 for d in rng.normal(1.18, 1, (4_000, 8))]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
