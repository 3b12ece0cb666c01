"""Vectors of length 1: features by their direction alone, and random directions."""

from __future__ import annotations

import numpy as np

from ganeval.metrics.rows import Floats, Rows


def unit_rows(rows: Rows) -> Floats:
    """Returns rows ``[n, d]`` divided by their Euclidean length, float64.

    Equal rows give equal results to the last bit, whatever stands around them. No row may be zero
    throughout.
    """
    values = np.array(rows, dtype=np.float64, order="C")
    values /= np.abs(values).max(axis=1, keepdims=True)  # so that no square overflows or vanishes
    values /= np.sqrt(np.square(values).sum(axis=1, keepdims=True))
    return values


def random_directions(count: int, d: int, rng: np.random.Generator) -> Floats:
    """Returns ``[count, d]`` directions spread evenly over the unit sphere, float64.

    Drawing them in several parts from one generator gives the same directions.
    """
    return unit_rows(rng.standard_normal((count, d)))
