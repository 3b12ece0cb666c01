"""Do the fakes vary as the reals do, or do they collapse to a few."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganeval.ablation.suite.part import ImagesOf, Part, Place
from ganeval.records.model import Estimate

Rows = npt.NDArray[np.float32]


def diversity(images: ImagesOf, place: Place, fake: Rows, real: Rows) -> Part:
    """Measures the spread of fakes against that of reals, and how many reals are met.

    Args:
        images: The cell's.
        place: Where numbers belong.
        fake: Features float32 ``[n, d]``.
        real: ``[m, d]``.
    """
    counts = {"fake": len(fake), "real": len(real)}
    ratio = mean_distance(fake) / max(mean_distance(real), 1e-12)
    nearest = np.argmin(_squared(fake, real), axis=1)
    met = len(np.unique(nearest)) / min(len(fake), len(real))
    return Part(
        [
            place.number(
                "diversity",
                "distance of fakes among themselves / of reals",
                "none",
                Estimate(
                    value=ratio,
                    n=counts,
                    method="ratio of the mean Euclidean distances of features; 1 is that of reals",
                    reason="no standard error: pairs share images",
                ),
                compare=False,
            ),
            place.number(
                "reals_met",
                "distinct nearest reals / images",
                "higher",
                Estimate(
                    value=met,
                    n=counts,
                    method="distinct nearest reals over the smaller number of images",
                    reason="no standard error: pairs share images",
                ),
                compare=False,
            ),
        ]
    )


def mean_distance(rows: Rows) -> float:
    """Returns the mean Euclidean distance of all pairs of rows; 0 for a single one."""
    n = len(rows)
    if n < 2:
        return 0.0
    return float(np.sqrt(_squared(rows, rows)).sum() / (n * (n - 1)))


def _squared(first: Rows, second: Rows) -> npt.NDArray[np.float64]:
    """Squared distances ``[n, m]``; centred first, since features lie far from the origin."""
    centre = second.mean(axis=0, dtype=np.float64)
    a, b = first - centre, second - centre
    found = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * (a @ b.T)
    if first is second:
        np.fill_diagonal(found, 0)
    return np.asarray(np.maximum(found, 0))
