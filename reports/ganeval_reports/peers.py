"""What other packages would print for the same images."""

from __future__ import annotations

from ganeval.records import MetricsRecord, PeerNumber
from ganeval_reports.numbers import MISSING
from ganeval_reports.parts import Table


def peer_table(record: MetricsRecord) -> Table | None:
    """Returns one row per package, metric and resize mode, one column per fake set."""
    if not record.peers:
        return None
    labels = [info.label for info in record.inputs if info.role == "fake"]
    groups: dict[tuple[str, str, str], dict[str, PeerNumber]] = {}
    for peer in record.peers:
        groups.setdefault((peer.tool, peer.metric, peer.resize), {})[peer.fake] = peer
    rows = []
    for (tool, metric, resize), group in groups.items():
        notes = dict.fromkeys(peer.note for peer in group.values() if peer.note)
        cells = [_cell(group[label]) if label in group else MISSING for label in labels]
        rows.append((tool, metric, *cells, resize or MISSING, "; ".join(notes)))
    head = ("Package", "Metric", *labels, "Resize", "Conventions")
    return Table("Numbers of other packages", head, rows)


def _cell(peer: PeerNumber) -> str:
    if peer.value is None:
        return MISSING
    spread = "" if peer.spread is None else f"\u00a0±\u00a0{peer.spread:.2g}"
    return f"{peer.value:.6g}{spread}".replace("-", "−")
