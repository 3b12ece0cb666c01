from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from ganeval.statistics.auc import (
    Values,
    auc_value,
    clustered_variance,
    compare_aucs,
    delong_variance,
    logit_interval,
    placements,
    wins,
)


def scores(ties: bool, shift: float = 0.6, m: int = 33, n: int = 21) -> tuple[Values, Values]:
    rng = np.random.default_rng(0)
    fakes, reals = rng.normal(shift, 1.5, m), rng.normal(0, 1, n)
    return (np.round(fakes), np.round(reals)) if ties else (fakes, reals)


def kernel(fakes: Values, reals: Values) -> Values:
    """All pairs: 1 where the fake is higher, 1/2 where they are equal; ``[m, n]``."""
    return (fakes[:, None] > reals) + 0.5 * (fakes[:, None] == reals)


@pytest.mark.parametrize("ties", [False, True])
def test_value_and_placements_are_those_of_all_pairs(ties: bool) -> None:
    fakes, reals = scores(ties)
    pairs = kernel(fakes, reals)
    of_fakes, of_reals = placements(fakes, reals)
    # Sums of at most 33 halves, divided once: rounding is that of one division.
    assert of_fakes == pytest.approx(pairs.mean(1), abs=1e-15)
    assert of_reals == pytest.approx(pairs.mean(0), abs=1e-15)
    assert wins(fakes, reals) == pairs.sum()
    assert auc_value(fakes, reals) == pytest.approx(pairs.mean(), abs=1e-15)


@pytest.mark.parametrize("ties", [False, True])
def test_value_is_that_of_scikit_learn(ties: bool) -> None:
    fakes, reals = scores(ties)
    labels = np.repeat([1, 0], [len(fakes), len(reals)])
    expected = roc_auc_score(labels, np.concatenate([fakes, reals]))
    # scikit-learn sums trapezia.
    assert auc_value(fakes, reals) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_variance_is_delong_s_by_all_pairs(ties: bool) -> None:
    fakes, reals = scores(ties)
    pairs = kernel(fakes, reals)
    expected = pairs.mean(1).var(ddof=1) / len(fakes) + pairs.mean(0).var(ddof=1) / len(reals)
    assert delong_variance(fakes, reals) == pytest.approx(expected, rel=1e-12)


def test_ranks_alone_decide() -> None:
    fakes, reals = scores(ties=False)
    assert auc_value(np.exp(fakes), np.exp(reals)) == auc_value(fakes, reals)
    assert delong_variance(np.exp(fakes), np.exp(reals)) == delong_variance(fakes, reals)


def test_clusters_of_one_give_delong_s_variance() -> None:
    fakes, reals = scores(ties=True)
    found = clustered_variance(fakes, reals, range(33), range(100, 121))
    assert found == pytest.approx(delong_variance(fakes, reals), rel=1e-12)


def test_clustered_variance_is_obuchowski_s_by_all_pairs() -> None:
    rng = np.random.default_rng(1)
    fakes, reals = scores(ties=True)
    fake_clusters, real_clusters = rng.integers(0, 12, 33), rng.integers(6, 17, 21)
    pairs = kernel(fakes, reals)
    auc, everything = pairs.mean(), sorted({*fake_clusters, *real_clusters})
    a = np.array([(pairs.mean(1) - auc)[fake_clusters == k].sum() for k in everything])
    b = np.array([(pairs.mean(0) - auc)[real_clusters == k].sum() for k in everything])
    i10, i01 = len(set(fake_clusters)), len(set(real_clusters))
    s10, s01 = i10 / ((i10 - 1) * 33) * a @ a, i01 / ((i01 - 1) * 21) * b @ b
    s11 = len(everything) / (len(everything) - 1) * a @ b
    expected = s10 / 33 + s01 / 21 + 2 * s11 / (33 * 21)
    names = [f"c{k}" for k in fake_clusters], [f"c{k}" for k in real_clusters]
    assert clustered_variance(fakes, reals, *names) == pytest.approx(expected, rel=1e-12)


def test_in_pairs_the_variance_is_that_of_the_sums_of_both_placements() -> None:
    # With one fake and one real in each of G clusters: Σ (V10 + V01 - 2A)² / (G (G - 1)).
    fakes, reals = scores(ties=False, m=25, n=25)
    both = sum(placements(fakes, reals))
    expected = np.var(both, ddof=1) / 25
    found = clustered_variance(fakes, reals, range(25), range(25))
    assert found == pytest.approx(expected, rel=1e-12)


