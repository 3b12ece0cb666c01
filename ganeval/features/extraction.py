"""From an image set to its features: cache, decode, network, in that order and only as needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ganeval.features.decode_ahead import Decoder
from ganeval.features.plan import Plan
from ganeval.features.row_store import RowStore
from ganeval.images import ImageSet, settle_failures
from ganeval.records import FeatureRun, FeatureSpec, Notice, WeightsInfo


@dataclass(frozen=True)
class Features:
    """Features of a set with what they were computed from.

    Args:
        values: float32 ``[n, d]``, rows in the order of ``keys``.
        keys: Image keys.
        digests: Image digests (sha256, hex).
        groups: Independent unit of each image.
        spec: Extractor, layer, weights, resize and decoding.
    """

    values: np.ndarray
    keys: list[str]
    digests: list[str]
    groups: list[str]
    spec: FeatureSpec


@dataclass(frozen=True)
class Extraction:
    """What one extraction gives: features per layer, the set without skipped images, the run."""

    features: dict[str, Features]
    images: ImageSet
    runs: dict[str, FeatureRun]
    notices: list[Notice] = field(default_factory=list)


def extract(
    images: ImageSet, plan: Plan, progress: Callable[[int, int], None] | None = None
) -> Extraction:
    """Extracts features of every image, from the cache where it has them.

    Args:
        images: The set; only images the cache does not know are decoded.
        plan: What to extract and how.
        progress: Called with (done, total) images.

    Raises:
        InputError: Images cannot be read and the plan does not skip them; features of the good
            ones are in the cache by then.
        GanevalError: The network gave something that is no finite feature vector.
    """
    started = time.perf_counter()
    store = RowStore(images, plan)
    hits = len(images) - len(store.missing)
    failures = dict(images.unreadable)
    if progress:
        progress(hits, len(images))
    if store.missing:
        _compute(images, plan, store, failures, progress)
    if failures:
        images = settle_failures(
            images, failures, plan.on_error, cached=store.stored if plan.cache else 0
        )
    kept = store.rows_of(images)
    backend = plan.backend().info if store.missing else None
    weights = plan.weights
    runs = {
        layer: FeatureRun(
            spec=plan.spec(layer, images.decoding),
            weights=WeightsInfo(
                file=weights.path.name, sha256=weights.sha256, verified=weights.verified
            )
            if weights
            else None,
            backend=backend,
            cache_hits=hits,
            cache_misses=len(store.missing),
            seconds=time.perf_counter() - started,
        )
        for layer in plan.layers
    }
    features = {
        layer: Features(values, images.keys, images.digests, images.groups, spec=runs[layer].spec)
        for layer, values in kept.items()
    }
    return Extraction(features, images, runs, store.notices)


def _compute(
    images: ImageSet,
    plan: Plan,
    store: RowStore,
    failures: dict[str, str],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Decodes and extracts what is missing; adds what cannot be read to ``failures``."""
    decoder = Decoder(images, plan, failures)
    try:
        if failures and not plan.on_error.skip:
            decoder.exhaust(store.missing)  # the run is lost: name every other bad file too
            return
        backend = plan.backend()
        done = len(images) - len(store.missing)
        for rows in backend.run(decoder.batches(store.missing, backend)):
            store.add(rows)
            done += len(rows.positions)
            if progress:
                progress(done, len(images))
    finally:
        store.flush()
