from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from sklearn import metrics

from ganeval.classifier.accuracy import accuracies, best_threshold, calibration
from ganeval.classifier.examples import Labels, Scores
from ganeval.errors import InputError


def scored(m: int, n: int, *, copies: int = 1, seed: int = 0) -> tuple[Scores, Labels, list[str]]:
    """Scores of n reals and m fakes, each the same in several images of one group."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [n, m])
    logits = rng.normal(size=m + n) + 1.2 * labels - 0.4
    groups = [f"g{i}" for i in range(m + n) for _ in range(copies)]
    return logits.repeat(copies), labels.repeat(copies), groups


def test_the_best_threshold_is_the_best_of_all() -> None:
    for seed in range(20):
        logits, labels, _ = scored(9, 14, seed=seed)
        logits = np.round(logits, 1)

        def balanced(t: float, x: Scores = logits, y: Labels = labels) -> float:
            return float((x[y == 1] >= t).mean() + (x[y == 0] < t).mean()) / 2

        best = max(balanced(t) for t in np.linspace(-4, 4, 801))
        found = best_threshold(logits, labels)
        assert balanced(found) == pytest.approx(best)
        assert not np.isclose(logits, found).any()


def test_of_equal_thresholds_the_widest_gap_is_taken() -> None:
    logits = np.array([0.0, 1.0, 2.0, 6.0, 7.0, 8.0])
    assert best_threshold(logits, np.array([0, 0, 0, 1, 1, 1])) == 4.0
    # After 0 and before 7 one image is wrong; the gap from 1 to 6 is no better place.
    labels = np.array([0, 1, 0, 1, 0, 1])
    assert best_threshold(np.array([0.0, 1.0, 6.0, 7.0, 9.0, 13.0]), labels) == 11.0
    assert best_threshold(np.zeros(4), np.array([0, 1, 0, 1])) == 0.0


def test_a_threshold_needs_both_classes() -> None:
    with pytest.raises(InputError, match="both classes"):
        best_threshold(np.zeros(3), np.ones(3, int))


def test_rates_are_those_of_scikit_learn_at_both_thresholds() -> None:
    logits, labels, groups = scored(60, 60)
    held = scored(30, 30, seed=1)
    found = accuracies(logits, labels, groups, held[0], held[1], seed=0)
    assert [one.threshold for one in found] == ["half", "validation"]
    assert [one.logit for one in found] == [0.0, best_threshold(held[0], held[1])]
    for one in found:
        called = (logits >= one.logit).astype(int)
        negatives, positives = metrics.recall_score(labels, called, average=None)
        assert one.fakes_caught.value == pytest.approx(positives)
        assert one.reals_passed.value == pytest.approx(negatives)
        assert one.balanced.value == pytest.approx(metrics.balanced_accuracy_score(labels, called))


def test_intervals_of_separate_images_are_wilson_s() -> None:
    logits, labels, groups = scored(60, 60)
    one = accuracies(logits, labels, groups, np.empty(0), np.empty(0, int), seed=0)[0]
    hits = round(float(((logits >= 0) == (labels == 1)).sum()))
    both = stats.binomtest(hits, 120).proportion_ci(method="wilson")
    assert (one.balanced.low, one.balanced.high) == pytest.approx((both.low, both.high))
    caught = stats.binomtest(int((logits[labels == 1] >= 0).sum()), 60)
    expected = caught.proportion_ci(method="wilson")
    assert one.fakes_caught.low == pytest.approx(expected.low)
    bounds = [stats.beta.ppf(0.0125, k, 61 - k) for k in (
        int((logits[labels == 1] >= 0).sum()), int((logits[labels == 0] < 0).sum())
    )]  # fmt: skip
    assert one.total_variation == pytest.approx(max(0.0, sum(bounds) - 1))


def test_unequal_classes_do_not_make_it_surer_than_the_smaller_one_allows() -> None:
    rng = np.random.default_rng(0)
    truth, held = 0.5 * (0.7 + 0.95), 0
    for _ in range(400):
        right = np.concatenate([rng.random(1000) < 0.95, rng.random(25) < 0.7])
        labels = np.repeat([0, 1], [1000, 25])
        logits = np.where(right == (labels == 1), 1.0, -1.0)
        one = accuracies(
            logits, labels, [str(i) for i in range(1025)], np.empty(0), np.empty(0, int), seed=0
        )[0]
        held += one.balanced.low <= truth <= one.balanced.high  # type: ignore[operator]
    # A share of 400 has a standard error of 1.1 %; three of these below 95 %.
    assert held / 400 >= 0.917


def test_copies_of_an_image_make_nothing_surer() -> None:
    nothing = np.empty(0), np.empty(0, int)
    single = accuracies(*scored(60, 60), *nothing, seed=0)[0]
    copied = accuracies(*scored(60, 60, copies=4), *nothing, seed=0)[0]
    assert copied.balanced.value == single.balanced.value
    assert copied.balanced.n == {"real": 60, "fake": 60}
    width = copied.balanced.high - copied.balanced.low  # type: ignore[operator]
    # Percentiles of groups against Wilson's: two intervals of one thing.
    assert width == pytest.approx(single.balanced.high - single.balanced.low, rel=0.15)  # type: ignore[operator]
    assert copied.total_variation == pytest.approx(single.total_variation, abs=0.02)


def test_a_group_of_both_classes_is_drawn_whole() -> None:
    # Where one of a pair is right the other is wrong: the balanced accuracy has no spread.
    labels, groups = np.repeat([0, 1], 40), [f"p{i}" for i in range(40)] * 2
    high = np.tile(np.arange(40) % 2 == 0, 2)
    logits = np.where(high, 1.0, -1.0)
    one = accuracies(logits, labels, groups, np.empty(0), np.empty(0, int), seed=0)[0]
    assert one.balanced.value == 0.5
    assert one.balanced.se is None
    assert one.fakes_caught.se == pytest.approx(np.sqrt(0.25 / 40), rel=0.1)
    # Draws without spread: then one answer a group.
    wilson = stats.binomtest(20, 40).proportion_ci(method="wilson")
    assert (one.balanced.low, one.balanced.high) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize("copies", [1, 3])
def test_right_answers_throughout_still_have_a_width(copies: int) -> None:
    labels = np.repeat([0, 1], 25).repeat(copies)
    logits = np.where(labels == 1, 2.0, -2.0)
    groups = [f"g{i // copies}" for i in range(50 * copies)]
    one = accuracies(logits, labels, groups, np.empty(0), np.empty(0, int), seed=0)[0]
    wilson = stats.binomtest(50, 50).proportion_ci(method="wilson")
    assert (one.balanced.low, one.balanced.high) == pytest.approx((wilson.low, 1.0))
    assert one.total_variation == pytest.approx(2 * 0.0125 ** (1 / 25) - 1)


def test_accuracies_need_both_classes() -> None:
    with pytest.raises(InputError, match="both classes"):
        accuracies(np.zeros(2), np.ones(2, int), ["a", "b"], np.empty(0), np.empty(0, int), seed=0)


def test_calibration_mends_the_scale_of_logits() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(0, 1.5, 1200)
    labels = (rng.random(1200) < expit(truth)).astype(np.int64)
    logits, groups = 4 * truth, [str(i) for i in range(600)]
    found = calibration(logits[600:], labels[600:], logits[:600], labels[:600], groups, 0)
    # The standard error of ln T is about 1/√(0.25·600) = 8 %; three of these.
    assert found.temperature == pytest.approx(4, rel=0.25)
    assert found.log_loss < metrics.log_loss(labels[:600], expit(logits[:600]))
    assert found.ece.low == 0
    assert found.ece.n == {"real": int((labels[:600] == 0).sum()), "fake": int(labels[:600].sum())}
    assert len(found.bins) == 15
    assert sum(one.n for one in found.bins) == 600
    again = calibration(logits[600:], labels[600:], logits[:600], labels[:600], groups, 0)
    assert again == found


def test_calibration_is_that_of_classes_equally_frequent() -> None:
    # One fake in ten, scores as of a classifier trained with both classes weighted the same.
    rng = np.random.default_rng(5)
    labels = (rng.random(8000) < 0.1).astype(np.int64)
    logits = 2 * (rng.normal(size=8000) + labels) - 1.0  # log ratio of N(1, 1) to N(0, 1) is x - .5
    groups = [str(i) for i in range(4000)]
    found = calibration(logits[4000:], labels[4000:], logits[:4000], labels[:4000], groups, 0)
    assert found.temperature == pytest.approx(2, rel=0.1)
    for a, b in itertools.pairwise(found.bins):
        assert a.predicted < b.predicted
    # 267 images a bin, a tenth of them fakes that count ninefold: SD of a share up to 0.06.
    assert all(abs(one.observed - one.predicted) < 0.2 for one in found.bins)
    assert found.ece.value < 0.06  # type: ignore[operator]
