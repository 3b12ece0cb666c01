"""How well a cycle brings images back: mean absolute difference, in grey levels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ganeval.records import Estimate
from ganeval.statistics.intervals import t_interval


def cycle_l1(original: Tensor, recovered: Tensor) -> list[float]:
    """Returns the mean absolute difference of each image and its recovery, in 0..255 levels.

    Args:
        original: Float ``[n, C, H, W]`` in -1..1.
        recovered: The same after both translations; not rounded to 8 bits.
    """
    difference = (original.double() - recovered.double()).abs().mean((1, 2, 3)) * 127.5
    return [float(value) for value in difference]


def mean_estimate(values: npt.NDArray[np.float64]) -> Estimate:
    """Returns the mean over images with its standard error.

    Args:
        values: float64 ``[n]``, one per image, >= 0, in 0..255 levels.
    """
    count, unit, method = {"images": len(values)}, "grey levels", "mean over images"
    if not len(values) or not np.isfinite(values).all():
        reason = "the networks gave values that are not finite" if len(values) else "no images"
        return Estimate(value=None, n=count, unit=unit, reason=reason)
    mean = float(values.mean())
    if len(values) < 2:
        reason = "a standard error needs at least 2 images"
        return Estimate(value=mean, n=count, unit=unit, method=method, reason=reason)
    se = float(values.std(ddof=1)) / math.sqrt(len(values))
    df = len(values) - 1
    low, high = t_interval(mean, se, df, lower_bound=0.0)
    return Estimate(
        value=mean,
        se=se,
        low=low,
        high=high,
        n=count,
        unit=unit,
        method=f"{method}; SE: their standard deviation / √n; "
        f"value ± t·SE, {df} degrees of freedom",
        covers="the mean over images like these",
    )
