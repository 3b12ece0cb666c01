"""The cheap rungs: fitted on one part, chosen on another, tested once on the third."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.accuracy import best_threshold
from ganeval.classifier.cross_validation import cross_validated
from ganeval.classifier.examples import Examples, Rows, Scores, Split
from ganeval.classifier.rungs import (
    DISPLAYS,
    Climbed,
    Matrix,
    RungProblem,
    choice_note,
    require_finite,
    unit_counts,
)
from ganeval.classifier.settings import PROBES, ClassifySettings
from ganeval.classifier.split import split_examples
from ganeval.classifier.units import UnitScores, test_units, unit_scores
from ganeval.records import Estimate
from ganeval.records.classify import PixelsName, Rung, RungName, SeedScore
from ganeval.statistics.auc import auc_value
from ganeval.statistics.intervals import t_interval

__all__ = [
    "Climbed",
    "climb",
    "corrected_estimate",
    "cross_validated",
    "further_splits",
    "held_out_rung",
]

SEEDS: Final = 5
"""Splits of every cheap rung, that of the seed itself among them."""


def climb(
    name: RungName,
    pixels_name: PixelsName,
    matrix: Matrix,
    examples: Examples,
    split: Split,
    *,
    pairs_confirmed: bool,
    settings: ClassifySettings,
    splits: Sequence[tuple[int, Split]] | None = None,
) -> Climbed:
    """Fits a rung, tests it on the held-out units, and repeats that on further splits.

    Args:
        name: The rung; ``knn`` asks neighbours, all others are logistic regressions.
        pixels_name: What its numbers were made from.
        matrix: float ``[n, d]``, in the order of the examples.
        examples: The images.
        split: Whose test part gives the p-value.
        pairs_confirmed: Groups with both classes hold versions of one picture.
        settings: Seed and shares.
        splits: Further seeds with their splits; None: made now, see `further_splits`.

    Raises:
        GanevalError: Some number is not finite.
    """
    started = time.perf_counter()
    require_finite(name, matrix, examples)
    train, validation = (_by_content(examples, split.rows(p)) for p in ("train", "validation"))
    model = RungProblem(name, matrix, train, validation).fit(examples.labels)
    scores = model.scores(matrix)
    more = further_splits(examples, settings) if splits is None else splits
    seeds = [
        SeedScore(seed=seed, auc=_held_out(name, matrix, examples, other, pairs_confirmed, seed))
        for seed, other in more
    ]
    rung = held_out_rung(
        name, pixels_name, scores, examples, split, seeds, pairs_confirmed, settings.seed
    )
    told = {
        "dimension": matrix.shape[1],
        "seconds": time.perf_counter() - started,
        "note": choice_note(model),
    }
    return Climbed(rung.model_copy(update=told), scores, model)


def held_out_rung(
    name: RungName,
    pixels_name: PixelsName,
    scores: Scores,
    examples: Examples,
    split: Split,
    further: Sequence[SeedScore],
    pairs_confirmed: bool,
    seed: int,
) -> Rung:
    """Tests the scores of the held-out units.

    Args:
        name: The rung.
        pixels_name: What was scored.
        scores: float64 ``[n]``, of all examples.
        examples: The images.
        split: The split that the scores come from.
        further: AUCs of other splits.
        pairs_confirmed: Groups with both classes hold versions of one picture.
        seed: Seed of the split.
    """
    validation = split.rows("validation")
    held = _units(scores, examples, validation, pairs_confirmed, seed)
    units = _units(scores, examples, split.rows("test"), pairs_confirmed, seed)
    tested = test_units(
        units,
        threshold=best_threshold(scores[validation], examples.labels[validation]),
        seed=seed,
    )
    seeds = [SeedScore(seed=seed, auc=auc_value(units.fakes, units.reals)), *further]
    return Rung(
        name=name,
        display=DISPLAYS[name],
        pixels=pixels_name,
        probe=name in PROBES,
        validation=auc_value(held.fakes, held.reals),
        test=tested.estimate,
        p=tested.p,
        p_below=tested.p_below,
        method=tested.method,
        seeds=seeds,
        corrected=corrected_estimate([one.auc for one in seeds], examples, split),
    )


def further_splits(
    examples: Examples,
    settings: ClassifySettings,
    generator_train: npt.NDArray[np.bool_] | None = None,
) -> list[tuple[int, Split]]:
    """Returns the splits of the next four seeds, with the seeds.

    Args:
        examples: The images in their groups.
        settings: Seed and shares.
        generator_train: bool ``[n]``, see `split_examples`.
    """
    seeds = range(settings.seed + 1, settings.seed + SEEDS)
    return [
        (seed, split_examples(examples, settings.split, seed, generator_train=generator_train))
        for seed in seeds
    ]


def corrected_estimate(aucs: Sequence[float], examples: Examples, split: Split) -> Estimate:
    """Returns the mean over several splits of the same images, with an interval that knows so.

    It is mean ± t_{J-1} √((1/J + n_test/n_train) s²): splits overlap, so their spread alone would
    be too narrow.

    Args:
        aucs: AUC of every split, J of them.
        examples: The images.
        split: One of the splits; units of its parts are counted.

    Source: Nadeau and Bengio, Machine Learning 52 (2003) 239.
    """
    values = np.array(aucs)
    n = unit_counts(examples, split.rows("test"))
    ratio = sum(n.values()) / sum(unit_counts(examples, split.rows("train")).values())
    if len(values) < 2:
        return Estimate(value=float(values.mean()), n=n, reason="a single split has no spread")
    spread = float(values.var(ddof=1))
    se = math.sqrt((1 / len(values) + ratio) * spread)
    low, high = t_interval(float(values.mean()), se, len(values) - 1, 0.95, 0.0, 1.0)
    return Estimate(
        value=float(values.mean()),
        se=se,
        low=low,
        high=high,
        n=n,
        method=f"mean over {len(values)} splits, t interval corrected for their overlap",
        covers="other splits of these images",
    )


def _by_content(examples: Examples, rows: Rows) -> Rows:
    """Rows in an order that names of files do not change, so that no last digit does."""
    return np.array(sorted(rows, key=lambda row: examples.contents[row]), np.int64)


def _held_out(
    name: RungName,
    matrix: Matrix,
    examples: Examples,
    split: Split,
    pairs_confirmed: bool,
    seed: int,
) -> float:
    """The AUC of the test units of one more split."""
    train, validation = (_by_content(examples, split.rows(p)) for p in ("train", "validation"))
    problem = RungProblem(name, matrix, train, validation)
    test = split.rows("test")
    scores = problem.fit(examples.labels).scores(matrix[test])
    groups = [examples.groups[int(row)] for row in test]
    units = unit_scores(
        scores, examples.labels[test], groups, pairs_confirmed=pairs_confirmed, seed=seed
    )
    return auc_value(units.fakes, units.reals)


def _units(
    scores: Scores, examples: Examples, rows: Rows, pairs_confirmed: bool, seed: int
) -> UnitScores:
    return unit_scores(
        scores[rows],
        examples.labels[rows],
        [examples.groups[int(row)] for row in rows],
        pairs_confirmed=pairs_confirmed,
        seed=seed,
    )
