"""Scores of new images by a saved classifier: no test, no p-value, no interval."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ganeval.classifier.colour import colour_matrix
from ganeval.classifier.examples import Scores
from ganeval.classifier.feature_matrix import FeaturePlan, feature_plan
from ganeval.classifier.formats import property_values
from ganeval.classifier.knn import KnnModel
from ganeval.classifier.linear import LinearModel
from ganeval.classifier.model_file import SavedModel, load_model
from ganeval.classifier.preprocessing import Prepared, prepare
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.spectrum import spectrum_matrix
from ganeval.environment import environment
from ganeval.errors import GanevalError, InputError
from ganeval.features.extraction import extract
from ganeval.images import ImageSet, open_image_set
from ganeval.images.digests import DigestHints
from ganeval.metrics.settings import Progress, silent
from ganeval.metrics.sides import side_labels
from ganeval.paths import cache_folder
from ganeval.records import FeatureSpec, Notice
from ganeval.records.classify import AppliedSet, ApplyRecord, FormatAudit, ScoredImage

UNCALIBRATED: Final = (
    "Scores of images from another pipeline are not calibrated: their order may hold, their "
    "probabilities need not."
)
UNSEEN: Final = 0.05
"""Share of images stored as no training image was, above which that is told."""


@dataclass(frozen=True)
class ScoredSet:
    """A set that a saved classifier scored.

    Args:
        prepared: The set as the classifier saw it.
        logits: float64 ``[n]``, not divided by the temperature; higher means more fake.
        notices: What should be known about it.
    """

    prepared: Prepared
    logits: Scores
    notices: list[Notice]


def apply_model(
    folder: str | Path,
    sources: Sequence[object],
    settings: ClassifySettings,
    *,
    allow_training_images: bool = False,
    argv: Sequence[str] = (),
    progress: Progress = silent,
) -> ApplyRecord:
    """Scores sets of images by a saved classifier.

    Every image goes through what the classifier's own images went through.

    Args:
        folder: The classifier.
        sources: Folders, archives, arrays or lists; or images in memory.
        settings: Reading and running; what the classifier fixes itself is not looked at.
        allow_training_images: Score also images that the classifier learnt from.
        argv: The command line, for the record.
        progress: Told how far the work is.

    Raises:
        InputError: The classifier or a source cannot be read, or the classifier learnt from images
            among them.
        MissingFileError: Weights of its extractor are needed and cannot be had.
        GanevalError: A score is no number.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    model = load_model(folder, device=settings.device)
    settings = _fixed_by(model, settings)
    plan = feature_plan(settings, progress) if model.facts.features is not None else None
    labels = side_labels(sources)
    opened = [open_source(source, model, settings) for source in sources]
    warnings = [Notice(code="not_calibrated", text=UNCALIBRATED)]
    sets = []
    for images, label in zip(opened, labels, strict=True):
        scored = score_set(
            model, images, settings, label, allow_training_images, progress, plan=plan
        )
        warnings += [notice for notice in scored.notices if notice not in warnings]
        sets.append(_applied(model, scored, label))
    return ApplyRecord(
        argv=list(argv),
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - began,
        verdict=_verdict(sets),
        model=str(folder),
        model_sha256=model.sha256,
        rung=model.facts.rung,
        sets=sets,
        warnings=warnings,
        environment=environment(),
    )


def open_source(source: object, model: SavedModel, settings: ClassifySettings) -> ImageSet:
    """Opens a set as the classifier's own sets were opened.

    Raises:
        InputError: There is nothing to open.
    """
    return open_image_set(
        source,
        decoding=model.facts.preprocessing.decoding,
        recursive=settings.recursive,
        limit=settings.limit,
        seed=settings.seed,
        layout=settings.layout,
        value_range=settings.value_range,
        digest_hints=DigestHints(cache_folder()) if settings.cache else None,
    )


def score_set(
    model: SavedModel,
    images: ImageSet,
    settings: ClassifySettings,
    label: str,
    allow_training_images: bool = False,
    progress: Progress = silent,
    *,
    plan: FeaturePlan | None = None,
) -> ScoredSet:
    """Scores one set.

    Args:
        model: The classifier.
        images: The set, as `open_source` opens it.
        settings: Reading and running.
        label: Name of the set.
        allow_training_images: Score also images that the classifier learnt from.
        progress: Told how far the work is.
        plan: Extraction of the rungs on features; None: made now.

    Raises:
        InputError: Images cannot be read, or the classifier learnt from some of them.
        GanevalError: A score is no number.
    """
    prepared = prepare(images, model.facts.preprocessing, settings, progress, label)
    overlap = _overlap(model, prepared)
    if overlap and not allow_training_images:
        raise InputError(
            f"{images.path}: the classifier was trained on {len(overlap)} of these "
            f"{len(prepared.contents)} images, for example {overlap[0]}",
            hint="Their scores say nothing about new images; --allow-training-images gives them "
            "all the same.",
        )
    notices = _format_notices(model.facts.audit, prepared.images, label)
    scorer = model.scorer
    if isinstance(scorer, LinearModel | KnnModel):
        matrix, told = _matrix(model, prepared, settings, plan, label, progress)
        notices += told
        dimension = (scorer.mean if isinstance(scorer, LinearModel) else scorer.directions).shape[
            -1
        ]
        if matrix.shape[1] != dimension:
            raise InputError(
                f"{model.folder}: the classifier takes {dimension} numbers per image, and there "
                f"are {matrix.shape[1]}"
            )
        logits = scorer.scores(matrix)
    else:
        logits = scorer.logits(prepared.pixels)
    bad = np.flatnonzero(~np.isfinite(logits))
    if len(bad):
        raise GanevalError(f"{prepared.images.keys[bad[0]]} of {label}: its score is no number")
    return ScoredSet(prepared, logits, notices)


