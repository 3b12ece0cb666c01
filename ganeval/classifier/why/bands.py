"""Bands around means: whole groups are drawn again, each class as often as it was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Labels
from ganeval.statistics.groups import group_codes, group_count
from ganeval.statistics.streams import generator

Floats = npt.NDArray[np.float64]

DRAWS = 2000


@dataclass(frozen=True)
class Band:
    """A mean per place and where it lies.

    Args:
        mean: float64 ``[k]``.
        low: float64 ``[k]``, lower end of the percentile interval of each place.
        high: float64 ``[k]``.
    """

    mean: Floats
    low: Floats
    high: Floats


def class_band(
    values: Floats, groups: Sequence[str], *, seed: int, purpose: str, level: float = 0.95
) -> Band:
    """Returns the mean over images and its percentile bootstrap over groups.

    Args:
        values: float64 ``[n, k]``, one row per image.
        groups: Group of each image.
        seed: Seed of the draws.
        purpose: What the draws are for; equal purposes draw alike.
        level: Confidence level.

    Source: Efron, Annals of Statistics 7 (1979) 1.
    """
    codes = group_codes(groups, len(values))
    weights = _draws(np.zeros(group_count(codes), np.int64), seed, purpose)
    return _band(values.mean(axis=0), _means(values, codes, weights), level)


def difference_band(
    values: Floats,
    labels: Labels,
    groups: Sequence[str],
    *,
    seed: int,
    purpose: str,
    level: float = 0.95,
) -> Band:
    """Returns mean of the fakes minus mean of the reals, with its bootstrap over groups.

    Groups with reals, with fakes and with both are drawn among their own kind, so pairs stay
    together and no class is ever empty.

    Args:
        values: float64 ``[n, k]``, one row per image.
        labels: int64 ``[n]``, both classes.
        groups: Group of each image.
        seed: Seed of the draws.
        purpose: What the draws are for; equal purposes draw alike.
        level: Confidence level.
    """
    codes = group_codes(groups, len(values))
    held = [np.bincount(codes[labels == label], minlength=group_count(codes)) for label in (0, 1)]
    weights = _draws((held[0] > 0) + 2 * (held[1] > 0), seed, purpose)
    drawn = {}
    for label in (REAL, FAKE):
        own = labels == label
        drawn[label] = _means(values[own], codes[own], weights)
    mean = values[labels == FAKE].mean(axis=0) - values[labels == REAL].mean(axis=0)
    return _band(mean, drawn[FAKE] - drawn[REAL], level)


def _draws(kinds: npt.NDArray[np.int64], seed: int, purpose: str) -> Floats:
    """How often each group was drawn, ``[draws, G]``, as many of each kind as there are."""
    rng = generator(seed, purpose)
    weights = np.zeros((DRAWS, len(kinds)))
    for kind in np.unique(kinds):
        own = np.flatnonzero(kinds == kind)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=DRAWS)
    return weights


def _means(values: Floats, codes: npt.NDArray[np.int64], weights: Floats) -> Floats:
    """Means over the images of drawn groups, ``[draws, k]``."""
    sums = np.zeros((weights.shape[1], values.shape[1]))
    np.add.at(sums, codes, values)
    counts = np.bincount(codes, minlength=weights.shape[1])
    means: Floats = (weights @ sums) / (weights @ counts)[:, None]
    return means


def _band(mean: Floats, drawn: Floats, level: float) -> Band:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Band(mean, low, high)
