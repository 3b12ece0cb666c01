"""What sampling alone does to the Fréchet distance at few images, and what is left above it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.metrics.estimates import (
    FEWEST_GROUPS,
    Spread,
    degrees_of_freedom,
    estimate_of,
    too_few_groups,
)
from ganeval.metrics.frechet import factored, influence_between
from ganeval.metrics.rows import (
    Floats,
    Rows,
    check_rows,
    check_same_dimension,
    digest_order,
    hold_same_rows,
)
from ganeval.records import Floor, Role
from ganeval.statistics.groups import Codes, deal_groups, group_codes
from ganeval.statistics.resampling import influence_standard_error
from ganeval.statistics.streams import generator

_ENOUGH = 4  # times d images per side: the floor no longer matters
_STEADY = 100  # images per half from which intervals hold as often as they say; docs/intervals.md
_COVERS = "the expected excess at half size, over the choice of images"
# Pairs of the halves (0, 1 of real; 2, 3 of fake) and their weight in the excess.
_CROSS = ((0, 2), (0, 3), (1, 2), (1, 3))
_TERMS = {**dict.fromkeys(_CROSS, 0.25), (0, 1): -0.5, (2, 3): -0.5}

_Half = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FloorResult:
    """The floor with what each image adds to the excess.

    Attributes:
        floor: Floor and excess.
        real: float64 ``[n]``, effect of each real image on the excess divided by n, in the order
            of the rows handed in.
        fake: The same of the fake images.
    """

    floor: Floor
    real: Floats
    fake: Floats


@dataclass(frozen=True)
class _Set:
    """One side in digest order with its seeded splits into two halves."""

    rows: Rows
    codes: Codes
    order: npt.NDArray[np.int64]
    splits: list[list[_Half]]


def excess_over_floor(
    real: Rows,
    fake: Rows,
    *,
    real_groups: Sequence[str] | None = None,
    fake_groups: Sequence[str] | None = None,
    real_digests: Sequence[str],
    fake_digests: Sequence[str],
    seed: int = 0,
    level: float = 0.95,
) -> FloorResult | None:
    """Returns the distance that two samples of one set show at half size, and the excess over it.

    Both sides are split by group into two halves of equal size. The mean distance of real halves
    to fake halves, less the mean distance between halves of one side, is expected to be 0 when
    both sets share one distribution. It shows a difference of the means in full and one of the
    covariances in part, so it errs low. Distances of few images reward lost variety; the excess
    does not.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        real_groups: Group label of each real image; None: each image is its own group.
        fake_groups: The same of the fake images.
        real_digests: Content digest of each real image; splits act on images in this order, so
            that neither names nor file order matter.
        fake_digests: The same of the fake images; hand in those of another set, in the order of
            the partners, to split two sets of paired images alike.
        seed: Seed of the splits.
        level: Confidence level of the interval of the excess.

    Returns:
        Floor and effects; None where the floor says nothing: 4d images per side or more, sides
        that hold the same images, or too few groups to fill two halves of two images.

    Raises:
        InputError: Features are not finite or of different dimension, or groups or digests do not
            fit them.
    """
    check_rows(real, "real", at_least=2)
    check_rows(fake, "fake", at_least=2)
    check_same_dimension(real.shape[1], fake.shape[1])
    smaller = min(len(real), len(fake))
    if smaller >= _ENOUGH * real.shape[1] or hold_same_rows(real, fake):
        return None
    splits = _split_count(smaller // 2)
    sets: dict[Role, _Set] = {
        "real": _split(real, real_groups, real_digests, splits, generator(seed, "floor real")),
        "fake": _split(fake, fake_groups, fake_digests, splits, generator(seed, "floor fake")),
    }
    half = min(len(part) for side in sets.values() for pair in side.splits for part in pair)
    if half < 2:
        return None
    distances, contributions = _average(tuple(sets.values()), half, splits)
    codes = {role: side.codes for role, side in sets.items()}
    floor = Floor(
        half_size=half,
        splits=splits,
        cross=sum(distances[pair] for pair in _CROSS) / len(_CROSS),
        floor_real=distances[0, 1],
        floor_fake=distances[2, 3],
        excess=estimate_of(
            sum(weight * distances[pair] for pair, weight in _TERMS.items()),
            _spread(codes, contributions),
            n={"real": len(real), "fake": len(fake)},
            method=f"mean over {splits} seeded splits into halves of {half} images, seed {seed}; "
            "of several fake sets all are split as the first",
            covers=_COVERS
            if half >= _STEADY
            else f"{_COVERS}; with halves this small 0.85 to 0.99 of such intervals hold it",
            level=level,
        ),
    )
    effects = []
    for side, contribution in zip(sets.values(), contributions, strict=True):
        effect = np.empty_like(contribution)
        effect[side.order] = contribution
        effects.append(effect)
    return FloorResult(floor, *effects)


def _split_count(half: int) -> int:
    """Splits averaged over: at more images one split is steadier, and dearer."""
    return 5 if half <= 400 else 2 if half <= 1000 else 1


def _split(
    rows: Rows,
    groups: Sequence[str] | None,
    digests: Sequence[str],
    splits: int,
    rng: np.random.Generator,
) -> _Set:
    order = digest_order(rows, digests)
    codes = group_codes(group_codes(groups, len(rows))[order].tolist(), len(rows))
    return _Set(rows[order], codes, order, [deal_groups(codes, 2, rng) for _ in range(splits)])


def _average(
    sets: tuple[_Set, ...], half: int, splits: int
) -> tuple[dict[tuple[int, int], float], list[Floats]]:
    """Mean distance of every pair of halves, and each image's part in the excess, per side."""
    distances = dict.fromkeys(_TERMS, 0.0)
    contributions = [np.zeros(len(side.codes)) for side in sets]
    for split in range(splits):
        halves = [
            (index, part[:half]) for index, side in enumerate(sets) for part in side.splits[split]
        ]
        prepared = [factored(sets[index].rows[part]) for index, part in halves]
        for pair, weight in _TERMS.items():
            value, *influences = influence_between(prepared[pair[0]], prepared[pair[1]])
            distances[pair] += value / splits
            for place, influence in zip(pair, influences, strict=True):
                index, part = halves[place]
                if influence is not None:
                    contributions[index][part] += weight * influence / (half * splits)
    return distances, contributions


def _spread(codes: dict[Role, Codes], contributions: list[Floats]) -> Spread:
    few = too_few_groups(codes, FEWEST_GROUPS)
    if few:
        return few
    parts = [
        influence_standard_error(contribution, side)
        for contribution, side in zip(contributions, codes.values(), strict=True)
    ]
    return Spread(math.hypot(*parts), degrees_of_freedom(codes), "influence function over groups")
