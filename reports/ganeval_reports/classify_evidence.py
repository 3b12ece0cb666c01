"""What gives fakes away, in plots: spectrum, band-stop, slices; and the network's own curves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ganeval.records import (
    BandStop,
    Calibration,
    ClassifyRecord,
    Curve,
    NetworkInfo,
    Slice,
    SpectrumBand,
    SpectrumPeak,
)
from ganeval_reports.auc_plot import CHANCE, AucRow, auc_plot
from ganeval_reports.chart import Line, LineChart, VerticalMark, chart_table
from ganeval_reports.classify_ladder import (
    AXIS,
    auc_number,
    counted,
    interval_cell,
    mark,
    value_cell,
)
from ganeval_reports.drawing import slug
from ganeval_reports.interval_plot import Heading
from ganeval_reports.line_chart import line_chart
from ganeval_reports.numbers import MISSING, exact_p, fixed, significant
from ganeval_reports.palette import REAL, SETS, Look
from ganeval_reports.parts import Note, Plot, Table
from ganeval_reports.reliability_plot import reliability_plot

_PEAKS = 8
"""Peaks drawn: those that tell most; the table has all."""

_SLICES = 24
"""Slices drawn; the table has all."""


_SIDE = re.compile("real|fake")
_OF_SIDE = re.compile(" of the (real|fake)s")


def spectrum_plots(record: ClassifyRecord) -> list[Plot]:
    """Returns what the frequencies tell: curves of the spectrum, bands, and peaks."""
    found = [one for one in curve_groups(record.curves) if _of_spectrum(one)]
    plots = [_curves(group, f"spectrum{place}") for place, group in enumerate(found)]
    if record.spectrum:
        plots.append(_bands(record.spectrum))
    if record.peaks:
        plots.append(_peaks(record.peaks))
    return plots


def other_curves(record: ClassifyRecord) -> list[Plot]:
    """Returns the curves that are not of the spectrum: scores by distance to the border."""
    found = [one for one in curve_groups(record.curves) if not _of_spectrum(one)]
    return [_curves(group, f"curve{place}") for place, group in enumerate(found)]


def curve_groups(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Gathers curves that share both axes; the order of the first is kept."""
    groups: dict[tuple[str, str], list[Curve]] = {}
    for one in curves:
        groups.setdefault((one.x_label, one.y_label), []).append(one)
    return list(groups.values())


def bandstop_plot(rows: Sequence[BandStop]) -> Plot | None:
    """Returns the classifier on images from which something was taken; None: nothing was."""
    if not rows:
        return None
    drawing = auc_plot(
        [AucRow(one.display, _printed(one.auc.value), mark(one.auc)) for one in rows],
        axis=AXIS,
        prefix="bandstop",
        name="band-stop",
    )
    table = Table(
        "The fitted classifier on changed test images",
        ("Change", "AUC", "Interval", "Units"),
        [
            (one.display, value_cell(one.auc), interval_cell(one.auc), counted(one.auc.n))
            for one in rows
        ],
    )
    meaning = [
        Note(
            "A drop",
            "the classifier leans on what was taken. It does not say that there is nothing else: "
            "another classifier, trained on such images, may find it.",
        )
    ]
    return Plot("What is left when something is taken away", [drawing], table, meaning, [])


def slices_plot(slices: Sequence[Slice]) -> Plot | None:
    """Returns the AUC in parts of the test images; None if there are none."""
    if not slices:
        return None
    rows: list[AucRow | Heading] = []
    for by in dict.fromkeys(one.by for one in slices[:_SLICES]):
        rows.append(Heading(f"By {by}"))
        rows += [
            AucRow(one.name, _printed(one.auc.value), mark(one.auc))
            for one in slices[:_SLICES]
            if one.by == by
        ]
    table = Table(
        "AUC in parts of the test images",
        ("By", "Part", "AUC", "Interval", "p", "p, Holm", "Units"),
        [
            (
                one.by,
                one.name,
                value_cell(one.auc),
                interval_cell(one.auc),
                _p(one.p),
                _p(one.p_holm),
                counted(one.auc.n),
            )
            for one in slices
        ],
    )
    drawing = auc_plot(rows, axis=AXIS, prefix="slices", name="slices")
    return Plot("In parts of the test images", [drawing], table, [], [])


