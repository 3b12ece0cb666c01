"""The two sides of a comparison: image sets or saved statistics, opened, checked, extracted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeGuard

import numpy as np

from ganeval.errors import InputError
from ganeval.features.cache import CacheUnavailable, FeatureCache
from ganeval.features.devices import choose_engine
from ganeval.features.extraction import Extraction, extract_many
from ganeval.features.extractor import DirectExtractor, get_extractor
from ganeval.features.plan import Plan
from ganeval.features.row_arrays import reordered
from ganeval.images import Decoding, ImageSet, OnError, open_image_set, source_kind
from ganeval.images.digests import DigestHints
from ganeval.images.listing import valid_text
from ganeval.metrics.frechet import Side as FrechetSide
from ganeval.metrics.needs import Need, extractor_of, layers_of
from ganeval.metrics.settings import Progress, Settings
from ganeval.metrics.statistics_file import (
    SPATIAL_LAYER,
    SavedStatistics,
    load_statistics,
    spatial_statistics,
    stated,
)
from ganeval.paths import cache_folder
from ganeval.records import FeatureRun, InputInfo, Notice, Role


@dataclass(frozen=True)
class OpenSide:
    """One side before extraction.

    Args:
        role: ``real`` or ``fake``.
        label: Short unique name.
        images: The set, unless the side is saved statistics.
        saved: The statistics, unless the side is images.
        grouped: The user said which images belong together.
    """

    role: Role
    label: str
    images: ImageSet | None
    saved: SavedStatistics | None
    grouped: bool = False


@dataclass(frozen=True)
class Side:
    """One side ready for arithmetic; rows in the order of digests, so names never matter.

    Args:
        role: ``real`` or ``fake``.
        label: Short unique name.
        info: What the record says about the input.
        values: float32 ``[n, d]``; None where only moments are known.
        keys: Image keys, one per row.
        digests: Image digests, one per row.
        groups: Independent unit of each row.
        moments: What the distance takes: the rows, or saved moments.
        run: The extraction; None for statistics.
        images: The set; None for statistics.
    """

    role: Role
    label: str
    info: InputInfo
    values: np.ndarray | None
    keys: list[str]
    digests: list[str]
    groups: list[str]
    moments: FrechetSide
    run: FeatureRun | None
    images: ImageSet | None

    def rows(self, what: str) -> np.ndarray:
        """Returns the features ``[n, d]``.

        Args:
            what: Name of the metric that needs them, for the message.

        Raises:
            InputError: The side is moments alone.
        """
        if self.values is None:
            raise InputError(
                f"{self.info.path}: holds mean and covariance only; {what} needs the features of "
                "every image",
                hint="Give the images, or statistics saved with their features; the Fréchet "
                "distance alone (--metrics fid) needs neither.",
            )
        return self.values

    def take(self, rows: np.ndarray) -> Side:
        """Returns the side with some of its images, by row."""
        values = self.rows("a part of a set")[rows]
        return replace(
            self,
            values=values,
            moments=values,
            keys=[self.keys[i] for i in rows],
            digests=[self.digests[i] for i in rows],
            groups=[self.groups[i] for i in rows],
            info=self.info.model_copy(update={"n": len(rows)}),
        )


def make_plans(
    settings: Settings, needs: Sequence[Need], needs_network: bool, progress: Progress
) -> tuple[dict[tuple[str, str], Plan], list[Notice]]:
    """Makes one plan for every extractor and resize mode, with all layers that are needed of it.

    ``--weights`` speaks of the main extractor alone.
    """
    on_error = OnError.parse(settings.on_error)
    engine = choose_engine(settings.backend, settings.device)
    notices: list[Notice] = []
    cache = None
    if settings.cache and needs_network:
        try:
            cache = FeatureCache.open()
        except CacheUnavailable as error:
            text = f"Features are not kept: {error.message}"
            notices.append(Notice(code="cache_unavailable", text=text))
    plans = {}
    for (name, resize), layers in layers_of(needs).items():
        extractor = extractor_of(name)
        main = name == settings.extractor
        if main and isinstance(extractor, DirectExtractor):
            _refuse_network_options(extractor.name, settings)
        weights = None
        if needs_network:
            weights = extractor.weights(
                settings.weights if main else None,
                lambda done, total: progress("weights", done, total, "bytes"),
            )
        plans[name, resize] = Plan(
            extractor=extractor,
            layers=layers,
            resize=resize,
            engine=engine,
            weights=weights,
            batch_size=settings.batch_size,
            workers=settings.workers,
            cache=cache,
            on_error=on_error,
            memory=settings.memory,
        )
    return plans, notices


def _refuse_network_options(name: str, settings: Settings) -> None:
    """Refuses options that an extractor without a network would not heed."""
    if settings.weights is not None:
        raise InputError(f"--weights: extractor {name!r} takes no weights file")
    if settings.backend != "auto":
        raise InputError(f"--backend {settings.backend}: extractor {name!r} computes by itself")
    if settings.device not in ("auto", "cpu"):
        raise InputError(f"--device {settings.device}: extractor {name!r} runs on the CPU only")


def open_side(source: object, role: Role, label: str, settings: Settings) -> OpenSide:
    """Lists and fingerprints an image set, or loads saved statistics."""
    if is_path(source) and source_kind(path := os.fspath(source)) == "statistics":
        for option, value in (("--limit", settings.limit), ("--groups", settings.groups)):
            if value is not None:
                raise InputError(f"{option}: {path} holds statistics, which are taken whole")
        saved = load_statistics(Path(path))
        if role == "real" and settings.ref_resize is not None:
            get_extractor(settings.extractor).check_resize(settings.ref_resize)
        if role == "real":
            saved = stated(saved, settings.ref_resize, settings.ref_n)
        return OpenSide(role, label, None, saved)
    if role == "real" and (settings.ref_n or settings.ref_resize):
        option = "--ref-n" if settings.ref_n else "--ref-resize"
        raise InputError(f"{option}: REAL is images, which tell that themselves")
    images = open_image_set(
        source,
        groups=settings.groups,
        decoding=Decoding(policy=settings.decode),
        recursive=settings.recursive,
        limit=settings.limit,
        seed=settings.seed,
        layout=settings.layout,
        value_range=settings.value_range,
        digest_hints=DigestHints(cache_folder()) if settings.cache else None,
    )
    return OpenSide(role, label, images, None, grouped=settings.groups is not None)


def extract_sides(
    side: OpenSide, plans: Mapping[tuple[str, str], Plan], main: Need, progress: Progress
) -> tuple[dict[Need, Side], list[Notice]]:
    """Extracts an image set by several plans, every image decoded once.

    Args:
        side: Images or saved statistics.
        plans: Plans by extractor and resize mode.
        main: What saved statistics are statistics of.
        progress: Told how far the extraction is.

    Returns:
        One side per extractor, layer and resize mode; of saved statistics those that they hold.
    """
    if side.images is None:
        return _saved_sides(side, main), []
    extractions = extract_many(
        side.images,
        list(plans.values()),
        lambda done, total: progress(side.label, done, total),
    )
    sides: dict[Need, Side] = {}
    notices: list[Notice] = []
    for pair, extraction in zip(plans, extractions, strict=True):
        notices += [notice for notice in extraction.notices if notice not in notices]
        for layer in extraction.features:
            sides[Need(pair[0], layer, pair[1])] = _ready(side, extraction, layer)
    return sides, notices


def _ready(side: OpenSide, extraction: Extraction, layer: str) -> Side:
    """One layer of an extraction, in the order of digests."""
    features = extraction.features[layer]
    order = sorted(range(len(features.digests)), key=lambda i: (features.digests[i], i))
    # Copies of an image are one independent unit, unless the user says what the units are.
    groups = features.groups if side.grouped else features.digests
    info = extraction.images.info(side.role, side.label)
    info = info.model_copy(update={"n_groups": len(set(groups))})
    _require_two(info.n, info.path)
    values = reordered(features.values, order)
    return Side(
        role=side.role,
        label=side.label,
        info=info,
        values=values,
        keys=[features.keys[i] for i in order],
        digests=[features.digests[i] for i in order],
        groups=[groups[i] for i in order],
        moments=values,
        run=extraction.runs[layer],
        images=extraction.images,
    )


def _saved_sides(side: OpenSide, main: Need) -> dict[Need, Side]:
    """The side that saved statistics are; files of ADM's kind also hold the spatial one."""
    saved = side.saved
    if saved is None:
        raise InputError(f"{side.label}: neither images nor statistics")
    spatial = spatial_statistics(saved)
    sides = {main: _saved_side(side, saved)}
    if spatial is not None:  # also where it is the main one
        sides[main._replace(layer=SPATIAL_LAYER)] = _saved_side(side, spatial)
    return sides


