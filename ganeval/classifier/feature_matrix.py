"""Features of the labelled images by a network: from the cache, or from defended pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import InputError, MissingFileError
from ganeval.features.cache import CacheUnavailable, FeatureCache
from ganeval.features.devices import choose_engine
from ganeval.features.extraction import extract
from ganeval.features.extractor import DirectExtractor, get_extractor
from ganeval.features.plan import Plan
from ganeval.images import Decoding, Header, ImageSet
from ganeval.images.arrays import array_digest, array_header, index_keys
from ganeval.images.decoding import Pixels
from ganeval.images.source import Source
from ganeval.metrics.settings import Progress, silent
from ganeval.records import FeatureRun, Notice


@dataclass(frozen=True)
class FeatureMatrix:
    """Features in the order of the examples.

    Args:
        values: float32 ``[n, d]``.
        run: What computed them, both sets together.
        notices: What should be known about it.
    """

    values: npt.NDArray[np.float32]
    run: FeatureRun
    notices: list[Notice]


@dataclass(frozen=True)
class FeaturePlan:
    """How features are extracted, made before any work; serves raw and defended pixels alike.

    Args:
        plan: Extractor, weights, backend and cache.
        notices: What should be known about it.
    """

    plan: Plan
    notices: list[Notice]


def feature_plan(settings: ClassifySettings, progress: Progress = silent) -> FeaturePlan:
    """Checks extractor, device and weights before an image is touched.

    Raises:
        InputError: An option names nothing, or does not fit the extractor.
        MissingFileError: Weights are needed and cannot be had.
    """
    engine = choose_engine(settings.backend, settings.device)
    extractor = get_extractor(settings.extractor)
    if isinstance(extractor, DirectExtractor) and settings.weights is not None:
        raise InputError(f"--weights: extractor {extractor.name!r} takes no weights file")
    try:
        weights = extractor.weights(
            settings.weights, lambda done, total: progress("weights", done, total, "bytes")
        )
    except MissingFileError as error:
        without = "Or leave out the rungs features and knn by --rungs, which need no weights."
        raise MissingFileError(
            error.message, hint=f"{error.hint} {without}" if error.hint else without
        ) from error
    cache, notices = None, []
    if settings.cache:
        try:
            cache = FeatureCache.open()
        except CacheUnavailable as error:
            text = f"Features are not kept: {error.message}"
            notices.append(Notice(code="cache_unavailable", text=text))
    plan = Plan(
        extractor=extractor,
        layers=[extractor.default_layer],
        resize=extractor.default_resize,
        engine=engine,
        weights=weights,
        batch_size=settings.batch_size,
        workers=settings.workers,
        cache=cache,
        memory=settings.memory,
    )
    return FeaturePlan(plan, notices)


def feature_matrix(
    examples: Examples,
    settings: ClassifySettings,
    progress: Progress = silent,
    *,
    defended: bool,
    plan: FeaturePlan | None = None,
) -> FeatureMatrix:
    """Extracts the features of all examples.

    Args:
        examples: The images.
        settings: Extractor, weights, device and cache.
        progress: Told how far it is.
        defended: Take `Examples.pixels`; otherwise the images are decoded as they were stored, at
            their own size, and images whose features the cache has are not decoded at all.
        plan: What `feature_plan` made; None: made now.

    Raises:
        InputError: An option does not fit, or an image cannot be read any more.
        MissingFileError: Weights are needed and cannot be had.
        GanevalError: The network gave something that is no finite feature vector.
    """
    planned = plan or feature_plan(settings, progress)
    values: npt.NDArray[np.float32] | None = None
    runs, notices = [], list(planned.notices)
    for label, images in _sets(examples, defended=defended):
        rows = np.flatnonzero(examples.labels == label)
        what = f"features of {examples.names[label]}" + (", defended" if defended else "")

        def told(done: int, total: int, what: str = what) -> None:
            progress(what, done, total)

        found = extract(images, planned.plan, told)
        layer = planned.plan.layers[0]
        features = found.features[layer]
        if values is None:
            values = np.empty((len(examples), features.values.shape[1]), np.float32)
        position = {key: i for i, key in enumerate(features.keys)}
        keys = [images.keys[i] for i in range(len(images))] if defended else None
        wanted = keys or [examples.keys[row] for row in rows]
        values[rows] = features.values[[position[key] for key in wanted]]
        runs.append(found.runs[layer])
        notices += found.notices
    assert values is not None
    return FeatureMatrix(values, _merged(runs), notices)


def pixel_features(
    pixels: Sequence[Pixels], like: ImageSet, planned: FeaturePlan
) -> npt.NDArray[np.float32]:
    """Extracts the features of decoded images, and keeps none of them.

    Args:
        pixels: uint8 ``[H, W, 3]`` each.
        like: A set that they stand for, for messages.
        planned: Extractor, weights and backend.

    Returns:
        float32 ``[n, d]``, in the order of the images.
    """
    plan = replace(planned.plan, cache=None)
    images = _array_set(pixels, like)
    features = extract(images, plan).features[plan.layers[0]]
    position = {key: i for i, key in enumerate(features.keys)}
    values: npt.NDArray[np.float32] = features.values[[position[key] for key in images.keys]]
    return values


def _sets(examples: Examples, *, defended: bool) -> list[tuple[int, ImageSet]]:
    """The reals and the fakes, each as a set; defended ones as arrays in the examples' order."""
    sets = []
    for label in (REAL, FAKE):
        images = examples.images[label]
        rows = np.flatnonzero(examples.labels == label)
        if defended:
            images = _array_set([examples.pixels[int(row)] for row in rows], images)
        else:
            images = _chosen(images, {examples.keys[row] for row in rows})
        sets.append((label, images))
    return sets


def _chosen(images: ImageSet, keys: set[str]) -> ImageSet:
    """The set without the images that are no examples."""
    others = {key: "no example" for key in images.keys if key not in keys}
    return images.without(others) if others else images


class _PixelSource(Source):
    """Images that lie decoded in memory or in a mapped file."""

    def __init__(self, pixels: Sequence[Pixels]) -> None:
        super().__init__("memory", index_keys(len(pixels)))
        self._pixels = pixels

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        pixels = self._pixels[int(key)]
        return array_header(*pixels.shape), array_digest(pixels)

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        return self._pixels[int(key)]

    def file(self, key: str) -> Path | None:
        return None


def _array_set(pixels: Sequence[Pixels], like: ImageSet) -> ImageSet:
    """Decoded images as a set of their own, with their own digests."""
    source = _PixelSource(pixels)
    found = [source.inspect(key, like.decoding) for key in source.keys]
    return ImageSet(
        path=like.path,
        kind=source.kind,
        keys=source.keys,
        digests=[digest for _, digest in found],
        headers=[header for header, _ in found],
        groups=list(source.keys),
        unreadable={},
        ignored={},
        skipped=[],
        decoding=like.decoding,
        limit=None,
        seed=like.seed,
        source=source,
    )


def _merged(runs: Sequence[FeatureRun]) -> FeatureRun:
    """One run for both sets."""
    return runs[0].model_copy(
        update={
            "backend": next((run.backend for run in runs if run.backend), None),
            "cache_hits": sum(run.cache_hits for run in runs),
            "cache_misses": sum(run.cache_misses for run in runs),
            "seconds": sum(run.seconds for run in runs),
        }
    )
