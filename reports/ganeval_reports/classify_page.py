"""The page of ``ganeval classify``: what of a `ClassifyRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ganeval.records import ClassifyRecord
from ganeval_reports.classify_evidence import (
    bandstop_plot,
    calibration_plot,
    other_curves,
    slices_plot,
    spectrum_plots,
    training_plots,
)
from ganeval_reports.classify_facts import (
    choices,
    format_facts,
    formats_table,
    grouping_facts,
    groups_table,
    leakage_table,
    leaks_found,
    network_facts,
    reasons,
    split_table,
    stages_table,
)
from ganeval_reports.classify_images import classify_images
from ganeval_reports.classify_ladder import ladder, nulls_table, rungs_table
from ganeval_reports.classify_verdict import (
    HEADLINES,
    accuracy_table,
    primary_facts,
    reported_stats,
    scored_by,
    stats,
)
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.drawing import Drawing
from ganeval_reports.images import ImageLoader
from ganeval_reports.numbers import moment, unbroken
from ganeval_reports.palette import REAL, SETS
from ganeval_reports.parts import Plot
from ganeval_reports.provenance import environment, extraction, input_table, skipped_table


def classify_content(
    record: ClassifyRecord, load_image: ImageLoader | None, budget: int
) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: Whether fakes can be told from reals, and by what.
        load_image: Finds an image of a set, and under the label ``run`` a picture in the folder of
            the record; None: no images are shown.
        budget: Characters that its images may take.
    """
    sets = [
        NamedSet(SETS[0].css, record.input("fake").label, " against "),
        NamedSet(REAL.css, record.input("real").label),
    ]
    sections = _plots(record)
    protocol = [choices(record.params)] if record.params else []
    if record.features is not None:
        protocol.append(extraction(record.features))
    return Content(
        "classify.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "started": moment(record.started),
            "verdict": unbroken(record.verdict),
            "headline": HEADLINES[record.verdict_name],
            "cause": unbroken(record.cause),
            "stats": list(stats(record)),
            "rungs": rungs_table(record),
            "reported": reported_stats(record),
            "primary": primary_facts(record),
            "accuracy": accuracy_table(record),
            "leaks_found": leaks_found(record),
            "leakage": leakage_table(record),
            "nulls": nulls_table(record.nulls),
            "scored_by": scored_by(record),
            "images": classify_images(record, load_image, budget),
            **sections,
            "network": network_facts(record),
            "reasons": list(reasons(record)),
            "formats": formats_table(record),
            "format_facts": format_facts(record),
            "grouping": grouping_facts(record),
            "parts_of_split": split_table(record),
            "groups": groups_table(record),
            "stages": stages_table(record),
            "protocol": protocol,
            "inputs": input_table(record.inputs, [info.role for info in record.inputs]),
            "skipped": skipped_table(record.inputs),
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )


def classify_figures(record: ClassifyRecord) -> Iterator[Drawing]:
    """Yields the figures of the page in their order there."""
    for found in _plots(record).values():
        for plot in found:
            yield from plot.drawings


def _plots(record: ClassifyRecord) -> dict[str, list[Plot]]:
    """Every plot of the page by the part it stands in, in the order of the page."""
    taken = [bandstop_plot(record.bandstop), slices_plot(record.slices)]
    calibration = calibration_plot(record.calibration)
    return {
        "ladder": [ladder(record)],
        "curves": other_curves(record),
        "spectrum": spectrum_plots(record),
        "taken": [plot for plot in taken if plot is not None],
        "calibration": [] if calibration is None else [calibration],
        "training": training_plots(record.network),
    }
