"""Nearest real image of every fake one, by Euclidean distance of their features."""

from __future__ import annotations

from ganeval.metrics.nearest import Indices, nearest_rows
from ganeval.metrics.rows import Floats, Rows, check_rows, check_same_dimension


def nearest_real(real: Rows, fake: Rows) -> tuple[Indices, Floats]:
    """Returns, for every fake row, the nearest real row and its distance.

    Candidates are found from |x|² + |y|² - 2xᵀy in blocks and then measured directly, so copies
    have distance exactly 0 and memory does not grow with the number of pairs.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.

    Returns:
        int64 ``[m]`` indices into the reals, the smallest of equally near ones, and float64
        ``[m]`` distances.

    Raises:
        InputError: There are no real rows, the dimensions differ, or values are not finite.
    """
    check_rows(real, "real", at_least=1)
    check_rows(fake, "fake", at_least=0)
    check_same_dimension(real.shape[1], fake.shape[1])
    found = nearest_rows(fake, real, "euclidean")
    return found.index[:, 0], found.distance[:, 0]
