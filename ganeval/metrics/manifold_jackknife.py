"""Precision, recall, density and coverage without each block of images in turn.

Leaving out images is the only resampling they stand: images drawn twice would be neighbours of
themselves at distance 0 and shrink the balls.
"""

from __future__ import annotations

import numpy as np

from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.manifold_distances import (
    Balls,
    Flags,
    Pairs,
    balls,
    check_sides,
    pairs,
    within,
)
from ganeval.metrics.rows import Floats, Rows
from ganeval.metrics.unequal_blocks import Codes, block_codes, block_sizes, level

METRICS = ("precision", "recall", "density", "coverage")


def manifold_jackknife(
    real: Rows,
    fake: Rows,
    real_blocks: Blocks,
    fake_blocks: Blocks,
    *,
    k: int = 5,
    inclusive: bool = False,
) -> dict[str, Jackknifed]:
    """Returns precision, recall, density and coverage with their replicates.

    Every distance is computed once; each block adds one comparison of all pairs. Replicates are
    levelled, see `ganeval.metrics.unequal_blocks.level`; the value stands for one where no more
    than k images would be left.

    Standard errors made of them err on the wide side.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        real_blocks: Rows of each block of reals.
        fake_blocks: Rows of each block of fakes.
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.

    Returns:
        By name: precision, recall, density, coverage.

    Raises:
        InputError: k < 1, a side has no more than k images, dimensions differ, or values are not
            finite.
    """
    check_sides(real, fake, k)
    real_side = _Side(real, block_codes(real_blocks, len(real)), len(real_blocks), k)
    fake_side = _Side(fake, block_codes(fake_blocks, len(fake)), len(fake_blocks), k)
    without_real = _WithoutReals(real_side, len(fake), inclusive)
    without_fake = _WithoutFakes(fake_side, len(real), inclusive)
    whole = _Whole(real_side, fake_side, inclusive)
    for block in pairs(real, fake, real_side.balls, fake_side.balls):
        whole.add(block)
        without_real.add(block)
        without_fake.add(block, real_side.balls.radii)
    values = whole.values(k)
    real_replicates = without_real.replicates(whole, k)
    fake_replicates = without_fake.replicates(whole, k)
    return {
        name: Jackknifed(
            values[name],
            real_side.levelled(values[name], real_replicates[name]),
            fake_side.levelled(values[name], fake_replicates[name]),
        )
        for name in METRICS
    }


class _Side:
    """One set with its balls and blocks.

    Args:
        rows: Features ``[n, d]``.
        codes: Block of each row; -1: of none.
        count: Number of blocks.
        k: Which neighbour the balls reach to.
    """

    def __init__(self, rows: Rows, codes: Codes, count: int, k: int) -> None:
        self.balls: Balls = balls(rows, k, codes)
        self.codes = codes
        self.count = count
        self.removed = block_sizes(codes, count)
        self.left = len(codes) - self.removed

    def radii_without(self, block: int) -> Floats:
        """Squared radii ``[n]``; nothing is within those of the block itself."""
        return np.where(self.codes == block, -np.inf, self.balls.radii_without(block))

    def levelled(self, value: float, replicates: Floats) -> Floats:
        """Replicates as if every block had the same size."""
        possible = np.where(self.left > self.balls.k, replicates, value)
        return level(value, possible, self.removed, len(self.codes))

    def mean_left(self, values: Floats | Flags) -> Floats:
        """Mean of ``[n]`` values over the images outside each block, ``[blocks]``."""
        held = self.codes >= 0
        sums = np.bincount(self.codes[held], weights=values[held], minlength=self.count)
        mean: Floats = (values.sum() - sums) / np.maximum(self.left, 1)
        return mean


class _Whole:
    """The metrics of all images, image by image."""

    def __init__(self, real: _Side, fake: _Side, inclusive: bool) -> None:
        self.real, self.fake, self.inclusive = real, fake, inclusive
        self.balls_of_reals = np.zeros(len(fake.codes))
        self.balls_of_fakes = np.zeros(len(real.codes))
        self.inhabitants = np.zeros(len(real.codes))

    def add(self, block: Pairs) -> None:
        inside = within(block.squared, self.real.balls.radii[block.rows, None], self.inclusive)
        self.balls_of_reals[block.columns] += inside.sum(axis=0)
        self.inhabitants[block.rows] += inside.sum(axis=1)
        inside = within(block.squared, self.fake.balls.radii[block.columns], self.inclusive)
        self.balls_of_fakes[block.rows] += inside.sum(axis=1)

    def values(self, k: int) -> dict[str, float]:
        return {
            "precision": float((self.balls_of_reals > 0).mean()),
            "recall": float((self.balls_of_fakes > 0).mean()),
            "density": float(self.balls_of_reals.sum() / (k * len(self.balls_of_reals))),
            "coverage": float((self.inhabitants > 0).mean()),
        }


class _WithoutReals:
    """What each block of reals changes: the balls of the others, and who is asked about them."""

    def __init__(self, side: _Side, others: int, inclusive: bool) -> None:
        self.side, self.inclusive = side, inclusive
        self.radii = [side.radii_without(block) for block in range(side.count)]
        self.in_manifold = np.zeros((side.count, others), np.bool_)
        self.covered = np.zeros((side.count, len(side.codes)), np.bool_)
        self.inside = np.zeros(side.count)

    def add(self, block: Pairs) -> None:
        for number, radii in enumerate(self.radii):
            inside = within(block.squared, radii[block.rows, None], self.inclusive)
            self.in_manifold[number, block.columns] |= inside.any(axis=0)
            self.covered[number, block.rows] |= inside.any(axis=1)
            self.inside[number] += np.count_nonzero(inside)

    def replicates(self, whole: _Whole, k: int) -> dict[str, Floats]:
        return {
            "precision": self.in_manifold.mean(axis=1),
            "recall": self.side.mean_left(whole.balls_of_fakes > 0),
            "density": self.inside / (k * len(whole.balls_of_reals)),
            "coverage": self.covered.sum(axis=1) / np.maximum(self.side.left, 1),
        }


class _WithoutFakes:
    """What each block of fakes changes: the balls of the others, and who covers the reals."""

    def __init__(self, side: _Side, others: int, inclusive: bool) -> None:
        self.side, self.inclusive = side, inclusive
        self.radii = [side.radii_without(block) for block in range(side.count)]
        self.members = np.zeros((len(side.codes), side.count), np.float32)
        held = np.flatnonzero(side.codes >= 0)
        self.members[held, side.codes[held]] = 1
        self.in_manifold = np.zeros((side.count, others), np.bool_)
        self.inhabitants = np.zeros((side.count, others), np.float32)

    def add(self, block: Pairs, real_radii: Floats) -> None:
        for number, radii in enumerate(self.radii):
            inside = within(block.squared, radii[block.columns], self.inclusive)
            self.in_manifold[number, block.rows] |= inside.any(axis=1)
        inside = within(block.squared, real_radii[block.rows, None], self.inclusive)
        members = self.members[block.columns]
        self.inhabitants[:, block.rows] += (inside.astype(np.float32) @ members).T

    def replicates(self, whole: _Whole, k: int) -> dict[str, Floats]:
        return {
            "precision": self.side.mean_left(whole.balls_of_reals > 0),
            "recall": self.in_manifold.mean(axis=1),
            "density": self.side.mean_left(whole.balls_of_reals) / k,
            "coverage": (whole.inhabitants - self.inhabitants > 0).mean(axis=1),
        }
