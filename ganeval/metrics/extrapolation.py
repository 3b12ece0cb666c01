"""FID∞: the Fréchet distance extrapolated to infinitely many images.

The distance of n images is larger than that of infinitely many by about c/n. A line through
distances of several n against 1/n meets 1/n = 0 at the distance without that bias.

Source: Chong and Forsyth, arXiv 1911.07023.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.estimates import (
    FEWEST_GROUPS,
    Spread,
    degrees_of_freedom,
    estimate_of,
    too_few_groups,
)
from ganeval.metrics.frechet import (
    Factored,
    Side,
    are_identical,
    check_sides,
    dimension,
    factored,
    influence_between,
)
from ganeval.metrics.moments import Moments
from ganeval.metrics.replicates import replicate_distance
from ganeval.metrics.rows import Floats, Rows
from ganeval.records import Estimate, Role
from ganeval.statistics.groups import Codes, group_codes, group_members
from ganeval.statistics.resampling import influence_standard_error
from ganeval.statistics.streams import generator

_SIZES = 6  # numbers of images from half of the set to all of it
_FEWEST_IMAGES = 20  # that six different numbers of images exist
_LEAST_SHARE = 2  # times d images: at fewer, half of a set has a covariance without full rank
_BLOCK = 4096  # rows drawn at once

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Extrapolation:
    """A distance at infinitely many images.

    Attributes:
        estimate: Value, standard error and interval; value None with the reason where it cannot
            be had.
        sizes: int64 ``[6]``, numbers of images n the line was drawn through; empty: none was.
        distances: float64 ``[6]``, mean distance of n images over the repeats.
        real: float64 ``[n]``, effect of each real image on the value divided by n; None: the side
            is statistics, or there is no value.
        fake: The same of the fake images.
        repeat_se: Standard error that is due to the repeats alone.
    """

    estimate: Estimate
    sizes: Indices
    distances: Floats
    real: Floats | None = None
    fake: Floats | None = None
    repeat_se: float | None = None


@dataclass(frozen=True)
class _Set:
    """One side that images are drawn from, or statistics that stay as they are."""

    rows: Rows | None
    codes: Codes
    fixed: Factored | None

    def draws(self, sizes: Indices, rng: np.random.Generator) -> Iterator[Factored]:
        """Draws sets of these sizes, each within the next; whole groups as far as they fit."""
        if self.rows is None:
            yield from [self.fixed] * len(sizes) if self.fixed else []
            return
        members = group_members(self.codes)
        order = np.concatenate([members[group] for group in rng.permutation(len(members))])
        moments, start = Moments.empty(self.rows.shape[1]), 0
        for size in sizes:
            for first in range(start, size, _BLOCK):
                moments = moments.update(self.rows[order[first : min(first + _BLOCK, size)]])
            start = size
            yield factored(moments)

    def is_used_up(self, size: int) -> bool:
        """Tells whether a draw of this size can turn out in one way only."""
        return self.rows is None or len(self.rows) == size


def fid_infinity(
    real: Side,
    fake: Side,
    *,
    seed: int,
    repeats: int = 20,
    real_groups: Sequence[str] | None = None,
    fake_groups: Sequence[str] | None = None,
    level: float = 0.95,
) -> Extrapolation:
    """Returns the Fréchet distance at infinitely many images; lower is better.

    Sets of six sizes from N/2 to N are drawn, of both sides alike where both are features and of
    the fakes alone against statistics; N is the number of images of the smaller side drawn from.
    The value is the intercept of the least-squares line of the distance on 1/n, the mean over the
    repeats. It may be slightly negative. What is left of the bias is of order 1/n²; against
    statistics, the bias due to the number of reals stays.

    The standard error is that of the choice of images, by the influence function at N, together
    with that of the repeats. The spread over the repeats alone would not do: they all draw from
    the same images. The cost is that of five distances per repeat and an influence function.

    Args:
        real: Features ``[n, d]`` or moments.
        fake: Features ``[m, d]``; of moments there is no value, with the reason.
        seed: Seed of the draws, which act on rows as they stand.
        repeats: Number of draws of all six sizes, at least 2.
        real_groups: Group label of each real image; whole groups are drawn. None: each image is
            its own group.
        fake_groups: The same of the fake images.
        level: Confidence level of the interval.

    Raises:
        InputError: As `ganeval.metrics.frechet.frechet_distance`, too few repeats, or groups that
            do not fit.

    Source: Chong and Forsyth, arXiv 1911.07023.
    """
    check_sides(real, fake)
    if repeats < 2:
        raise InputError(f"extrapolation needs at least 2 repeats, got {repeats}")
    sets = _set(real, real_groups), _set(fake, fake_groups)
    n = {"real": _count(real), "fake": _count(fake)}
    d = dimension(real)
    smallest = min((len(one.rows) for one in sets if one.rows is not None), default=0)
    needed = max(_LEAST_SHARE * d, _FEWEST_IMAGES)
    reason = None
    if sets[1].rows is None:
        reason = "extrapolation draws fewer of the fake images, and statistics hold none"
    elif smallest < needed:
        reason = (
            f"extrapolation needs at least {needed} images per side for {d} features, and one side "
            f"has {smallest}"
        )
    elif are_identical(real, fake):
        reason = "both sides hold the same images"
    if reason is not None:
        known = {role: count for role, count in n.items() if count is not None}
        return Extrapolation(
            Estimate(value=None, n=known, level=level, reason=reason),
            np.empty(0, np.int64),
            np.empty(0),
        )
    sizes = np.ceil(np.linspace(smallest / 2, smallest, _SIZES)).astype(np.int64)
    distances = _distances(sets, sizes, seed, repeats)
    intercepts = distances @ _intercept_weights(sizes)
    repeat_se = float(intercepts.std(ddof=1)) / math.sqrt(repeats)
    _, of_real, of_fake = influence_between(factored(real), factored(fake))
    effects = tuple(None if one is None else one / len(one) for one in (of_real, of_fake))
    spread = _spread(sets, effects, repeat_se, repeats)
    return Extrapolation(
        estimate_of(
            float(intercepts.mean()),
            spread,
            n=n,
            method=f"least-squares line on 1/n through {_SIZES} sizes from {sizes[0]} to "
            f"{sizes[-1]} images, mean of {repeats} draws, seed {seed}",
            covers="the distance at infinitely many images, up to a bias of order 1/n²"
            if sets[0].rows is not None
            else "the distance of infinitely many fakes to these statistics of the reals",
            level=level,
        ),
        sizes,
        distances.mean(axis=0),
        real=effects[0],
        fake=effects[1],
        repeat_se=repeat_se,
    )


def _set(side: Side, groups: Sequence[str] | None) -> _Set:
    if isinstance(side, Moments):
        return _Set(None, np.empty(0, np.int64), factored(side))
    return _Set(side, group_codes(groups, len(side)), None)


def _count(side: Side) -> int | None:
    return side.n if isinstance(side, Moments) else len(side)


def _distances(sets: tuple[_Set, _Set], sizes: Indices, seed: int, repeats: int) -> Floats:
    """Distances ``[repeats, 6]``.

    Within a repeat each draw contains the smaller ones: its moments cost one pass over the rows,
    and its distances vary together, which steadies the line through them. They come from the
    quick routine of replicates, whose error is far below their spread.
    """
    sources = [generator(seed, f"fid infinity {role}") for role in ("real", "fake")]
    used_up = all(one.is_used_up(int(sizes[-1])) for one in sets)
    distances = np.empty((repeats, len(sizes)))
    for repeat in range(repeats):
        drawn = sizes[:-1] if used_up and repeat else sizes
        draws = [one.draws(drawn, rng) for one, rng in zip(sets, sources, strict=True)]
        pairs = zip(*draws, strict=True)
        distances[repeat, : len(drawn)] = [replicate_distance(one, two) for one, two in pairs]
    if used_up:
        distances[1:, -1] = distances[0, -1]
    return distances


def _intercept_weights(sizes: Indices) -> Floats:
    """What the intercept of the least-squares line on 1/n takes of every distance; sums to 1."""
    x = 1 / sizes
    deviations = x - x.mean()
    weights: Floats = 1 / len(sizes) - x.mean() * deviations / (deviations @ deviations)
    return weights


def _spread(
    sets: tuple[_Set, _Set], effects: Sequence[Floats | None], repeat_se: float, repeats: int
) -> Spread:
    roles: tuple[Role, Role] = ("real", "fake")
    codes = {role: one.codes for role, one in zip(roles, sets, strict=True) if one.rows is not None}
    few = too_few_groups(codes, FEWEST_GROUPS)
    if few:
        return few
    errors = [
        influence_standard_error(effect, one.codes)
        for effect, one in zip(effects, sets, strict=True)
        if effect is not None
    ]
    return Spread(
        math.hypot(*errors, repeat_se),
        degrees_of_freedom(codes),
        f"influence function over groups, and the spread over {repeats} draws",
    )
