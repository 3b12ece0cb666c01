"""The typical difference of pairs, and how sure it is: Hodges and Lehmann's shift."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.statistics.groups import Codes, group_count
from ganeval.statistics.resampling import redraw_counts
from ganeval.statistics.streams import generator

Values = npt.NDArray[np.float64]

_BLOCK: Final = 1 << 22  # Walsh averages of all draws that are in memory at once


def hodges_lehmann(
    differences: Values,
    codes: Codes | None = None,
    *,
    seed: int,
    level: float = 0.95,
    draws: int = 2000,
) -> tuple[float, float, float]:
    """Returns the median of all means of two differences, with a bootstrap interval.

    The means (Walsh averages) are (d_i + d_j)/2 for i <= j. With groups, d are the groups' means.
    The interval is the percentile bootstrap's over groups.

    Args:
        differences: float ``[n]``, finite, n at least 1.
        codes: int ``[n]``, the group of every difference; None: each is independent.
        seed: Random seed of the run.
        level: Confidence level, 0 < level < 1.
        draws: Bootstrap draws.

    Returns:
        The shift and the two ends, in the unit of the differences; the ends of a single group are
        infinite.

    Raises:
        ValueError: There are no differences, or some are no finite numbers.

    Source: Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963) 598; Efron, Annals of
    Statistics 7 (1979) 1.
    """
    values = np.asarray(differences, np.float64)
    if len(values) == 0 or not np.isfinite(values).all():
        raise ValueError("differences are none, or no finite numbers")
    if codes is not None:
        sizes = np.bincount(codes, minlength=group_count(codes))
        values = np.bincount(codes, weights=values) / sizes
    count = len(values)
    first, second = np.triu_indices(count)
    averages = values[first] / 2 + values[second] / 2
    shift = float(np.median(averages))
    if count == 1:
        return shift, -math.inf, math.inf
    order = np.argsort(averages, kind="stable")
    averages, first, second = averages[order], first[order], second[order]
    drawn = redraw_counts(
        np.zeros(count, np.int64), draws, generator(seed, "hodges-lehmann bootstrap")
    )
    step = max(1, _BLOCK // len(averages))
    shifts = np.concatenate(
        [
            _medians(averages, first, second, drawn[start : start + step])
            for start in range(0, draws, step)
        ]
    )
    low, high = np.quantile(shifts, [(1 - level) / 2, (1 + level) / 2])
    return shift, float(low), float(high)


def _medians(
    averages: Values,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
) -> Values:
    """The median of the averages of each draw, which has every pair as often as its two values."""
    times = drawn[:, first] * drawn[:, second]
    same = first == second
    times[:, same] = drawn[:, first[same]] * (drawn[:, first[same]] + 1) // 2
    reached = np.cumsum(times, axis=1)
    total = int(reached[0, -1])
    middle = [(total - 1) // 2 + 1, total // 2 + 1]  # from 1; the same where the total is odd
    return np.array([averages[np.searchsorted(row, middle, side="left")].mean() for row in reached])
