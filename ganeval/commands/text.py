"""A record as a person reads it in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.text import Text

from ganeval.commands.evaluation_text import (
    difference_rows,
    fake_labels,
    footnotes,
    interval_rows,
    metric_rows,
    peer_rows,
)
from ganeval.commands.tables import print_table
from ganeval.metrics.naming import extractor_id
from ganeval.records import FeatureRun, Metric, MetricsRecord, Notice
from ganeval_reports.numbers import Printed, p_value, printed, significant
from ganeval_reports.provenance import runs_by_spec

_WIDTH = 100


def print_record(record: MetricsRecord) -> None:
    """Prints results on stdout and warnings on stderr; colour only in a terminal."""
    if record.command == "evaluate":
        print_evaluation(record)
    else:
        out = Console(highlight=False, soft_wrap=True)
        for line in result_lines(record):
            out.print(line)
    print_notices(record.warnings)


def print_evaluation(record: MetricsRecord) -> None:
    """Prints an evaluation: a table of metrics, one of differences, the protocol, the verdict."""
    labels = fake_labels(record)
    if len(labels) == 1:
        print_table(("metric", "value ± SE", "95 % interval", ""), interval_rows(record))
    else:
        print_table(("metric ± SE", *labels), metric_rows(record))
    differences = difference_rows(record)
    if differences:
        click.echo("")
        print_table(("difference", "metric", "Δ ± SE", "95 % interval", "p", "better"), differences)
    for line in footnotes(record):
        click.echo(line)
    if record.peers:
        click.echo(
            "\nSame features, same formulas, each with its own conventions; no package is run. With"
            " fewer images than features they read low by up to 1e-5."
        )
        print_table(("package", "metric", "set", "value", "resize", "note"), peer_rows(record))
    click.echo("")
    for _, runs in runs_by_spec(record.features):
        click.echo(f"{protocol_line(runs)}")
    click.echo(f"{counts_line(record)}")
    click.echo(record.verdict)


def counts_line(record: MetricsRecord) -> str:
    """Numbers of images of all sets in one line."""
    return " · ".join(
        f"{info.label} {'?' if info.n is None else info.n} {info.role}" for info in record.inputs
    )


def print_notices(notices: Sequence[Notice]) -> None:
    """Prints warnings on stderr, most important first."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    for notice in notices:
        text = textwrap.fill(
            f"! {notice.code}: {notice.text}",
            min(_WIDTH, err.width) if err.is_terminal else _WIDTH,
            subsequent_indent="  ",
            break_long_words=False,
        )
        err.print(Text(text, style="yellow"))


def result_lines(record: MetricsRecord) -> Iterator[Text]:
    """Yields one line per fact: distance, floor, KID, protocol, verdict."""
    for i, metric in enumerate(record.metrics):
        if metric.name == "fid":
            yield from _distance_lines(metric)
        else:
            yield from _kid_lines(metric, headline=i == 0)
    if record.features:
        yield Text(f"  {protocol_line(record.features)}", style="dim")
    yield Text(record.verdict)


def _distance_lines(metric: Metric) -> Iterator[Text]:
    number = printed(metric.estimate)
    line = Text(f"{metric.display}  ", style="bold")
    line.append(number.value_and_se, style="bold green")
    if number.interval:
        line.append(f"   {_interval(metric, number)} (expected value at this n)", style="none")
    line.append(f"   {number.n}", style="none")
    yield line
    if number.reason:
        yield Text(f"  no interval: {number.reason}")
    floor = metric.floor
    if floor is not None:
        excess = printed(floor.excess)
        yield Text(
            f"  excess over floor  {excess.value_and_se}   half-size distance "
            f"{significant(floor.cross, 3)}, floor real {significant(floor.floor_real, 3)}, "
            f"fake {significant(floor.floor_fake, 3)} (n = {floor.half_size})"
        )


def _kid_lines(metric: Metric, *, headline: bool) -> Iterator[Text]:
    number = printed(metric.estimate, power=3)
    line = Text("" if headline else "  ")
    line.append(f"{metric.display} ×10³  ", style="bold" if headline else "none")
    line.append(number.value_and_se, style="bold green" if headline else "none")
    if headline and number.interval:
        line.append(f"   {_interval(metric, number)}")
    if metric.test is not None:
        permutations = metric.params.get("permutations")
        line.append(f"   {p_value(metric.test.p)} ({permutations} permutations)")
    spread = metric.params.get("spread over subsets")
    if isinstance(spread, float):
        line.append(f"   spread {significant(1000 * spread, 2)} over ")
        line.append(f"{metric.params['subsets']} subsets of {metric.params['subset_size']}")
    if headline:
        line.append(f"   {number.n}")
    yield line
    if number.reason and not isinstance(spread, float):
        yield Text(f"  no interval: {number.reason}")


def _interval(metric: Metric, number: Printed) -> str:
    level = f"{metric.estimate.level:.0%}".replace("%", " %")
    low, high = number.interval.split(" to ")
    return f"{level} CI {low} … {high}"


def protocol_line(runs: list[FeatureRun]) -> str:
    """Extractor, layer, resize mode, arithmetic and weights in one line.

    All sets of a record share one specification; what ran the network is told by the first set that
    was not answered by the cache.
    """
    run = next((run for run in runs if run.backend is not None), runs[0])
    spec = run.spec
    layer = "pool3" if (spec.extractor, spec.layer) == ("inception-2015", "2048") else spec.layer
    parts = [f"{extractor_id(spec, run.weights)} {layer}", f"resize {spec.resize}"]
    precision = "float32" if spec.precision == "f32" else spec.precision
    parts.append(f"{precision} {run.backend.name if run.backend else 'from the cache'}")
    if spec.decode != "correct":
        parts.append(f"decode {spec.decode}")
    if run.weights is not None:
        state = "verified" if run.weights.verified else "not the published file"
        parts.append(f"weights {run.weights.sha256[:8]} {state}")
    return " · ".join(parts)
