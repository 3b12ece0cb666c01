"""Measurements of a set in a few numbers, and how they differ between two sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.records import AuditedImage, AuditedSet, Estimate, Measurement, SetDifference
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.rank_sum import rank_sum

_Values = npt.NDArray[np.float64]

_LEVEL = 0.95


@dataclass(frozen=True)
class Measure:
    """A measurement: field of `AuditedImage`, name to print, unit."""

    name: str
    display: str
    unit: str = ""


MEASURES: Final = (
    Measure("bytes_per_pixel", "bytes per pixel"),
    Measure("blockiness", "8×8 blockiness"),
    Measure("high_frequency", "high frequencies"),
    Measure("brightness", "brightness"),
    Measure("contrast", "contrast"),
    Measure("colourfulness", "colourfulness"),
    Measure("aspect", "aspect (width / height)"),
)


def measurements(images: Sequence[AuditedImage]) -> list[Measurement]:
    """Summarises a set; measurements that no image has are left out."""
    found = []
    for measure in MEASURES:
        values = values_of(images, measure.name)
        if len(values):
            found.append(_measurement(measure, values))
    return found


def differences(first: AuditedSet, other: AuditedSet) -> list[SetDifference]:
    """Compares two sets in every measurement that both have."""
    found = []
    for measure in MEASURES:
        a, b = (values_of(one.images, measure.name) for one in (first, other))
        # What is constant and equal in both has nothing to compare.
        if min(len(a), len(b)) >= 2 and np.ptp(np.concatenate([a, b])) > 0:
            found.append(_difference(measure, first.input.label, other.input.label, a, b))
    return found


def values_of(images: Sequence[AuditedImage], name: str) -> _Values:
    """Values of one measurement, float64, of the images that have it."""
    values = (getattr(image, name) for image in images)
    return np.array([value for value in values if value is not None], np.float64)


def _measurement(measure: Measure, values: _Values) -> Measurement:
    n, mean = len(values), float(values.mean())
    sd = float(values.std(ddof=1)) if n > 1 else None
    low, median, high = (float(x) for x in np.quantile(values, (0.05, 0.5, 0.95)))
    estimate = Estimate(value=mean, n={"images": n}, reason="one image only")
    if sd is not None:
        se = sd / math.sqrt(n)
        ends = t_interval(mean, se, n - 1, _LEVEL)
        estimate = Estimate(
            value=mean,
            se=se,
            low=ends[0],
            high=ends[1],
            n={"images": n},
            unit=measure.unit,
            method="mean over images; Student's t",
            covers="the mean over the images this set was drawn from",
        )
    return Measurement(
        name=measure.name,
        display=measure.display,
        unit=measure.unit,
        estimate=estimate,
        sd=sd,
        low=low,
        median=median,
        high=high,
    )


def _difference(measure: Measure, first: str, other: str, a: _Values, b: _Values) -> SetDifference:
    n, m = len(a), len(b)
    counts = {first: n, other: m}
    variances = float(a.var(ddof=1)), float(b.var(ddof=1))
    parts = variances[0] / n, variances[1] / m
    value, se = float(b.mean() - a.mean()), math.sqrt(sum(parts))
    if se:
        freedom = sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
        low, high = t_interval(value, se, max(1, int(freedom)), _LEVEL)
    else:
        low, high = value, value
    pooled = math.sqrt(((n - 1) * variances[0] + (m - 1) * variances[1]) / (n + m - 2))
    ranks = rank_sum(a, b, _LEVEL)
    return SetDifference(
        name=measure.name,
        display=measure.display,
        a=first,
        b=other,
        estimate=Estimate(
            value=value,
            se=se,
            low=low,
            high=high,
            n=counts,
            unit=measure.unit,
            method="difference of means; Welch's t",
            covers="the difference of the means, images taken as independent",
        ),
        standardised=value / pooled if pooled else None,
        auc=Estimate(
            value=ranks.auc,
            se=ranks.se if ranks.low is not None else None,
            low=ranks.low,
            high=ranks.high,
            n=counts,
            method="Mann and Whitney; DeLong's standard error on the logit scale",
            covers="the probability that an image of the second set exceeds one of the first",
            reason=None if ranks.low is not None else "the sets do not overlap",
        ),
        p=ranks.p,
    )
