"""Is one fake set better than another? Differences as forest plots, family by family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ganeval.records import Difference, MetricsRecord, excess_of
from ganeval_reports import glossary
from ganeval_reports.drawing import slug
from ganeval_reports.families import by_family
from ganeval_reports.forest_plot import Contrast, forest_plot
from ganeval_reports.numbers import MISSING, p_value, printed
from ganeval_reports.palette import Look, looks
from ganeval_reports.parts import Note, Plot, PlotGroup, Table
from ganeval_reports.results import scaled_name

_NO_BREAK = "\u00a0"
_HEAD = ("Metric", "Difference", "Δ ± SE", "Interval", "p", "p, Holm", "Better", "Note")


@dataclass(frozen=True)
class Differences:
    """All comparisons of two fake sets.

    Args:
        pairing: Per two sets, how their images were matched.
        groups: The plots.
        methods: How the intervals were computed and what they cover.
    """

    pairing: Sequence[str]
    groups: Sequence[PlotGroup]
    methods: Sequence[Note]


def differences(record: MetricsRecord) -> Differences:
    """Returns the differences of a record; no groups if it has none."""
    found = record.differences
    # In the order of the table: each metric, then its excess.
    listed = [name for one in record.metrics for name in (one.name, excess_of(one.name))]
    compared = {one.metric for one in found}
    names = [name for name in dict.fromkeys(listed) if name in compared]
    names += sorted(compared.difference(names))
    members = [[one for one in found if one.metric == name] for name in names]
    groups: list[PlotGroup] = []
    drawn = 0
    for family, rows in by_family(members, lambda group: group[0].metric):
        plots = [
            _plot(record, group, f"forest{drawn + index}")
            for index, group in enumerate(rows, start=1)
        ]
        drawn += len(plots)
        table = Table(
            f"Differences by {family.title.lower()}",
            _HEAD,
            [_row(one) for group in rows for one in group],
        )
        groups.append(PlotGroup(family.title, "", plots, table))
    pairs = {(one.a, one.b): _pairing(one) for one in found}
    covers = dict.fromkeys(one.estimate.covers for one in found)
    methods = dict.fromkeys(one.estimate.method for one in found)
    notes = [Note("The intervals cover", text) for text in covers if text]
    notes += [Note("Computed by", text) for text in methods if text]
    return Differences(list(pairs.values()), groups, notes)


def _pairing(one: Difference) -> str:
    if one.paired:
        return (
            f"{one.a} and {one.b}: {one.n_pairs:,} pairs of images with equal names, subtracted "
            "pair by pair"
        )
    return f"{one.a} and {one.b}: no pairs, taken as independent sets"


def _plot(record: MetricsRecord, group: Sequence[Difference], prefix: str) -> Plot:
    first = group[0]
    title = scaled_name(first.display, first.metric)
    drawable = any(one.estimate.value is not None for one in group)
    sets = looks(info.label for info in record.inputs if info.role == "fake")
    lower = _lower_is_better(record, first.metric)
    contrasts = [_contrast(one, sets, lower) for one in group]
    forest = forest_plot(
        contrasts,
        axis=f"Δ {title}",
        prefix=prefix,
        name=f"{_file(record, first.metric)}-difference",
    )
    notes = dict.fromkeys(one.note for one in group if one.note)
    return Plot(
        title=title,
        drawings=[forest] if drawable else [],
        table=Table(f"{title}, differences", _HEAD, [_row(one) for one in group]),
        meaning=[Note("Note", f"{text[0].upper()}{text[1:]}.") for text in notes],
        methods=[],
    )


def _file(record: MetricsRecord, name: str) -> str:
    """The metric, or that of an excess, as part of a file name."""
    of = {excess_of(one.name): f"{slug(one.name)}-excess" for one in record.metrics}
    return of.get(name, slug(name))


def _lower_is_better(record: MetricsRecord, name: str) -> bool:
    """An excess, like the distance it belongs to, is better where it is lower."""
    return all(one.direction == "lower" for one in record.metrics if one.name == name)


def _contrast(one: Difference, sets: Mapping[str, Look], lower: bool) -> Contrast:
    estimate, scale = one.estimate, 10.0 ** glossary.entry(one.metric).power
    # a − b lies left of zero where a is the lower one.
    left, right = (one.a, one.b) if lower else (one.b, one.a)
    value, low, high = (
        None if end is None else end * scale
        for end in (estimate.value, estimate.low, estimate.high)
    )
    number = printed(estimate, glossary.entry(one.metric).power)
    chance = "" if one.p_holm is None else f", {p_value(one.p_holm)}"
    sides: dict[str | None, Literal["left", "right"]] = {left: "left", right: "right"}
    return Contrast(
        left,
        right,
        f"{number.value_and_se}{chance}" if value is not None else "no value",
        value,
        low,
        high,
        sides.get(one.better),
        sets.get(left),
        sets.get(right),
    )


def _row(one: Difference) -> tuple[str, ...]:
    number = printed(one.estimate, glossary.entry(one.metric).power)
    notes = [text for text in (one.note, number.reason) if text]
    return (
        scaled_name(one.display, one.metric),
        f"{one.a} − {one.b}",
        number.value_and_se.replace(" ", _NO_BREAK),
        number.interval.replace(" ", _NO_BREAK) or MISSING,
        *(_bare(p) for p in (one.p, one.p_holm)),
        one.better or MISSING,
        "; ".join(notes),
    )


def _bare(p: float | None) -> str:
    """A p-value in a column of them."""
    if p is None:
        return MISSING
    return p_value(p).removeprefix("p ").removeprefix("= ").replace(" ", _NO_BREAK)
