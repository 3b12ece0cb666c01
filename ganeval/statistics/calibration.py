"""Are scores probabilities? Temperature, Brier score, log loss and expected calibration error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from ganeval.statistics.auc import Values
from ganeval.statistics.groups import Codes, group_count
from ganeval.statistics.resampling import redraw_counts

Labels = npt.NDArray[np.int64]

LOWEST_TEMPERATURE: Final = 1e-3
HIGHEST_TEMPERATURE: Final = 1e3
"""Ends of the search; the upper one makes every probability nearly 1/2."""


@dataclass(frozen=True)
class Bin:
    """Items of nearly equal probability.

    Args:
        predicted: Mean probability, 0..1.
        observed: Share of positives.
        n: Number of items.
    """

    predicted: float
    observed: float
    n: int


def class_weights(labels: Labels) -> Values:
    """Returns weights of mean 1 that give both classes the same sum; float64 ``[n]``."""
    counts = np.bincount(labels, minlength=2)
    weights: Values = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels]
    return weights


def label_strata(labels: Labels, codes: Codes) -> npt.NDArray[np.int64]:
    """Returns per group which labels it holds: 1 only 0, 2 only 1, 3 both; int64 ``[G]``."""
    strata = np.zeros(group_count(codes), dtype=np.int64)
    np.bitwise_or.at(strata, codes, labels + 1)
    return strata


def fit_temperature(logits: Values, labels: Labels, weights: Values | None = None) -> float:
    """Returns the number that logits are to be divided by, by the lowest log loss.

    The targets are (P + 1)/(P + 2) and 1/(Q + 2) for P positives and Q negatives, not 1 and 0: on
    few items that are told apart without error the temperature would otherwise be 0.

    Args:
        logits: float ``[n]`` of items that were not learnt from.
        labels: int64 ``[n]``, 0 or 1.
        weights: float ``[n]``; None: all alike.

    Returns:
        0.001..1000; the upper end where logits point the wrong way or nowhere.

    Source: Guo, Pleiss, Sun and Weinberger, arXiv 1706.04599; targets as in Platt, Advances in
    Large Margin Classifiers (1999) 61.
    """
    positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weighted = logits if weights is None else logits * weights

    def slope(inverse: float) -> float:
        """Derivative of the log loss by 1/T; it never falls."""
        return float(weighted @ (expit(logits * inverse) - targets))

    low, high = math.log(1 / HIGHEST_TEMPERATURE), math.log(1 / LOWEST_TEMPERATURE)
    if slope(math.exp(low)) >= 0:
        return HIGHEST_TEMPERATURE
    if slope(math.exp(high)) <= 0:
        return LOWEST_TEMPERATURE
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(math.exp(middle)) >= 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def brier_score(probabilities: Values, labels: Labels, weights: Values | None = None) -> float:
    """Returns the mean squared error of probabilities, 0..1; 0.25 for 1/2 throughout.

    Args:
        probabilities: float ``[n]`` of label 1, 0..1.
        labels: int64 ``[n]``, 0 or 1.
        weights: float ``[n]``; None: all alike.

    Source: Brier, Monthly Weather Review 78 (1950) 1.
    """
    return float(np.average(np.square(probabilities - labels), weights=weights))


def log_loss(logits: Values, labels: Labels, weights: Values | None = None) -> float:
    """Returns the mean of -ln p of the true label, in nats; finite for any finite logit.

    Args:
        logits: float ``[n]``.
        labels: int64 ``[n]``, 0 or 1.
        weights: float ``[n]``; None: all alike.
    """
    wrong_way = np.where(labels == 1, -logits, logits)
    return float(np.average(np.logaddexp(0, wrong_way), weights=weights))


def reliability(
    probabilities: Values, labels: Labels, weights: Values | None = None, bins: int | None = None
) -> list[Bin]:
    """Returns the reliability curve: bins of nearly equal numbers of items, lowest first.

    Args:
        probabilities: float ``[n]`` of label 1, n at least 1.
        labels: int64 ``[n]``, 0 or 1.
        weights: float ``[n]``; None: all alike.
        bins: Number of bins; None means min(15, floor(n/10)), at least 1.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = np.split(order, np.cumsum(_bin_sizes(len(order), bins))[:-1])
    w = np.ones(len(labels)) if weights is None else weights
    return [
        Bin(
            float(np.average(probabilities[part], weights=w[part])),
            float(np.average(labels[part], weights=w[part])),
            len(part),
        )
        for part in parts
    ]


