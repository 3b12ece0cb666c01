"""The difference that nothing makes: the base arm against itself with other seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from ganeval.errors import InputError
from ganeval.statistics.sign_flips import EXACT_FLIPS, flip_p_values, label_permutation_test
from ganeval.statistics.streams import generator

Floats = npt.NDArray[np.float64]

PAIRINGS: Final = 10_000
"""Random pairings of the runs."""

_SUMS: Final = 1 << 25  # flips of all pairings tested; with 16 pairs 1,024 pairings are tested


@dataclass(frozen=True)
class NoiseBand:
    """What a study shows where there is nothing to find.

    Attributes:
        half_width: 95 % of the mean differences of random pairings are at most this large.
        rejections: Share of the pairings in which the study's test rejects, 0..1.
        sd: Standard deviation of the difference of two runs, √2 times that of one; the value to
            plan with.
        p: Of the base against its repetition, by the permutation of labels.
        n: Pairs of every pairing.
        alpha: Level of the study's test.
        pairings: Pairings behind the share of rejections.
    """

    half_width: float
    rejections: float
    sd: float
    p: float
    n: int
    alpha: float
    pairings: int

    @property
    def ok(self) -> bool:
        """Whether the study's test rejects at most twice as often as it says."""
        return self.rejections <= 2 * self.alpha

    @property
    def differs(self) -> bool:
        """Whether the repetition itself differs from the base."""
        return self.p <= self.alpha


def noise_band(
    base: Floats, again: Floats, alpha: float = 0.05, seed: int = 0, level: float = 0.95
) -> NoiseBand:
    """Returns the band of mean differences between runs of one and the same arm.

    Runs of the base with the study's seeds and with others are exchangeable, so 10,000 random
    pairings of all of them show what the study's design sees where there is nothing to see.

    Args:
        base: float ``[n]``, the metric of the base's runs, finite.
        again: float ``[m]``, of the same arm with other seeds, finite; n + m at least 4.
        alpha: Level of the study's sign-flip test.
        seed: Seed of the pairings.
        level: Share of the mean differences inside the band.

    Raises:
        InputError: No run of one of the two, or fewer than four runs in all.
    """
    pooled = np.concatenate([np.asarray(base, np.float64), np.asarray(again, np.float64)])
    n = len(pooled) // 2
    if min(len(base), len(again)) < 1 or n < 2:
        raise InputError(
            f"a noise band needs four runs of the base with different seeds, and "
            f"{len(base)} and {len(again)} were given"
        )
    rng = generator(seed, "noise band")
    shuffled = rng.permuted(np.tile(pooled, (PAIRINGS, 1)), axis=1)
    d = shuffled[:, :n] - shuffled[:, n : 2 * n]
    tested = min(PAIRINGS, _SUMS // 2 ** (n - 1)) if n <= EXACT_FLIPS else PAIRINGS
    return NoiseBand(
        half_width=float(np.quantile(np.abs(d.mean(axis=1)), level)),
        rejections=float(np.mean(_p_values(d[:tested]) <= alpha)),
        sd=math.sqrt(2) * float(pooled.std(ddof=1)),
        p=label_permutation_test(base, again, seed=seed).p,
        n=n,
        alpha=alpha,
        pairings=tested,
    )


def _p_values(differences: Floats) -> Floats:
    """Of the sign-flip test; beyond 16 pairs of the t test, which is then all but equal."""
    n = differences.shape[1]
    if n <= EXACT_FLIPS:
        return flip_p_values(differences)
    means, sds = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    t = np.abs(means) / np.maximum(sds / math.sqrt(n), np.finfo(np.float64).tiny)
    return np.asarray(2 * stdtr(n - 1, -t))
