"""The test of few groups: every image scored by a fit that never saw its group."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from ganeval.classifier.examples import Examples, Labels, Scores, Split
from ganeval.classifier.relabelling import shuffled_labels
from ganeval.classifier.rungs import (
    DISPLAYS,
    Climbed,
    Matrix,
    RungProblem,
    choice_note,
    require_finite,
    unit_auc,
    unit_counts,
)
from ganeval.classifier.settings import PROBES, ClassifySettings
from ganeval.metrics.settings import Progress, silent
from ganeval.records import Estimate
from ganeval.records.classify import PixelsName, Rung, RungName
from ganeval.statistics.permutation import permutation_p
from ganeval.statistics.streams import generator

REFITS: Final = 199
"""Refits under shuffled labels behind the p-value."""

_EQUAL = 1e-12  # means of equal AUCs, summed in another order


def cross_validated(
    name: RungName,
    pixels_name: PixelsName,
    matrix: Matrix,
    examples: Examples,
    folds: Sequence[Split],
    *,
    settings: ClassifySettings,
    refits: int = REFITS,
    progress: Progress = silent,
) -> Climbed:
    """Tests a rung where groups are too few for a hold-out.

    Each fold is scored by a fit to all other folds, with C fixed beforehand, since there is
    nothing left to choose by. The statistic is the mean over folds of the AUC of their units. Its
    p-value comes from refits with labels shuffled over groups within folds, which no test of
    pooled predictions can replace: they hang together through the fits.

    Args:
        name: The rung.
        pixels_name: What its numbers were made from.
        matrix: float ``[n, d]``, in the order of the examples.
        examples: The images.
        folds: Splits whose test parts together are all images, each image once.
        settings: The seed.
        refits: Their number.
        progress: Told how far the refits are.

    Raises:
        GanevalError: Some number is not finite.

    Source: Golland and Fischl, IPMI 2003 (refits); Phipson and Smyth 2010 (p-value).
    """
    started = time.perf_counter()
    require_finite(name, matrix, examples)
    nothing = np.empty(0, np.int64)
    fold = np.full(len(examples), -1, np.int64)
    parts = []
    for number, one in enumerate(folds):
        test = one.rows("test")
        fold[test] = number
        rest = np.sort(np.concatenate([one.rows("train"), one.rows("validation")]))
        parts.append((RungProblem(name, matrix, rest, nothing), test))

    def mean_auc(labels: Labels, scores: Scores) -> float:
        aucs = []
        for problem, test in parts:
            scores[test] = problem.fit(labels).scores(matrix[test])
            aucs.append(unit_auc(scores[test], labels[test], [examples.groups[i] for i in test]))
        return float(np.mean(aucs))

    scores = np.zeros(len(examples))
    value = mean_auc(examples.labels, scores)
    rng = generator(settings.seed, f"cross-validation {name} {pixels_name}")
    chance = np.empty(refits)
    for refit in range(refits):
        labels = shuffled_labels(examples.labels, examples.groups, fold, rng)
        chance[refit] = mean_auc(labels, np.empty(len(examples)))
        progress(f"refits of {name}", refit + 1, refits, "rounds")
    method = f"{refits} refits with labels shuffled over groups, mean AUC of {len(folds)} folds"
    everything = np.flatnonzero(fold >= 0)
    model = RungProblem(name, matrix, everything, nothing).fit(examples.labels)
    rung = Rung(
        name=name,
        display=DISPLAYS[name],
        pixels=pixels_name,
        probe=name in PROBES,
        dimension=matrix.shape[1],
        validation=None,
        test=Estimate(
            value=value,
            n=unit_counts(examples, everything),
            method=f"mean AUC of {len(folds)} folds, units grouped",
            reason="folds share training images, so there is no valid interval",
        ),
        p=permutation_p(value, chance, _EQUAL),
        p_below=permutation_p(-value, -chance, _EQUAL),
        method=method,
        seconds=time.perf_counter() - started,
        note=choice_note(model),
    )
    return Climbed(rung, scores, model)
