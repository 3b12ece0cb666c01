"""The path of every metric command: sets in, a record out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from PIL import Image
from threadpoolctl import threadpool_limits

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.images import ImageSet, UnreadableImage
from ganeval.images.listing import valid_text
from ganeval.metrics.comparisons import Candidate, compare_candidates
from ganeval.metrics.compat import compat_needs, peer_numbers
from ganeval.metrics.frechet import are_identical
from ganeval.metrics.gallery import gallery, named_digests
from ganeval.metrics.measured import Measured, Provenance
from ganeval.metrics.measures import Reference, measure
from ganeval.metrics.needs import SIGNATURE, Need, main_need
from ganeval.metrics.per_image import Row, image_rows
from ganeval.metrics.requests import REFERENCE, Request, parse_metrics
from ganeval.metrics.samples import Sample, fake_samples, real_sample
from ganeval.metrics.set_warnings import dimension_of, set_warnings, unpaired_sets
from ganeval.metrics.sets import Sets, ready_sets
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.units import Units
from ganeval.metrics.verdict import ranking_verdict, verdict
from ganeval.records import Difference, Gallery, MetricsRecord, Notice

# Rows up to which BLAS gets one thread: its threads wait for each other by spinning; on matrices
# this small that costs up to forty times what they save as soon as another process wants a core.
_SMALL = 1000
_OF_COPIES = ("mifid", "memorisation", "authenticity")  # metrics that look at training images

_Answers = dict[Request, list[Measured]]  # of every fake set, in their order


@dataclass(frozen=True)
class Comparison:
    """A record and the images it speaks of.

    Args:
        record: What was found.
        images: Image sets by label; sides given as statistics have none.
        per_image: Rows of `ganeval.metrics.per_image`, where they were asked for.
    """

    record: MetricsRecord
    images: dict[str, ImageSet]
    per_image: list[Row]

    def load_image(self, label: str, key: str) -> Image.Image | None:
        """Decodes one image of a set for a page; None where there is no such image any more."""
        images = self.images.get(label)
        try:
            return None if images is None else images.image(key)
        except UnreadableImage:  # deleted or changed since it was extracted
            return None


def compare_sets(
    real: object,
    fakes: Sequence[object],
    metrics: str | Iterable[str] = ("fid", "kid"),
    settings: Settings | None = None,
    *,
    train: object | None = None,
    labels: Sequence[str] | None = None,
    command: Literal["fid", "kid", "evaluate"] = "evaluate",
    argv: Sequence[str] = (),
    progress: Progress = silent,
) -> Comparison:
    """Measures fake sets against a real one, and the fake sets against each other.

    Args:
        real: Folder, zip, array file, list of paths, saved statistics, or images in memory as
            `ganeval.images.open_image_set` takes them.
        fakes: The same, one or several.
        metrics: Names as in `ganeval.metrics.requests.parse_metrics`.
        settings: Every choice; None means the defaults.
        train: The images the generator was trained on, for what looks for copies; None: the reals.
        labels: Names of the fake sets; None: the last parts of their paths.
        command: What the record is of; ``fid`` leaves KID out where it cannot be had.
        argv: The command line, for the record.
        progress: Told how far the extraction is.

    Raises:
        InputError: An input or an option is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    settings, began = settings or Settings(), Began.now()
    if not fakes:
        raise InputError("no fake set was given")
    requests = _requests(metrics, settings, command)
    if train is not None and not any(request.name in _OF_COPIES for request in requests):
        raise InputError(
            "--train: none of the metrics asked for looks for copies",
            hint="Add mifid to --metrics.",
        )
    sets = ready_sets(
        real, fakes, train, labels, requests, _extra(requests, settings), settings, progress
    )
    return measured_sets(sets, settings, command=command, argv=argv, began=began)


@dataclass(frozen=True)
class Began:
    """When the work on a record began.

    Args:
        started: By the calendar.
        clock: By the clock that measures seconds.
    """

    started: datetime
    clock: float

    @classmethod
    def now(cls) -> Began:
        """Returns this moment."""
        return cls(datetime.now(UTC), time.perf_counter())


