"""The area under the ROC curve (AUC): its value, its variance, and the difference of two."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from ganeval.statistics.groups import Codes, group_codes, group_count

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Two scorers on the same units.

    Args:
        difference: AUC of the first less that of the second, -1..1.
        z: The difference in its standard errors; infinite where it has none.
        p: Two-sided p-value of equal AUCs, never 0.
    """

    difference: float
    z: float
    p: float


def placements(fakes: Values, reals: Values) -> tuple[Values, Values]:
    """Returns where each score lies among those of the other class, ties counted half.

    Args:
        fakes: float ``[m]``, finite; higher means more fake.
        reals: float ``[n]``, finite.

    Returns:
        V10, float64 ``[m]``: the share of the reals below each fake; and V01, float64 ``[n]``: the
        share of the fakes above each real. Both 0..1, and the mean of either is the AUC.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837; by ranks as in Sun and Xu,
    IEEE Signal Processing Letters 21 (2014) 1389.
    """
    of_fakes: Values = _twice_below(fakes, reals) / (2 * len(reals))
    of_reals: Values = 1 - _twice_below(reals, fakes) / (2 * len(fakes))
    return of_fakes, of_reals


def auc_value(fakes: Values, reals: Values) -> float:
    """Returns the probability that a fake scores above a real, ties counted half.

    Args:
        fakes: float ``[m]``, m at least 1, finite.
        reals: float ``[n]``, n at least 1, finite.

    Returns:
        0..1; exactly 1 where every fake is above every real, 0.5 where all scores are equal.
    """
    return wins(fakes, reals) / (len(fakes) * len(reals))


def wins(fakes: Values, reals: Values) -> float:
    """Returns Mann and Whitney's U: the pairs in which the fake scores higher, ties half."""
    return int(_twice_below(fakes, reals).sum()) / 2


def delong_variance(fakes: Values, reals: Values) -> float:
    """Returns the variance of the AUC when all units are independent.

    It is S10/m + S01/n, the sample variances (ddof 1) of the placements over their numbers.

    Args:
        fakes: float ``[m]``, m at least 2, finite.
        reals: float ``[n]``, n at least 2, finite.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837.
    """
    of_fakes, of_reals = placements(fakes, reals)
    return _independent(of_fakes, of_reals)


def clustered_variance(
    fakes: Values,
    reals: Values,
    fake_clusters: Sequence[Hashable],
    real_clusters: Sequence[Hashable],
) -> float:
    """Returns the variance of the AUC when scores hang together in clusters.

    With a_k the sum of V10 - A over the fakes of cluster k and b_k that of V01 - A over its reals,
    it is S10/m + S01/n + 2 S11/(mn): S10 = I10/((I10-1)m) Σ a_k², S01 alike, S11 = I/(I-1) Σ a_k
    b_k, with I10, I01 and I the clusters that hold fakes, that hold reals, and all. Clusters of one
    score each give DeLong's variance.

    Args:
        fakes: float ``[m]``, finite.
        reals: float ``[n]``, finite.
        fake_clusters: Cluster of each fake; at least two different ones.
        real_clusters: Cluster of each real; at least two; equal names are one cluster.

    Source: Obuchowski, Biometrics 53 (1997) 567.
    """
    of_fakes, of_reals = placements(fakes, reals)
    return _clustered(of_fakes, of_reals, *_codes(fake_clusters, real_clusters))


def compare_aucs(
    a: tuple[Values, Values],
    b: tuple[Values, Values],
    fake_clusters: Sequence[Hashable] | None = None,
    real_clusters: Sequence[Hashable] | None = None,
) -> Comparison:
    """Compares two scorers on the same units.

    z = (A1 - A2)/sqrt(v11 + v22 - 2 v12). A variance of zero with a difference means that every
    unit speaks for the same scorer; p is then that of as many equal coins, 2^(1 - min(m, n)).

    Args:
        a: The fakes' ``[m]`` and the reals' ``[n]`` scores by the first scorer.
        b: The same units' scores by the second, in the same order.
        fake_clusters: Cluster of each fake; None: all units are independent.
        real_clusters: Cluster of each real.

    Source: DeLong, DeLong and Clarke-Pearson 1988; in clusters Obuchowski 1997.
    """
    first, second = placements(*a), placements(*b)
    of_fakes, of_reals = first[0] - second[0], first[1] - second[1]
    if fake_clusters is None or real_clusters is None:
        variance = _independent(of_fakes, of_reals)
    else:
        variance = _clustered(of_fakes, of_reals, *_codes(fake_clusters, real_clusters))
    difference = auc_value(*a) - auc_value(*b)
    # Placements are rounded: a spread below their last digits is none.
    if variance <= 1e-30:
        if difference == 0:
            return Comparison(0.0, 0.0, 1.0)
        agreeing = 2.0 ** (1 - min(len(of_fakes), len(of_reals)))
        return Comparison(difference, math.copysign(math.inf, difference), max(agreeing, TINY))
    z = difference / math.sqrt(variance)
    return Comparison(difference, z, max(2 * float(ndtr(-abs(z))), TINY))


TINY = float(np.finfo(np.float64).tiny)
"""What a p-value too small for a float64 is reported as."""


def logit_interval(auc: float, se: float, level: float = 0.95) -> tuple[float, float]:
    """Returns an interval for an AUC that stays within 0..1.

    It is logit A ± z·se/(A(1-A)), taken back.

    Args:
        auc: The estimate, above 0 and below 1.
        se: Its standard error.
        level: Confidence level.

    Source: Pepe, The Statistical Evaluation of Medical Tests (2003), section 5.2.
    """
    logit = math.log(auc / (1 - auc))
    reach = float(ndtri((1 + level) / 2)) * se / (auc * (1 - auc))
    # In exp(-x) a large negative x overflows; tanh has no such end.
    low, high = ((1 + math.tanh((logit + side * reach) / 2)) / 2 for side in (-1, 1))
    return low, high


def _twice_below(values: Values, among: Values) -> npt.NDArray[np.int64]:
    """Twice the number of ``among`` below each value, so that a tie's half stays whole."""
    ordered = np.sort(among)
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    twice: npt.NDArray[np.int64] = left + right
    return twice


def _independent(of_fakes: Values, of_reals: Values) -> float:
    return float(of_fakes.var(ddof=1) / len(of_fakes) + of_reals.var(ddof=1) / len(of_reals))


def _codes(
    fake_clusters: Sequence[Hashable], real_clusters: Sequence[Hashable]
) -> tuple[Codes, Codes]:
    together = [*fake_clusters, *real_clusters]
    codes = group_codes(together, len(together))
    return codes[: len(fake_clusters)], codes[len(fake_clusters) :]


def _clustered(of_fakes: Values, of_reals: Values, fake_codes: Codes, real_codes: Codes) -> float:
    m, n = len(of_fakes), len(of_reals)
    clusters = max(group_count(fake_codes), group_count(real_codes))
    with_fakes, with_reals = len(np.unique(fake_codes)), len(np.unique(real_codes))
    a = np.bincount(fake_codes, weights=of_fakes - of_fakes.mean(), minlength=clusters)
    b = np.bincount(real_codes, weights=of_reals - of_reals.mean(), minlength=clusters)
    s10 = with_fakes / ((with_fakes - 1) * m) * float(a @ a)
    s01 = with_reals / ((with_reals - 1) * n) * float(b @ b)
    s11 = clusters / (clusters - 1) * float(a @ b)
    return max(s10 / m + s01 / n + 2 * s11 / (m * n), 0.0)
