"""Right answers at a threshold, and whether scores are probabilities: the classifier by images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri

from ganeval.classifier.examples import FAKE, REAL, Labels, Scores
from ganeval.errors import InputError
from ganeval.records.classify import Accuracy, Calibration, CalibrationBin
from ganeval.records.model import Estimate
from ganeval.statistics.calibration import (
    brier_score,
    calibration_error,
    calibration_error_interval,
    class_weights,
    fit_temperature,
    label_strata,
    log_loss,
    reliability,
)
from ganeval.statistics.groups import Codes, group_codes, group_count
from ganeval.statistics.intervals import score_interval
from ganeval.statistics.proportions import total_variation_bound
from ganeval.statistics.resampling import redraw_counts
from ganeval.statistics.streams import generator

_DRAWS: Final = 2000
_CALIBRATION_DRAWS: Final = 1000  # each bins all images anew


def best_threshold(logits: Scores, labels: Labels) -> float:
    """Returns the threshold with the highest balanced accuracy.

    Thresholds lie halfway between neighbouring scores; of equally good ones the one in the widest
    gap is taken, then the lowest.

    Args:
        logits: float64 ``[n]`` of the validation part; fakes are at or above the threshold.
        labels: int64 ``[n]``, 0 real and 1 fake; both occur.

    Raises:
        InputError: A class is missing.
    """
    fakes, reals = logits[labels == FAKE], logits[labels == REAL]
    if not len(fakes) or not len(reals):
        raise InputError("a threshold needs scores of both classes in the validation part")
    values = np.unique(logits)
    if len(values) == 1:
        return float(values[0])
    thresholds = values[:-1] + np.diff(values) / 2
    caught = 1 - np.searchsorted(np.sort(fakes), thresholds, side="left") / len(fakes)
    passed = np.searchsorted(np.sort(reals), thresholds, side="left") / len(reals)
    balanced = np.round(caught + passed, 12)
    widths = np.where(balanced == balanced.max(), np.diff(values), -1.0)
    return float(thresholds[int(widths.argmax())])


def accuracies(
    logits: Scores,
    labels: Labels,
    groups: Sequence[str],
    validation_logits: Scores,
    validation_labels: Labels,
    *,
    seed: int,
    level: float = 0.95,
) -> list[Accuracy]:
    """Returns the accuracy of the test part at two thresholds, by images.

    Intervals are Wilson's where every image is a group of its own, else percentiles of 2,000
    bootstrap draws of whole groups. A balanced accuracy counts as 4/(1/m + 1/n) answers, fewer if
    its variance says so.

    Args:
        logits: float64 ``[n]`` of the test part; fakes are at or above a threshold.
        labels: int64 ``[n]``, 0 real and 1 fake.
        groups: Group of each image.
        validation_logits: Scores from which the second threshold is chosen; empty: only the first.
        validation_labels: Their labels.
        seed: Seed of the bootstrap.
        level: Confidence level.

    Returns:
        At p_fake = 1/2, which is a logit of 0, then at the threshold best on the validation part.

    Raises:
        InputError: A class is missing.
    """
    thresholds: list[tuple[Literal["half", "validation"], float]] = [("half", 0.0)]
    if len(validation_logits):
        thresholds.append(("validation", best_threshold(validation_logits, validation_labels)))
    if len(np.unique(labels)) < 2:
        raise InputError("an accuracy needs test images of both classes")
    codes = group_codes(list(groups), len(groups))
    found = []
    for name, threshold in thresholds:
        answers = _Answers((logits >= threshold) == (labels == FAKE), labels, codes)
        found.append(_accuracy(name, threshold, answers, seed, level))
    return found


def calibration(
    validation_logits: Scores,
    validation_labels: Labels,
    logits: Scores,
    labels: Labels,
    groups: Sequence[str],
    seed: int,
) -> Calibration:
    """Fits the temperature on the validation part and checks the test part's probabilities.

    Both classes count half throughout, as they did in training: p_fake is the probability of a fake
    where fakes and reals are equally frequent.

    Args:
        validation_logits: float64 ``[v]``.
        validation_labels: int64 ``[v]``, 0 real and 1 fake.
        logits: float64 ``[n]`` of the test part.
        labels: int64 ``[n]``.
        groups: Group of each image of the test part.
        seed: Seed of the bootstrap over groups.
    """
    temperature = fit_temperature(
        validation_logits, validation_labels, class_weights(validation_labels)
    )
    scaled = logits / temperature
    p_fake, weights = expit(scaled), class_weights(labels)
    codes = group_codes(list(groups), len(groups))
    se, low, high = calibration_error_interval(
        p_fake, labels, codes, generator(seed, "calibration bootstrap"), weights, _CALIBRATION_DRAWS
    )
    bins = reliability(p_fake, labels, weights)
    ece = Estimate(
        value=calibration_error(p_fake, labels, weights),
        se=se,
        low=low,
        high=high,
        n=_counts(labels),
        method=f"{len(bins)} bins of equal mass; bootstrap, {_DRAWS} draws of groups, seed {seed}",
        covers="the calibration error, over the choice of groups",
    )
    return Calibration(
        temperature=temperature,
        brier=brier_score(p_fake, labels, weights),
        log_loss=log_loss(scaled, labels, weights),
        ece=ece,
        bins=[CalibrationBin(predicted=b.predicted, observed=b.observed, n=b.n) for b in bins],
    )


@dataclass(frozen=True)
class _Answers:
    """Right or wrong, bool ``[n]``, with label and group of each image."""

    right: npt.NDArray[np.bool_]
    labels: Labels
    codes: Codes

    def rate(self, kind: int) -> float:
        """Share of right answers in a class."""
        return float(self.right[self.labels == kind].mean())

    def units(self, kind: int) -> int:
        """Groups with images of a class."""
        return len(np.unique(self.codes[self.labels == kind]))

    def redrawn_rates(self, rng: np.random.Generator) -> tuple[Scores, Scores] | None:
        """Rates of the reals and of the fakes over draws of whole groups; None: no groups."""
        if group_count(self.codes) == len(self.codes):
            return None
        counts = redraw_counts(label_strata(self.labels, self.codes), _DRAWS, rng)
        return self._rates(REAL, counts), self._rates(FAKE, counts)

    def _rates(self, kind: int, counts: npt.NDArray[np.int64]) -> Scores:
        inside, groups = self.labels == kind, counts.shape[1]
        images = np.bincount(self.codes[inside], minlength=groups)
        hits = np.bincount(self.codes[inside], weights=self.right[inside], minlength=groups)
        rates: Scores = (counts @ hits) / (counts @ images)
        return rates


def _accuracy(
    name: Literal["half", "validation"],
    threshold: float,
    answers: _Answers,
    seed: int,
    level: float,
) -> Accuracy:
    passed, caught = answers.rate(REAL), answers.rate(FAKE)
    reals, fakes = answers.units(REAL), answers.units(FAKE)
    redrawn = answers.redrawn_rates(generator(seed, f"accuracy bootstrap {name}"))
    if redrawn is None:
        errors = (_binomial_error(passed, reals), _binomial_error(caught, fakes))
        error = math.hypot(*errors) / 2
        means = None
    else:
        errors = (float(redrawn[0].std(ddof=1)), float(redrawn[1].std(ddof=1)))
        means = (redrawn[0] + redrawn[1]) / 2
        error = float(means.std(ddof=1))
    n = {"real": reals, "fake": fakes}
    # Of two classes; with both classes in a group no more than one answer a group.
    answered = min(4 / (1 / reals + 1 / fakes), group_count(answers.codes))
    balanced = (passed + caught) / 2
    return Accuracy(
        threshold=name,
        logit=threshold,
        balanced=_share(balanced, error, answered, means, n, level),
        fakes_caught=_share(caught, errors[1], fakes, redrawn and redrawn[1], n, level),
        reals_passed=_share(passed, errors[0], reals, redrawn and redrawn[0], n, level),
        total_variation=total_variation_bound(
            caught,
            _effective(caught, errors[1], fakes),
            passed,
            _effective(passed, errors[0], reals),
            (1 - level) / 4,
        ),
    )


def _share(
    value: float,
    se: float,
    units: float,
    redrawn: Scores | None,
    n: dict[str, int],
    level: float,
) -> Estimate:
    if redrawn is not None and se > 0:
        low, high = np.quantile(redrawn, [(1 - level) / 2, (1 + level) / 2])
        low, high = min(float(low), value), max(float(high), value)
        method = f"share of images; percentiles of {_DRAWS} bootstrap draws of groups"
    else:
        # Draws that are all alike say nothing: then as if each group had answered once.
        draws = _effective(value, se, units)
        low, high = score_interval(value, draws, float(ndtri((1 + level) / 2)))
        method = f"share of images; Wilson's interval for {draws:.4g} independent answers"
    return Estimate(
        value=value,
        se=se if se > 0 else None,
        low=low,
        high=high,
        level=level,
        n=n,
        method=method,
        covers="the share of right answers at this threshold, over the choice of groups",
    )


def _binomial_error(share: float, n: int) -> float:
    return math.sqrt(share * (1 - share) / n)


def _effective(share: float, se: float, units: float) -> float:
    """Independent answers that would have this standard error, at most the units."""
    variance = share * (1 - share)
    return min(units, max(variance / se**2, 1.0)) if se > 0 and variance > 0 else units


def _counts(labels: Labels) -> dict[str, int]:
    return {"real": int((labels == REAL).sum()), "fake": int((labels == FAKE).sum())}