def _fixed_by(model: SavedModel, settings: ClassifySettings) -> ClassifySettings:
    """The settings with what the classifier fixes itself."""
    settings = replace(settings, decode=model.facts.preprocessing.decode)
    spec = model.facts.features
    return settings if spec is None else replace(settings, extractor=spec.extractor)


def _matrix(
    model: SavedModel,
    prepared: Prepared,
    settings: ClassifySettings,
    plan: FeaturePlan | None,
    label: str,
    progress: Progress,
) -> tuple[np.ndarray, list[Notice]]:
    """The numbers per image that a classifier without a network takes, ``[n, d]``."""
    rung = model.facts.rung
    if rung == "colour":
        return colour_matrix(prepared.pixels), []
    if rung == "spectrum":
        return spectrum_matrix(prepared.pixels), []
    wanted = model.facts.features
    if rung not in ("features", "knn") or wanted is None:
        raise InputError(f"{model.folder}: a classifier of the rung {rung} cannot score images")
    planned = plan or feature_plan(settings, progress)
    images = prepared.images
    if model.facts.preprocessing.pixels == "defended":
        images = open_image_set(np.stack([prepared.pixels[i] for i in range(len(images))]))
    found = extract(
        images,
        replace(planned.plan, layers=[wanted.layer], resize=wanted.resize),
        lambda done, total: progress(f"features of {label}", done, total),
    )
    features = found.features[wanted.layer]
    _require_same(wanted, features.spec, model)
    position = {key: i for i, key in enumerate(features.keys)}
    rows = [position[key] for key in images.keys]
    return np.asarray(features.values)[rows], [*planned.notices, *found.notices]


def _require_same(wanted: FeatureSpec, found: FeatureSpec, model: SavedModel) -> None:
    """Refuses features that were made otherwise than those the classifier learnt from."""
    # How files are read is the classifier's own; arrays of defended pixels have been read.
    before, now = (spec.model_dump(exclude={"decode"}) for spec in (wanted, found))
    for name, value in before.items():
        if now[name] != value:
            raise InputError(
                f"{model.folder}: the classifier learnt from features of {wanted.extractor} with "
                f"{name} {value}, and here it is {now[name]}",
                hint="Give the weights file that it was trained with by --weights."
                if name == "weights_sha256"
                else None,
            )


def _overlap(model: SavedModel, prepared: Prepared) -> list[str]:
    """Keys of the images that the classifier learnt from."""
    pairs = zip(prepared.images.keys, prepared.contents, strict=True)
    return [key for key, content in pairs if content in model.trained_on]


def _format_notices(audit: FormatAudit, images: ImageSet, label: str) -> list[Notice]:
    """Tells of images that were stored as no training image was."""
    notices = []
    for one in audit.properties:
        seen = set(one.real) | set(one.fake)
        values = Counter(
            ways[0]
            for ways in property_values(one.name, images.headers)
            if ways and not seen.intersection(ways)
        )
        unseen = values.total()
        if unseen <= UNSEEN * len(images):
            continue
        example = values.most_common(1)[0][0]
        notices.append(
            Notice(
                code="format_unseen",
                text=f"{unseen} of {len(images)} images of {label} have a {one.name} that no "
                f"training image had, for example {example}: scores may follow the file format.",
                data={"set": label, "property": one.name, "images": unseen},
            )
        )
    return notices


def _applied(model: SavedModel, scored: ScoredSet, label: str) -> AppliedSet:
    prepared, logits = scored.prepared, scored.logits
    probabilities = model.p_fake(logits)
    return AppliedSet(
        input=prepared.images.info("fake", label),
        mean_logit=float(logits.mean()),
        mean_p_fake=float(probabilities.mean()),
        called_fake=int((logits >= model.threshold).sum()),
        overlap=len(_overlap(model, prepared)),
        scores=[
            ScoredImage(label=label, key=key, logit=float(logit), p_fake=float(p))
            for key, logit, p in zip(prepared.images.keys, logits, probabilities, strict=True)
        ],
    )


def _verdict(sets: Sequence[AppliedSet]) -> str:
    """How many are called fake, in one sentence."""
    parts = [f"{one.called_fake} of {len(one.scores)} images of {one.input.label}" for one in sets]
    many = len(sets) > 1 or sets[0].called_fake != 1
    return f"{', '.join(parts)} {'are' if many else 'is'} called fake; this is no test."
