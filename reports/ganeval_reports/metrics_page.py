"""The page of ``ganeval fid`` and its sisters: what of a `MetricsRecord` stands where."""

from __future__ import annotations

import shlex

from ganeval.records import MetricsRecord
from ganeval_reports.comparison_table import comparison_table
from ganeval_reports.content import Content, NamedSet
from ganeval_reports.copies import copies
from ganeval_reports.csv_table import csv_table
from ganeval_reports.differences import differences
from ganeval_reports.galleries import galleries
from ganeval_reports.images import ImageLoader
from ganeval_reports.intervals import plots
from ganeval_reports.latex_table import latex_table
from ganeval_reports.numbers import moment, unbroken
from ganeval_reports.palette import REAL, looks
from ganeval_reports.peers import peer_table
from ganeval_reports.provenance import environment, inputs, protocol, skipped
from ganeval_reports.results import stats

_SHARE_OF_COPIES = 3
"""Near copies take at most one part of this many of the budget."""


def metrics_content(record: MetricsRecord, load_image: ImageLoader | None, budget: int) -> Content:
    """Returns what the record puts on a page.

    Args:
        record: What was measured, by whichever command.
        load_image: Finds an image; None: no images are shown.
        budget: Characters that its images may take.
    """
    real = record.input("real").label
    fakes = [info.label for info in record.inputs if info.role == "fake"]
    large = stats(record.metrics) if len(fakes) == 1 else []
    scores = comparison_table(record)
    repeated = copies(record, load_image, budget // _SHARE_OF_COPIES)
    marks = looks(fakes)
    sets = [NamedSet(marks[label].css, label, ", ") for label in fakes]
    sets[-1] = sets[-1]._replace(joint=" against ")
    sets.append(NamedSet(REAL.css, real))
    return Content(
        "metrics.html.j2",
        sets,
        {
            "record": record,
            "sets": sets,
            "fakes": fakes,
            "verdict": unbroken(record.verdict),
            "started": moment(record.started),
            "stats": large,
            # A table that says no more than the large numbers is left out.
            "scores": scores
            if sum(len(rows) for _, rows in scores.families) > len(large)
            else None,
            "csv": csv_table(record),
            "latex": latex_table(record),
            "differences": differences(record),
            "plots": plots(record.metrics),
            "copies": repeated,
            "peers": peer_table(record),
            "protocol": protocol(record),
            "galleries": galleries(
                record, load_image, budget - (repeated.spent if repeated else 0)
            ),
            "inputs": inputs(record),
            "skipped": skipped(record),
            "environment": environment(record),
            "command": shlex.join(record.argv),
        },
    )
