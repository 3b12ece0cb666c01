from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn import metrics

from ganeval.statistics.auc import Values
from ganeval.statistics.calibration import (
    Labels,
    brier_score,
    calibration_error,
    calibration_error_interval,
    class_weights,
    fit_temperature,
    log_loss,
    reliability,
)


def calibrated(n: int, seed: int = 0, scale: float = 1.0) -> tuple[Values, Labels]:
    """Logits that are right once divided by scale, with labels drawn from them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, n)
    return logits * scale, (rng.random(n) < expit(logits)).astype(np.int64)


def test_temperature_is_the_minimum_of_the_log_loss() -> None:
    logits, labels = calibrated(500, scale=3.0)
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(log_temperature: float) -> float:
        z = logits / math.exp(log_temperature)
        return float((np.logaddexp(0, z) - targets * z).mean())

    expected = math.exp(minimize_scalar(loss, bounds=(-5, 5), options={"xatol": 1e-9}).x)
    # A minimum is flat: a search for it stops at the root of the rounding.
    assert fit_temperature(logits, labels) == pytest.approx(expected, rel=1e-5)


def test_temperature_finds_the_scale_that_logits_were_given() -> None:
    logits, labels = calibrated(20_000, scale=4.0)
    # The standard error of ln T is about 1/√(0.25 n) = 1.4 %; four of these.
    assert fit_temperature(logits, labels) == pytest.approx(4.0, rel=0.06)


def test_temperature_stays_finite_without_errors_and_without_sense() -> None:
    labels = np.repeat([0, 1], 20)
    apart = np.where(labels == 1, 3.0, -3.0)
    # The best probability of 20 of 20 is Platt's target, 21/22: 3/T = ln 21.
    assert fit_temperature(apart, labels) == pytest.approx(3 / math.log(21), rel=1e-9)
    assert fit_temperature(-apart, labels) == 1e3
    assert fit_temperature(np.zeros(40), labels) == 1e3
    assert fit_temperature(apart * 1e-6, labels) == pytest.approx(1e-3)


def test_brier_score_and_log_loss_are_scikit_learn_s() -> None:
    logits, labels = calibrated(300)
    p = expit(logits)
    for weights in (None, class_weights(labels)):
        options = {"sample_weight": weights}
        brier = metrics.brier_score_loss(labels, p, **options)
        assert brier_score(p, labels, weights) == pytest.approx(brier, rel=1e-12)
        loss = metrics.log_loss(labels, p, **options)
        assert log_loss(logits, labels, weights) == pytest.approx(loss, rel=1e-9)
    assert log_loss(np.array([1e4]), np.array([0])) == 1e4


def test_weights_make_classes_count_the_same() -> None:
    labels = np.array([0, 0, 0, 1])
    assert class_weights(labels) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert class_weights(np.ones(3, dtype=np.int64)).tolist() == [1, 1, 1]


def test_calibration_error_by_hand() -> None:
    p = np.array([0.9, 0.1, 0.2, 0.8])
    labels = np.array([1, 0, 1, 1])
    # Bins {0.1, 0.2} and {0.8, 0.9}: means 0.15 and 0.85, shares 0.5 and 1.
    assert calibration_error(p, labels, bins=2) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)
    curve = reliability(p, labels, bins=2)
    assert [(b.predicted, b.observed, b.n) for b in curve] == [
        pytest.approx((0.15, 0.5, 2)),
        pytest.approx((0.85, 1.0, 2)),
    ]


@pytest.mark.parametrize(("n", "bins"), [(5, 1), (19, 1), (40, 4), (149, 14), (1000, 15)])
def test_bins_hold_nearly_equal_numbers_and_ten_at_least(n: int, bins: int) -> None:
    logits, labels = calibrated(n)
    curve = reliability(expit(logits), labels)
    sizes = [b.n for b in curve]
    assert (len(curve), sum(sizes)) == (bins, n)
    assert max(sizes) - min(sizes) <= 1
    assert [b.predicted for b in curve] == sorted(b.predicted for b in curve)


def test_calibration_error_is_the_curve_s_mean_gap() -> None:
    logits, labels = calibrated(400, scale=3.0)
    p, weights = expit(logits), class_weights(labels)
    curve = reliability(p, labels)
    gaps = sum(b.n / 400 * abs(b.observed - b.predicted) for b in curve)
    assert calibration_error(p, labels) == pytest.approx(gaps, rel=1e-12)
    assert calibration_error(p, labels, weights * 7) == pytest.approx(
        calibration_error(p, labels, weights)
    )


def test_interval_reaches_zero_for_probabilities_and_not_for_bragging() -> None:
    zero = 0
    for seed in range(20):
        logits, labels = calibrated(200, seed)
        ends = {}
        for factor in (1.0, 5.0):
            p = expit(logits * factor)
            rng = np.random.default_rng(seed)
            se, low, high = calibration_error_interval(p, labels, np.arange(200), rng, draws=100)
            assert low <= calibration_error(p, labels) <= high
            assert se > 0
            ends[factor] = low
        zero += ends[1.0] == 0
        assert ends[5.0] > 0.05
    # True probabilities are beyond the quantile in 2.5 % of runs: 4 of 20 once in 500 such tests.
    assert zero >= 17


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.0, 1.5, 4.0])
def test_interval_holds_the_error_of_endless_items(factor: float) -> None:
    logits, _ = calibrated(200_000)
    truth = float(np.abs(expit(factor * logits) - expit(logits)).mean())
    held = 0
    for seed in range(120):
        few, labels = calibrated(200, seed + 1)
        rng = np.random.default_rng(seed)
        _, low, high = calibration_error_interval(
            expit(factor * few), labels, np.arange(200), rng, draws=120
        )
        held += low <= truth <= high
    # 95 % or more; the share of 120 runs is known to 2 %, and three of these are left.
    assert held / 120 >= 0.89


def test_images_of_one_group_are_drawn_together() -> None:
    logits, labels = calibrated(60)
    p = expit(3 * logits)
    spread = {}
    for copies in (1, 9):
        codes = np.arange(60).repeat(copies)
        rng = np.random.default_rng(1)
        repeated = p.repeat(copies), labels.repeat(copies)
        # 54 images more of each say nothing new; the number of bins is kept at 6.
        spread[copies] = calibration_error_interval(*repeated, codes, rng, draws=800)[0]
    independent = calibration_error_interval(
        p.repeat(9), labels.repeat(9), np.arange(540), np.random.default_rng(1), draws=800
    )[0]
    assert spread[9] > 2 * independent
