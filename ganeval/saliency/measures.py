"""Measures of one map and of two maps of equal size; of maps of any sign the absolute value.

A map that is zero everywhere or has a value that is no number gives no measures, never zeros. A
map that is compared with several others is worth preparing once: ranks and windowed means are most
of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Measures = dict[str, float | None]

SIMILARITY: Final = ("spearman", "ssim", "iou10", "sim", "shift")
STRUCTURE: Final = ("gini", "effective_area", "hoyer", "spread")

TOP_SHARE: Final = 0.1
"""Share of the pixels whose overlap ``iou10`` measures."""

_WINDOW: Final = 5  # pixels to either side of the middle of the window of 11
_WINDOW_SD: Final = 1.5
_C1: Final = 0.01**2  # of maps whose shared maximum is 1
_C2: Final = 0.03**2


@dataclass(frozen=True, eq=False)
class Prepared:
    """A map as the measures see it; what several measures need is computed once, when needed.

    Args:
        largest: Its largest absolute value, above 0.
        values: float64 ``[S, S]``: absolute values divided by ``largest``.
    """

    largest: float
    values: Values

    @cached_property
    def shares(self) -> Values:
        """Each pixel's share of the sum, ``[S, S]``."""
        return np.asarray(self.values / self.values.sum())

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Centre of mass, row and column, pixels."""
        side = np.arange(len(self.shares))
        rows, columns = self.shares.sum(axis=1), self.shares.sum(axis=0)
        return float(rows @ side), float(columns @ side)

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Places of the pixels from the lowest to the highest, ``[S * S]``."""
        return np.argsort(self.values, axis=None)

    @cached_property
    def ordered(self) -> Values:
        """The values from the lowest to the highest, ``[S * S]``."""
        return self.values.ravel()[self.order]

    @cached_property
    def ranks(self) -> Values | None:
        """Mid-ranks ``[S * S]`` shifted to mean 0 and scaled to length 1; None if all are equal."""
        count, ordered = self.values.size, self.ordered
        places = np.arange(count, dtype=np.float64)
        first = np.flatnonzero(ordered[1:] > ordered[:-1]) + 1
        if len(first) == 0:
            return None
        if len(first) < count - 1:  # equal values share the mean of their places
            first = np.concatenate([[0], first])
            counts = np.diff(first, append=count)
            places = np.repeat(first + (counts - 1) / 2, counts)
        ranks = np.empty(count)
        ranks[self.order] = places - (count - 1) / 2
        ranks /= np.linalg.norm(ranks)
        return ranks

    @cached_property
    def top(self) -> npt.NDArray[np.bool_]:
        """The highest tenth of the pixels, ``[S * S]``."""
        return highest(self.values, int(TOP_SHARE * self.values.size))

    @cached_property
    def windowed(self) -> tuple[Values, Values]:
        """Means of the values and of their squares in every whole window."""
        return _window_means(self.values), _window_means(self.values**2)


def prepared(values: npt.NDArray[Any]) -> Prepared | None:
    """Returns a map made ready for the measures, or None where it has none.

    Args:
        values: float ``[S, S]`` of any sign, S at least 2.

    Returns:
        None: The map is zero everywhere, or some value is no finite number.

    Raises:
        ValueError: It is no square.
    """
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        raise ValueError(f"a map has the shape {values.shape}, not [S, S] with S of 2 or more")
    absolute = np.abs(values.astype(np.float64))
    largest = float(absolute.max())  # NaN where one value is
    if not np.isfinite(largest) or largest == 0:
        return None
    return Prepared(largest, absolute / largest)


def similarity(
    first: npt.NDArray[Any] | Prepared | None, second: npt.NDArray[Any] | Prepared | None
) -> Measures:
    """Compares two maps; the order of the two means nothing.

    ``spearman``: Pearson's correlation of the mid-ranks, -1..1; missing where a map is flat.
    ``ssim``: mean structural similarity of both maps divided by their shared maximum, Gaussian
    window of 11 px and standard deviation 1.5, C1 = .01^2, C2 = .03^2, population moments, whole
    windows only; missing below 11 px. ``iou10``: intersection over union of the highest tenth of
    the pixels, of equal ones those that come first; .053 between unrelated maps; missing below 10
    pixels. ``sim``: sum of the smaller of the two shares, 0..1. ``shift``: distance of the centres
    of mass as a share of the diagonal, 0..1.

    Args:
        first: float ``[S, S]`` of any sign, or that map `prepared`.
        second: The same.

    Returns:
        By the names of `SIMILARITY`; all None where a map has no measures.

    Raises:
        ValueError: The maps are no squares of one size.

    Source: ``ssim``: Wang et al., IEEE Transactions on Image Processing 13 (2004) 600; ``sim``:
    Bylinskii et al., arXiv 1604.03605.
    """
    one, other = _ready(first), _ready(second)
    if one is None or other is None:
        return dict.fromkeys(SIMILARITY)
    if one.values.shape != other.values.shape:
        raise ValueError(f"maps of {one.values.shape} and {other.values.shape} do not compare")
    return {
        "spearman": _spearman(one, other),
        "ssim": _ssim(one, other),
        "iou10": _overlap(one, other),
        "sim": min(1.0, float(np.minimum(one.shares, other.shares).sum())),
        "shift": _shift(one, other),
    }


