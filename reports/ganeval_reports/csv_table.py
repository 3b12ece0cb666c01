"""A record of metrics as one tidy table in CSV: a row per metric and set, a row per difference."""

from __future__ import annotations

import csv
import io

from ganeval.records import Difference, Metric, MetricsRecord, PeerNumber, excess_of

COLUMNS = (
    "kind",
    "metric",
    "name",
    "set",
    "minus",
    "value",
    "se",
    "low",
    "high",
    "level",
    "p",
    "p_holm",
    "best",
    "better",
    "n_real",
    "n_fake",
    "paired",
    "n_pairs",
    "direction",
    "spread",
    "resize",
    "reason",
)
"""Columns of every row; numbers are in full precision, a cell that does not apply is empty.

``kind`` is metric, excess, difference (``set`` minus ``minus``) or peer. ``best`` is yes where the
set is better than every other, ``better`` names the better one of two; both only beyond chance.
``spread`` is what another package prints behind a ±, which is no standard error.
"""

_Row = dict[str, object]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(record: MetricsRecord) -> str:
    """Returns the table with a header line; a missing number is an empty cell.

    A label that a spreadsheet would take for a formula has an apostrophe before it.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for metric in record.metrics:
        writer.writerows(map(_harmless, _metric_rows(record, metric)))
    writer.writerows(_harmless(_difference_row(one)) for one in record.differences)
    writer.writerows(_harmless(_peer_row(one)) for one in record.peers)
    return stream.getvalue()


def _harmless(row: _Row) -> _Row:
    return {
        column: f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
        for column, cell in row.items()
    }


def _metric_rows(record: MetricsRecord, metric: Metric) -> list[_Row]:
    rows = [_estimate_row("metric", metric, metric.name, metric.estimate.model_dump())]
    rows[0]["best"] = _mark(record, metric.name, metric.fake)
    rows[0]["p"] = metric.test.p if metric.test else None
    if metric.floor is not None:
        name = excess_of(metric.name)
        row = _estimate_row("excess", metric, name, metric.floor.excess.model_dump())
        row["best"] = _mark(record, name, metric.fake)
        rows.append(row)
    return rows


def _mark(record: MetricsRecord, name: str, label: str) -> str:
    return "yes" if record.best(name) == label else ""


def _estimate_row(kind: str, metric: Metric, name: str, estimate: _Row) -> _Row:
    n = estimate["n"]
    counts: dict[str, int] = n if isinstance(n, dict) else {}
    return {
        "kind": kind,
        "metric": name,
        "name": metric.display,
        "set": metric.fake,
        **{key: estimate[key] for key in ("value", "se", "low", "high", "level", "reason")},
        "n_real": counts.get("real"),
        "n_fake": counts.get("fake"),
        "direction": metric.direction,
    }


def _difference_row(one: Difference) -> _Row:
    estimate = one.estimate
    return {
        "kind": "difference",
        "metric": one.metric,
        "name": one.display,
        "set": one.a,
        "minus": one.b,
        **{key: getattr(estimate, key) for key in ("value", "se", "low", "high", "level")},
        "p": one.p,
        "p_holm": one.p_holm,
        "better": one.better,
        "n_fake": estimate.n.get(one.a),
        "paired": "yes" if one.paired else "no",
        "n_pairs": one.n_pairs if one.paired else None,
        "reason": "; ".join(text for text in (one.note, estimate.reason) if text),
    }


def _peer_row(peer: PeerNumber) -> _Row:
    return {
        "kind": "peer",
        "metric": peer.metric,
        "name": peer.tool,
        "set": peer.fake,
        "value": peer.value,
        "spread": peer.spread,
        "resize": peer.resize,
        "reason": peer.note,
    }
