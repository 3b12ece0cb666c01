"""From the numbers of cells to the record: verdicts, means, intervals, and what is told beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ablation.toy_evidence import PROTOCOL, evidence, number
from scipy import stats

from ganeval.ablation.analysis import analyse
from ganeval.ablation.comparisons import compare_arms
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.errors import ConditionError
from ganeval.records.ablation import AblationRecord, Amendment, ArmInfo, CellInfo
from ganeval.records.comparison import Comparison, Pairing
from ganeval.statistics.intervals import holm

SEEDS = range(8)
BASE = dict(zip(SEEDS, [5.0, 5.3, 4.8, 5.1, 5.6, 4.9, 5.2, 5.4], strict=True))
AGAIN = dict(zip(range(100, 108), [5.1, 5.2, 4.9, 5.5, 5.0, 5.3, 4.85, 5.35], strict=True))
WORSE = {s: BASE[s] + d for s, d in enumerate([0.4, 0.6, 0.3, 0.5, 0.2, 0.45, 0.55, 0.46])}
VAGUE = {s: BASE[s] + d for s, d in enumerate([0.4, -0.6, 0.3, -0.1, 0.2, -0.4, 0.5, 0.49])}
THREE: dict[str, Any] = {"base": BASE, "worse": WORSE, "vague": VAGUE, "again": AGAIN}


def first(values: dict[str, Any]) -> dict[str, Any]:
    """The same study stopped after three seeds."""
    return {arm: dict(list(runs.items())[:3]) for arm, runs in values.items()}


def of(record: AblationRecord, variant: str) -> Comparison:
    """The primary comparison of an arm."""
    return next(one for one in record.comparisons if one.primary and one.variant == variant)


def test_a_study_is_judged_against_its_base_with_all_its_numbers() -> None:
    record = analyse(evidence(THREE))
    worse, vague = record.comparisons
    assert [one.kind for one in record.comparisons] == ["difference", "undecided"]
    assert record.verdict_name == "difference"
    assert record.verdict == f"{worse.sentence} {vague.sentence}"
    assert "worse is worse: KID +0.43 [" in worse.sentence
    d = np.array([one.value for one in worse.differences])
    np.testing.assert_allclose(d, [WORSE[s] - BASE[s] for s in SEEDS], rtol=1e-12)
    assert worse.mean == pytest.approx(d.mean(), rel=1e-12)
    assert worse.sd == pytest.approx(d.std(ddof=1), rel=1e-12)
    assert worse.effect_size == pytest.approx(d.mean() / d.std(ddof=1), rel=1e-12)
    assert worse.improvement == 0.0
    low, high = stats.ttest_1samp(d, 0).confidence_interval()
    assert (worse.intervals[0].low, worse.intervals[0].high) == pytest.approx((low, high))
    assert worse.intervals[0].population == "over training seeds, these test images"
    assert (worse.n, worse.family, worse.pairing) == (8, 2, "full")


def test_p_values_are_those_of_scipy_and_of_holm() -> None:
    family = analyse(evidence(THREE)).comparisons
    expected = []
    for one in family:
        d = np.array([step.value for step in one.differences])
        peer = stats.permutation_test((d,), np.mean, permutation_type="samples")
        expected.append(float(peer.pvalue))
    assert [one.p for one in family] == pytest.approx(expected, abs=1e-12)
    assert [one.p_holm for one in family] == pytest.approx(list(holm(expected)), abs=1e-12)


def test_means_of_arms_are_those_of_scipy() -> None:
    record = analyse(evidence(THREE))
    (mean,) = [one for one in record.means if one.arm == "vague"]
    values = list(VAGUE.values())
    low, high = stats.t.interval(0.95, 7, np.mean(values), stats.sem(values))
    assert mean.mean.value == pytest.approx(np.mean(values), rel=1e-12)
    assert (mean.mean.low, mean.mean.high) == pytest.approx((low, high), rel=1e-12)
    assert mean.sd == pytest.approx(np.std(values, ddof=1), rel=1e-12)


def test_the_noise_arm_gives_a_band_and_is_no_member_of_the_family() -> None:
    record = analyse(evidence(THREE))
    (noise,) = record.noise
    pooled = [*BASE.values(), *AGAIN.values()]
    assert noise.sd == pytest.approx(np.sqrt(2) * np.std(pooled, ddof=1), rel=1e-12)
    assert (noise.n, noise.sound, noise.differs) == (8, True, False)
    worse = of(record, "worse")
    assert worse.band == noise.band
    # 95 % of a mean of 8 differences of normal values is 1.96 sd/√8; these 16 are nearly normal.
    assert noise.band == pytest.approx(1.96 * noise.sd / np.sqrt(8), rel=0.1)
    assert f"outside the A/A band ±{noise.band:.2f}" in worse.sentence
    assert not any(one.variant == "again" for one in record.comparisons)


def test_a_noise_arm_that_differs_warns_before_all_else() -> None:
    shifted = {seed: value + 2 for seed, value in AGAIN.items()}
    record = analyse(evidence({**THREE, "again": shifted}))
    assert record.noise[0].differs
    assert record.warnings[0].code == "noise_arm_differs"


def test_without_a_noise_arm_the_floor_is_said_to_be_unknown() -> None:
    values = {arm: runs for arm, runs in THREE.items() if arm != "again"}
    record = analyse(evidence(values, study="a text"))
    assert record.noise == []
    assert "no A/A arm: the noise floor of this study is unknown" in of(record, "worse").notes
    assert any("(aa)" in one for one in record.changing)


def test_arms_that_are_not_compared_with_the_base_have_no_band() -> None:
    """The band is that of the base; runs of another arm do not belong in it."""
    found = evidence(THREE, declared=[Declared("vague", "worse")])
    assert of(analyse(found), "vague").band is None


def test_three_seeds_are_underpowered_and_told_how_many_are_needed() -> None:
    record = analyse(evidence(first(THREE)))
    assert record.verdict_name == "underpowered"
    assert [one.kind for one in record.comparisons] == ["underpowered"] * 2
    assert of(record, "worse").smallest_p == 0.25
    assert of(record, "worse").needed_seeds == 7
    assert "Underpowered by design: with n = 3 paired seeds" in record.verdict
    assert any("7 seeds per arm" in one for one in record.changing)
    assert not any("n.s." in one.sentence for one in record.comparisons)


def test_many_comparisons_are_counted_by_what_they_came_to() -> None:
    values = {**first(THREE), **{f"arm{i}": dict(list(VAGUE.items())[:3]) for i in range(4)}}
    record = analyse(evidence(values))
    assert record.verdict.endswith(" Further comparisons: 5 underpowered by design.")
    many = {**THREE, **{f"arm{i}": VAGUE for i in range(3)}}
    record = analyse(evidence(many))
    assert record.verdict.startswith("worse is worse: ")
    assert record.verdict.endswith(" Further comparisons: 4 undecided.")


def test_a_diverged_run_is_the_worst_value_and_its_pair_is_left_out_beside() -> None:
    record = analyse(evidence({**THREE, "worse": {**WORSE, 3: None}}))
    worse = of(record, "worse")
    seen = [v for runs in (BASE, WORSE, VAGUE, AGAIN) for s, v in runs.items()]
    values = {**WORSE, 3: max(v for v in seen if v != WORSE[3])}
    assert worse.mean == pytest.approx(np.mean([values[s] - BASE[s] for s in SEEDS]))
    assert [one.seed for one in worse.differences if one.imputed] == [3]
    (beside,) = worse.sensitivity
    kept = [s for s in SEEDS if s != 3]
    assert beside.mean == pytest.approx(np.mean([WORSE[s] - BASE[s] for s in kept]))
    assert beside.p == 2 / 2**7
    assert worse.variant_mean is not None
    assert worse.base_mean is not None
    assert worse.variant_mean - worse.base_mean == pytest.approx(worse.mean)


def test_the_worst_value_is_that_of_the_whole_study() -> None:
    values = {**THREE, "vague": {**VAGUE, 0: 40.0}, "worse": {**WORSE, 3: None}}
    worse = of(analyse(evidence(values)), "worse")
    assert worse.differences[3].value == pytest.approx(40.0 - BASE[3])


def test_diverged_runs_are_told_where_the_mean_is_and_counted() -> None:
    record = analyse(evidence({**THREE, "worse": {**WORSE, 3: None}}))
    (mean,) = [one for one in record.means if one.arm == "worse"]
    assert mean.mean.n == {"seeds": 7}
    assert mean.mean.covers.startswith("runs that did not diverge (7 of 8)")
    failures = record.arm("worse").failures
    assert failures is not None
    low, high = stats.binomtest(1, 8).proportion_ci(method="exact")
    assert failures.value == 1 / 8
    assert (failures.low, failures.high) == pytest.approx((low, high), rel=1e-9)
    assert any(one.code == "cells_diverged" for one in record.warnings)


def test_a_verdict_that_rests_on_diverged_runs_says_so() -> None:
    gone = {**VAGUE, 1: None, 3: None, 5: None}
    values = {"base": BASE, "vague": gone, "other": {0: 90.0}}
    record = analyse(evidence(values, declared=[Declared("vague", "base")]))
    vague = of(record, "vague")
    assert (vague.kind, vague.sensitivity[0].kind) == ("difference", "underpowered")
    assert vague.sensitivity[0].flips
    assert any("pairs with a diverged run left out" in one for one in record.changing)


def _with(found: Evidence, arm: str, **changes: Any) -> Evidence:
    """The same evidence with one field of an arm's results changed."""
    results = {
        key: one.model_copy(update=changes) if key[0] == arm else one
        for key, one in found.results.items()
    }
    return replace(found, results=results)


