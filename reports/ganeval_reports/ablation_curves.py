"""How metrics and losses of an ablation went: every seed thin, the median of an arm thick."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from ganeval.records import AblationRecord, CellCurve, CellHistogram
from ganeval_reports import glossary
from ganeval_reports.ablation_names import arm_looks, scaled, toward, trained
from ganeval_reports.drawing import slug
from ganeval_reports.histograms import score_histogram
from ganeval_reports.line_chart import Line, LineChart, chart_table, line_chart
from ganeval_reports.palette import Look
from ganeval_reports.parts import Note, Plot, PlotGroup, Table
from ganeval_reports.results import scaled_name

_EVALUATIONS: Final = "evaluations"
"""Group of what the protocol itself computed at several updates, in the unit of the page."""

_METRICS: Final = "metrics"
"""Group of what a trainer computed of held-out images, in the unit of the metric."""

_HEADINGS: Final = {
    _EVALUATIONS: "Evaluated at several updates",
    _METRICS: "Evaluated by the trainer, on held-out images",
}
"""Curves by which a run may be judged; the others tell how training went."""

_POINTS: Final = 160
"""Points of a thin line that are drawn; the CSV file has all."""


def curve_groups(record: AblationRecord) -> list[PlotGroup]:
    """Returns the curves in their groups, those of metrics first."""
    found = dict.fromkeys(one.group for one in record.curves)
    order = [*_HEADINGS, *found]
    groups = sorted(found, key=order.index)
    return [
        PlotGroup(
            _heading(group),
            "",
            [plot for own in _by_name(record, group) if (plot := _plot(record, group, own))],
        )
        for group in groups
    ]


def histogram_plots(record: AblationRecord) -> list[Plot]:
    """Returns how the discriminators of each arm score, one run per arm and discriminator."""
    places = {arm.name: place for place, arm in enumerate(trained(record))}
    shown: dict[tuple[str, str], CellHistogram] = {}
    for one in record.histograms:
        shown.setdefault((one.discriminator, one.arm), one)
    ordered = sorted(
        shown.values(), key=lambda one: (one.discriminator, places.get(one.arm, len(places)))
    )
    return [_histogram(one) for one in ordered]


def _heading(group: str) -> str:
    return _HEADINGS.get(group, f"{group[:1].upper()}{group[1:]}") or "Other curves"


def _by_name(record: AblationRecord, group: str) -> Iterator[list[CellCurve]]:
    found: dict[tuple[str, str | None], list[CellCurve]] = {}
    for one in record.curves:
        if one.group == group:
            found.setdefault((one.name, one.direction), []).append(one)
    yield from found.values()


def _plot(record: AblationRecord, group: str, curves: Sequence[CellCurve]) -> Plot | None:
    first, looks = curves[0], arm_looks(record)
    power = glossary.entry(_metric(first)).power if group == _METRICS else 0
    display = scaled_name(first.display, _metric(first)) if power else first.display
    if group == _EVALUATIONS:
        units = {one.name: one.unit for one in record.metrics}
        display = scaled(first.display, units.get(first.name, ""))
    title = display + (toward(record, first.direction) if first.direction else "")
    if power:  # the unit that the rest of the page has
        curves = [_scaled(one, 10.0**power) for one in curves]
    averaged = group not in _HEADINGS and any(one.smooth for one in curves)
    drawn: list[tuple[Line, Look]] = []
    strong: list[tuple[Line, Look]] = []
    for arm in trained(record):
        own = [one for one in curves if one.arm == arm.name and one.updates]
        if not own:
            continue
        look = looks[arm.name]
        thick = _thick(arm.name, own, averaged=averaged)
        alone = len(own) == 1 and not averaged
        drawn += [(_thin(one), look) for one in own if not alone or one.diverged]
        strong.append((thick, look))
    if not strong:
        return None
    lines = [*drawn, *strong]
    chart = LineChart(
        title=title,
        x_label="updates",
        y_label=_axis(record, first, display),
        lines=[line for line, _ in lines],
        baseline=next((one.threshold for one in curves if one.threshold is not None), None),
        looks=[look for _, look in lines],
    )
    name = f"curve-{slug(group)}-{slug(first.name)}" + (
        f"-{first.direction}" if first.direction else ""
    )
    drawing = line_chart(chart, prefix=name, name=name, wide=True)
    table = chart_table(
        LineChart(
            title=f"{_heading(group)}: {title}",
            x_label="updates",
            y_label=title,
            lines=[line for line, _ in strong],
        )
    )
    return Plot(title, [drawing], table, list(_notes(curves, averaged=averaged)), [])


def _metric(curve: CellCurve) -> str:
    """The metric's name without what tells averaged weights apart."""
    return curve.name.removesuffix(".ema")


