"""The figures of a page as files for a paper, each as PDF and as PNG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from ganeval.errors import GanevalError
from ganeval.records import (
    AblationRecord,
    ApplyRecord,
    AuditRecord,
    ClassifyRecord,
    ClassModelRecord,
    MetricsRecord,
    Record,
    SaliencyRecord,
    TrainingRecord,
    atomic_write,
)
from ganeval_reports.ablation_page import ablation_figures
from ganeval_reports.class_model_page import class_model_figures
from ganeval_reports.classify_page import classify_figures
from ganeval_reports.differences import differences
from ganeval_reports.drawing import Drawing, slug
from ganeval_reports.intervals import plots
from ganeval_reports.measurements import distributions, separation
from ganeval_reports.saliency_page import saliency_figures
from ganeval_reports.scores_page import scores_figures
from ganeval_reports.training_curves import histogram_plots, loss_groups, score_plots

_KINDS: tuple[Literal["pdf", "png"], ...] = ("pdf", "png")


def write_figures(record: Record, folder: Path, *, stem: str = "") -> list[Path]:
    """Writes every figure of a record's page as PDF and PNG.

    The same record gives the same bytes with the same version of matplotlib. Files of these names
    that are there already are replaced.

    Args:
        record: What was measured.
        folder: Where the files go; made if it is not there.
        stem: Put before the name of each file, where figures of several records share a folder.

    Returns:
        The files, in the order of the page.

    Raises:
        GanevalError: The folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanevalError(f"{folder}: cannot be made a folder: {error.strerror}") from error
    written = []
    for name, drawing in _named(figures(record)):
        for kind in _KINDS:
            path = folder / f"{slug(stem)}-{name}.{kind}" if stem else folder / f"{name}.{kind}"
            with atomic_write(path) as stream:
                drawing.write(stream, kind)
            written.append(path)
    return written


def figures(record: Record) -> Iterator[Drawing]:
    """Yields the figures of a record's page in their order there."""
    if isinstance(record, AuditRecord):
        for plot in separation(record):
            yield from plot.drawings
        for one in distributions(record):
            yield one.drawing
        return
    if isinstance(record, ClassifyRecord):
        yield from classify_figures(record)
        return
    if isinstance(record, ApplyRecord):
        yield from scores_figures(record)
        return
    if isinstance(record, AblationRecord):
        yield from ablation_figures(record)
        return
    if isinstance(record, SaliencyRecord):
        yield from saliency_figures(record)
        return
    if isinstance(record, ClassModelRecord):
        yield from class_model_figures(record)
        return
    if isinstance(record, TrainingRecord):
        groups = [plot for group in loss_groups(record) for plot in group.plots]
        for plot in (*score_plots(record), *groups, *histogram_plots(record)):
            yield from plot.drawings
        return
    if isinstance(record, MetricsRecord):
        for group in (*differences(record).groups, *plots(record.metrics)):
            for plot in group.plots:
                yield from plot.drawings


def _named(drawings: Iterable[Drawing]) -> Iterator[tuple[str, Drawing]]:
    """Yields each drawing with the name of its file; a name that comes again gets a number."""
    taken: set[str] = set()
    for drawing in drawings:
        plain = slug(drawing.name)
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name)
        yield name, drawing
