"""The units of the test: one score per group and class, and everything said about them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.accuracy import accuracies, best_threshold, calibration
from ganeval.classifier.examples import FAKE, REAL, Labels, Scores
from ganeval.errors import InputError
from ganeval.records.classify import DesignName, Power
from ganeval.records.model import Estimate
from ganeval.statistics.auc import auc_value, clustered_variance, delong_variance, logit_interval
from ganeval.statistics.label_swaps import label_swap_test
from ganeval.statistics.power import (
    auc_of_pair_effect,
    balanced_trials,
    null_standard_error,
    visible_accuracy,
    visible_auc,
    visible_pair_effect,
)
from ganeval.statistics.proportions import clopper_pearson_bound
from ganeval.statistics.ranks import RankTest, mann_whitney, mid_ranks, signed_rank

__all__ = [
    "UnitScores",
    "UnitTest",
    "accuracies",
    "best_threshold",
    "calibration",
    "power",
    "test_units",
    "unit_scores",
]

PAIRED_FROM: Final = 0.9
"""Share of groups that hold both classes from which units are compared in pairs."""

UNPAIRED_TO: Final = 0.1
"""Share up to which one of the two units of such a group is left out."""

_CORRELATED: Final = 5  # fewer pairs say nothing about how alike they are
_NO_SPREAD: Final = 1e-9  # placements are rounded; a smaller standard error is none


@dataclass(frozen=True)
class UnitScores:
    """Scores of the independent units.

    Args:
        fakes: float64 ``[m]``, mean score of every (group, fake) unit.
        reals: float64 ``[n]``, mean score of every (group, real) unit.
        design: How fakes and reals are compared.
        dropped: Units left out, per reason.
        fake_groups: Group of each fake unit, ascending.
        real_groups: Group of each real unit, ascending.
        differences: float64 ``[G]``, fake less real of each group, if paired.
    """

    fakes: Scores
    reals: Scores
    design: DesignName
    dropped: dict[str, int]
    fake_groups: list[str]
    real_groups: list[str]
    differences: Scores | None = None

    @property
    def m(self) -> int:
        """Number of fake units."""
        return len(self.fakes)

    @property
    def n(self) -> int:
        """Number of real units."""
        return len(self.reals)

    @property
    def share_groups(self) -> bool:
        """Tells whether any group has a unit of both classes."""
        return not set(self.fake_groups).isdisjoint(self.real_groups)


@dataclass(frozen=True)
class UnitTest:
    """What the test says about the units.

    Args:
        estimate: The AUC with its interval; n counts units.
        p: One-sided p-value: fakes score higher.
        p_below: One-sided p-value of the other side; a small one speaks of leakage.
        method: The test behind p, in words.
        statistic: Name of its statistic.
        value: The statistic's value.
        design: How fakes and reals were compared.
        m: Fake units.
        n: Real units.
        dropped: Units left out, per reason.
    """

    estimate: Estimate
    p: float
    p_below: float
    method: str
    statistic: str
    value: float
    design: DesignName
    m: int
    n: int
    dropped: dict[str, int]


def unit_scores(
    logits: Scores,
    labels: Labels,
    groups: Sequence[str],
    *,
    pairs_confirmed: bool,
    seed: int,
) -> UnitScores:
    """Gathers the scores of images into independent units and settles the design.

    A unit is the mean score of one class in one group. Where at least 0.9 of the groups hold both
    classes and pictures confirm it, units are paired and the rest is left out. Where at most 0.1
    do, one unit of each such group is left out, drawn by hash. Names alone that look like pairs
    (at least 0.9, not confirmed) are taken as independent. All else is mixed.

    Args:
        logits: float ``[n]``, finite; higher means more fake.
        labels: int64 ``[n]``, 0 real and 1 fake.
        groups: Group of each image.
        pairs_confirmed: Groups with both classes hold versions of one picture.
        seed: Seed of the draw.

    Raises:
        InputError: A class has no image, or there is not one label and group per score.
    """
    if not len(logits) == len(labels) == len(groups):
        raise InputError(f"{len(logits)} scores, {len(labels)} labels, {len(groups)} groups")
    units = {kind: _means(logits, labels == kind, groups) for kind in (REAL, FAKE)}
    for kind, name in ((REAL, "real"), (FAKE, "fake")):
        if not units[kind]:
            raise InputError(f"there is no {name} image to test; give both classes")
    both = units[REAL].keys() & units[FAKE].keys()
    every = units[REAL].keys() | units[FAKE].keys()
    share = len(both) / len(every)
    if share >= PAIRED_FROM and pairs_confirmed:
        return _paired(units, sorted(both))
    design: DesignName = "mixed"
    dropped: dict[str, int] = {}
    if share >= PAIRED_FROM:
        design = "unpaired"
    elif share <= UNPAIRED_TO:
        design = "unpaired"
        for group in sorted(both):
            del units[_left_out(seed, group)][group]
        if both:
            dropped["second unit of its group"] = len(both)
    fake_groups, real_groups = sorted(units[FAKE]), sorted(units[REAL])
    return UnitScores(
        np.array([units[FAKE][group] for group in fake_groups]),
        np.array([units[REAL][group] for group in real_groups]),
        design,
        dropped,
        fake_groups,
        real_groups,
    )


def test_units(
    units: UnitScores,
    *,
    level: float = 0.95,  # noqa: PT028 - no test of pytest's
    threshold: float | None = None,  # noqa: PT028
    seed: int = 0,  # noqa: PT028
) -> UnitTest:
    """Tests whether fakes score higher than reals, and estimates by how much.

    Args:
        units: Scores and design.
        level: Confidence level of the interval.
        threshold: Fakes are at or above it; chosen on the validation part. It bounds the AUC where
            the standard error is 0.
        seed: Seed of the permutations of a mixed design.
    """
    statistic, ranked = _rank_test(units, seed)
    return UnitTest(
        estimate=_estimate(units, level, threshold),
        p=ranked.p,
        p_below=ranked.p_below,
        method=ranked.method + (f", {ranked.zeros} equal pairs left out" if ranked.zeros else ""),
        statistic=statistic,
        value=ranked.statistic,
        design=units.design,
        m=units.m,
        n=units.n,
        dropped=units.dropped,
    )


def power(units: UnitScores, alpha: float, chance: float = 0.8) -> Power:
    """Says what effect a test of this size finds often enough.

    Pairs: Noether's effect of the signed-rank test, turned into an AUC by the correlation of the
    two scores of a pair; the accuracy is that of picking the fake out of a pair. Else the AUC is
    that of the rank-sum test; a mixed design finds no less than that if pairs are alike.

    Args:
        units: Scores and design.
        alpha: Level of the test, one-sided.
        chance: How often the effect is to be found.
    """
    m, n = units.m, units.n
    ranks, correlation = _pair_correlations(units)
    null_se = null_standard_error(m, n, len(_pairs(units)), ranks)
    if units.differences is None:
        return Power(
            auc=visible_auc(m, n, alpha, chance),
            accuracy=visible_accuracy(balanced_trials(m, n), alpha, chance),
            power=chance,
            alpha=alpha,
            null_se=null_se,
            method="AUC: rank-sum test, normal approximation, Hanley and McNeil's standard error; "
            "accuracy: exact binomial test",
        )
    effect = visible_pair_effect(m, alpha, chance)
    shown = "none below 1" if effect is None else f"{effect:.3f}"
    return Power(
        auc=None if effect is None else auc_of_pair_effect(effect, correlation),
        accuracy=visible_accuracy(m, alpha, chance),
        power=chance,
        alpha=alpha,
        null_se=null_se,
        method=f"AUC: signed-rank test of {m} pairs, Noether's P(d_i + d_j > 0) = {shown}, at a "
        f"correlation within pairs of {correlation:.2f}; accuracy: picking the fake out of a "
        "pair, exact binomial test",
    )


def _means(
    logits: Scores, chosen: npt.NDArray[np.bool_], groups: Sequence[str]
) -> dict[str, float]:
    gathered: dict[str, list[float]] = {}
    for row in np.flatnonzero(chosen):
        gathered.setdefault(groups[int(row)], []).append(float(logits[row]))
    # fsum: the mean does not depend on the order of the files.
    return {group: math.fsum(scores) / len(scores) for group, scores in gathered.items()}


def _left_out(seed: int, group: str) -> int:
    """Class whose unit is left out of a group that holds both."""
    return hashlib.sha256(f"unit|{seed}|{group}".encode()).digest()[0] % 2


def _paired(units: dict[int, dict[str, float]], both: list[str]) -> UnitScores:
    dropped = {
        f"{name} without its partner": len(units[kind]) - len(both)
        for kind, name in ((REAL, "real"), (FAKE, "fake"))
        if len(units[kind]) > len(both)
    }
    fakes, reals = (np.array([units[kind][group] for group in both]) for kind in (FAKE, REAL))
    return UnitScores(fakes, reals, "paired", dropped, both, both, fakes - reals)


def _rank_test(units: UnitScores, seed: int) -> tuple[str, RankTest]:
    if units.differences is not None:
        return "W+ of Wilcoxon's signed ranks", signed_rank(units.differences)
    if units.design == "mixed":
        swapped = label_swap_test(
            units.fakes, units.reals, units.fake_groups, units.real_groups, seed=seed
        )
        return "AUC", swapped
    return "Mann and Whitney's U", mann_whitney(units.fakes, units.reals)


def _estimate(units: UnitScores, level: float, threshold: float | None) -> Estimate:
    auc = auc_value(units.fakes, units.reals)
    covers = "the probability that a fake unit scores above a real one, over the choice of units"
    n = {"real": units.n, "fake": units.m}
    se = _standard_error(units)
    if se is not None and 0 < auc < 1:
        low, high = logit_interval(auc, se, level)
        kind = "DeLong's standard error"
        if units.share_groups:
            kind += " for clusters (Obuchowski)"
        method = f"AUC by mid-ranks; {kind} on the logit scale"
    else:
        se = None
        low, high, bound = _bounds(units, auc, level, threshold)
        method = f"AUC by mid-ranks; {bound}"
    return Estimate(
        value=auc, se=se, low=low, high=high, level=level, n=n, method=method, covers=covers
    )


def _standard_error(units: UnitScores) -> float | None:
    """The AUC's standard error; None where the units show none."""
    if min(units.m, units.n) < 2:
        return None
    if units.share_groups:
        variance = clustered_variance(
            units.fakes, units.reals, units.fake_groups, units.real_groups
        )
    else:
        variance = delong_variance(units.fakes, units.reals)
    se = math.sqrt(variance)
    return se if se > _NO_SPREAD else None


