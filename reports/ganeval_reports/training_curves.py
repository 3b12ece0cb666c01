"""The curves of a training run: scores on held-out images, losses, and the discriminators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ganeval.records import Score, ScoreHistogram, Series, TrainingRecord
from ganeval_reports import glossary
from ganeval_reports.histograms import score_histogram
from ganeval_reports.line_chart import Line, LineChart, VerticalMark, chart_table, line_chart
from ganeval_reports.numbers import MISSING, printed, significant
from ganeval_reports.parts import Note, Plot, PlotGroup, Table
from ganeval_reports.results import scaled_name

_NETWORKS: Final = {"raw": "weights", "ema": "averaged"}
_BETTER: Final = {"lower": "lower is better", "higher": "higher is better"}
_UPDATES: Final = "updates"


def score_plots(record: TrainingRecord) -> list[Plot]:
    """Returns a chart per metric: both directions, with interval and moving average."""
    names = dict.fromkeys(one.name for one in record.scores)
    return [
        _score_plot(record, name, [one for one in record.scores if one.name == name])
        for name in names
    ]


def loss_groups(record: TrainingRecord) -> list[PlotGroup]:
    """Returns the curves of the log in their groups, a chart each."""
    groups = dict.fromkeys(one.group for one in record.series)
    plots = [
        _series_plot(group, [one for one in record.series if one.group == group], number)
        for number, group in enumerate(groups)
    ]
    return [PlotGroup("", "", plots)] if plots else []


def histogram_plots(record: TrainingRecord) -> list[Plot]:
    """Returns how each discriminator scores real and generated images, first and last."""
    plots = []
    for name in dict.fromkeys(one.discriminator for one in record.histograms):
        own = [one for one in record.histograms if one.discriminator == name]
        for one in own[:1] + own[1:][-1:]:
            plots.append(_histogram_plot(one))
    return plots


def _score_plot(record: TrainingRecord, name: str, scores: Sequence[Score]) -> Plot:
    display, better = scores[0].display, scores[0].better
    power = glossary.entry(name).power
    window = _window(record)
    kinds = list(dict.fromkeys((one.direction, one.network) for one in scores))
    lines = []
    for direction, network in kinds:
        own = [one for one in scores if (one.direction, one.network) == (direction, network)]
        label = glossary.DIRECTIONS[direction] + (
            f", {_NETWORKS[network]}" if network == "ema" else ""
        )
        lines.append(_score_line(label, own, 10.0**power, window))
    marks = []
    if record.best is not None and record.best.metric.partition("_")[0] == name:
        marks.append(VerticalMark(record.best.update, "best"))
    title = scaled_name(display, name)
    chart = LineChart(
        title=title,
        x_label=_UPDATES,
        y_label=f"{title}, {_BETTER[better]}",
        lines=lines,
        marks=marks,
    )
    drawing = line_chart(chart, prefix=f"score-{name}", name=f"score-{name}")
    meaning = [Note("What it is", about)] if (about := _about(name)) else []
    if any(network == "ema" for _, network in kinds):
        meaning.append(Note("Averaged", "by a moving average of the generators' weights."))
    if any(one.smooth is not None for one in scores) and window > 1:
        meaning.append(
            Note(
                "Strong line",
                f"moving average over the last {window} evaluations; dashed while there are fewer. "
                "The thin line is every value.",
            )
        )
    return Plot(title, [drawing], _score_table(title, scores, power), meaning, [])


def _window(record: TrainingRecord) -> int:
    """Evaluations that a full moving average spans: what was asked for, else the longest one."""
    asked = record.config.get("eval", {}).get("moving_average")
    return asked if isinstance(asked, int) else max(one.window for one in record.scores)


def _score_line(label: str, scores: Sequence[Score], scale: float, window: int) -> Line:
    def scaled(values: Sequence[float | None]) -> list[float | None]:
        return [None if value is None else value * scale for value in values]

    estimates = [one.estimate for one in scores]
    smooth = scaled([one.smooth for one in scores])
    bounded = any(one.low is not None for one in estimates)
    return Line(
        label,
        [one.update for one in scores],
        scaled([one.value for one in estimates]),
        smooth=smooth if any(value is not None for value in smooth) else None,
        smooth_from=window - 1,
        low=scaled([one.low for one in estimates]) if bounded else None,
        high=scaled([one.high for one in estimates]) if bounded else None,
    )


def _score_table(title: str, scores: Sequence[Score], power: int) -> Table:
    head = ("Update", "Epoch", "Translation", "Network", "Value", "Interval", "Moving average", "n")
    rows = []
    for one in scores:
        number = printed(one.estimate, power)
        smooth = MISSING if one.smooth is None else significant(one.smooth * 10.0**power, 4)
        rows.append(
            (
                f"{one.update:,}",
                f"{one.epoch:,}",
                glossary.DIRECTIONS[one.direction],
                _NETWORKS[one.network],
                number.value_and_se if not number.reason else f"{number.value}: {number.reason}",
                number.interval or MISSING,
                smooth,
                number.n or MISSING,
            )
        )
    return Table(f"{title} at every evaluation", head, rows)


def _about(name: str) -> str:
    if name == "cycle_l1":
        return (
            "mean absolute difference of an image and what comes back after both generators, in "
            "grey levels of 255. A low one alone says little: generators can hide the image in "
            "what looks like noise."
        )
    return glossary.entry(name).what


def _series_plot(group: str, series: Sequence[Series], number: int) -> Plot:
    unit = next((one.unit for one in series if one.unit), "")
    lines = [
        Line(
            one.display,
            one.updates,
            one.values,
            smooth=one.smooth or None,
            smooth_from=one.window - 1,
        )
        for one in series
    ]
    level = next((one.threshold for one in series if one.threshold is not None), None)
    chart = LineChart(
        title=group,
        x_label=_UPDATES,
        y_label=f"{group} ({unit})" if unit else group,
        lines=lines,
        baseline=level,
    )
    drawing = line_chart(chart, prefix=f"curve-{number}", name=f"curve-{number}-{group}")
    return Plot(group, [drawing], chart_table(chart), list(_curve_notes(series)), [])


def _curve_notes(series: Sequence[Series]) -> Iterator[Note]:
    window = max(one.window for one in series)
    if window > 1:
        yield Note(
            "Strong line", f"moving average over {window} points; dashed while there are fewer."
        )
    if any(one.threshold is not None for one in series):
        yield Note("Level line", "what chance alone gives.")


def _histogram_plot(one: ScoreHistogram) -> Plot:
    title = f"{one.discriminator} at update {one.update:,}"
    slug = f"scores-{one.discriminator}-{one.update}"
    drawing = score_histogram(
        one.real,
        one.fake,
        one.edges,
        one.threshold,
        ("real", "generated"),
        axis=one.unit,
        prefix=slug,
        name=slug,
    )
    meaning = []
    if one.accuracy is not None:
        meaning.append(
            Note("Right calls", f"{100 * one.accuracy:.0f} % of all images, at the threshold.")
        )
    if one.overlap is not None:
        meaning.append(
            Note(
                "Overlap",
                f"{100 * one.overlap:.0f} % of the two areas: 100 % where the discriminator cannot "
                "tell them apart.",
            )
        )
    return Plot(title, [drawing], _histogram_table(title, one), meaning, [])


def _histogram_table(title: str, one: ScoreHistogram) -> Table:
    held = one.held_out or [0] * len(one.real)
    counts = zip(one.edges[:-1], one.edges[1:], one.real, held, one.fake, strict=True)
    rows = [
        (f"{low:.3g} to {high:.3g}".replace("-", "−"), f"{real:,}", f"{kept:,}", f"{fake:,}")
        for low, high, real, kept, fake in counts
        if real or kept or fake
    ]
    return Table(
        f"{title}: images per bin",
        ("Score", "Real, trained on", "Real, held out", "Generated"),
        rows,
    )
