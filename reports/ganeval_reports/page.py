"""The page of ``ganeval fid`` and its sisters: a `MetricsRecord` as one HTML document."""

from __future__ import annotations

import shlex

from ganeval.records import AuditRecord, MetricsRecord
from ganeval_reports.audit_page import render_audit
from ganeval_reports.comparison_table import comparison_table
from ganeval_reports.copies import copies
from ganeval_reports.csv_table import csv_table
from ganeval_reports.differences import differences
from ganeval_reports.document import document
from ganeval_reports.galleries import galleries
from ganeval_reports.images import BUDGET, ImageLoader
from ganeval_reports.intervals import plots
from ganeval_reports.latex_table import latex_table
from ganeval_reports.numbers import moment
from ganeval_reports.peers import peer_table
from ganeval_reports.provenance import environment, inputs, protocol, skipped
from ganeval_reports.results import stats


def render(record: MetricsRecord | AuditRecord, load_image: ImageLoader | None = None) -> str:
    """Returns the page as one HTML document that needs nothing beside it.

    Args:
        record: What was measured, by whichever command.
        load_image: Takes an input's label and an image's key and returns the decoded RGB image,
            None if it is gone. Without it the page shows no images and says so.
    """
    if isinstance(record, AuditRecord):
        return render_audit(record, load_image)
    fakes = [info.label for info in record.inputs if info.role == "fake"]
    large = stats(record.metrics) if len(fakes) == 1 else []
    scores = comparison_table(record)
    repeated = copies(record, load_image)
    return document(
        "metrics.html.j2",
        record=record,
        real=record.input("real").label,
        fakes=fakes,
        # A number and its standard error stay on one line.
        verdict=record.verdict.replace(" ± ", "\u00a0±\u00a0"),
        started=moment(record.started),
        stats=large,
        # A table that says no more than the large numbers is left out.
        scores=scores if sum(len(rows) for _, rows in scores.families) > len(large) else None,
        csv=csv_table(record),
        latex=latex_table(record),
        differences=differences(record),
        plots=plots(record.metrics),
        copies=repeated,
        peers=peer_table(record),
        protocol=protocol(record),
        galleries=galleries(record, load_image, BUDGET - (repeated.spent if repeated else 0)),
        inputs=inputs(record),
        skipped=skipped(record),
        environment=environment(record),
        command=shlex.join(record.argv),
    )
