"""The numbers that the cheap rungs look at, and how further images get theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.colour import colour_matrix
from ganeval.classifier.examples import Examples
from ganeval.classifier.feature_matrix import (
    FeatureMatrix,
    FeaturePlan,
    feature_matrix,
    pixel_features,
)
from ganeval.classifier.probes import bytes_matrix, compression_matrix, metadata_matrix
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.spectrum import spectrum_matrix
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import RungName

Matrices = dict[RungName, npt.NDArray[np.floating]]

SPECTRUM_FROM: Final = 32
"""Shortest side of an image that has a spectrum worth looking at, pixels."""

_FROM_PIXELS: Final[dict[RungName, Callable[[Sequence[Pixels]], npt.NDArray[np.float32]]]] = {
    "compression": compression_matrix,
    "colour": colour_matrix,
    "spectrum": spectrum_matrix,
}
_FEATURES: Final = frozenset({"features", "knn"})


def file_matrices(examples: Examples, rungs: Sequence[RungName]) -> Matrices:
    """Returns the numbers of the probes that look at files alone; none where all are equal.

    Args:
        examples: The images.
        rungs: What was asked for; ``bytes`` comes with ``metadata``.
    """
    if "metadata" not in rungs:
        return {}
    made: dict[RungName, npt.NDArray[np.float32] | None] = {
        "metadata": metadata_matrix(examples),
        "bytes": bytes_matrix(examples),
    }
    return {name: matrix for name, matrix in made.items() if matrix is not None}


def pixel_matrices(examples: Examples, rungs: Sequence[RungName]) -> Matrices:
    """Returns the numbers of the rungs that look at pixels without a network.

    Args:
        examples: The images, raw or defended.
        rungs: What was asked for.
    """
    small = min(min(pixels.shape[:2]) for pixels in examples.pixels) < SPECTRUM_FROM
    return {
        name: make(examples.pixels)
        for name, make in _FROM_PIXELS.items()
        if name in rungs and not (name == "spectrum" and small)
    }


def network_matrices(
    examples: Examples,
    settings: ClassifySettings,
    plan: FeaturePlan | None,
    progress: Progress = silent,
    *,
    defended: bool,
) -> tuple[Matrices, FeatureMatrix | None]:
    """Returns the features, for each rung that takes them, and what computed them.

    Args:
        examples: The images, raw or defended.
        settings: With the rungs.
        plan: Extractor, weights and backend; None where no rung needs them.
        progress: Told how far it is.
        defended: Take the pixels of the examples rather than the images as stored.
    """
    if plan is None:
        return {}, None
    features = feature_matrix(examples, settings, progress, defended=defended, plan=plan)
    return {name: features.values for name in settings.rungs if name in _FEATURES}, features


def needs_features(rungs: Sequence[RungName]) -> bool:
    """Tells whether any of the rungs takes features."""
    return bool(_FEATURES & set(rungs))


def numbers_of(
    name: RungName, examples: Examples, plan: FeaturePlan | None
) -> Callable[[Sequence[Pixels]], npt.NDArray[np.floating]]:
    """Returns what turns further pixels into the numbers of a rung.

    Args:
        name: A rung that looks at pixels.
        examples: Images that the further ones stand for.
        plan: Of the rungs on features.
    """
    if name in _FEATURES:
        assert plan is not None
        return lambda pixels: pixel_features(pixels, examples.images[0], plan)
    return _FROM_PIXELS[name]
