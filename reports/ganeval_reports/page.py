"""The page of ``ganeval fid`` and its sisters: a `MetricsRecord` as one HTML document."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ganeval.records import AuditRecord, MetricsRecord
from ganeval_reports.audit_page import render_audit
from ganeval_reports.document import document
from ganeval_reports.galleries import galleries
from ganeval_reports.images import ImageLoader
from ganeval_reports.numbers import moment
from ganeval_reports.parts import Stat
from ganeval_reports.provenance import environment, inputs, protocol, skipped
from ganeval_reports.results import plots, stats


@dataclass(frozen=True)
class _Result:
    """The numbers of one fake set."""

    label: str
    stats: Sequence[Stat]


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
    return document(
        "metrics.html.j2",
        record=record,
        real=record.input("real").label,
        fakes=fakes,
        # A number and its standard error stay on one line.
        verdict=record.verdict.replace(" ± ", "\u00a0±\u00a0"),
        started=moment(record.started),
        results=[
            _Result(label, stats([metric for metric in record.metrics if metric.fake == label]))
            for label in fakes
        ],
        plots=plots(record.metrics),
        protocol=protocol(record),
        galleries=galleries(record, load_image),
        inputs=inputs(record),
        skipped=skipped(record),
        environment=environment(record),
        command=shlex.join(record.argv),
    )
