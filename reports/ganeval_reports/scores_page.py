"""The page of ``ganeval classify --apply``: what of an `ApplyRecord` stands where."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Iterator, Mapping, Sequence

from ganeval.records import AppliedSet, ApplyRecord, ScoredImage
from ganeval_reports.classify_images import score, scored_table
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.drawing import Drawing
from ganeval_reports.histograms import Strip, histograms
from ganeval_reports.images import NO_IMAGES, Absence, ImageLoader, Picture, embed
from ganeval_reports.numbers import duration, fixed, moment, short_digest, unbroken
from ganeval_reports.palette import Look, looks
from ganeval_reports.parts import Fact, Facts, Grid, Plot, Shot, Stat, Table, Tile
from ganeval_reports.provenance import environment, input_table, skipped_table

_SHOWN = 12
"""Images shown from each end of a set."""

_ROWS = 200
"""Images in the table of a set; the record and the CSV have all."""

UNCALIBRATED = "Scores of images from another pipeline are not calibrated."


def scores_content(record: ApplyRecord, load_image: ImageLoader | None, budget: int) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: Scores that a saved classifier gave.
        load_image: Finds an image; None: no images are shown.
        budget: Characters that its images may take.
    """
    marks = looks(one.input.label for one in record.sets)
    sets = [NamedSet(marks[one.input.label].css, one.input.label, ", ") for one in record.sets]
    sets[-1] = sets[-1]._replace(joint="")
    inputs = [one.input for one in record.sets]
    found = _grids(record.sets, marks, load_image, budget)
    return Content(
        "scores.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "started": moment(record.started),
            "verdict": unbroken(record.verdict),
            "stats": [_stat(one) for one in record.sets],
            "uncalibrated": UNCALIBRATED,
            "plots": _plots(record),
            "note": "" if load_image or not found else NO_IMAGES,
            "grids": found,
            "tables": [_table(one) for one in record.sets if one.scores],
            "protocol": [_classifier(record)],
            "inputs": input_table(inputs, [info.role for info in inputs]),
            "skipped": skipped_table(inputs),
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )


def scores_figures(record: ApplyRecord) -> Iterator[Drawing]:
    """Yields the figures of the page in their order there."""
    for plot in _plots(record):
        yield from plot.drawings


def _stat(one: AppliedSet) -> Stat:
    n = len(one.scores)
    notes = [
        f"{one.called_fake:,} of {n:,} images called fake",
        f"mean logit {fixed(one.mean_logit, 2)}",
    ]
    if one.overlap:
        notes.append(f"{one.overlap:,} images are among those the classifier was trained on")
    value = fixed(one.mean_p_fake, 2)
    return Stat(
        f"Mean p fake, {one.input.label}", "0 real, 1 fake", value, "", notes, missing=not n
    )


def _plots(record: ApplyRecord) -> list[Plot]:
    """One plot of all sets; none without a score."""
    marks = looks(one.input.label for one in record.sets)
    strips = [_strip(one, marks[one.input.label]) for one in record.sets if one.scores]
    if not strips:
        return []
    drawing = histograms(strips, axis="p fake", prefix="scores", name="scores")
    rows = [
        (
            one.input.label,
            f"{len(one.scores):,}",
            fixed(one.mean_p_fake, 3),
            fixed(one.mean_logit, 3),
            f"{one.called_fake:,}",
            f"{one.overlap:,}",
        )
        for one in record.sets
    ]
    head = ("Set", "Images", "Mean p fake", "Mean logit", "Called fake", "Trained on")
    return [Plot("How images score", [drawing], Table("Sets in numbers", head, rows), [], [])]


def _strip(one: AppliedSet, look: Look) -> Strip:
    values = [image.p_fake for image in one.scores]
    return Strip(
        one.input.label, fixed(one.mean_p_fake, 2), values, statistics.median(values), look
    )


def _grids(
    sets: Sequence[AppliedSet], marks: Mapping[str, Look], load: ImageLoader | None, budget: int
) -> list[Grid]:
    """The images with the highest and the lowest scores of each set."""
    plans = [(one.input.label, *ends) for one in sets for ends in _ends(one)]
    if load is None:
        return [Grid(title, None, about, []) for _, title, about, _ in plans]
    places = [[[(label, one.key)] for one in images] for label, _, _, images in plans]
    return [
        _grid(label, title, about, images, [shown for (shown,) in found], marks[label])
        for (label, title, about, images), found in zip(
            plans, embed(places, load, budget), strict=True
        )
    ]


def _ends(one: AppliedSet) -> Iterator[tuple[str, str, Sequence[ScoredImage]]]:
    ordered = sorted(one.scores, key=lambda image: -image.logit)
    shown = min(_SHOWN, (len(ordered) + 1) // 2)
    of = f"of {len(ordered):,} images"
    label = one.input.label
    if ordered:
        yield f"{label}: most fake", f"The {shown} highest {of}.", ordered[:shown]
    if lowest := ordered[shown:][-_SHOWN:]:
        yield f"{label}: most real", f"The {len(lowest)} lowest {of}.", lowest[::-1]


def _grid(
    label: str,
    title: str,
    about: str,
    images: Sequence[ScoredImage],
    found: Sequence[Picture | Absence],
    look: Look,
) -> Grid:
    tiles = [
        Tile([Shot("fake", look.css, label, one.key, f"{label}: {one.key}", shown)], score(one))
        for one, shown in zip(images, found, strict=True)
        if isinstance(shown, Picture)
    ]
    lost = len(images) - len(tiles)
    note = f"{lost} of {len(images)} are not shown: gone, or too much for one page." if lost else ""
    return Grid(title, None, about, tiles, note)


def _table(one: AppliedSet) -> Table:
    ordered = sorted(one.scores, key=lambda image: -image.logit)
    shown = f", the {_ROWS} highest of {len(ordered):,}" if len(ordered) > _ROWS else ""
    return scored_table(f"Scores of {one.input.label}{shown}", ordered[:_ROWS])


def _classifier(record: ApplyRecord) -> Facts:
    return Facts(
        "Classifier",
        [
            Fact("Folder", record.model, code=True),
            Fact("Digest", f"sha256 {short_digest(record.model_sha256)}"),
            Fact("Rung", record.rung, code=True),
            Fact("Time", duration(record.seconds)),
        ],
    )
