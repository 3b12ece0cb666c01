"""What the held-out scores say: the primary test, accuracy, calibration, power, corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganeval.classifier.accuracy import accuracies, calibration
from ganeval.classifier.bench import Bench
from ganeval.classifier.climbs import Climbs
from ganeval.classifier.examples import Examples, Rows, Scores
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.units import UnitScores, power, test_units, unit_scores
from ganeval.records.classify import Accuracy, Calibration, Power, Primary, Rung
from ganeval.statistics.auc import compare_aucs
from ganeval.statistics.intervals import holm


@dataclass(frozen=True)
class Evidence:
    """Numbers of the held-out part.

    Args:
        primary: The one test that the verdict rests on.
        rungs: Every rung, p-values of all but the best adjusted.
        accuracy: Of the best rung; empty after a cross-validation.
        calibration: Of the best rung; None after a cross-validation.
        power: What a test part of this size could have shown.
        cnn_over_colour: p-value of the difference between network and colour histogram.
    """

    primary: Primary
    rungs: list[Rung]
    accuracy: list[Accuracy]
    calibration: Calibration | None
    power: Power
    cnn_over_colour: float | None

    @property
    def temperature(self) -> float:
        """Logits divided by it are calibrated."""
        return self.calibration.temperature if self.calibration else 1.0

    @property
    def thresholds(self) -> dict[str, float]:
        """Logits from which on an image is called fake, by how they were chosen."""
        return {one.threshold: one.logit for one in self.accuracy} or {"half": 0.0}


def gather(
    ladders: Sequence[Climbs], main: Climbs, bench: Bench, settings: ClassifySettings
) -> Evidence:
    """Computes everything that is said of the held-out part.

    Args:
        ladders: Raw, and defended where there is a defence.
        main: The one of them that the verdict rests on.
        bench: Groups and parts.
        settings: Level and seed.
    """
    units = _units(main.best.scores, main, bench, settings)
    return Evidence(
        primary=_primary(main, bench, settings),
        rungs=_adjusted(ladders, main),
        accuracy=_accuracy(main, bench, settings),
        calibration=_calibration(main, bench, settings),
        power=power(units, settings.alpha),
        cnn_over_colour=_cnn_over_colour(main, bench, settings),
    )


def _test_rows(bench: Bench) -> Rows:
    """The held-out rows; of a cross-validation all that any fold held out."""
    if not bench.folds:
        return bench.split.rows("test")
    rows: Rows = np.unique(np.concatenate([fold.rows("test") for fold in bench.folds]))
    return rows


def _units(scores: Scores, ladder: Climbs, bench: Bench, settings: ClassifySettings) -> UnitScores:
    rows = _test_rows(bench)
    return unit_scores(
        scores[rows],
        ladder.examples.labels[rows],
        _groups(ladder.examples, rows),
        pairs_confirmed=bench.pairs_confirmed,
        seed=settings.seed,
    )


def _groups(examples: Examples, rows: Rows) -> list[str]:
    return [examples.groups[int(row)] for row in rows]


def _primary(main: Climbs, bench: Bench, settings: ClassifySettings) -> Primary:
    best = main.best
    units = _units(best.scores, main, bench, settings)
    rung = best.rung
    if rung.p is None or rung.test.value is None:
        raise ValueError(f"the rung {rung.name} has no test")
    if bench.folds:
        statistic, value, method = "mean AUC of the folds", rung.test.value, rung.method
        dropped: dict[str, int] = {}
    else:
        tested = test_units(units, seed=settings.seed)
        statistic, value, method = tested.statistic, tested.value, tested.method
        dropped = tested.dropped
    return Primary(
        rung=rung.name,
        pixels=rung.pixels,
        design=units.design,
        statistic=statistic,
        value=value,
        p=rung.p,
        method=method,
        m=units.m,
        n=units.n,
        dropped=dropped,
        significant=rung.p < settings.alpha,
    )


def _adjusted(ladders: Sequence[Climbs], main: Climbs) -> list[Rung]:
    """All rungs; p-values of all but the best are adjusted for their number (Holm)."""
    best = main.best.rung
    rungs = [one.rung for ladder in ladders for one in ladder.climbed.values()]
    others = [rung for rung in rungs if rung is not best and rung.p is not None]
    adjusted = holm([rung.p for rung in others if rung.p is not None])
    by_rung = {(o.name, o.pixels): p for o, p in zip(others, adjusted, strict=True)}
    return [
        rung.model_copy(update={"p_holm": by_rung.get((rung.name, rung.pixels))}) for rung in rungs
    ]


def _accuracy(main: Climbs, bench: Bench, settings: ClassifySettings) -> list[Accuracy]:
    if bench.folds:
        return []
    scores, labels = main.best.scores, main.examples.labels
    test, validation = bench.split.rows("test"), bench.split.rows("validation")
    return accuracies(
        scores[test],
        labels[test],
        _groups(main.examples, test),
        scores[validation],
        labels[validation],
        seed=settings.seed,
    )


def _calibration(main: Climbs, bench: Bench, settings: ClassifySettings) -> Calibration | None:
    if bench.folds:
        return None
    scores, labels = main.best.scores, main.examples.labels
    test, validation = bench.split.rows("test"), bench.split.rows("validation")
    return calibration(
        scores[validation],
        labels[validation],
        scores[test],
        labels[test],
        _groups(main.examples, test),
        settings.seed,
    )


def _cnn_over_colour(main: Climbs, bench: Bench, settings: ClassifySettings) -> float | None:
    """Compares the network with the colour histogram on the same units (DeLong)."""
    if bench.folds or not {"cnn", "colour"} <= main.climbed.keys():
        return None
    cnn, colour = (
        _units(main.climbed[name].scores, main, bench, settings) for name in ("cnn", "colour")
    )
    compared = compare_aucs(
        (cnn.fakes, cnn.reals), (colour.fakes, colour.reals), cnn.fake_groups, cnn.real_groups
    )
    return compared.p