def _scaled(curve: CellCurve, scale: float) -> CellCurve:
    values, smooth = (
        [None if one is None else one * scale for one in numbers]
        for numbers in (curve.values, curve.smooth)
    )
    return curve.model_copy(update={"values": values, "smooth": smooth})


def _axis(record: AblationRecord, curve: CellCurve, display: str) -> str:
    """What is measured, and which way is better where a number of that name says so."""
    better = next((one.better for one in record.metrics if one.name == _metric(curve)), "none")
    return display + ("" if better == "none" else f", {better} is better")


def _thin(one: CellCurve) -> Line:
    """One run as it was written, without any average."""
    count = len(one.updates)
    places = list(range(count))
    if count > _POINTS:
        places = sorted({round(i * (count - 1) / (_POINTS - 1)) for i in range(_POINTS)})
    return Line(
        one.arm,
        [one.updates[place] for place in places],
        [one.values[place] for place in places],
        faint=True,
        crossed=one.diverged,
    )


def _thick(name: str, curves: Sequence[CellCurve], *, averaged: bool) -> Line:
    """The median over the runs of an arm at every update."""
    found: dict[int, list[float]] = {}
    for one in curves:
        values = one.smooth if averaged and one.smooth else one.values
        for update, value in zip(one.updates, values, strict=True):
            if value is not None:
                found.setdefault(update, []).append(value)
    updates = sorted(found)
    return Line(name, updates, [statistics.median(found[update]) for update in updates])


def _notes(curves: Sequence[CellCurve], *, averaged: bool) -> Iterator[Note]:
    seeds = {one.seed for one in curves}
    if averaged:
        window = max(one.window for one in curves)
        yield Note(
            "Thick line", f"median over seeds of moving averages over {window} points; for the eye."
        )
    elif len(seeds) > 1:
        yield Note("Thick line", "median over seeds.")
    if len(seeds) > 1 or averaged:
        yield Note("Thin lines", "every run as it was.")
    if any(one.threshold is not None for one in curves):
        yield Note("Level line", "what chance alone gives.")
    if any(one.diverged for one in curves):
        yield Note("Cross", "the run diverged here.")


def _histogram(one: CellHistogram) -> Plot:
    run = "" if one.seed is None else f", seed {one.seed}"
    title = f"{one.discriminator} of {one.arm}{run}"
    name = f"scores-{slug(one.discriminator)}-{slug(one.arm)}"
    drawing = score_histogram(
        one.real, one.fake, one.edges, one.threshold, ("real", "generated"),
        axis="score", prefix=name, name=name,
    )  # fmt: skip
    held = one.held_out or [0] * len(one.real)
    counts = zip(one.edges[:-1], one.edges[1:], one.real, held, one.fake, strict=True)
    rows = [
        (f"{low:.3g} to {high:.3g}".replace("-", "−"), f"{real:,}", f"{kept:,}", f"{fake:,}")
        for low, high, real, kept, fake in counts
        if real or kept or fake
    ]
    head = ("Score", "Real, trained on", "Real, held out", "Generated")
    return Plot(title, [drawing], Table(f"{title}: images per bin", head, rows), [], [])
