"""The path of a classifier test: two sets in, a verdict with its evidence out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from ganeval.classifier.bench import Bench, set_up
from ganeval.classifier.climbs import Announce, Climbs
from ganeval.classifier.defence import choose_defence
from ganeval.classifier.evidence import Evidence, gather
from ganeval.classifier.explanation import explained, save_best
from ganeval.classifier.facts import Facts
from ganeval.classifier.feature_matrix import feature_plan
from ganeval.classifier.format_control import format_control
from ganeval.classifier.formats import audit_formats
from ganeval.classifier.image_rows import image_rows
from ganeval.classifier.matrices import needs_features
from ganeval.classifier.null_fits import run_nulls
from ganeval.classifier.opening import described
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.split import effective_shares, smaller_class_groups, split_record
from ganeval.classifier.verdict import decide
from ganeval.environment import environment
from ganeval.images import ImageSet, UnreadableImage
from ganeval.images.listing import valid_text
from ganeval.metrics.settings import Progress, silent
from ganeval.records import AsReported, ClassifyRecord, Notice, Question, Stage


@dataclass(frozen=True)
class Tested:
    """A record, the images it speaks of, and the table per image.

    Args:
        record: What was found.
        images: The two sets by label.
        rows: One per image, for a table; see `image_rows`.
    """

    __test__ = False  # not a pytest class

    record: ClassifyRecord
    images: dict[str, ImageSet]
    rows: list[dict[str, object]]

    def load_image(self, label: str, key: str) -> Image.Image | None:
        """Decodes one image of a set for a page; None where there is no such image any more."""
        try:
            return self.images[label].image(key)
        except (KeyError, UnreadableImage):
            return None


@dataclass
class _Clock:
    """Where the time goes."""

    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.stages.append(Stage(name=name, seconds=time.perf_counter() - started))


def two_sample_test(
    real: object,
    fake: object,
    settings: ClassifySettings | None = None,
    *,
    out: Path,
    argv: Sequence[str] = (),
    progress: Progress = silent,
    announce: Announce = lambda text: None,
) -> Tested:
    """Tells whether fakes can be told from reals, how surely, and by what.

    Args:
        real: Folder, zip archive, array file or list of the reals; or images in memory.
        fake: The same of the fakes.
        settings: Every choice; None means the defaults.
        out: An existing folder; the classifier goes to its folder ``model``, pictures to
            ``pictures``. Record and table are the caller's to write.
        argv: The command line, for the record.
        progress: Told how far each piece of work is.
        announce: Told what a person should know meanwhile, such as how long training may take.

    Raises:
        InputError: A source or an option does not fit.
        MissingFileError: Weights are needed and cannot be had.
        GanevalError: There are too few groups, or something computed is no number.
    """
    settings = settings or ClassifySettings()
    started, began, clock = datetime.now(UTC), time.perf_counter(), _Clock()
    plan = feature_plan(settings, progress) if needs_features(settings.rungs) else None
    with clock.stage("open and group"):
        bench = set_up(real, fake, settings, progress)
        if not needs_features(bench.rungs):
            plan = None
    with clock.stage("formats"):
        audit = audit_formats(bench.examples, bench.opened.resized, settings.seed)
        defence = choose_defence(bench.examples, audit, settings)
    raw = Climbs("raw", bench.examples, bench, settings, plan, progress)
    with clock.stage("rungs, raw"):
        raw.climb_cheap()
    with clock.stage("format-only control"):
        control = format_control(bench.examples, defence, settings, progress)
    main = raw
    if not defence.idle:
        with clock.stage("rungs, defended"):
            pixels = defence.apply(bench.examples, settings.seed, settings.workers)
            examples = bench.examples.with_pixels(pixels)
            main = Climbs("defended", examples, bench, settings, plan, progress)
            main.climb_cheap()
    ladders = [raw] if main is raw else [raw, main]
    for ladder in ladders if "cnn" in bench.rungs else ():
        with clock.stage(f"network, {ladder.pixels_name}"):
            ladder.climb_network(settings.cnn_seeds * len(ladders), announce)
    with clock.stage("null controls"):
        nulls = run_nulls(main, bench, settings, progress)
    reported = None
    if settings.preset == "cmpe258" and "cnn" in bench.rungs:
        with clock.stage("as reported"):
            reported = _as_reported(bench, settings, progress, announce)
    evidence = gather(ladders, main, bench, settings)
    question: Question = settings.question or ("change" if bench.source_in_real else "arrival")
    groups = smaller_class_groups(bench.examples)
    shares = settings.split if bench.folds else effective_shares(groups, settings.split)
    split = split_record(bench.examples, bench.folds or bench.split, shares)
    decision = decide(
        Facts(
            primary=evidence.primary,
            rungs=evidence.rungs,
            power=evidence.power,
            audit=audit,
            control=control,
            defence=defence.info,
            grouping=bench.grouped.record,
            split=split,
            nulls=nulls,
            question=question,
            alpha=settings.alpha,
            infer_groups=settings.infer_groups,
            cnn_over_colour=evidence.cnn_over_colour,
        )
    )
    with clock.stage("what gives fakes away"):
        why = explained(main, bench, evidence, settings, plan, out, progress)
    with clock.stage("classifier"):
        save_best(out, main, bench, evidence, defence, audit, settings)
    network = main.network
    record = ClassifyRecord(
        argv=[valid_text(argument) for argument in argv],
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - began,
        verdict=decision.sentence,
        verdict_name=decision.name,
        cause=decision.cause,
        question=question,
        alpha=settings.alpha,
        params=_params(settings),
        inputs=described(bench.opened.infos, bench.examples),
        features=raw.features.run if raw.features else None,
        audit=audit,
        control=control,
        defence=defence.info,
        grouping=bench.grouped.record,
        leaks=bench.leaks,
        split=split,
        rungs=evidence.rungs,
        best_rung=evidence.primary.rung,
        primary=evidence.primary,
        accuracy=evidence.accuracy,
        calibration=evidence.calibration,
        power=evidence.power,
        nulls=nulls,
        network=network.model.info if network else None,
        as_reported=reported,
        galleries=why.galleries,
        pictures=why.pictures,
        curves=why.curves,
        spectrum=why.spectrum,
        peaks=why.peaks,
        bandstop=why.bandstop,
        slices=why.slices,
        digests=why.digests,
        stages=clock.stages,
        warnings=_warnings(decision.warnings, bench, raw, main),
        environment=environment(),
    )
    images = dict(zip(bench.examples.names, bench.examples.images, strict=True))
    return Tested(record, images, _rows(bench, ladders, main, evidence))


def _as_reported(
    bench: Bench, settings: ClassifySettings, progress: Progress, announce: Callable[[str], None]
) -> AsReported:
    from ganeval.classifier.as_reported import as_reported  # loads torch

    return as_reported(
        bench.examples, settings, seed=settings.seed, progress=progress, announce=announce
    )


def _warnings(decided: Sequence[Notice], bench: Bench, raw: Climbs, main: Climbs) -> list[Notice]:
    """Everything worth knowing, each thing once: what bears on the verdict first."""
    told = [*decided, *bench.notices]
    for ladder in (raw, main):
        told += ladder.features.notices if ladder.features else []
    return list({(one.code, one.text): one for one in told}.values())


def _rows(
    bench: Bench, ladders: Sequence[Climbs], main: Climbs, evidence: Evidence
) -> list[dict[str, object]]:
    scores = {}
    for ladder in ladders:
        suffix = "" if ladder is main or len(ladders) == 1 else "_raw"
        for name, one in ladder.climbed.items():
            scores[f"{name}{suffix}"] = np.asarray(one.scores)
    return image_rows(bench.examples, bench.split, main.best.scores, evidence.temperature, scores)


def _params(settings: ClassifySettings) -> dict[str, str | int | float | bool | None]:
    """Every choice, written out; paths and lists as text."""
    chosen: dict[str, str | int | float | bool | None] = {}
    for name, value in vars(settings).items():
        if value is None or isinstance(value, str | int | float | bool):
            chosen[name] = value
        elif isinstance(value, tuple):
            joint = "/" if name == "split" else ","
            chosen[name] = joint.join(
                f"{one:g}" if isinstance(one, float) else str(one) for one in value
            )
        else:
            chosen[name] = valid_text(str(value))
    return chosen
