"""The highest rung: the network, fitted to pixels, with one fit for each further seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ganeval.classifier.examples import Examples, Scores, Split
from ganeval.classifier.fit import FittedNetwork, fit_network
from ganeval.classifier.ladder import held_out_rung
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.units import unit_scores
from ganeval.metrics.settings import Progress, silent
from ganeval.records import SeedScore
from ganeval.records.classify import PixelsName, Rung
from ganeval.statistics.auc import auc_value


@dataclass(frozen=True)
class ClimbedNetwork:
    """The network's rung with what it says of every image.

    Args:
        rung: For the record.
        scores: float64 ``[n]``, logits of "fake" for every example.
        model: The fitted network.
    """

    rung: Rung
    scores: Scores
    model: FittedNetwork


def climb_network(
    pixels_name: PixelsName,
    examples: Examples,
    split: Split,
    *,
    pairs_confirmed: bool,
    settings: ClassifySettings,
    splits: Sequence[tuple[int, Split]],
    fits: int,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda text: None,
) -> ClimbedNetwork:
    """Fits the network, tests it on the held-out units, and repeats that for further seeds.

    Args:
        pixels_name: What the pixels of the examples are.
        examples: The images.
        split: Whose test part gives the p-value.
        pairs_confirmed: Groups with both classes hold versions of one picture.
        settings: Preset, seed and number of fits.
        splits: Further seeds with their splits, at least ``settings.cnn_seeds - 1`` of them.
        fits: Fits of the whole run, for the announcement.
        progress: Told how many training images were seen.
        announce: Told how long it may take.

    Raises:
        InputError: Images are too small, or it would take long and that was not agreed to.
        GanevalError: The loss is no number.
    """
    started = time.perf_counter()
    fitted = fit_network(
        examples,
        split,
        settings,
        seed=settings.seed,
        progress=progress,
        announce=announce,
        pixels=pixels_name,
        fits=fits,
    )
    scores = fitted.logits(examples.pixels)
    further = []
    for seed, other in splits[: settings.cnn_seeds - 1]:
        refitted = fit_network(
            examples, other, settings, seed=seed, progress=progress, pixels=pixels_name
        )
        test = other.rows("test")
        units = unit_scores(
            refitted.logits([examples.pixels[row] for row in test]),
            examples.labels[test],
            [examples.groups[row] for row in test],
            pairs_confirmed=pairs_confirmed,
            seed=seed,
        )
        further.append(SeedScore(seed=seed, auc=auc_value(units.fakes, units.reals)))
    rung = held_out_rung(
        "cnn", pixels_name, scores, examples, split, further, pairs_confirmed, settings.seed
    )
    told = {"seconds": time.perf_counter() - started, "note": fitted.info.stopped}
    return ClimbedNetwork(rung.model_copy(update=told), scores, fitted)
