"""The nearest row of another set, and the nearest one when its block of rows is left out.

Candidates are found from products in blocks and then measured directly, so copies have distance
exactly 0, ties are ties, and memory does not grow with the number of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganeval.metrics.jackknifed import Blocks
from ganeval.metrics.rows import Floats, Rows
from ganeval.metrics.unit_vectors import unit_rows

Indices = npt.NDArray[np.int64]
Measure = Literal["euclidean", "cosine"]

_BLOCK = 1024  # rows per side whose distances are held at once
_PAIRS = 4096  # pairs of rows subtracted at once (64 MB at d = 2048)
_ROUNDING = 1e-10  # of |x|² + |y|²: distances closer than this are told apart exactly


@dataclass(frozen=True)
class Nearest:
    """The nearest reference of every query, and the nearest of all other blocks.

    Attributes:
        index: int64 ``[q, 2]``, rows of the references; first the nearest (the smallest index of
            equally near ones), then the nearest that is not in the block of the first. -1: none.
        distance: float64 ``[q, 2]``, their distances; infinite where there is none.
        block: int64 ``[q]``, the block of the nearest.
    """

    index: Indices
    distance: Floats
    block: Indices

    def without(self, block: int) -> tuple[Indices, Floats]:
        """Returns index and distance ``[q]`` of the nearest when a block is left out."""
        column = (self.block == block).astype(np.int64)
        rows = np.arange(len(column))
        return self.index[rows, column], self.distance[rows, column]


def nearest_rows(
    queries: Rows,
    references: Rows,
    measure: Measure,
    blocks: Blocks | None = None,
    *,
    within: bool = False,
) -> Nearest:
    """Returns the nearest reference of every query.

    Args:
        queries: Features ``[q, d]``.
        references: Features ``[n, d]``.
        measure: ``euclidean``, |x - y|; or ``cosine``, 1 - |cos(x, y)|, for which no row may be
            zero throughout.
        blocks: Rows of the references that are left out together; None: one block of all.
        within: Queries are the references, and a row is not its own neighbour.
    """
    centre = references.mean(axis=0, dtype=np.float64) if measure == "euclidean" else None
    index = np.full((len(queries), 2), -1, dtype=np.int64)
    distance = np.full((len(queries), 2), np.inf)
    owner = np.full(len(queries), -1, dtype=np.int64)
    everything: Blocks = [np.arange(len(references))] if blocks is None else blocks
    for start in range(0, len(queries), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(queries)))
        x = _prepared(queries[rows], centre)
        part = slice(start, start + _BLOCK)
        for number, block in enumerate(everything):
            near = np.full(len(rows), -1, dtype=np.int64)
            far = np.full(len(rows), np.inf)
            for first in range(0, len(block), _BLOCK):
                columns = np.sort(block[first : first + _BLOCK])
                y = _prepared(references[columns], centre)
                own = (rows[:, None] == columns) if within else None
                found, value = _nearest(x, y, own, either_sign=centre is None)
                found = np.where(found < 0, -1, columns[found])
                nearer = _before(value, found, far, near)
                near[nearer], far[nearer] = found[nearer], value[nearer]
            _insert(index[part], distance[part], owner[part], near, far, number)
    scaled = np.sqrt(distance) if measure == "euclidean" else distance / 2
    return Nearest(index, scaled, owner)


@dataclass(frozen=True)
class _Block:
    """Rows in two forms.

    Attributes:
        exact: The rows whose distances are wanted.
        shifted: The same rows, all moved alike, with short products.
        squares: float64 ``[n]``, squared lengths of the shifted rows.
    """

    exact: Floats
    shifted: Floats
    squares: Floats


def _prepared(rows: Rows, centre: Floats | None) -> _Block:
    exact = unit_rows(rows) if centre is None else rows.astype(np.float64)
    shifted = exact if centre is None else exact - centre
    return _Block(exact, shifted, np.square(shifted).sum(axis=1))


def _nearest(
    x: _Block, y: _Block, excluded: npt.NDArray[np.bool_] | None, *, either_sign: bool
) -> tuple[Indices, Floats]:
    """Index and squared distance of the nearest y of every x, or -1 and infinity.

    With either sign, y or -y counts, whichever is nearer: half of the squared distance of unit
    vectors is then 1 - |cos|, without the rounding of that difference.
    """
    products = x.shifted @ y.shifted.T
    signs = np.where(products < 0, -1.0, 1.0) if either_sign else None
    sizes = x.squares[:, None] + y.squares
    approximate = sizes - 2 * (np.abs(products) if either_sign else products)
    if excluded is not None:
        approximate[excluded] = np.inf
    margin = _ROUNDING * sizes
    smallest = (approximate + margin).min(axis=1, keepdims=True)
    rows, columns = np.nonzero((approximate - margin <= smallest) & np.isfinite(approximate))
    exact = np.empty(len(rows))
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        other = y.exact[columns[part]]
        if signs is not None:
            other *= signs[rows[part], columns[part]][:, None]
        exact[part] = np.square(x.exact[rows[part]] - other).sum(axis=1)
    best = np.lexsort((columns, exact, rows))
    found, place = np.unique(rows[best], return_index=True)
    index, squared = np.full(len(x.exact), -1, dtype=np.int64), np.full(len(x.exact), np.inf)
    index[found], squared[found] = columns[best[place]], exact[best[place]]
    return index, squared


def _before(
    distance: Floats, index: Indices, than: Floats, than_index: Indices
) -> npt.NDArray[np.bool_]:
    """Tells where a neighbour is nearer than another, or as near with a smaller index."""
    first: npt.NDArray[np.bool_] = (index >= 0) & (index < than_index)
    before: npt.NDArray[np.bool_] = (distance < than) | ((distance == than) & first)
    return before


def _insert(
    index: Indices, distance: Floats, owner: Indices, near: Indices, far: Floats, number: int
) -> None:
    """Enters the neighbours in one block into the two nearest of different blocks."""
    leads = _before(far, near, distance[:, 0], index[:, 0])
    follows = ~leads & _before(far, near, distance[:, 1], index[:, 1])
    index[leads, 1], distance[leads, 1] = index[leads, 0], distance[leads, 0]
    index[leads, 0], distance[leads, 0], owner[leads] = near[leads], far[leads], number
    index[follows, 1], distance[follows, 1] = near[follows], far[follows]