def _saved_side(side: OpenSide, saved: SavedStatistics) -> Side:
    _require_two(saved.n, str(saved.path))
    source = saved.meta.source if saved.meta is not None else None
    info = InputInfo(
        role=side.role,
        label=side.label,
        kind="statistics",
        path=valid_text(str(saved.path)),
        n=saved.n,
        fingerprint=source.fingerprint if source else None,
        content_fingerprint=source.content_fingerprint if source else None,
    )
    count = 0 if saved.features is None else len(saved.features)
    keys = saved.keys or [str(i) for i in range(count)]
    digests = saved.digests or [f"{saved.digest}:{key}" for key in keys]
    groups = saved.groups or keys
    order = sorted(range(count), key=lambda i: (digests[i], i))
    values = None if saved.features is None else saved.features[order]
    return Side(
        role=side.role,
        label=side.label,
        info=info,
        values=values,
        keys=[keys[i] for i in order],
        digests=[digests[i] for i in order],
        groups=[groups[i] for i in order],
        moments=saved.moments if values is None else values,
        run=None,
        images=None,
    )


def _require_two(n: int | None, path: str) -> None:
    if n is not None and n < 2:
        raise InputError(f"needs at least 2 images per side, got {n}: {path}")


def is_path(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Tells a path from images in memory."""
    return isinstance(source, str | os.PathLike)


def side_labels(sources: Sequence[object]) -> list[str]:
    """Short names for sets: the last parts of their paths, as many as make them differ.

    Images in memory, which have none, are called ``images``.
    """
    paths = [os.fspath(source) if is_path(source) else "images" for source in sources]
    parts = [PurePosixPath(valid_text(Path(p).absolute().as_posix())).parts for p in paths]
    for count in range(1, max(len(p) for p in parts) + 1):
        labels = ["/".join(p[-count:]) for p in parts]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{valid_text(Path(p).name)} ({i})" for i, p in enumerate(paths, start=1)]
