"""The table of all metrics: metrics as rows, fake sets as columns, the best marked where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganeval.records import Estimate, Metric, MetricsRecord, excess_of
from ganeval_reports import glossary
from ganeval_reports.families import by_family
from ganeval_reports.numbers import MISSING, printed
from ganeval_reports.parts import Cell, Note, Score, Scores
from ganeval_reports.results import ARROWS, display_name, expected_text, scaled_name

_ALPHA = 0.05
_RULE = (
    "better than every other set by more than chance: p < 0.05 after Holm's correction over the "
    "pairs of sets"
)


def comparison_table(record: MetricsRecord) -> Scores:
    """Returns value ± SE of every metric and excess; of a single fake set also the interval."""
    labels = [info.label for info in record.inputs if info.role == "fake"]
    alone = len(labels) == 1
    groups: dict[str, dict[str, Metric]] = {}
    for metric in record.metrics:
        groups.setdefault(metric.name, {})[metric.fake] = metric
    families = by_family(groups.values(), lambda group: next(iter(group.values())).name)
    return Scores(
        caption="Every metric" if alone else "Every metric of every set",
        sets=labels,
        more=("95\u00a0% interval", "Expected if equal") if alone else (),
        families=[
            (family.title, [row for group in members for row in _rows(record, group, labels)])
            for family, members in families
        ],
        legend=list(_legend(record, alone)),
        unranked=list(_unranked(record)),
    )


def _rows(record: MetricsRecord, group: dict[str, Metric], labels: Sequence[str]) -> list[Score]:
    """A metric and, if it has one, the excess over its floor."""
    first = next(iter(group.values()))
    power = glossary.entry(first.name).power
    estimates = {label: metric.estimate for label, metric in group.items()}
    rows = [
        Score(
            display_name(first),
            ARROWS[first.direction],
            f"{first.direction} is better",
            False,
            _cells(labels, estimates, power, record.best(first.name)),
            _more(first) if len(labels) == 1 else (),
            _reasons(group),
        )
    ]
    excesses = {label: one.floor.excess for label, one in group.items() if one.floor}
    if excesses:
        cells = _cells(labels, excesses, power, record.best(excess_of(first.name)))
        more: tuple[str, ...] = ()
        if len(labels) == 1:
            interval = printed(excesses[labels[0]], power).interval
            more = (interval or MISSING, "0")
        rows.append(
            Score("excess over floor", ARROWS["lower"], "lower is better", True, cells, more)
        )
    return rows


def _more(metric: Metric) -> tuple[str, ...]:
    number = printed(metric.estimate, glossary.entry(metric.name).power)
    return number.interval or MISSING, expected_text(metric) or MISSING


def _cells(
    labels: Sequence[str], estimates: dict[str, Estimate], power: int, best: str | None
) -> list[Cell]:
    cells = []
    for label in labels:
        if label not in estimates:
            cells.append(Cell(MISSING))
            continue
        number = printed(estimates[label], power)
        if estimates[label].value is None:
            cells.append(Cell(MISSING))
        else:
            cells.append(Cell(number.value, number.se, label == best))
    return cells


def _reasons(group: dict[str, Metric]) -> str:
    """Says why values are missing, set by set where the reasons differ."""
    missing = [one for one in group.values() if one.estimate.value is None]
    reasons = dict.fromkeys(printed(one.estimate).reason for one in missing)
    if len(missing) == len(group) and len(reasons) == 1:
        return next(iter(reasons))
    return "; ".join(f"{one.fake}: {printed(one.estimate).reason}" for one in missing)


def _legend(record: MetricsRecord, alone: bool) -> Iterator[str]:
    yield "↓ lower is better, ↑ higher is better, ± standard error."
    if alone or not record.differences:
        return
    if any(record.best(one.metric) for one in record.differences):
        yield f"★ and bold: {_RULE}."
    else:
        yield f"No value is marked, because no set is {_RULE}."


def _unranked(record: MetricsRecord) -> Iterator[Note]:
    """Metrics that tell two sets apart and name none the better, with the reason on record."""
    reasons: dict[str, dict[str, None]] = {}
    for one in record.differences:
        if one.better is None and one.note and one.p_holm is not None and one.p_holm < _ALPHA:
            name = scaled_name(one.display, one.metric)
            reasons.setdefault(one.note, {})[name] = None
    for reason, names in reasons.items():
        yield Note(
            ", ".join(names), f"Sets differ by more than chance, yet none is marked: {reason}."
        )
