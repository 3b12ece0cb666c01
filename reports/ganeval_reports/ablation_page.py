"""The page of ``ganeval ablation-report``: what of an `AblationRecord` stands where."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ganeval.records import AblationRecord
from ganeval_reports.ablation_anchors import anchor_notes, anchors_table
from ganeval_reports.ablation_curves import curve_groups, histogram_plots
from ganeval_reports.ablation_dots import dots_plots
from ganeval_reports.ablation_facts import (
    amendments_table,
    arms_table,
    cells_table,
    cost_remark,
    costs_table,
    protocol_facts,
)
from ganeval_reports.ablation_forest import forest_plots
from ganeval_reports.ablation_names import arm_looks, real_minus, trained
from ganeval_reports.ablation_samples import samples
from ganeval_reports.ablation_tables import (
    exploratory_table,
    intervals_table,
    metrics_table,
    sensitivity_table,
)
from ganeval_reports.ablation_verdict import about_arms, design_stats, verdict
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.drawing import Drawing
from ganeval_reports.images import ImageLoader
from ganeval_reports.numbers import moment, unbroken
from ganeval_reports.parts import Plot
from ganeval_reports.provenance import environment, input_table, skipped_table


def ablation_content(
    record: AblationRecord, load_image: ImageLoader | None, budget: int
) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: What a study found.
        load_image: Finds a picture under the label ``run`` by its path from the record's folder;
            None: no images are shown.
        budget: Characters that its images may take.
    """
    return Content(
        "ablation.html.j2",
        [NamedSet("", record.name)],
        {
            "record": record,
            "started": moment(record.started),
            "head": verdict(record),
            "stats": list(design_stats(record)),
            "elsewhere": about_arms(record),
            "key": [(arm_looks(record)[arm.name].css, arm.name) for arm in trained(record)],
            "forest": forest_plots(record),
            "exploratory": exploratory_table(record),
            "dots": dots_plots(record, deciding=True),
            "more_dots": dots_plots(record, deciding=False),
            "curves": curve_groups(record),
            "samples": samples(record, load_image, budget),
            "histograms": histogram_plots(record),
            "scores": metrics_table(record),
            "intervals": intervals_table(record),
            "costs": costs_table(record),
            "cost_remark": cost_remark(record),
            "anchors": anchors_table(record),
            "anchor_notes": anchor_notes(record),
            "arms": arms_table(record),
            "cells": cells_table(record),
            "changing": [unbroken(real_minus(text)) for text in record.changing],
            "sensitivity": sensitivity_table(record),
            "protocol": protocol_facts(record),
            "amendments": amendments_table(record),
            "inputs": input_table(record.inputs, [one.role for one in record.inputs])
            if record.inputs
            else None,
            "skipped": skipped_table(record.inputs),
            "environment": environment(record),
            "commands": "\n".join(record.commands),
            "command": shlex.join(record.argv),
        },
    )


def ablation_figures(record: AblationRecord) -> Iterator[Drawing]:
    """Yields the figures of the page in their order there."""
    for plot in _plots(record):
        yield from plot.drawings


def _plots(record: AblationRecord) -> list[Plot]:
    return [
        *forest_plots(record),
        *dots_plots(record, deciding=True),
        *dots_plots(record, deciding=False),
        *(plot for group in curve_groups(record) for plot in group.plots),
        *histogram_plots(record),
    ]
