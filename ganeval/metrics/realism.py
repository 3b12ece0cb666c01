"""How real one fake looks: how well it fits into the balls of its real neighbours.

Source: Kynkäänniemi et al., arXiv 1904.06991, section 5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ganeval.errors import unknown_name
from ganeval.metrics.manifold_distances import balls, check_neighbours, distances
from ganeval.metrics.rows import Floats, Rows, check_rows, check_same_dimension

Form = Literal["kynkaanniemi", "adm"]

_EPSILON = 1e-5  # keeps the realism of copies finite
_FORMS = ("kynkaanniemi", "adm")


def realism(real: Rows, fake: Rows, *, k: int = 3, form: Form = "kynkaanniemi") -> Floats:
    """Returns the realism of every fake; above 1 where it lies in the ball of a real.

    It is the largest ratio of the radius of a real's ball to the distance of the fake from that
    real. Copies of reals reach 1e5 times the radius.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        k: The ball of a real reaches to its k-th nearest neighbour.
        form: ``kynkaanniemi``: only the reals whose radius is below the median count (at least
            the smallest ones, where all radii are equal), because a far-off real has a ball that
            holds anything; ``adm``: all reals count, and radius and distance are squared.

    Returns:
        float64 ``[m]``, 0 or more.

    Raises:
        InputError: k < 1, there are no more than k reals, dimensions differ, values are not
            finite, or there is no such form.
    """
    if form not in _FORMS:
        raise unknown_name("form of realism", form, _FORMS)
    check_rows(real, "real")
    check_rows(fake, "fake", at_least=0)
    check_same_dimension(real.shape[1], fake.shape[1])
    check_neighbours(len(real), k, "real")
    radii = balls(real, k).radii
    if form == "kynkaanniemi":
        radii = np.sqrt(radii)
        kept = np.flatnonzero(radii < np.median(radii))
        if not len(kept):
            kept = np.flatnonzero(radii == radii.min())
        real, radii = real[kept], radii[kept]
    best = np.zeros(len(fake))
    for rows, columns, squared in distances(real, fake):
        far = np.sqrt(squared) if form == "kynkaanniemi" else squared
        ratios = radii[rows, None] / (far + _EPSILON)
        np.maximum(best[columns], ratios.max(axis=0), out=best[columns])
    return best