def test_unequal_numbers_of_images_allow_no_conclusion() -> None:
    record = analyse(_with(evidence(THREE), "worse", fakes={"AtoB": 140}))
    assert record.verdict_name == "invalid"
    worse = of(record, "worse")
    assert worse.sentence == (
        "No conclusion: worse and base were evaluated on different numbers of images "
        "([140], [120])."
    )
    assert of(record, "vague").kind == "undecided"


def test_mixed_protocols_allow_no_conclusion() -> None:
    record = analyse(_with(evidence(THREE), "worse", protocol_id="0" * 16))
    assert "under different protocols" in of(record, "worse").sentence


def test_an_arm_with_a_budget_of_its_own_is_not_judged() -> None:
    found = evidence(THREE)
    arms = [
        arm.model_copy(update={"excluded": "its budget differs"}) if arm.name == "worse" else arm
        for arm in found.arms
    ]
    worse = of(analyse(replace(found, arms=arms)), "worse")
    assert (worse.kind, worse.sentence) == ("invalid", "No conclusion: its budget differs.")


@pytest.mark.parametrize(
    ("pixels", "files", "differs", "kind"),
    [
        (0.97, 0.99, "JPEG against PNG", "invalid"),
        (0.97, 0.96, "JPEG against PNG", "invalid"),
        (0.97, 0.60, "JPEG against PNG", "difference"),
        (0.55, 0.55, "JPEG against PNG", "difference"),
        (0.97, 0.99, None, "difference"),
    ],
)
def test_a_shortcut_as_strong_as_the_classifier_voids_a_comparison(
    pixels: float, files: float, differs: str | None, kind: str
) -> None:
    found = evidence(THREE)
    results = dict(found.results)
    for (arm, seed), one in found.results.items():
        if arm == "worse":
            aucs = [number(arm, seed, "c2st", pixels), number(arm, seed, "c2st_files", files)]
            metrics = [*one.metrics, *aucs]
            results[arm, seed] = one.model_copy(
                update={"metrics": metrics, "format_differs": differs}
            )
    record = analyse(replace(found, results=results))
    worse = of(record, "worse")
    assert worse.kind == kind
    assert ("format, not content" in worse.sentence) == (kind == "invalid")
    assert any(one.code == "format_differs" for one in record.warnings) == bool(differs)


