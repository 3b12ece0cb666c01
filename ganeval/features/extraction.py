"""From an image set to its features: cache, decode, network, in that order and only as needed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganeval.features.backend import Rows
from ganeval.features.cache import FeatureCache
from ganeval.features.decode_ahead import Consumer, Decoder
from ganeval.features.plan import Plan
from ganeval.features.row_store import RowStore
from ganeval.images import ImageSet, settle_failures
from ganeval.records import FeatureRun, FeatureSpec, Notice, WeightsInfo


@dataclass(frozen=True)
class Features:
    """Features of a set with what they were computed from.

    Args:
        values: float32 ``[n, d]``, rows in the order of ``keys``; a `numpy.memmap` where they are
            more than the plan's memory.
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
    return extract_many(images, [plan], progress)[0]


def extract_many(
    images: ImageSet, plans: Sequence[Plan], progress: Callable[[int, int], None] | None = None
) -> list[Extraction]:
    """Extracts features for several plans; an image is decoded once, however many want it.

    Args:
        images: The set; only images that some plan does not find in the cache are decoded.
        plans: What to extract and how, each with a backend of its own. Decoding threads and what
            becomes of unreadable images are those of the first.
        progress: Called with (done, total) images; one is done when all plans have it.

    Returns:
        One extraction per plan, in their order, all of the same images.

    Raises:
        InputError: See `extract`.
        GanevalError: See `extract`; or rows are too many for memory and for the disk.
        ValueError: There is no plan, or one is there twice.
    """
    if not plans or len({id(plan) for plan in plans}) < len(plans):
        raise ValueError("at least one plan is needed, and each only once")
    started = time.perf_counter()
    caches = [plan.cache for plan in plans]
    jobs = [_Job(plan, RowStore(images, plan)) for plan in plans]
    failures = dict(images.unreadable)
    told = _Progress(progress, len(images), jobs)
    if any(job.store.missing for job in jobs):
        _compute(images, jobs, failures, told)
    kept = images
    if failures:
        cached = min(job.store.stored if job.plan.cache else 0 for job in jobs)
        kept = settle_failures(images, failures, plans[0].on_error, cached=cached)
    told.finish()
    seconds = time.perf_counter() - started
    lost: list[FeatureCache | None] = []  # a cache that plans share is lamented once
    extractions = []
    for job, cache in zip(jobs, caches, strict=True):
        notices = [] if cache in lost else job.store.notices
        lost += [cache] * len(notices)
        extractions.append(_extraction(job, images, kept, seconds, notices))
    return extractions


@dataclass(frozen=True)
class _Job:
    plan: Plan
    store: RowStore


class _Progress:
    """Counts the images that all plans have."""

    def __init__(
        self, report: Callable[[int, int], None] | None, total: int, jobs: Sequence[_Job]
    ) -> None:
        self._report = report
        self._total = total
        self._lacking = np.zeros(total, dtype=np.intp)  # plans that lack the image
        for job in jobs:
            self._lacking[job.store.missing] += 1
        self._done = total - int(np.count_nonzero(self._lacking))
        self._tell()

    def add(self, positions: Sequence[int]) -> None:
        """Notes that one more plan has these images."""
        self._lacking[positions] -= 1
        self._done += int(np.count_nonzero(self._lacking[positions] == 0))
        self._tell()

    def finish(self) -> None:
        """Notes that the images which are not done are skipped."""
        if self._done < self._total:
            self._done = self._total
            self._tell()

    def _tell(self) -> None:
        if self._report:
            self._report(self._done, self._total)


def _compute(
    images: ImageSet, jobs: Sequence[_Job], failures: dict[str, str], told: _Progress
) -> None:
    """Decodes and extracts what is missing; adds what cannot be read to ``failures``."""
    first = jobs[0].plan
    decoder = Decoder(
        images,
        workers=first.workers,
        stop_at_failure=not first.on_error.skip,
        failures=failures,
    )
    busy = [job for job in jobs if job.store.missing]
    if failures and not first.on_error.skip:
        # The run is lost: name every other bad file too.
        decoder.exhaust(sorted({i for job in busy for i in job.store.missing}))
        return
    with contextlib.ExitStack() as at_end:
        stores: dict[Consumer, RowStore] = {}
        for job in busy:
            backend = job.plan.backend()
            stores[Consumer(backend, job.store.missing)] = job.store
            at_end.callback(backend.abandon)
            at_end.callback(job.store.flush)
        for consumer, batch in decoder.batches(list(stores)):
            _add(consumer.backend.submit(batch), stores[consumer], told)
        for consumer, store in stores.items():
            _add(consumer.backend.finish(), store, told)


def _add(results: Iterable[Rows], store: RowStore, told: _Progress) -> None:
    for rows in results:
        store.add(rows)
        told.add(rows.positions)


def _extraction(
    job: _Job, images: ImageSet, kept: ImageSet, seconds: float, notices: list[Notice]
) -> Extraction:
    """Rows of the images that are left, with what they were computed by."""
    plan, store = job.plan, job.store
    misses = len(store.missing)
    backend = plan.backend().info if misses else None
    weights = plan.weights and WeightsInfo(
        file=plan.weights.path.name, sha256=plan.weights.sha256, verified=plan.weights.verified
    )
    runs = {
        layer: FeatureRun(
            spec=plan.spec(layer, kept.decoding),
            weights=weights,
            backend=backend,
            cache_hits=len(images) - misses,
            cache_misses=misses,
            seconds=seconds,
        )
        for layer in plan.layers
    }
    features = {
        layer: Features(values, kept.keys, kept.digests, kept.groups, spec=runs[layer].spec)
        for layer, values in store.rows_of(kept).items()
    }
    return Extraction(features, kept, runs, notices)
