"""CMMD: squared maximum mean discrepancy of embeddings with a Gaussian kernel.

CMMD = 1000 · (mean k(real, real') + mean k(fake, fake') - 2 mean k(real, fake)) with
k(x, y) = exp(-|x - y|²/(2·10²)) on embeddings of length 1. Every k lies within 2 % of 1, and the
ones cancel, so all sums are of k - 1.

Source: Jayasumana et al., arXiv 2401.09603; Gretton et al., Journal of Machine Learning Research 13
(2012) 723, equations 3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.rows import (
    Floats,
    Rows,
    check_rows,
    check_same_dimension,
    hold_same_rows,
)
from ganeval.metrics.unequal_blocks import Codes, block_codes, block_sizes, level
from ganeval.metrics.unit_vectors import unit_rows
from ganeval.records import Role

_BLOCK = 1024  # rows per side whose kernel values are held at once


@dataclass(frozen=True)
class _Kernel:
    """The kernel and what its discrepancy is multiplied by."""

    sigma: float
    scale: float
    unbiased: bool

    @property
    def fewest(self) -> int:
        """Images a side must have."""
        return 2 if self.unbiased else 1

    def less_one(self, one: Floats, other: Floats, *, diagonal: bool) -> Floats:
        """Returns k - 1 of all pairs of unit vectors, exactly 0 on the diagonal of one block."""
        values: Floats = one @ other.T
        values *= -2.0
        values += 2.0  # |x - y|²
        np.maximum(values, 0, out=values)
        if diagonal:
            np.fill_diagonal(values, 0)
        values /= -2 * self.sigma**2
        np.expm1(values, out=values)
        return values

    def statistic(
        self,
        sums: tuple[Floats | float, Floats | float, Floats | float],
        n: Codes | int,
        m: Codes | int,
    ) -> Floats:
        """Returns the discrepancy from the sums over pairs within and across, broadcast."""
        own, other, cross = sums
        less = int(self.unbiased)
        value = own / (n * (n - less)) + other / (m * (m - less)) - 2 * cross / (n * m)
        scaled = np.asarray(self.scale * value)
        return scaled if self.unbiased else scaled.clip(min=0)


def cmmd(
    real: Rows,
    fake: Rows,
    *,
    sigma: float = 10.0,
    scale: float = 1000.0,
    unbiased: bool = False,
) -> float:
    """Returns the CMMD; lower is better, 0 for two sets of the same rows.

    The usual V-statistic counts pairs of an image with itself, which biases it up by about 1/n.
    Memory beside the features is bounded; time grows with the square of the number of images.

    Args:
        real: Embeddings ``[n, d]``, of CLIP by definition; only their directions count.
        fake: The same of the other set, ``[m, d]``.
        sigma: Width of the kernel.
        scale: The result is multiplied by it.
        unbiased: Leave the pairs of an image with itself out; the value may be negative.

    Raises:
        InputError: Too few images, different dimensions, values that are not finite, an embedding
            that is zero throughout, or a width that is not positive.

    Source: Jayasumana et al., arXiv 2401.09603.
    """
    kernel = _Kernel(sigma, scale, unbiased)
    _check(real, fake, kernel)
    if not unbiased and hold_same_rows(real, fake):
        return 0.0
    sums = _total(real, None, kernel), _total(fake, None, kernel), _total(real, fake, kernel)
    return float(kernel.statistic(sums, len(real), len(fake)))


def cmmd_jackknife(
    real: Rows,
    fake: Rows,
    real_blocks: Blocks,
    fake_blocks: Blocks,
    *,
    sigma: float = 10.0,
    scale: float = 1000.0,
    unbiased: bool = False,
) -> Jackknifed:
    """Returns the CMMD without each block of images in turn, from one pass over all pairs.

    Replicates are levelled, see `ganeval.metrics.unequal_blocks.level`; the value stands for one
    where too few images would be left.

    Args:
        real: Embeddings ``[n, d]``.
        fake: The same of the other set, ``[m, d]``.
        real_blocks: Rows of each block of reals.
        fake_blocks: Rows of each block of fakes.
        sigma: Width of the kernel.
        scale: The result is multiplied by it.
        unbiased: Leave the pairs of an image with itself out.

    Raises:
        InputError: As `cmmd`.
    """
    kernel = _Kernel(sigma, scale, unbiased)
    _check(real, fake, kernel)
    codes = block_codes(real_blocks, len(real)), block_codes(fake_blocks, len(fake))
    members = _members(codes[0], len(real_blocks)), _members(codes[1], len(fake_blocks))
    own = _by_block(real, None, members[0], members[0], kernel)
    other = _by_block(fake, None, members[1], members[1], kernel)
    cross = _by_block(real, fake, *members, kernel)
    totals = own.sum(), other.sum(), cross.sum()
    value = float(kernel.statistic(totals, len(real), len(fake)))
    if not unbiased and hold_same_rows(real, fake):
        value = 0.0
    sides = []
    for side, inside, across, outside in (
        (0, own, cross, totals[1]),
        (1, other, cross.T, totals[0]),
    ):
        n, m = len((real, fake)[side]), len((real, fake)[1 - side])
        removed = block_sizes(codes[side], len(inside) - 1)
        pairs = inside[:-1].sum(axis=1)  # the last row and column are images of no block
        within = inside.sum() - 2 * pairs + np.diag(inside)[:-1]
        crossing = across.sum() - across[:-1].sum(axis=1)
        possible = n - removed >= kernel.fewest
        left = np.where(possible, n - removed, n)
        replicates = kernel.statistic((within, outside, crossing), left, m)
        sides.append(level(value, np.where(possible, replicates, value), removed, n))
    return Jackknifed(value, *sides)


def _check(real: Rows, fake: Rows, kernel: _Kernel) -> None:
    if not (kernel.sigma > 0 and np.isfinite(kernel.sigma)):
        raise InputError(f"the width of the kernel must be positive, got {kernel.sigma}")
    sides: tuple[tuple[Role, Rows], ...] = (("real", real), ("fake", fake))
    for role, rows in sides:
        check_rows(rows, role, at_least=kernel.fewest)
        for start in range(0, len(rows), _BLOCK):
            zero = ~rows[start : start + _BLOCK].any(axis=1)
            if zero.any():
                raise InputError(
                    f"row {start + int(np.argmax(zero))} of the {role} embeddings is zero "
                    "throughout, so it has no direction",
                    hint="Look at that image and at the weights of the extractor.",
                )
    check_same_dimension(real.shape[1], fake.shape[1])


def _kernel_blocks(
    one: Rows, other: Rows | None, kernel: _Kernel
) -> Iterator[tuple[slice, slice, Floats, bool]]:
    """Rows, columns and k - 1 of all pairs; of one set with itself only the upper triangle.

    The last part tells whether the block stands for its mirror image as well.
    """
    for start in range(0, len(one), _BLOCK):
        rows = slice(start, start + _BLOCK)
        left = unit_rows(one[rows])
        if other is None:
            yield rows, rows, kernel.less_one(left, left, diagonal=True), False
        columns_of = one if other is None else other
        for first in range(start + _BLOCK if other is None else 0, len(columns_of), _BLOCK):
            columns = slice(first, first + _BLOCK)
            right = unit_rows(columns_of[columns])
            yield rows, columns, kernel.less_one(left, right, diagonal=False), other is None


def _total(one: Rows, other: Rows | None, kernel: _Kernel) -> float:
    total = 0.0
    for _, _, values, mirrored in _kernel_blocks(one, other, kernel):
        total += float(values.sum()) * (2 if mirrored else 1)
    return total


def _by_block(
    one: Rows, other: Rows | None, members: Floats, other_members: Floats, kernel: _Kernel
) -> Floats:
    """Sums of k - 1 over pairs by their two blocks ``[G+1, H+1]``; last: rows of no block."""
    sums = np.zeros((len(members), len(other_members)))
    for rows, columns, values, mirrored in _kernel_blocks(one, other, kernel):
        part = members[:, rows] @ values @ other_members[:, columns].T
        sums += part + part.T if mirrored else part
    return sums


def _members(codes: Codes, count: int) -> Floats:
    """1.0 where a row is of a block, ``[G+1, n]``; last: of none."""
    members = np.zeros((count + 1, len(codes)))
    members[np.where(codes < 0, count, codes), np.arange(len(codes))] = 1.0
    return members