def test_files_that_differ_from_the_reals_alike_favour_neither_arm() -> None:
    """A translator's PNG files against photographs as JPEG: every arm of a study has them."""
    found = evidence(THREE)
    results = {
        (arm, seed): one.model_copy(
            update={
                "metrics": [
                    *one.metrics,
                    number(arm, seed, "c2st", 0.97),
                    number(arm, seed, "c2st_files", 1.0),
                ],
                "format_differs": "PNG against JPEG",
            }
        )
        for (arm, seed), one in found.results.items()
    }
    record = analyse(replace(found, results=results))
    assert of(record, "worse").kind == "difference"
    assert any(one.code == "format_differs" for one in record.warnings)


def external(values: dict[str, Any], pairing: Pairing) -> Evidence:
    """Arms from folders."""
    arms = [ArmInfo(name=arm, kind="external") for arm in values]
    base, *others = values
    declared = [Declared(arm, base, "AtoB", pairing) for arm in others]
    return evidence(values, base, arms=arms, declared=declared)


def test_single_runs_are_sets_of_images_and_no_methods() -> None:
    record = analyse(external({"resnet": {None: 5.0}, "unet": {None: 4.0}}, "images"))
    (one,) = record.comparisons
    assert one.sentence == (
        "unet and resnet: these two image sets differ by KID -1.0 (spread over images not known); "
        "one training run each, so this says nothing about the methods."
    )
    assert (record.verdict_name, one.p, one.n, one.pairing) == ("single_run", None, 120, "images")
    assert any("Several training seeds" in text for text in record.changing)


