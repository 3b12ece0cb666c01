"""MIND, the Monge inception distance: a sliced Wasserstein distance of features.

MIND = 3d · mean over random directions u of W²(Xu, Yu), where W² is the squared 2-Wasserstein
distance on the line: the mean of (sort(Xu)_j - sort(Yu)_j)² for equally many images.

Source: Berthet et al., arXiv 2605.06797; torch-fidelity's main branch computes the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.rows import Floats, Rows, check_rows, check_same_dimension
from ganeval.metrics.unequal_blocks import Codes, block_codes, block_sizes, level
from ganeval.metrics.unit_vectors import random_directions
from ganeval.statistics.streams import generator

_FACTOR = 3.0  # times d
_ROWS = 4096  # rows projected at once: 64 MB in float64 at d = 2048
_CACHED = 8192  # differences held at once, which stay within the processor's cache
_VALUES = 1 << 21  # projections of one side held at once: 16 MB, and several arrays like it

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mind:
    """A MIND and what it is the mean of.

    Attributes:
        value: The MIND.
        by_direction: float64 ``[M]``, 3d · W² along every direction. Two fake sets share their
            directions, so the spread of the difference of these is the error that directions
            leave in the difference of two MINDs.
        n: Images per side that went into it.
    """

    value: float
    by_direction: Floats
    n: int

    @property
    def directions(self) -> int:
        """Number of directions."""
        return len(self.by_direction)

    @property
    def direction_se(self) -> float:
        """Standard error of the value over the choice of directions, for these images."""
        return float(self.by_direction.std(ddof=1)) / math.sqrt(self.directions)


@dataclass(frozen=True)
class MindJackknife:
    """A MIND with both of its sources of error.

    Attributes:
        jackknifed: Value and replicates without each block, all along the same directions: the
            error of the choice of images.
        mind: The value by direction: the error of the choice of directions.
    """

    jackknifed: Jackknifed
    mind: Mind

    @property
    def directions(self) -> int:
        """Number of directions."""
        return self.mind.directions

    @property
    def direction_se(self) -> float:
        """Standard error over the choice of directions; independent of that of the images."""
        return self.mind.direction_se


def mind(real: Rows, fake: Rows, *, directions: int = 1000, seed: int) -> Mind:
    """Returns the Monge inception distance; lower is better, 0 for the same rows.

    It is biased upwards at few images, by about 1/n, so values are compared at equal n only. With
    unequal numbers of images the larger side is thinned out at random. The directions depend on
    the seed, d and their number alone, so several fake sets share them.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        directions: Number of random directions M, at least 2.
        seed: Seed of the directions and of the thinning, which acts on rows as they stand.

    Raises:
        InputError: Too few images or directions, different dimensions, or values that are not
            finite.

    Source: Berthet et al., arXiv 2605.06797.
    """
    one, other = _equally_many(real, fake, directions, seed)
    values = np.concatenate(
        [
            np.square(np.sort(x, axis=1) - np.sort(y, axis=1)).mean(axis=1)
            for x, y in _projections(real, fake, one, other, directions, seed)
        ]
    )
    return _mind(values, real.shape[1], len(one))


def mind_jackknife(
    real: Rows,
    fake: Rows,
    real_blocks: Blocks,
    fake_blocks: Blocks,
    *,
    directions: int = 1000,
    seed: int,
) -> MindJackknife:
    """Returns the MIND without each block of images in turn, along the same directions.

    The Wasserstein distance on the line is defined for unequal numbers of images: the integral of
    the squared difference of both quantile functions, which for equal numbers is the mean over
    sorted pairs. So a block of one side is left out while the other side stays whole, as the
    jackknife asks for, and nothing is thinned out or interpolated. Images that were thinned out
    at the start have no part in it. Replicates are levelled, see
    `ganeval.metrics.unequal_blocks.level`; the value stands for one where nothing would be left.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        real_blocks: Rows of each block of reals.
        fake_blocks: Rows of each block of fakes.
        directions: Number of random directions M.
        seed: Seed of the directions and of the thinning.

    Raises:
        InputError: As `mind`.
    """
    one, other = _equally_many(real, fake, directions, seed)
    blocks = (real_blocks, fake_blocks)
    codes = (
        block_codes(real_blocks, len(real))[one],
        block_codes(fake_blocks, len(fake))[other],
    )
    sums = [np.zeros(len(side)) for side in blocks]
    values = []
    for projected in _projections(real, fake, one, other, directions, seed):
        orders = [np.argsort(side, axis=1) for side in projected]
        ordered = [np.take_along_axis(s, o, axis=1) for s, o in zip(projected, orders, strict=True)]
        values.append(np.square(ordered[0] - ordered[1]).mean(axis=1))
        for side in (0, 1):
            sums[side] += _without_blocks(
                ordered[side], codes[side][orders[side]], ordered[1 - side], len(blocks[side])
            )
    whole = _mind(np.concatenate(values), real.shape[1], len(one))
    replicates = []
    for total, block_of in zip(sums, codes, strict=True):
        removed = block_sizes(block_of, len(total))
        means = total * (_FACTOR * real.shape[1] / directions)
        usual = (removed > 0) & (removed < len(block_of))
        replicates.append(
            level(whole.value, np.where(usual, means, whole.value), removed, len(block_of))
        )
    return MindJackknife(Jackknifed(whole.value, *replicates), whole)


def _mind(values: Floats, d: int, n: int) -> Mind:
    by_direction = _FACTOR * d * values
    return Mind(float(by_direction.mean()), by_direction, n)


def _equally_many(real: Rows, fake: Rows, directions: int, seed: int) -> tuple[Indices, Indices]:
    """Rows of both sides that are used, as many of one as of the other."""
    check_rows(real, "real", at_least=1)
    check_rows(fake, "fake", at_least=1)
    check_same_dimension(real.shape[1], fake.shape[1])
    if directions < 2:
        raise InputError(f"MIND needs at least 2 directions, got {directions}")
    n = min(len(real), len(fake))
    chosen = []
    for side in (real, fake):
        rows = np.arange(len(side))
        if len(side) > n:
            rng = generator(seed, "mind thinning")
            rows = np.sort(rng.choice(len(side), size=n, replace=False))
        chosen.append(rows)
    return chosen[0], chosen[1]


def _projections(
    real: Rows, fake: Rows, one: Indices, other: Indices, directions: int, seed: int
) -> Iterator[tuple[Floats, Floats]]:
    """Projections ``[b, n]`` of both sides along b directions at a time."""
    rng = generator(seed, "mind directions")
    at_once = max(1, _VALUES // len(one))
    for start in range(0, directions, at_once):
        units = random_directions(min(at_once, directions - start), real.shape[1], rng)
        yield _projected(real, one, units), _projected(fake, other, units)


def _projected(rows: Rows, chosen: Indices, units: Floats) -> Floats:
    projected = np.empty((len(units), len(chosen)))
    for start in range(0, len(chosen), _ROWS):
        part = rows[chosen[start : start + _ROWS]].astype(np.float64)
        projected[:, start : start + _ROWS] = units @ part.T
    return projected


def _without_blocks(ordered: Floats, codes: Codes, other: Floats, count: int) -> Floats:
    """Sum over directions of W² without each block ``[G]``; 0 where all or nothing is left.

    Args:
        ordered: float64 ``[b, n]``, sorted projections of the side that blocks are taken from.
        codes: int ``[b, n]``, block of every one of them.
        other: float64 ``[b, m]``, sorted projections of the other side.
        count: Number of blocks G.
    """
    sums = np.zeros(count)
    for block, size in enumerate(block_sizes(codes[0], count)):
        left = ordered.shape[1] - int(size)
        if size and left:
            rest = ordered[codes != block].reshape(len(ordered), left)
            sums[block] = _squared_distances(rest, other).sum()
    return sums


def _squared_distances(one: Floats, other: Floats) -> Floats:
    """W² of two sorted samples ``[b, n]`` and ``[b, m]`` along each of b directions."""
    n, m = one.shape[1], other.shape[1]
    # Both quantile functions are constant between these n·m-ths of the whole.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    weights = (ends - starts) / (n * m)
    places, others = starts // m, starts // n
    squares = np.empty(len(one))
    at_once = max(1, _CACHED // len(ends))
    for start in range(0, len(one), at_once):
        some = slice(start, start + at_once)
        differences = one[some].take(places, axis=1)
        differences -= other[some].take(others, axis=1)
        squares[some] = np.square(differences, out=differences) @ weights
    return squares
