"""What the best rung leaves behind: its reasons, and itself as a saved classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ganeval.classifier.bench import Bench
from ganeval.classifier.climbs import Climbs
from ganeval.classifier.defence import Defence
from ganeval.classifier.evidence import Evidence
from ganeval.classifier.examples import Scores
from ganeval.classifier.feature_matrix import FeaturePlan
from ganeval.classifier.knn import KnnModel
from ganeval.classifier.linear import LinearModel
from ganeval.classifier.matrices import numbers_of
from ganeval.classifier.model_file import save_model
from ganeval.classifier.preprocessing import Preprocessing
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.why.explain import Why, explain
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress
from ganeval.records import FormatAudit

MODEL = "model"
"""Folder of the saved classifier, in that of the record."""


def explained(
    main: Climbs,
    bench: Bench,
    evidence: Evidence,
    settings: ClassifySettings,
    plan: FeaturePlan | None,
    out: Path,
    progress: Progress,
) -> Why:
    """Looks for what gives the fakes away, in the test part; nothing after a cross-validation.

    Scores and what is taken from images are those of the best rung; maps and class images are the
    network's, whether it is the best rung or not.

    Args:
        main: The ladder that the verdict rests on.
        bench: Groups and parts.
        evidence: With temperature and threshold.
        settings: Seed and level.
        plan: Of the rungs on features.
        out: Folder of the record.
        progress: Told how far it is.
    """
    if bench.folds:
        return Why()
    best, network = main.best, main.network
    return explain(
        main.examples,
        bench.split,
        best.scores,
        out,
        network=network.model if network else None,
        network_scores=network.scores if network else None,
        score=_score(main, plan),
        temperature=evidence.temperature,
        generator_train=bench.generator_train if bench.generator_train.any() else None,
        pairs_confirmed=bench.pairs_confirmed,
        seed=settings.seed,
        threshold=evidence.thresholds.get("validation"),
        progress=progress,
    )


def _score(main: Climbs, plan: FeaturePlan | None) -> Callable[[Sequence[Pixels]], Scores] | None:
    """The best rung as a function of pixels; None for the network, which is one."""
    best = main.best
    model = best.model
    if not isinstance(model, LinearModel | KnnModel):
        return None
    numbers = numbers_of(best.rung.name, main.examples, plan)
    return lambda pixels: model.scores(numbers(pixels))


def save_best(
    out: Path,
    main: Climbs,
    bench: Bench,
    evidence: Evidence,
    defence: Defence,
    audit: FormatAudit,
    settings: ClassifySettings,
) -> None:
    """Saves the best rung as a classifier that scores further images.

    Args:
        out: Folder of the record.
        main: The ladder that the verdict rests on.
        bench: Groups and parts.
        evidence: With temperature and thresholds.
        defence: What was done to the pixels.
        audit: How the files of both sets were stored.
        settings: Choices of the test.
    """
    best, examples = main.best, main.examples
    learnt = range(len(examples)) if bench.folds else bench.split.rows("train")
    on_features = best.rung.name in ("features", "knn")
    save_model(
        out / MODEL,
        best.model,
        rung=best.rung.name,
        temperature=evidence.temperature,
        thresholds=evidence.thresholds,
        names=examples.names,
        split_hash=bench.split.hash,
        train_contents=[examples.contents[int(row)] for row in learnt],
        audit=audit,
        preprocessing=Preprocessing.of(
            examples, settings, pixels=main.pixels_name, defence=defence, grey=bench.grey
        ),
        features=main.features.run.spec if on_features and main.features else None,
    )
