"""The path of an audit: sources in, one decode per image, a record out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from ganeval.audit.cleaned import dropped, list_paths, require_files, write_kept
from ganeval.audit.copies import Copies, Readable, find_copies
from ganeval.audit.findings import Found, findings, verdict
from ganeval.audit.measuring import MeasuringSource, measure_rest, measuring
from ganeval.audit.outliers import FEWEST, NEIGHBOURS, isolation, robust_z
from ganeval.audit.plan import feature_plan
from ganeval.audit.rows import image_rows
from ganeval.audit.settings import AuditSettings
from ganeval.audit.summary import differences, measurements, values_of
from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.features.devices import usable_cores
from ganeval.features.extraction import Extraction, extract
from ganeval.features.plan import Plan
from ganeval.images import Decoding, ImageSet, UnreadableImage, open_image_set
from ganeval.images.digests import DigestHints
from ganeval.images.duplicates import NEAR
from ganeval.images.listing import valid_text
from ganeval.metrics.settings import Progress, silent
from ganeval.metrics.sides import side_labels
from ganeval.paths import cache_folder
from ganeval.records import (
    AuditedImage,
    AuditedSet,
    AuditRecord,
    FeatureRun,
    Notice,
    Outlier,
    OutlierKind,
    Role,
    Skipped,
    WrittenList,
)

_SCORED: tuple[tuple[OutlierKind, str], ...] = (
    ("features", "isolation"),
    ("brightness", "brightness"),
    ("colourfulness", "colourfulness"),
)


@dataclass(frozen=True)
class Audit:
    """A record and the images it speaks of.

    Args:
        record: What was found.
        images: Readable images by label.
    """

    record: AuditRecord
    images: dict[str, ImageSet]

    def load_image(self, label: str, key: str) -> Image.Image | None:
        """Decodes one image of a set for a page; None where there is no such image any more."""
        try:
            return self.images[label].image(key)
        except UnreadableImage:  # deleted or changed since it was measured
            return None


@dataclass(frozen=True)
class _Set:
    """One set after everything was read from it."""

    label: str
    opened: ImageSet
    readable: ImageSet
    failures: dict[str, str]
    rows: list[AuditedImage]
    copied: Readable
    run: FeatureRun | None


def audit(
    sources: Sequence[str | Path],
    settings: AuditSettings | None = None,
    *,
    argv: Sequence[str] = (),
    progress: Progress = silent,
) -> Audit:
    """Looks into image sets: how they were stored, what repeats, what stands out.

    Args:
        sources: Folders, zips, array files or lists of paths.
        settings: Every choice; None means the defaults.
        argv: The command line, for the record.
        progress: Told how far the decoding is.

    Raises:
        InputError: A source or an option is not usable. Unreadable images are a finding, no error.
        MissingFileError: Weights are needed and cannot be had.
    """
    settings = settings or AuditSettings()
    started, clock = datetime.now(UTC), time.perf_counter()
    if not sources:
        raise InputError("an audit needs at least one set of images")
    paths = [str(source) for source in sources]
    labels = side_labels(paths)
    plan, notices = feature_plan(settings, progress)
    opened = [_open(path, settings) for path in paths]
    lists = list_paths(settings.write_list, labels) if settings.write_list else []
    for images in opened if lists else ():
        require_files(images)
    sets = []
    for label, images in zip(labels, opened, strict=True):
        one, told = _read(label, images, plan, settings, progress)
        sets.append(one)
        notices += told
    copies = find_copies([one.copied for one in sets])
    outliers = _outliers(sets, settings.outlier_z)
    audited = [_audited(one, i, copies, outliers) for i, one in enumerate(sets)]
    found = findings(Found(audited, copies))
    written = [
        _write(path, sets[i], audited[i], i, copies, settings) for i, path in enumerate(lists)
    ]
    record = AuditRecord(
        argv=[valid_text(argument) for argument in argv],
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - clock,
        verdict=verdict(audited, found),
        params={
            "near_hash_bits": NEAR,
            "outlier_z": settings.outlier_z,
            "outlier_neighbours": NEIGHBOURS,
            "outlier_fewest": FEWEST,
            "extractor": settings.extractor,
            "decode": settings.decode,
            "limit": settings.limit,
            "seed": settings.seed,
            "drop": ",".join(settings.drop) if lists else None,
        },
        sets=audited,
        differences=[one for other in audited[1:] for one in differences(audited[0], other)],
        duplicates=copies.pairs,
        overlaps=copies.overlaps,
        outliers=outliers,
        lists=written,
        warnings=found + notices,
        environment=environment(),
    )
    return Audit(record, {one.label: one.readable for one in sets})


def _open(path: str, settings: AuditSettings) -> ImageSet:
    return open_image_set(
        path,
        decoding=Decoding(policy=settings.decode),
        recursive=settings.recursive,
        limit=settings.limit,
        seed=settings.seed,
        layout=settings.layout,
        value_range=settings.value_range,
        digest_hints=DigestHints(cache_folder()) if settings.cache else None,
    )


def _read(
    label: str,
    opened: ImageSet,
    plan: Plan | None,
    settings: AuditSettings,
    progress: Progress,
) -> tuple[_Set, list[Notice]]:
    """Decodes a set once, for the network and for every measurement."""

    def report(done: int, total: int) -> None:
        progress(label, done, total)

    images, source = measuring(opened.without(opened.unreadable))
    extraction = _extracted(images, source, plan, report)
    measure_rest(images, source, settings.workers or min(8, usable_cores()), report)
    readable = images.without(source.failures)
    values = run = None
    notices: list[Notice] = []
    if extraction is not None:
        (features,), (run,) = extraction.features.values(), extraction.runs.values()
        notices = extraction.notices
        # Images that became unreadable since the cache learnt them are in the one list only.
        place = {key: i for i, key in enumerate(features.keys)}
        chosen = [place[key] for key in readable.keys]
        if len(chosen) >= 2:
            values = isolation(features.values[chosen])
    measured = [source.measured[key] for key in readable.keys]
    one = _Set(
        label=label,
        opened=opened,
        readable=replace(readable, source=opened.source, skipped=[]),
        failures=dict(sorted({**opened.unreadable, **source.failures}.items())),
        rows=image_rows(readable, measured, values),
        copied=Readable(label, readable.keys, readable.digests, measured),
        run=run,
    )
    return one, notices


def _extracted(
    images: ImageSet, source: MeasuringSource, plan: Plan | None, report: Callable[[int, int], None]
) -> Extraction | None:
    """Features of the readable images; None where there are none, or none are wanted."""
    if plan is None or not len(images):
        return None
    try:
        return extract(images, plan, report)
    except InputError:
        if len(source.failures) == len(images):  # nothing in it can be read: a finding
            return None
        raise


def _outliers(sets: Sequence[_Set], limit: float) -> list[Outlier]:
    """Images far from the rest of their set, the farthest first; none in very small sets."""
    found = []
    for one in sets:
        for kind, name in _SCORED:
            values = values_of(one.rows, name)
            if len(values) < max(FEWEST, len(one.rows)):
                continue
            scores = robust_z(values)
            # Nobody minds an image that has near neighbours.
            far = scores > limit if kind == "features" else np.abs(scores) > limit
            found += [
                Outlier(
                    set=one.label,
                    key=one.rows[i].key,
                    kind=kind,
                    value=float(values[i]),
                    score=float(scores[i]),
                )
                for i in np.nonzero(far)[0]
            ]
    return sorted(found, key=lambda x: (-abs(x.score), x.set, x.key, x.kind))


def _audited(one: _Set, position: int, copies: Copies, outliers: Sequence[Outlier]) -> AuditedSet:
    """A set as the record tells it, each image with its cluster, match and outlying traits."""
    groups = copies.clusters[position]
    cluster = {member: number for number, group in enumerate(groups) for member in group}
    kinds: dict[str, list[OutlierKind]] = {}
    for outlier in outliers:
        if outlier.set == one.label:
            kinds.setdefault(outlier.key, []).append(outlier.kind)
    images = [
        row.model_copy(
            update={
                "cluster": cluster.get(i),
                "matched": copies.across[position].get(i),
                "outlier": kinds.get(row.key, []),
            }
        )
        for i, row in enumerate(one.rows)
    ]
    within = list(copies.within[position].values())
    role: Role = "fake" if position else "real"
    return AuditedSet(
        input=one.readable.info(role, one.label),
        exif=sum(image.exif for image in images),
        unreadable=[Skipped(key=key, reason=why) for key, why in one.failures.items()],
        measurements=measurements(images),
        duplicates={kind: n for kind in ("bytes", "pixels", "dhash") if (n := within.count(kind))},
        clusters=[[one.rows[member].key for member in group] for group in groups],
        features=one.run,
        images=images,
    )


def _write(
    path: Path,
    one: _Set,
    entry: AuditedSet,
    position: int,
    copies: Copies,
    settings: AuditSettings,
) -> WrittenList:
    reasons = dropped(entry, position, one.readable.keys, copies, settings.drop)
    keys = [*one.readable.keys, *one.failures]
    return write_kept(path, one.opened, keys, reasons, one.label)