def structure(values: npt.NDArray[Any] | Prepared | None) -> Measures:
    """Tells how concentrated a map is; only ``spread`` sees where.

    ``gini``: Gini's index of the N pixels, 0 where all are equal, 1 - 1/N for one pixel.
    ``effective_area``: exp of the entropy of the shares, divided by N: 1 and 1/N.
    ``hoyer``: (sqrt N - l1/l2)/(sqrt N - 1): 0 and 1. ``spread``: root mean squared distance from
    the centre of mass as a share of the diagonal.

    Args:
        values: float ``[S, S]`` of any sign, or that map `prepared`.

    Returns:
        By the names of `STRUCTURE`; all None where the map has no measures.

    Raises:
        ValueError: The map is no square.

    Source: Hurley and Rickard, arXiv 0811.4706; Hoyer, Journal of Machine Learning Research 5
    (2004) 1457.
    """
    one = _ready(values)
    if one is None:
        return dict.fromkeys(STRUCTURE)
    flat = one.values.ravel()
    count, total = len(flat), float(flat.sum())
    places = 2.0 * np.arange(1, count + 1) - count - 1
    shares = one.shares[one.shares > 0]
    root = float(np.sqrt(count))
    return {
        "gini": max(0.0, float(places @ one.ordered) / (count * total)),
        "effective_area": min(1.0, float(np.exp(-(shares @ np.log(shares)))) / count),
        "hoyer": max(0.0, (root - total / float(np.linalg.norm(flat))) / (root - 1)),
        "spread": _spread(one),
    }


def grad_l1(values: npt.NDArray[Any]) -> float | None:
    """Returns the mean absolute value of a gradient, or of a map, of any shape.

    It is in the unit of the gradient, and two of them are compared by their ratio.

    Returns:
        None: It is zero everywhere, or some value is no finite number.
    """
    mean = float(np.abs(values.astype(np.float64)).mean())
    return mean if np.isfinite(mean) and mean > 0 else None


def highest(values: Values, count: int) -> npt.NDArray[np.bool_]:
    """Marks the highest pixels; of equal ones those that come first.

    Args:
        values: Of any shape, finite.
        count: How many, 0 to all.

    Returns:
        bool ``[N]``, flattened, ``count`` of them True.
    """
    flat = values.ravel()
    if count == 0:
        return np.zeros(len(flat), np.bool_)
    lowest = np.partition(flat, len(flat) - count)[len(flat) - count]
    marked: npt.NDArray[np.bool_] = flat > lowest
    marked[np.flatnonzero(flat == lowest)[: count - int(marked.sum())]] = True
    return marked


def _ready(values: npt.NDArray[Any] | Prepared | None) -> Prepared | None:
    return prepared(values) if isinstance(values, np.ndarray) else values


def _spearman(one: Prepared, other: Prepared) -> float | None:
    if one.ranks is None or other.ranks is None:
        return None
    return min(1.0, max(-1.0, float(one.ranks @ other.ranks)))


def _overlap(one: Prepared, other: Prepared) -> float | None:
    union = int((one.top | other.top).sum())
    return int((one.top & other.top).sum()) / union if union else None


def _shift(one: Prepared, other: Prepared) -> float:
    return float(np.hypot(*np.subtract(one.centre, other.centre))) / _diagonal(one)


def _spread(one: Prepared) -> float:
    side = np.arange(len(one.shares))
    row, column = one.centre
    rows, columns = one.shares.sum(axis=1), one.shares.sum(axis=0)
    variance = float(rows @ (side - row) ** 2 + columns @ (side - column) ** 2)
    return float(np.sqrt(variance)) / _diagonal(one)


def _diagonal(one: Prepared) -> float:
    return float(len(one.values) * np.sqrt(2))


def _ssim(one: Prepared, other: Prepared) -> float | None:
    if len(one.values) <= 2 * _WINDOW:
        return None
    shared = max(one.largest, other.largest)
    a, b = one.largest / shared, other.largest / shared  # the values are scaled by their own
    (mean_a, square_a), (mean_b, square_b) = one.windowed, other.windowed
    product = _window_means(one.values * other.values) * (a * b)
    mean_a, square_a = mean_a * a, square_a * a**2
    mean_b, square_b = mean_b * b, square_b * b**2
    cross, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    above = (2 * cross + _C1) * (2 * (product - cross) + _C2)
    below = (squares + _C1) * (square_a + square_b - squares + _C2)
    return float((above / below).mean())


def _window_means(values: Values) -> Values:
    """Gaussian means around the pixels that have a whole window."""
    window = _window_rows(len(values))
    means: Values = window @ values @ window.T
    return means


@lru_cache(maxsize=4)
def _window_rows(side: int) -> Values:
    """The window in every place it fits along a side; two products are faster than a filter."""
    places = np.arange(-_WINDOW, _WINDOW + 1)
    weights = np.exp(-0.5 * (places / _WINDOW_SD) ** 2)
    rows = np.zeros((side - 2 * _WINDOW, side))
    for place, row in enumerate(rows):
        row[place : place + len(weights)] = weights / weights.sum()
    rows.flags.writeable = False
    return rows
