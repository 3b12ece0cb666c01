"""Intervals over training seeds and test images together, which are crossed and not nested.

All runs translate the same test images. So a bootstrap draws the images once per replicate and uses
them for every run; images drawn anew inside each run average out across seeds, and the interval is
then far too short.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.statistics.groups import Codes, group_codes, group_count
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.streams import generator

Floats = npt.NDArray[np.float64]

DRAWS: Final = 2_000
"""Bootstrap replicates."""

FEWEST_FOR_PAIRS: Final = 10
"""Fewest groups of images for the KID; with fewer a draw may hold one group alone, and no pair."""

OVER_BOTH: Final = "over seeds and images"
OVER_IMAGES: Final = "over images, these training runs"

_BLOCK: Final = 1 << 22  # products held at once


@dataclass(frozen=True)
class Crossed:
    """A mean difference over seeds with an interval that counts seeds and images.

    Attributes:
        mean: Variant less base, mean over the seeds and all images.
        se: Its standard error.
        low: Lower end.
        high: Upper end.
        n: Training seeds.
        population: What the interval speaks of; with one seed of images alone.
        method: How it was computed.
    """

    mean: float
    se: float
    low: float
    high: float
    n: int
    population: str
    method: str


@dataclass(frozen=True)
class KernelBlocks:
    """Kernel values of the fakes of one run.

    Attributes:
        own: float ``[N, N]``, of all pairs of fakes, symmetric; the diagonal is not looked at.
        cross: float ``[N, M]``, of every fake with every real.
    """

    own: Floats
    cross: Floats


def crossed_interval(
    variant: Floats,
    base: Floats,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Crossed:
    """Returns the interval of a difference of means of per-image values.

    Seeds are drawn as pairs, images (whole groups) once per replicate for every run: the pigeonhole
    bootstrap. The interval is the mean ± t with n - 1 degrees of freedom times sd·√(n/(n-1)) of
    the replicates; the percentile form covers 0.88 at eight seeds.

    Args:
        variant: float ``[s, i]``, the value of every seed's run on every image, finite.
        base: float ``[s, i]``, of the same seeds and images.
        groups: Label of the group of every image; None makes each image its own.
        seed: Seed of the draws.
        draws: Replicates, at least 2.
        level: Confidence level.

    Raises:
        InputError: Shapes that differ, no run, or fewer than two groups of images.

    Source: Owen, Annals of Applied Statistics 1 (2007) 386; Owen and Eckles, Annals of Applied
    Statistics 6 (2012) 895.
    """
    if variant.shape != base.shape or variant.ndim != 2 or not variant.size:
        raise InputError(
            f"values of shape {variant.shape} and {base.shape} cannot be crossed: "
            "both arms need one row per seed and one column per image, the same ones"
        )
    d = np.asarray(variant, np.float64) - np.asarray(base, np.float64)
    codes = group_codes(groups, d.shape[1])
    count = group_count(codes)
    sums = np.stack([np.bincount(codes, weights=row, minlength=count) for row in d])
    sizes = np.bincount(codes, minlength=count).astype(np.float64)
    redrawn = [c @ sums.T / (c @ sizes)[:, None] for c in _counts(count, draws, seed, "images")]
    return cross_replicates(
        d.mean(axis=1), np.concatenate(redrawn).T, seed=seed, level=level, images=count
    )


def crossed_kid(
    runs: Iterable[tuple[KernelBlocks, KernelBlocks]],
    fake_groups: Sequence[Hashable],
    real_groups: Sequence[Hashable],
    *,
    seed: int = 0,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Crossed:
    """Returns the interval of a difference of two arms' KID.

    How often an image was drawn is its weight in the sums of kernel values, for fakes and for
    reals, the same in every run. A pair of two copies of one original is left out: its value is
    k(x, x), which no pair of the estimate has, and it would bias the KID upwards. The part among
    the reals is the same in both arms and cancels.

    Args:
        runs: Variant and base of every seed. An iterator is read once, so that a caller can make
            one seed's matrices at a time.
        fake_groups: Label of the group of every fake ``[N]``, alike in all runs.
        real_groups: Label of the group of every real ``[M]``.
        seed: Seed of the draws.
        draws: Replicates, at least 2.
        level: Confidence level.

    Raises:
        InputError: No run, matrices of other shapes than the labels say, or fewer than ten groups
            of fakes or reals.

    Source: as `crossed_interval`; the estimate is that of Gretton et al., Journal of Machine
    Learning Research 13 (2012) 723, lemma 6.
    """
    fakes, reals = (
        group_codes(fake_groups, len(fake_groups)),
        group_codes(real_groups, len(real_groups)),
    )
    of_fakes = list(_counts(group_count(fakes), draws, seed, "images", fewest=FEWEST_FOR_PAIRS))
    of_reals = list(
        _counts(
            group_count(reals),
            draws,
            seed,
            "reals",
            fewest=FEWEST_FOR_PAIRS,
            steps_like=of_fakes,
        )
    )
    values, replicates = [], []
    for variant, base in runs:
        one, other = _by_group(variant, fakes, reals), _by_group(base, fakes, reals)
        values.append(one.value() - other.value())
        parts = [
            one.redrawn(w, v) - other.redrawn(w, v) for w, v in zip(of_fakes, of_reals, strict=True)
        ]
        replicates.append(np.concatenate(parts))
    if not values:
        raise InputError("no run was given to cross with the images")
    images = min(group_count(fakes), group_count(reals))
    return cross_replicates(
        np.array(values), np.array(replicates), seed=seed, level=level, images=images
    )


def cross_replicates(
    differences: Floats, replicates: Floats, *, seed: int, images: int, level: float = 0.95
) -> Crossed:
    """Draws seeds on top of replicates over images; the form all crossed intervals share.

    Args:
        differences: float ``[n]``, variant less base of every seed.
        replicates: float ``[n, B]``, the same with the images of replicate b, which are the same
            for every seed.
        seed: Seed of the draws.
        images: Independent groups of images, at least 2.
        level: Confidence level.

    Returns:
        With one seed the interval over images alone, t with ``images`` - 1 degrees of freedom.
    """
    n, draws = replicates.shape
    if n > 1:
        weights = generator(seed, "crossed seeds").multinomial(n, np.full(n, 1 / n), size=draws)
        means = np.einsum("bs,sb->b", weights / n, replicates)
        factor, df, population = n, n - 1, OVER_BOTH
    else:
        means, factor, df, population = replicates[0], images, images - 1, OVER_IMAGES
    mean = float(differences.mean())
    se = float(means.std(ddof=1)) * math.sqrt(factor / (factor - 1))
    low, high = t_interval(mean, se, df, level)
    what = "seeds and images" if n > 1 else "images"
    return Crossed(mean, se, low, high, n, population, f"bootstrap of {what}, {draws:,} draws, t")


def jackknife_crossed(
    mean: float, sd: float, n: int, se_images: float, level: float = 0.95
) -> Crossed:
    """Returns mean ± t·√(sd²/n + se²), for the FID, whose bootstrap would be biased.

    With 120 fakes a bootstrap of the FID lies 40 % too high, since copies narrow the covariance.

    Args:
        mean: Mean difference over the seeds.
        sd: Its standard deviation over the seeds, divisor n - 1.
        n: Seeds, at least 2.
        se_images: Standard error of the mean difference over images, from one jackknife with the
            same groups of images in all runs.
        level: Confidence level.
    """
    if n < 2:
        raise InputError("the spread over seeds needs at least two of them")
    se = math.hypot(sd / math.sqrt(n), se_images)
    low, high = t_interval(mean, se, n - 1, level)
    return Crossed(mean, se, low, high, n, OVER_BOTH, "jackknife of images and spread of seeds, t")


@dataclass(frozen=True)
class _GroupSums:
    """Kernel sums of one run by groups of images.

    Attributes:
        own: float ``[G, G]``, sums over ordered pairs of distinct fakes of two groups.
        cross: float ``[G, H]``, sums over fakes of one group and reals of another.
        fakes: float ``[G]``, fakes of every group.
        reals: float ``[H]``, reals of every group.
    """

    own: Floats
    cross: Floats
    fakes: Floats
    reals: Floats

    def value(self) -> float:
        """The KID without its part among the reals."""
        ones = np.ones((1, len(self.fakes))), np.ones((1, len(self.reals)))
        return float(self.redrawn(*ones)[0])

    def redrawn(self, fakes: Floats, reals: Floats) -> Floats:
        """The same for images drawn ``[B, G]`` and ``[B, H]`` times; float64 ``[B]``."""
        pairs = np.outer(self.fakes, self.fakes)
        np.fill_diagonal(pairs, self.fakes * (self.fakes - 1))
        total, number = _of_other_originals(self.own, fakes), _of_other_originals(pairs, fakes)
        crossing = np.einsum("bg,bg->b", fakes, reals @ self.cross.T)
        means: Floats = total / number - 2 * crossing / (
            (fakes @ self.fakes) * (reals @ self.reals)
        )
        return means


def _of_other_originals(sums: Floats, counts: Floats) -> Floats:
    """Σ c_g c_h S_gh over pairs that are no copies of one another.

    Pairs within a group count once per copy of the group: across its copies they could be one
    image twice.
    """
    diagonal = np.diagonal(sums)
    total: Floats = np.einsum("bg,bg->b", counts, counts @ sums)
    return total - (counts**2 - counts) @ diagonal


def _by_group(blocks: KernelBlocks, fakes: Codes, reals: Codes) -> _GroupSums:
    n, m = len(fakes), len(reals)
    if blocks.own.shape != (n, n) or blocks.cross.shape != (n, m):
        raise InputError(
            f"kernel values of shape {blocks.own.shape} and {blocks.cross.shape} "
            f"do not fit {n} fakes and {m} reals"
        )
    own = np.array(blocks.own, dtype=np.float64)
    np.fill_diagonal(own, 0)
    return _GroupSums(
        own=_summed(_summed(own, fakes).T, fakes).T,
        cross=_summed(_summed(blocks.cross, fakes).T, reals).T,
        fakes=np.bincount(fakes).astype(np.float64),
        reals=np.bincount(reals).astype(np.float64),
    )


def _summed(rows: Floats, codes: Codes) -> Floats:
    """Sums the rows of every group; ``[G, ...]``."""
    if group_count(codes) == len(codes):
        return np.asarray(rows, np.float64)  # codes go by first appearance: nothing to sum
    sums = np.zeros((group_count(codes), rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _counts(
    groups: int,
    draws: int,
    seed: int,
    what: str,
    *,
    fewest: int = 2,
    steps_like: list[Floats] | None = None,
) -> Iterator[Floats]:
    """How often each group is drawn, ``[b, G]`` block by block; the blocks do not change it."""
    if groups < fewest:
        raise InputError(
            f"an interval over images needs at least {fewest} independent groups of {what}, "
            f"and there are {groups}"
        )
    if draws < 2:
        raise InputError(
            f"an interval needs at least two bootstrap draws, and {draws} were asked for"
        )
    rng = generator(seed, f"crossed {what}")
    step = max(1, _BLOCK // groups)
    steps = [len(block) for block in steps_like or ()] or [
        min(step, draws - start) for start in range(0, draws, step)
    ]
    shares = np.full(groups, 1 / groups)
    for size in steps:
        yield rng.multinomial(groups, shares, size=size).astype(np.float64)