def measured_sets(
    sets: Sets,
    settings: Settings,
    *,
    command: Literal["fid", "kid", "evaluate"] = "evaluate",
    argv: Sequence[str] = (),
    began: Began | None = None,
) -> Comparison:
    """Measures sets whose features are at hand; see `compare_sets`.

    Args:
        sets: All sets with their features, and what is asked of them.
        settings: Seed, permutations, uncertainty, ...
        command: What the record is of.
        argv: The command line, for the record.
        began: When the work began; None: now.

    Raises:
        InputError: A metric that was asked for by name cannot be had of these sets.
    """
    began = began or Began.now()
    real = real_sample(sets.real, sets.main, settings.seed)
    train = real if sets.train is None else real_sample(sets.train, sets.main, settings.seed)
    reference = Reference(real, train)
    samples, units = fake_samples(sets.fakes, sets.main, settings.seed)
    with _few_threads(sets):
        answers, notices = _answers(sets, reference, samples, settings)
        differences = _differences(sets, reference, samples, units, answers, settings)
        peers = [one for s in samples for one in peer_numbers(real, s)] if settings.compat else []
        rows = _image_rows(real, samples, answers) if settings.per_image else []
    measured = [one for i in range(len(samples)) for one in (a[i] for a in answers.values())]
    metrics = [metric for one in measured for metric in one.metrics]
    notices += unpaired_sets([sample.side.label for sample in samples], units)
    notices = sets.notices + notices + set_warnings(sets, real, samples, answers)
    names = [sample.side.label for sample in samples]
    galleries = _galleries(real, samples, answers, settings.seed)
    copies = [copy for one in measured for copy in one.copies]
    record = MetricsRecord(
        command=command,
        argv=[valid_text(argument) for argument in argv],
        started=began.started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - began.clock,
        verdict=verdict(metrics, notices)
        if len(names) == 1
        else ranking_verdict(names, differences),
        inputs=[real.side.info, *(sample.side.info for sample in samples)],
        train=None if sets.train is None else train.side.info,
        features=sets.runs,
        metrics=metrics,
        differences=differences,
        peers=peers,
        copies=copies,
        galleries=galleries,
        digests=named_digests(
            real.side, [sample.side for sample in samples], train.side, galleries, copies
        ),
        warnings=notices,
        environment=environment(),
    )
    every = [real, *samples, train]
    images = {s.side.label: s.side.images for s in every if s.side.images is not None}
    return Comparison(record, images, rows)


def _extra(requests: Sequence[Request], settings: Settings) -> list[Need]:
    """Features that no metric is computed from: other packages' modes, what copies are known by."""
    extra = compat_needs() if settings.compat else []
    copies = any(request.name in ("mifid", "memorisation") for request in requests)
    return [*extra, SIGNATURE] if copies else extra


def _requests(metrics: str | Iterable[str], settings: Settings, command: str) -> list[Request]:
    main = main_need(settings.extractor, settings.layer, settings.resize)
    requests = parse_metrics(metrics, main)
    if settings.compat and main.extractor != REFERENCE:
        raise InputError(
            f"--compat: the other packages use the extractor {REFERENCE}, and --extractor is "
            f"{main.extractor}"
        )
    if not any(request.need.extractor == settings.extractor for request in requests):
        for option in ("weights", "layer", "resize"):
            if getattr(settings, option) is not None:
                raise InputError(
                    f"--{option}: no metric asked for uses the extractor {settings.extractor}"
                )
    if command == "fid":
        return [
            Request(r.name, r.choice, r.need, if_missing="skip" if r.name == "kid" else "fail")
            for r in requests
        ]
    return requests


def _answers(
    sets: Sets, reference: Reference, samples: Sequence[Sample], settings: Settings
) -> tuple[_Answers, list[Notice]]:
    """Measures every request on every fake set; what cannot be had is told or an error."""
    answers: _Answers = {}
    reasons = {}
    for request in sets.requests:
        made = sets.provenance(request.need)
        try:
            answers[request] = [
                measure(request, reference, sample, made, settings) for sample in samples
            ]
        except InputError as error:
            if request.if_missing == "fail":
                raise
            if request.if_missing == "tell":
                reasons[request.name] = error.message
    notices = [
        Notice(code="metrics_left_out", text=f"{name} is left out: {reason}.")
        for name, reason in reasons.items()
    ]
    return answers, notices


def _differences(
    sets: Sets,
    reference: Reference,
    samples: Sequence[Sample],
    units: Units,
    answers: _Answers,
    settings: Settings,
) -> list[Difference]:
    if len(samples) < 2:
        return []
    found = []
    for request, measured in answers.items():
        made = sets.provenance(request.need)
        again = partial(_again, request, reference, made, settings)
        d = dimension_of(request, samples[0])
        known = [s.side.info.n for s in (reference.real, *samples) if s.side.info.n is not None]
        below = bool(known) and min(known) < d
        candidates = [
            Candidate(
                sample,
                one,
                again,
                below_d=below,
                is_real=are_identical(reference.real.side.moments, sample.side.moments),
            )
            for sample, one in zip(samples, measured, strict=True)
        ]
        found += compare_candidates(candidates, units.pairings, settings.seed)
    return found


def _again(
    request: Request,
    reference: Reference,
    made: Provenance,
    settings: Settings,
    sample: Sample,
) -> Measured:
    return measure(request, reference, sample, made, settings)


def _image_rows(real: Sample, samples: Sequence[Sample], answers: _Answers) -> list[Row]:
    distances = [
        measured
        for request, measured in answers.items()
        if request.name in ("fid", "fd") and request.need == real.main
    ]
    return [
        row
        for index, sample in enumerate(samples)
        for row in image_rows(real, sample, distances[0][index] if distances else None)
    ]


def _galleries(
    real: Sample, samples: Sequence[Sample], answers: _Answers, seed: int
) -> list[Gallery]:
    galleries = []
    for index, sample in enumerate(samples):
        influences = [measured[index].influence for measured in answers.values()]
        known = [one for one in influences if one is not None]
        galleries.append(gallery(real.side, sample.side, known[0] if known else None, seed))
    return galleries


@contextlib.contextmanager
def _few_threads(sets: Sets) -> Iterator[None]:
    """Limits BLAS to one thread where the sets are small; restored afterwards."""
    sides = [set_[sets.main] for set_ in sets.every]
    small = all(side.values is not None and len(side.values) <= _SMALL for side in sides)
    with threadpool_limits(1 if small else None, user_api="blas"):
        yield