def test_single_runs_with_other_seeds_are_still_compared() -> None:
    record = analyse(external({"resnet": {3: 5.0}, "unet": {7: 4.0}}, "images"))
    assert (record.comparisons[0].kind, record.comparisons[0].mean) == ("single_run", -1.0)


def test_a_single_run_of_a_study_meets_its_own_seed() -> None:
    """One seed of an arm is compared with that seed of the base, and with no other."""
    record = analyse(evidence({"base": BASE, "worse": {3: WORSE[3]}}))
    (one,) = record.comparisons
    assert [step.seed for step in one.differences] == [3]
    assert one.mean == pytest.approx(WORSE[3] - BASE[3])
    assert one.base_mean == BASE[3]


def test_runs_made_elsewhere_are_unpaired_unless_it_is_stated() -> None:
    values = {"base": BASE, "worse": WORSE}
    apart, paired = (analyse(external(values, how)).comparisons[0] for how in ("none", "data"))
    assert (apart.pairing, apart.differences) == ("none", [])
    peer = stats.permutation_test(
        (list(WORSE.values()), list(BASE.values())),
        lambda a, b: np.mean(a) - np.mean(b),
        permutation_type="independent",
        n_resamples=np.inf,
    )
    assert apart.p == pytest.approx(peer.pvalue, abs=1e-12)
    assert "8 seeds per arm, unpaired" in apart.sentence
    assert (paired.pairing, paired.p, len(paired.differences)) == ("data", 2 / 256, 8)


def test_a_seed_that_one_arm_lacks_is_left_out_and_named() -> None:
    worse = {seed: value for seed, value in WORSE.items() if seed != 5}
    one = of(analyse(evidence({"base": BASE, "worse": worse})), "worse")
    assert one.n == 7
    assert any("seeds 5" in note for note in one.notes)
    assert one.variant_mean is not None
    assert one.base_mean is not None
    assert one.variant_mean - one.base_mean == pytest.approx(one.mean)