def calibration_plot(calibration: Calibration | None) -> Plot | None:
    """Returns the reliability curve; None if calibration was not measured."""
    if calibration is None:
        return None
    rows = [
        (fixed(one.predicted, 3), fixed(one.observed, 3), f"{one.n:,}") for one in calibration.bins
    ]
    drawings = [reliability_plot(calibration.bins, prefix="calibration")] if rows else []
    ece = calibration.ece
    spread = f" ({interval_cell(ece)})" if ece.low is not None else ""
    meaning = [
        Note("On the dashed diagonal", "stated probabilities are shares of fakes."),
        Note("Expected calibration error", f"{value_cell(ece)}{spread}"),
        Note("Brier score", f"{fixed(calibration.brier, 3)}; 0.25 says one half to everything"),
        Note("Log loss", f"{fixed(calibration.log_loss, 3)}; 0.693 says one half to everything"),
        Note(
            "Temperature",
            f"{significant(calibration.temperature, 3)}, by which logits were divided; from the "
            "validation part",
        ),
    ]
    methods = [Note("Error computed by", ece.method)] if ece.method else []
    table = Table("Bins of equal size", ("Mean stated", "Share of fakes", "Images"), rows)
    return Plot("Share of fakes by stated probability", drawings, table, meaning, methods)


def training_plots(network: NetworkInfo | None) -> list[Plot]:
    """Returns losses and validation AUC by epoch; empty without a network."""
    if network is None or not network.epochs:
        return []
    x = [float(one.epoch) for one in network.epochs]
    best = [VerticalMark(float(network.best_epoch), "kept")]
    losses = LineChart(
        "Loss of the network",
        "Epoch",
        "Log loss, lower is better",
        [
            Line("training", x, [one.train_loss for one in network.epochs]),
            Line("validation", x, [one.validation_loss for one in network.epochs]),
        ],
        marks=best,
    )
    found = [_chart(losses, "training-loss")]
    aucs = [one.validation_auc for one in network.epochs]
    if any(value is not None for value in aucs):
        chart = LineChart(
            "AUC of the validation part",
            "Epoch",
            "AUC, higher is better",
            [Line("validation", x, aucs)],
            baseline=CHANCE,
            baseline_label="chance",
            marks=best,
        )
        found.append(_chart(chart, "training-auc"))
    return found


def _of_spectrum(group: Sequence[Curve]) -> bool:
    return any("spectr" in one.name or "power" in one.name for one in group)


def _curves(group: Sequence[Curve], prefix: str) -> Plot:
    first, sides = group[0], _sides(group)
    values = [y for one in group for y in one.y]
    names = [one.display for one in group] if len(group) > 1 else [""]
    title = first.display
    if sides:  # the line of each side is named; the title is what both have in common
        titles = {_OF_SIDE.sub("", one.display) for one in group}
        title = titles.pop() if len(titles) == 1 else first.y_label
        names = ["reals" if look is REAL else "fakes" for look in sides]
    elif len(group) > 1:
        title = first.y_label
    chart = LineChart(
        f"{title[:1].upper()}{title[1:]}" or first.name,
        first.x_label,
        first.y_label,
        [
            Line(name, one.x, one.y, low=one.low or None, high=one.high or None)
            for name, one in zip(names, group, strict=True)
        ],
        baseline=0.0 if values and min(values) < 0 < max(values) else None,
        looks=sides,
    )
    return _chart(chart, prefix, slug(first.name))