def calibration_error(
    probabilities: Values, labels: Labels, weights: Values | None = None, bins: int | None = None
) -> float:
    """Returns the expected calibration error, Σ (N_b/N)·abs(share of positives - mean probability).

    Args:
        probabilities: float ``[n]`` of label 1, n at least 1.
        labels: int64 ``[n]``, 0 or 1.
        weights: float ``[n]``; then N counts weights.
        bins: As in `reliability`.

    Returns:
        0..1. Even true probabilities give more than 0 on few items.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015, with bins of equal mass.
    """
    order = np.argsort(probabilities, kind="stable")
    w = np.ones(len(labels)) if weights is None else weights[order]
    return _sorted_error(labels[order] - probabilities[order], w, bins)


def calibration_error_interval(
    probabilities: Values,
    labels: Labels,
    codes: Codes,
    rng: np.random.Generator,
    weights: Values | None = None,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Returns the bootstrap's standard error and an interval of the expected calibration error.

    Groups are drawn with replacement, whole, those of one label apart from those of another. Few
    items add to the error, and drawing adds as much again. So the lower end is the draws' upper
    quantile reflected at the value, and at most what the value has left, in squares, beyond a
    quantile of the error that true probabilities show: 0 where they often show as much. The upper
    end is the draws' own, which is on the safe side.

    Args:
        probabilities: float ``[n]`` of label 1.
        labels: int64 ``[n]``, 0 or 1.
        codes: int64 ``[n]``, the group of every item.
        rng: Source of the draws.
        weights: float ``[n]``; None: all alike.
        draws: Number of draws.
        level: Confidence level.

    Returns:
        Standard error, lower and upper end; the value lies between the ends.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 5.2; labels
    drawn from probabilities as in Bröcker and Smith, Weather and Forecasting 22 (2007) 651.
    """
    order = np.argsort(probabilities, kind="stable")  # once: draws only repeat items in place
    probabilities, labels, codes = probabilities[order], labels[order], codes[order]
    w = np.ones(len(labels)) if weights is None else weights[order]
    gaps = labels - probabilities
    value = _sorted_error(gaps, w)
    redrawn = np.empty(draws)
    for draw, counts in enumerate(redraw_counts(label_strata(labels, codes), draws, rng)):
        rows = np.repeat(np.arange(len(labels)), counts[codes])
        redrawn[draw] = _sorted_error(gaps[rows], w[rows])
    upper = float(np.quantile(redrawn, (1 + level) / 2))
    unavoidable = _unavoidable_error(probabilities, labels, codes, rng, w, draws, (1 + level) / 2)
    left = math.sqrt(max(0.0, value**2 - unavoidable**2))
    low = max(0.0, min(left, 2 * value - upper, value))
    return float(redrawn.std(ddof=1)), low, max(value, upper)


def _unavoidable_error(
    probabilities: Values,
    labels: Labels,
    codes: Codes,
    rng: np.random.Generator,
    weights: Values,
    draws: int,
    quantile: float,
) -> float:
    """A quantile of the error of true probabilities, ascending, the items of a group as one."""
    # Labels fall as often as they do here; it is their weights that make classes alike.
    of_label = [float(weights[labels == k].mean()) if (labels == k).any() else 1.0 for k in (0, 1)]
    odds = np.array([(1 - probabilities) / of_label[0], probabilities / of_label[1]])
    shares = odds[1] / odds.sum(axis=0)
    errors = []
    for _ in range(draws // 4):
        drawn = (rng.random(group_count(codes))[codes] < shares).astype(np.int64)
        errors.append(_sorted_error(drawn - probabilities, np.array(of_label)[drawn]))
    return float(np.quantile(errors, quantile))


def _sorted_error(gaps: Values, weights: Values, bins: int | None = None) -> float:
    """The error of items in the order of their probabilities; gaps are label less probability."""
    starts = np.cumsum([0, *_bin_sizes(len(gaps), bins)[:-1]])
    return float(np.abs(np.add.reduceat(gaps * weights, starts)).sum() / weights.sum())


def _bin_sizes(n: int, bins: int | None) -> list[int]:
    count = max(1, min(15, n // 10)) if bins is None else min(bins, n)
    return [n // count + (i < n % count) for i in range(count)]
