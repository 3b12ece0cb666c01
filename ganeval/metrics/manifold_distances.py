"""Balls around feature rows: distances to the nearest neighbours, and which pairs lie within them.

Squared distances come from |x|² + |y|² - 2xᵀy in blocks. Where one is compared with a radius that
it equals up to rounding, the pair is measured directly, as the radius was: copies have distance
exactly 0, a distance equals itself, and no result depends on how rows fall into blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.rows import Floats, Rows, centred, check_rows, check_same_dimension
from ganeval.metrics.unequal_blocks import Codes
from ganeval.records import Role

Flags = npt.NDArray[np.bool_]

_BLOCK = 1024  # rows per side whose distances are held at once
_PAIRS = 4096  # pairs of rows subtracted at once (64 MB at d = 2048)
_SHORT = 1e-6  # of |x|² + |y|²: shorter squared distances would lose half of their digits
_ROUNDING = 1e-10  # of |x|² + |y|²: a product of 10,000 terms errs by less than 1e-11 of it


@dataclass(frozen=True)
class Balls:
    """A ball around every row, as large as its k-th nearest other row is far.

    Attributes:
        k: Which neighbour.
        squared: float64 ``[n, 2k]``, squared distances to nearest neighbours, ascending, at most k
            of them from one block; infinite where there are no more.
        owner: int64 ``[n, 2k]``, block of each of these neighbours; -1: of none.
    """

    k: int
    squared: Floats
    owner: Codes

    @property
    def radii(self) -> Floats:
        """Squared radii ``[n]``."""
        return self.squared[:, self.k - 1]

    @property
    def possible_radii(self) -> Floats:
        """Squared radii with and without any block, ``[n, up to k + 1]``."""
        found = self.squared[:, self.k - 1 :]
        return found[:, np.isfinite(found).any(axis=0)]

    @property
    def points(self) -> int:
        """Number of balls of radius 0."""
        return int((self.radii == 0).sum())

    def radii_without(self, block: int) -> Floats:
        """Returns the squared radii ``[n]`` when the rows of a block are no neighbours.

        Of the first 2k neighbours at most k are of that block, so k others are always among them.
        """
        kth = np.argmax(np.cumsum(self.owner != block, axis=1) == self.k, axis=1)
        radii: Floats = self.squared[np.arange(len(kth)), kth]
        return radii


class Pairs(NamedTuple):
    """Distances between some reals and some fakes.

    Attributes:
        rows: Which reals.
        columns: Which fakes.
        squared: float64 ``[rows, columns]``, squared distances.
    """

    rows: slice
    columns: slice
    squared: Floats


def check_sides(real: Rows, fake: Rows, k: int) -> None:
    """Checks that both sides have balls, in one space.

    Raises:
        InputError: k < 1, a side has no more than k images, dimensions differ, or values are not
            finite.
    """
    check_rows(real, "real", at_least=1)
    check_rows(fake, "fake", at_least=1)
    check_same_dimension(real.shape[1], fake.shape[1])
    check_neighbours(len(real), k, "real")
    check_neighbours(len(fake), k, "fake")


def check_neighbours(n: int, k: int, side: Role) -> None:
    """Checks that every row has a k-th nearest other row.

    Raises:
        InputError: k is not positive, or n <= k.
    """
    if k < 1:
        raise InputError(f"k, the number of nearest neighbours, must be 1 or more, got {k}")
    if n <= k:
        raise InputError(
            f"the {k}-th nearest neighbour needs at least {k + 1} images per side, got {n} {side}",
            hint="Take more images, or a smaller k.",
        )


def balls(rows: Rows, k: int, codes: Codes | None = None) -> Balls:
    """Returns the balls of all rows of one set.

    Memory is 32·k bytes per row beside blocks; time grows with the square of n.

    Args:
        rows: Features ``[n, d]``, n > k.
        k: Which neighbour the radius is the distance to, 1 or more.
        codes: Block of each row, int ``[n]``, -1: of none; None: there are no blocks.
    """
    n, centre = len(rows), rows.mean(axis=0, dtype=np.float64)
    codes = np.full(n, -1, dtype=np.int64) if codes is None else codes
    blocks = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    squared, owner = np.full((n, 2 * k), np.inf), np.full((n, 2 * k), -1, dtype=np.int64)
    for start in range(0, n, _BLOCK):
        part = np.arange(start, min(start + _BLOCK, n))
        index, distance = _neighbours(rows, part, centre, blocks, k)
        order = np.argsort(distance, axis=1, kind="stable")
        squared[part] = np.take_along_axis(distance, order, axis=1)
        owner[part] = codes[np.take_along_axis(index, order, axis=1)]
    owner[np.isinf(squared)] = -1
    return Balls(k, squared, owner)


def pairs(real: Rows, fake: Rows, real_balls: Balls, fake_balls: Balls) -> Iterator[Pairs]:
    """Yields the squared distances of all pairs, block by block.

    A distance that equals a radius of either ball, with or without a block of rows, compares as
    equal to it.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        real_balls: The balls around the reals.
        fake_balls: The balls around the fakes.
    """
    real_radii, fake_radii = real_balls.possible_radii, fake_balls.possible_radii
    for rows, columns, squared, margin in _blocks(real, fake):
        near = np.zeros(squared.shape, np.bool_)
        for radii in real_radii[rows].T[:, :, None]:
            near |= np.abs(squared - radii) <= margin
        for radii in fake_radii[columns].T[:, None, :]:
            near |= np.abs(squared - radii) <= margin
        _measure(squared, near, real[rows], fake[columns])
        yield Pairs(rows, columns, squared)


def distances(real: Rows, fake: Rows) -> Iterator[Pairs]:
    """Yields the squared distances of all pairs, block by block; short ones are exact.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
    """
    for rows, columns, squared, margin in _blocks(real, fake):
        _measure(squared, squared <= _SHORT / _ROUNDING * margin, real[rows], fake[columns])
        yield Pairs(rows, columns, squared)


def _blocks(real: Rows, fake: Rows) -> Iterator[tuple[slice, slice, Floats, Floats]]:
    """Some reals, some fakes, their squared distances up to rounding and the bound of that."""
    centre = real.mean(axis=0, dtype=np.float64)
    for start in range(0, len(real), _BLOCK):
        rows = slice(start, start + _BLOCK)
        x = centred(real[rows], centre)
        for first in range(0, len(fake), _BLOCK):
            columns = slice(first, first + _BLOCK)
            yield rows, columns, *_approximate(x, centred(fake[columns], centre))


def _measure(squared: Floats, chosen: Flags, real: Rows, fake: Rows) -> None:
    """Replaces chosen squared distances by those measured directly."""
    i, j = np.nonzero(chosen)
    squared[i, j] = _measured(real, fake, i, j)


def within(squared: Floats, radii: Floats, inclusive: bool) -> Flags:
    """Tells which squared distances lie within squared radii."""
    inside: Flags = squared <= radii if inclusive else squared < radii
    return inside


def _neighbours(
    rows: Rows, part: Codes, centre: Floats, blocks: list[Codes], k: int
) -> tuple[Codes, Floats]:
    """Index and squared distance of 2k neighbours of some rows, at most k of each block."""
    x = centred(rows[part], centre)
    index, distance = _none(len(part))
    for block in blocks:
        inside, near = _none(len(part))
        for first in range(0, len(block), _BLOCK):
            columns = block[first : first + _BLOCK]
            found, _ = _approximate(x, centred(rows[columns], centre))
            found[part[:, None] == columns] = np.inf
            inside, near = _smallest(
                np.hstack([inside, np.broadcast_to(columns, found.shape)]),
                np.hstack([near, found]),
                k,
            )
        index, distance = _smallest(np.hstack([index, inside]), np.hstack([distance, near]), 2 * k)
    i, column = np.nonzero(np.isfinite(distance))
    distance[i, column] = _measured(rows, rows, part[i], index[i, column])
    missing = ((0, 0), (0, 2 * k - index.shape[1]))
    return np.pad(index, missing), np.pad(distance, missing, constant_values=np.inf)


def _none(count: int) -> tuple[Codes, Floats]:
    return np.empty((count, 0), dtype=np.int64), np.empty((count, 0))


def _smallest(index: Codes, distance: Floats, count: int) -> tuple[Codes, Floats]:
    """The entries of the smallest distances of every row, in no order."""
    if distance.shape[1] <= count:
        return index, distance
    kept = np.argpartition(distance, count - 1, axis=1)[:, :count]
    return np.take_along_axis(index, kept, axis=1), np.take_along_axis(distance, kept, axis=1)


def _approximate(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Squared distances of all pairs up to rounding, and the bound of that."""
    sizes = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)
    return sizes - 2 * (x @ y.T), _ROUNDING * sizes


def _measured(one: Rows, other: Rows, i: Codes, j: Codes) -> Floats:
    """Squared distances of chosen pairs, the same digits for the same two rows in any call."""
    squared = np.empty(len(i))
    for start in range(0, len(i), _PAIRS):
        part = slice(start, start + _PAIRS)
        difference = np.subtract(one[i[part]], other[j[part]], dtype=np.float64)
        squared[part] = np.square(difference).sum(axis=1)
    return squared
