"""An evaluation of one or several fake sets as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ganeval.records import Difference, Estimate, Metric, MetricsRecord, excess_of
from ganeval_reports import glossary
from ganeval_reports.numbers import MISSING, p_value, printed, significant
from ganeval_reports.results import display_name

_ARROWS = {"lower": "↓", "higher": "↑"}
_MARK = " *"
_MOST_SETS = 2  # of which every metric's difference is printed; of more, those that decide

Row = tuple[str, ...]


def metric_rows(record: MetricsRecord) -> list[Row]:
    """Returns one row per metric and excess: its name and a cell per fake set."""
    labels = fake_labels(record)
    rows: list[Row] = []
    for name, group in _by_name(record.metrics).items():
        first = next(iter(group.values()))
        power = glossary.entry(name).power
        arrow = _ARROWS[first.direction]
        estimates = {label: metric.estimate for label, metric in group.items()}
        cells = _cells(labels, estimates, power, record.best(name))
        rows.append((f"{display_name(first)} {arrow}", *cells))
        floors = {label: metric.floor for label, metric in group.items() if metric.floor}
        if floors:
            excess = excess_of(name)
            estimates = {label: floor.excess for label, floor in floors.items()}
            cells = _cells(labels, estimates, power, record.best(excess))
            rows.append((f"  excess over floor {_ARROWS['lower']}", *cells))
    return rows


def interval_rows(record: MetricsRecord) -> list[Row]:
    """Returns one row per metric of a single fake set: name, value ± SE, interval, note."""
    rows: list[Row] = []
    for metric in record.metrics:
        power = glossary.entry(metric.name).power
        rows.append(
            (
                f"{display_name(metric)} {_ARROWS[metric.direction]}",
                *_number_cells(metric.estimate, power),
                _note(metric, power),
            )
        )
        if metric.floor:
            cells = _number_cells(metric.floor.excess, power)
            note = (
                f"half-size distance {significant(metric.floor.cross, 3)}, floor real "
                f"{significant(metric.floor.floor_real, 3)}, fake "
                f"{significant(metric.floor.floor_fake, 3)}"
            )
            rows.append((f"  excess over floor {_ARROWS['lower']}", *cells, note))
    return rows


def difference_rows(record: MetricsRecord) -> list[Row]:
    """Returns one row per difference that is worth printing: sets, metric, Δ, interval, p."""
    labels = fake_labels(record)
    chosen = record.differences
    if len(labels) > _MOST_SETS:
        deciding = {"excess", "kid"} & {one.metric for one in chosen}
        chosen = [one for one in chosen if one.metric in deciding] or chosen
    rows: list[Row] = []
    for pair in combinations(labels, 2):
        for one in chosen:
            if (one.a, one.b) == pair:
                rows.append((f"{one.a} − {one.b}", *_difference_cells(one)))
    return rows


def footnotes(record: MetricsRecord) -> Iterator[str]:
    """Yields what must be said beneath the tables."""
    if len(fake_labels(record)) > 1:
        missing = [
            (m.display, m.estimate.reason) for m in record.metrics if m.estimate.value is None
        ]
        for display, reason in dict.fromkeys(missing):
            yield f"{display} has no value: {reason}"
    differences = record.differences
    if any(record.best(one.metric) for one in differences):
        yield (
            "* better than every other set by more than chance (p < 0.05, Holm's correction over "
            "the pairs of sets)"
        )
    shown = len(difference_rows(record))
    if shown < len(differences):
        yield f"{len(differences)} differences in all: --out, --csv and --html hold every one."
    pairs = {(one.a, one.b): one for one in differences}
    for one in pairs.values():
        how = f"{one.n_pairs} pairs of images" if one.paired else "no pairs, independent sets"
        yield f"{one.a}, {one.b}: {how}"
    drawn = [one.note.partition("; ")[0] for one in differences if "draws" in one.note]
    yield from dict.fromkeys(drawn)
    reasons = [one.estimate.reason for one in differences if one.estimate.reason]
    yield from (f"A difference without interval: {reason}" for reason in dict.fromkeys(reasons))
    ranks = [one for one in differences if "the excess ranks" in one.note]
    if ranks:
        names = ", ".join(dict.fromkeys(one.display for one in ranks))
        yield f"Not ranked at fewer images than features: {names}; the excess is."


def peer_rows(record: MetricsRecord) -> list[Row]:
    """Returns one row per number of another package."""
    rows: list[Row] = []
    for peer in record.peers:
        value = MISSING if peer.value is None else f"{peer.value:.6g}"
        if peer.spread is not None:
            value += f" ± {peer.spread:.2g}"
        rows.append((peer.tool, peer.metric, peer.fake, value, peer.resize, peer.note))
    return rows


def fake_labels(record: MetricsRecord) -> list[str]:
    """Returns the fake sets in their order."""
    return [info.label for info in record.inputs if info.role == "fake"]


def _by_name(metrics: Sequence[Metric]) -> dict[str, dict[str, Metric]]:
    groups: dict[str, dict[str, Metric]] = {}
    for metric in metrics:
        groups.setdefault(metric.name, {})[metric.fake] = metric
    return groups


def _cells(
    labels: Sequence[str], estimates: dict[str, Estimate], power: int, best: str | None
) -> list[str]:
    cells = []
    for label in labels:
        if label not in estimates:
            cells.append(MISSING)
            continue
        number = printed(estimates[label], power)
        marked = _MARK if label == best else " " * len(_MARK)
        cells.append(number.value_and_se + (marked if len(labels) > 1 else ""))
    return cells


def _number_cells(estimate: Estimate, power: int) -> tuple[str, str]:
    number = printed(estimate, power)
    return number.value_and_se, number.interval.replace(" to ", " … ") or MISSING


def _note(metric: Metric, power: int) -> str:
    number = printed(metric.estimate, power)
    if metric.estimate.reason:
        return number.reason
    if metric.test is not None:
        return p_value(metric.test.p)
    if metric.null_expected is not None:
        return f"{significant(metric.null_expected * 10.0**power, 3)} under equality"
    return ""


def _difference_cells(one: Difference) -> tuple[str, str, str, str, str]:
    power = glossary.entry(one.metric).power
    number = printed(one.estimate, power)
    name = one.display.replace("×10³", "").strip()
    scaled = f"{name} ×10³" if power == 3 else name
    return (
        scaled,
        number.value_and_se,
        number.interval.replace(" to ", " … ") or MISSING,
        "" if one.p_holm is None else p_value(one.p_holm),
        one.better or "",
    )