def _bounds(
    units: UnitScores, auc: float, level: float, threshold: float | None
) -> tuple[float, float, str]:
    """Ends for an AUC without a standard error, and how they were found."""
    if threshold is not None:
        # Four one-sided bounds of a quarter each: AUC >= TPR·TNR and 1 - AUC >= (1-TPR)(1-TNR).
        alpha = (1 - level) / 4
        caught = int((units.fakes >= threshold).sum())
        passed = int((units.reals < threshold).sum())
        low = _product(caught, units.m, passed, units.n, alpha)
        high = 1 - _product(units.m - caught, units.m, units.n - passed, units.n, alpha)
        kind = "Clopper-Pearson bounds of both rates at the validation threshold"
        return min(low, auc), max(high, auc), kind
    if auc in (0.0, 1.0):
        # Disjoint pairs of a fake and a real are independent trials of what the AUC counts.
        trials = min(units.m, units.n)
        if units.share_groups:
            trials = max(1, len({*units.fake_groups, *units.real_groups}) // 2)
        bound = clopper_pearson_bound(trials, trials, (1 - level) / 2)
        ends = (bound, 1.0) if auc == 1 else (0.0, 1 - bound)
        return *ends, f"Clopper-Pearson bound from {trials} separate pairs"
    return 0.0, 1.0, "scores without spread say nothing, so the interval is everything"


def _product(caught: int, m: int, passed: int, n: int, alpha: float) -> float:
    return clopper_pearson_bound(caught, m, alpha) * clopper_pearson_bound(passed, n, alpha)


def _pairs(units: UnitScores) -> list[tuple[int, int]]:
    """Places of fake and real of every group that has both."""
    place = {group: i for i, group in enumerate(units.real_groups)}
    return [(i, place[group]) for i, group in enumerate(units.fake_groups) if group in place]


def _pair_correlations(units: UnitScores) -> tuple[float, float]:
    """Spearman's correlation of the scores of pairs, and that of normal scores of such ranks."""
    pairs = _pairs(units)
    if len(pairs) < _CORRELATED:
        return 0.0, 0.0
    fakes, reals = (units.fakes[[i for i, _ in pairs]], units.reals[[j for _, j in pairs]])
    if np.ptp(fakes) == 0 or np.ptp(reals) == 0:
        return 0.0, 0.0
    spearman = float(np.corrcoef(mid_ranks(fakes), mid_ranks(reals))[0, 1])
    return spearman, 2 * math.sin(math.pi / 6 * spearman)
