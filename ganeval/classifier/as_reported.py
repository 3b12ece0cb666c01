"""The founding report's own protocol, beside the honest one: what it gives, and what it hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ganeval.classifier.examples import FAKE, REAL, Examples, Split
from ganeval.classifier.fit import fit_network
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.training_batches import MOST_EPOCHS
from ganeval.errors import InputError
from ganeval.metrics.settings import Progress, silent
from ganeval.records import Estimate
from ganeval.records.classify import AsReported
from ganeval.statistics.proportions import wilson

HELD_OUT: Final = 0.2

PROTOCOL: Final = (
    "The first fifth of each set by name is held out, groups are not kept together, training "
    "stops where the loss of the held-out images is lowest, and the same images are then scored "
    "once more: accuracy at p = 0.5."
)
CAUTION: Final = (
    "Training was stopped on the very images that are scored. On labels that mean nothing, the "
    "epoch of the best accuracy gave a mean accuracy of .526 and found a difference in 18 % of "
    "trials at a level of 5 %; the epoch of the lowest loss gave .496 and 3 %.",
    "Images that belong together may lie on both sides of the split.",
    "Fakes may be made from images that the generator was trained on.",
    "What tells the sets apart may be the file format: reals stored as JPEG against fakes stored "
    "anew.",
    "It is left open whether fakes are compared with images of their own kind (arrival) or with "
    "their sources (change).",
    "The interval takes images as independent and knows nothing of the choice of the epoch.",
)


def as_reported(
    examples: Examples,
    settings: ClassifySettings,
    *,
    seed: int,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda text: None,
    form: NetworkForm | None = None,
    epochs: int = MOST_EPOCHS,
) -> AsReported:
    """Trains and scores the way the founding report did: two parts, no groups.

    It reported 330 of 360 images right, 91.67 %: Wilson's 95 % interval is 0.884 to 0.941.

    Args:
        examples: The images, raw.
        settings: Choices of the test; the preset names the network.
        seed: Random seed.
        progress: Told how far training is.
        announce: Told how long it may take.
        form: Another network than the preset's.
        epochs: Epochs at most.

    Raises:
        InputError: A set has fewer than two images, or training is refused; see `fit_network`.
        GanevalError: The loss is no number.
    """
    split = two_way_split(examples)
    fitted = fit_network(
        examples,
        split,
        settings,
        seed=seed,
        progress=progress,
        announce=announce,
        form=form,
        epochs=epochs,
    )
    scored = split.rows("validation")
    logits = fitted.logits([examples.pixels[row] for row in scored])
    labels = examples.labels[scored]
    hits = int(((logits >= 0) == (labels == FAKE)).sum())
    low, high = wilson(hits, len(scored))
    return AsReported(
        accuracy=Estimate(
            value=hits / len(scored),
            se=float(np.sqrt(hits * (len(scored) - hits) / len(scored) ** 3)),
            low=low,
            high=high,
            n={
                name: int((labels == label).sum())
                for name, label in (("real", REAL), ("fake", FAKE))
            },
            method="share of right answers, Wilson interval",
            covers="images as if independent, and as if the epoch had not been chosen on them",
        ),
        protocol=PROTOCOL,
        caution=list(CAUTION),
    )


def two_way_split(examples: Examples) -> Split:
    """Returns the report's split: the first fifth of each set by name is held out.

    That is what Keras' ``validation_split`` does with the sorted files of each class. The held-out
    images are the part ``validation``; there is no part ``test``.

    Raises:
        InputError: A set has fewer than two images.
    """
    parts = np.full(len(examples), 0, np.int8)
    for label in (REAL, FAKE):
        rows = np.flatnonzero(examples.labels == label)
        if len(rows) < 2:
            raise InputError(
                f"{examples.names[label]}: a split in two parts needs at least 2 images"
            )
        parts[rows[: max(1, int(HELD_OUT * len(rows)))]] = 1
    return Split(parts, "")