def simulated(kind: str, runs: int = 800) -> tuple[float, float, float]:
    """True standard deviation of the AUC, and mean plain and clustered standard errors."""
    rng = np.random.default_rng(2)
    values, plain, clustered = [], [], []
    for _ in range(runs):
        if kind == "crops":  # 60 pictures of each kind, 4 crops of each
            images = rng.normal(size=(120, 1)) + 0.5 * rng.normal(size=(120, 4))
            fakes, reals = images[:60].ravel() + 0.5, images[60:].ravel()
            clusters = np.arange(60).repeat(4), np.arange(60, 120).repeat(4)
        else:  # 60 pictures and their translations
            pictures = rng.normal(size=60)
            fakes, reals = pictures + 0.36 * rng.normal(size=(2, 60)) + [[0.5], [0.0]]
            clusters = np.arange(60), np.arange(60)
        values.append(auc_value(fakes, reals))
        plain.append(math.sqrt(delong_variance(fakes, reals)))
        clustered.append(math.sqrt(clustered_variance(fakes, reals, *map(list, clusters))))
    return float(np.std(values)), float(np.mean(plain)), float(np.mean(clustered))


@pytest.mark.parametrize(
    ("kind", "expected"), [("crops", (0.046, 0.025, 0.048)), ("pairs", (0.022, 0.051, 0.023))]
)
def test_only_the_clustered_error_is_right_for_crops_and_for_pairs(
    kind: str, expected: tuple[float, float, float]
) -> None:
    true, plain, clustered = simulated(kind)
    # A standard deviation of 800 runs is known to 1/√1600 = 2.5 %; three of these.
    assert clustered == pytest.approx(true, rel=0.075)
    assert abs(plain / true - 1) > 0.4
    # The definitions' own simulation, whose spread of effects is not stated.
    assert (true, plain, clustered) == pytest.approx(expected, abs=0.003)


def test_interval_is_the_logit_s_and_mirrors() -> None:
    logit, reach = math.log(0.8 / 0.2), stats.norm.ppf(0.975) * 0.05 / 0.16
    expected = [1 / (1 + math.exp(-(logit + side * reach))) for side in (-1, 1)]
    low, high = logit_interval(0.8, 0.05)
    assert (low, high) == pytest.approx(expected, rel=1e-12)
    assert logit_interval(0.2, 0.05) == pytest.approx((1 - high, 1 - low), rel=1e-12)
    assert logit_interval(0.8, 0.05, 0.99)[0] < low


def test_interval_survives_an_error_as_large_as_can_be() -> None:
    low, high = logit_interval(1 - 1e-9, 0.4)
    assert 0 <= low < 1 - 1e-9 < high <= 1


def test_two_scorers_are_compared_by_delong_s_covariance() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=60) + np.repeat([1.0, 0.0], [35, 25])
    a, b = truth + 0.3 * rng.normal(size=60), truth + 1.2 * rng.normal(size=60)
    first, second = (a[:35], a[35:]), (b[:35], b[35:])
    kernels = [kernel(*scorer) for scorer in (first, second)]
    covariance = (
        np.cov(kernels[0].mean(1), kernels[1].mean(1)) / 35
        + np.cov(kernels[0].mean(0), kernels[1].mean(0)) / 25
    )
    difference = kernels[0].mean() - kernels[1].mean()
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    found = compare_aucs(first, second)
    assert found.difference == pytest.approx(difference, abs=1e-12)
    assert found.z == pytest.approx(difference / math.sqrt(variance), rel=1e-9)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.z)), rel=1e-9)
    alone = compare_aucs(first, second, range(35), range(50, 75))
    assert alone.z == pytest.approx(found.z, rel=1e-9)


def test_a_comparison_without_spread_has_a_p_value_that_is_not_zero() -> None:
    apart = np.arange(10.0, 20.0), np.arange(8.0)
    assert compare_aucs(apart, apart) == compare_aucs((apart[0] + 1, apart[1]), apart)
    assert compare_aucs(apart, apart).p == 1.0
    found = compare_aucs(apart, (np.ones(10), np.ones(8)))
    # Eight coins that agree, two-sided.
    assert (found.difference, found.z, found.p) == (0.5, math.inf, 2 / 2**8)


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [False, True])
def test_equal_scorers_differ_as_often_as_the_level_says(clusters: bool) -> None:
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(1000):
        base = rng.normal(size=120)
        if clusters:
            base += np.tile(2 * rng.normal(size=60), 2)
        base[:60] += 0.7
        a, b = base + rng.normal(size=(2, 120))
        groups = (range(60), range(60)) if clusters else (None, None)
        found += compare_aucs((a[:60], a[60:]), (b[:60], b[60:]), *groups).p < 0.05
    # Binomial band of 99.9 % around 50 of 1,000.
    assert 28 <= found <= 74