def test_equality_needs_a_declared_margin() -> None:
    close = {seed: value + 0.01 * (-1) ** seed for seed, value in BASE.items()}
    values = {"base": BASE, "close": close}
    assert analyse(evidence(values)).verdict_name == "undecided"
    protocol = replace(PROTOCOL, margin=0.1)
    record = analyse(evidence(values, protocol=protocol))
    assert record.verdict_name == "equivalent"
    assert "close and base are equal within ±0.1" in record.verdict


def test_other_metrics_and_arms_are_exploratory() -> None:
    found = evidence(THREE, declared=[Declared("worse", "base")])
    results = {}
    for (arm, seed), one in found.results.items():
        metrics = [number(arm, seed, "psnr", -THREE[arm][seed], better="higher")]
        untold = number(arm, seed, "frame", 1.0, better="none")
        results[arm, seed] = one.model_copy(update={"metrics": [*metrics, *one.metrics, untold]})
    family, *others = analyse(replace(found, results=results)).comparisons
    assert (family.metric, family.exploratory, family.p_holm) == ("kid", False, family.p)
    assert [(one.metric, one.variant) for one in others] == [("kid", "vague"), ("psnr", "worse")]
    assert all(one.exploratory and one.p_holm is None and one.family == 0 for one in others)
    assert all(one.sentence.startswith("Exploratory, not declared") for one in others)
    assert "worse is worse: PSNR -0.43" in others[1].sentence


def test_both_directions_are_one_family() -> None:
    """Holm over all that was declared: the smallest p times 2, the other one times 1."""
    values = {"base": BASE, "worse": WORSE}
    found = evidence(
        values, declared=[Declared("worse", "base"), Declared("worse", "base", "BtoA")]
    )
    results = {}
    for (arm, seed), one in found.results.items():
        back = {"base": BASE, "worse": VAGUE}[arm][seed or 0]
        there = number(arm, seed, "kid", back, direction="BtoA")
        results[arm, seed] = one.model_copy(
            update={"metrics": [*one.metrics, there], "fakes": {"AtoB": 120, "BtoA": 120}}
        )
    protocol = replace(PROTOCOL, directions=("AtoB", "BtoA"))
    one, other = compare_arms(replace(found, results=results, protocol=protocol))
    assert (one.direction, other.direction) == ("AtoB", "BtoA")
    assert one.p is not None
    assert (one.p_holm, other.p_holm) == (2 * one.p, other.p)


def test_what_a_reader_must_know_is_told() -> None:
    found = evidence(
        THREE,
        amendments=[Amendment(time="t", what="primary", old="fid", new="kid", evaluated=4)],
        unmatched={"worse": ["a", "b"]},
    )
    extra = [
        CellInfo(arm="worse", seed=8, state="failed"),
        CellInfo(arm="vague", seed=8, state="pending", removed=20),
        CellInfo(arm="vague", seed=9, state="pending", removed=3),
    ]
    record = analyse(replace(found, cells=[*found.cells, *extra]))
    told = {one.code: one.text for one in record.warnings}
    assert told["changed_after_looking"] == (
        "primary changed from fid to kid after 4 cells had been evaluated."
    )
    assert "1 of 35 cells could not be finished" in told["cells_failed"]
    assert "2 of 35 cells are not run yet: vague seed 8, vague seed 9." in told["cells_missing"]
    assert "2 images have no partner" in told["unmatched"]
    assert told["duplicates_removed"].startswith("vague: 23 exact copies")


def test_a_study_without_a_result_is_no_record() -> None:
    found = evidence({"base": {0: None}, "worse": {0: None}})
    with pytest.raises(ConditionError, match="toy: no cell is evaluated yet"):
        analyse(found)


def test_an_arm_without_a_result_has_no_conclusion() -> None:
    record = analyse(evidence({"base": BASE, "worse": {}}))
    assert of(record, "worse").kind == "invalid"


def test_a_record_reads_back_as_it_was() -> None:
    record = analyse(evidence(THREE, task="horse2zebra"))
    assert AblationRecord.model_validate_json(record.to_json()) == record
    assert record.anchors
    assert not any(one.comparable for one in record.anchors)
