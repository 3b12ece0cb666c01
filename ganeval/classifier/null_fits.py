"""Null controls of a whole run: those of the cheap rungs, and fits of the network if asked for."""

from __future__ import annotations

from dataclasses import replace

from ganeval.classifier.bench import Bench
from ganeval.classifier.climbs import Climbs
from ganeval.classifier.examples import Examples, Scores, Split
from ganeval.classifier.nulls import FitNetwork, null_controls
from ganeval.classifier.settings import ClassifySettings
from ganeval.metrics.settings import Progress
from ganeval.records import NullControl


def run_nulls(
    main: Climbs, bench: Bench, settings: ClassifySettings, progress: Progress
) -> list[NullControl]:
    """Runs the null controls that were asked for; none where nothing was held out.

    Args:
        main: The ladder that the verdict rests on.
        bench: Groups and parts.
        settings: Which controls.
        progress: Told how far fits of the network are.
    """
    if bench.folds:
        return []
    return null_controls(
        main.best.rung.name,
        main.matrices,
        main.examples,
        bench.split,
        pairs_confirmed=bench.pairs_confirmed,
        settings=settings,
        fit_network=_network_fit(main, settings, progress) if main.network else None,
    )


def _network_fit(main: Climbs, settings: ClassifySettings, progress: Progress) -> FitNetwork:
    from ganeval.classifier.fit import fit_network  # loads torch

    # The time was agreed to when the network itself was announced.
    agreed = replace(settings, yes=True)

    def fit(examples: Examples, split: Split) -> Scores:
        fitted = fit_network(
            examples,
            split,
            agreed,
            seed=settings.seed,
            progress=lambda label, done, total, unit="images": progress(
                f"{label}, null control", done, total, unit
            ),
            pixels=main.pixels_name,
        )
        return fitted.logits(examples.pixels)

    return fit
