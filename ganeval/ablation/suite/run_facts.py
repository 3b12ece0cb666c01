"""What a training run tells of itself: curves, costs, and scores of its own discriminators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganeval.ablation.suite.part import Place
from ganeval.errors import InputError
from ganeval.records.ablation import CellCurve, CellHistogram, CellMetric, Cost
from ganeval.records.files import read_record
from ganeval.records.model import Estimate
from ganeval.records.training import Score, ScoreHistogram, TrainingRecord


@dataclass(frozen=True)
class RunFacts:
    """What a run's record holds, in the words of an ablation.

    Args:
        update: Updates done; None: unknown.
        curves: Losses and metrics over updates.
        histograms: Scores of the discriminators at the end.
        metrics: What those histograms come to.
        cost: What training took.
        no_scores: Why there are no scores of discriminators; empty: there are.
    """

    update: int | None = None
    curves: Sequence[CellCurve] = ()
    histograms: Sequence[CellHistogram] = ()
    metrics: Sequence[CellMetric] = ()
    cost: Cost = field(default_factory=Cost)
    no_scores: str = "images made elsewhere come without their discriminator"


def run_facts(run: Path | None, place: Place) -> RunFacts:
    """Reads the record of a training run.

    Args:
        run: Its folder; None: images made elsewhere.
        place: Where numbers belong; the direction is told per discriminator.
    """
    if run is None:
        return RunFacts()
    try:
        record = read_record(run / "record.json")
    except InputError as error:
        return RunFacts(no_scores=error.message)
    if not isinstance(record, TrainingRecord):
        return RunFacts(no_scores=f"{run / 'record.json'} is no record of a training run")
    last = _last(record.histograms)
    return RunFacts(
        update=record.updates,
        curves=[*_losses(record, place), *_scores(record, place)],
        histograms=[_histogram(one, place) for one in last],
        metrics=[number for one in last for number in _numbers(one, place)],
        cost=_cost(record, run),
        no_scores="" if last else "the run kept no scores of its discriminators",
    )


def _losses(record: TrainingRecord, place: Place) -> Iterator[CellCurve]:
    for series in record.series:
        yield CellCurve(
            arm=place.arm,
            seed=place.seed,
            name=series.name,
            display=series.display,
            group=series.group,
            updates=series.updates,
            values=series.values,
            smooth=series.smooth,
            window=series.window,
            threshold=series.threshold,
            diverged=record.status == "diverged",
        )


def _scores(record: TrainingRecord, place: Place) -> Iterator[CellCurve]:
    """Metrics of evaluations during training, a curve per metric, direction and weights."""
    by_curve: dict[tuple[str, str, str], list[Score]] = {}
    for score in record.scores:
        by_curve.setdefault((score.name, score.direction, score.network), []).append(score)
    for (name, _, network), scores in by_curve.items():
        if len(scores) < 2:
            continue
        suffix = ", moving average of weights" if network == "ema" else ""
        yield CellCurve(
            arm=place.arm,
            seed=place.seed,
            name=f"{name}.{network}" if network == "ema" else name,
            display=f"{scores[0].display}{suffix}",
            group="metrics",
            direction=scores[0].direction,
            updates=[score.update for score in scores],
            values=[score.estimate.value for score in scores],
            smooth=[score.smooth for score in scores],
            window=scores[-1].window,
            diverged=record.status == "diverged",
        )


def _last(histograms: Sequence[ScoreHistogram]) -> list[ScoreHistogram]:
    """The last histogram of every discriminator."""
    return list({one.discriminator: one for one in histograms}.values())


def _histogram(one: ScoreHistogram, place: Place) -> CellHistogram:
    return CellHistogram(
        arm=place.arm,
        seed=place.seed,
        discriminator=one.discriminator,
        edges=one.edges,
        real=one.real,
        fake=one.fake,
        held_out=one.held_out,
        threshold=one.threshold,
    )


def _numbers(one: ScoreHistogram, place: Place) -> Iterator[CellMetric]:
    """AUC and overlap of reals and fakes; raw scores of different losses are not comparable."""
    # D_A judges images of A, which the translation from B to A makes.
    there = Place(place.arm, place.seed, "BtoA" if one.discriminator.endswith("A") else "AtoB")
    no_error = "no standard error: read off a histogram"
    counts = {"real": sum(one.real), "fake": sum(one.fake)}
    yield there.number(
        "dscores_auc",
        "AUC of the own discriminator",
        "none",
        Estimate(
            value=histogram_auc(one.real, one.fake),
            n=counts,
            method="share of pairs with the real above the fake, ties of a bin half",
            reason=no_error,
        ),
    )
    if one.held_out and sum(one.held_out):
        gap = histogram_auc(one.real, one.held_out)
        yield there.number(
            "dscores_overfit",
            "AUC of training reals over held-out reals",
            "none",
            Estimate(
                value=gap,
                n={"real": sum(one.real), "held_out": sum(one.held_out)},
                method="as the AUC; 0.5: the discriminator treats both alike",
                reason=no_error,
            ),
        )


def histogram_auc(high: Sequence[int], low: Sequence[int]) -> float | None:
    """Returns the share of pairs in which the first is in a higher bin, equal bins half.

    Args:
        high: Counts per bin, of those expected to score higher.
        low: Counts over the same bins.

    Returns:
        0..1; None where a side is empty.
    """
    total = sum(high) * sum(low)
    if total == 0:
        return None
    below, won = 0, 0.0
    for upper, lower in zip(high, low, strict=True):
        won += upper * (below + lower / 2)
        below += lower
    return won / total


def _cost(record: TrainingRecord, run: Path) -> Cost:
    return Cost(
        device=record.device,
        seconds=record.seconds,
        seconds_per_update=record.seconds_per_update,
        peak_memory=record.peak_memory,
        parameters=record.networks,
        bytes=sum(path.stat().st_size for path in run.rglob("*") if path.is_file()),
    )