def _sides(group: Sequence[Curve]) -> list[Look]:
    """Looks of curves of which one is of the reals and one of the fakes; else none."""
    found = [REAL if "real" in one.name else SETS[0] for one in group if _SIDE.search(one.name)]
    return found if len(group) == len(found) == 2 and found[0] is not found[1] else []


def _chart(chart: LineChart, prefix: str, name: str | None = None) -> Plot:
    drawing = line_chart(chart, prefix=prefix, name=name or prefix)
    banded = any(one.low is not None for one in chart.lines)
    meaning = [Note("Band", "95 % interval")] if banded else []
    return Plot(chart.title, [drawing], chart_table(chart), meaning, [])


def _bands(bands: Sequence[SpectrumBand]) -> Plot:
    chart = LineChart(
        "AUC of the power in each band",
        "Frequency, cycles per pixel",
        "AUC, fakes above reals",
        [
            Line(
                "",
                [(one.low + one.high) / 2 for one in bands],
                [one.auc.value for one in bands],
                low=[one.auc.low for one in bands],
                high=[one.auc.high for one in bands],
            )
        ],
        baseline=CHANCE,
        baseline_label="chance",
    )
    table = Table(
        f"{len(bands)} bands of frequencies",
        ("Cycles per pixel", "AUC", "Interval", "p", "p, Holm", "Units"),
        [
            (
                f"{fixed(one.low, 3)} to {fixed(one.high, 3)}",
                value_cell(one.auc),
                interval_cell(one.auc),
                exact_p(one.p),
                exact_p(one.p_holm),
                counted(one.auc.n),
            )
            for one in bands
        ],
    )
    meaning = [
        Note(
            "Above chance",
            "fakes hold more power there than reals; below, less. Both tell them apart.",
        ),
        Note("After Holm", _significant(bands)),
    ]
    return Plot(chart.title, [line_chart(chart, prefix="bands", name="bands")], table, meaning, [])


def _significant(bands: Sequence[SpectrumBand]) -> str:
    found = [one for one in bands if one.p_holm < 0.05]
    if not found:
        return f"none of the {len(bands)} bands differs (p < 0.05)"
    low, high = min(one.low for one in found), max(one.high for one in found)
    return (
        f"{len(found)} of {len(bands)} bands differ (p < 0.05), between {fixed(low, 2)} and "
        f"{fixed(high, 2)} cycles per pixel"
    )


def _peaks(peaks: Sequence[SpectrumPeak]) -> Plot:
    telling = sorted(peaks, key=lambda one: -abs((one.auc.value or CHANCE) - CHANCE))
    rows = [
        AucRow(_direction(one.frequency), _printed(one.auc.value), mark(one.auc)) for one in telling
    ]
    table = Table(
        "Spikes at multiples of an eighth",
        ("Frequency, across and down", "Reals", "Fakes", "AUC", "Interval"),
        [
            (
                one.frequency,
                fixed(one.real, 2),
                fixed(one.fake, 2),
                value_cell(one.auc),
                interval_cell(one.auc),
            )
            for one in telling
        ],
    )
    meaning = [
        Note(
            "Spike",
            "power at one frequency, in cycles per pixel, over the median around it, where "
            "upsampling by 2, 4 or 8 leaves a regular pattern.",
        )
    ]
    if len(peaks) > _PEAKS:
        meaning.append(Note("Shown", f"the {_PEAKS} of {len(peaks)} that tell most."))
    drawing = auc_plot(rows[:_PEAKS], axis=AXIS, prefix="peaks", name="peaks")
    return Plot("Spikes of the spectrum", [drawing], table, meaning, [])


def _direction(frequency: str) -> str:
    """``4/8 0/8`` in words: 4/8 across, 0/8 down."""
    across, blank, down = frequency.partition(" ")
    return f"{across} across, {down} down" if blank else frequency


def _printed(value: float | None) -> str:
    return "no value" if value is None else auc_number(value)


def _p(p: float | None) -> str:
    return MISSING if p is None else exact_p(p)
