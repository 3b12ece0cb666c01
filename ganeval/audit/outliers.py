"""Which images lie far from the rest of their set, on a robust scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Values = npt.NDArray[np.float64]

FEWEST = 20  # images: among fewer, median and deviation are not known well enough
NEIGHBOURS = 5
_MAD = 1.4826  # times the median deviation is the standard deviation of a Gaussian
_MEAN = 1.2533  # times the mean deviation is, sqrt(pi / 2)
_ROWS = 512


def robust_z(values: _Values) -> _Values:
    """Returns (value - median) / (1.4826 · median absolute deviation), float64 ``[n]``.

    Where more than half of the values are equal, the mean absolute deviation takes the place of
    the median one; where all are, every score is 0.

    Source: Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers, the modified z-score,
    whose customary limit is 3.5.
    """
    deviation = values - np.median(values)
    scale = _MAD * np.median(np.abs(deviation)) or _MEAN * np.abs(deviation).mean()
    scores: _Values = deviation / scale if scale else np.zeros_like(deviation)
    return scores


def isolation(features: npt.NDArray[np.float32], neighbours: int = NEIGHBOURS) -> _Values:
    """Returns each image's mean Euclidean distance to its nearest others.

    Args:
        features: float32 ``[n, d]``, n at least 2.
        neighbours: How many of the others count; fewer where there are not so many.

    Returns:
        float64 ``[n]``, 0 and more, in the unit of the features.
    """
    n = len(features)
    count = min(neighbours, n - 1)
    centre = features.mean(axis=0, dtype=np.float64)
    result = np.empty(n)
    # Distances do not change when all move; near the origin, squares lose fewer digits.
    squares = np.concatenate(
        [(np.square(features[i : i + _ROWS] - centre)).sum(axis=1) for i in range(0, n, _ROWS)]
    )
    for start in range(0, n, _ROWS):
        rows = features[start : start + _ROWS] - centre
        nearest = np.full((len(rows), count), np.inf)
        for other in range(0, n, _ROWS):
            columns = features[other : other + _ROWS] - centre
            squared = squares[start : start + len(rows), None] + squares[other : other + _ROWS]
            squared -= 2 * rows @ columns.T
            if other == start:
                np.fill_diagonal(squared, np.inf)
            both = np.concatenate([nearest, squared], axis=1)
            nearest = np.partition(both, count - 1, axis=1)[:, :count]
        result[start : start + len(rows)] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return result
