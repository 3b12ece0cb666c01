"""How often the stated 95 % intervals hold, and how often a difference is called where none is.

Sets are drawn from known distributions, and from features of real paintings and of photos
translated to paintings where those are at hand, and go through the same functions as in
`ganeval evaluate`, from features on. An interval claims to hold the expected value at its n, which
is the mean over all draws; that of KID the value of infinitely many images, which is known exactly.

``--quick`` ends within about 3 minutes on 2 cores, the whole within 30. Ctrl-C, or ``--minutes``,
ends it earlier with what has been found so far.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# Before NumPy is loaded by this process or a worker: many small products, one thread each.
os.environ["OMP_NUM_THREADS"] = "1"

from coverage_runs import Run, Scenario, run_all
from coverage_sources import (
    Source,
    boundary_distributions,
    distributions,
    shared_translations,
)
from coverage_summary import Line, Pooled, by_source, lines, pooled
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

BESIDE = Path(__file__).resolve().parents[2] / "shared"
_REFERENCE = Path("reference") / "features-monet-paintings.npz"
_WIDTH = 140


def scenarios(quick: bool, data: Path | None) -> list[Scenario]:
    """Returns what is drawn, and how often."""
    images: Sequence[Source] = shared_translations(data) if data else []
    if quick:
        small: list[Source] = [
            one for one in distributions() if one.name in ("gauss16", "gauss128", "classes64")
        ]
        return [Scenario(source, 50, 60, mifid=True) for source in [*small, *images[:1]]]
    made: list[Source] = [*distributions()]
    ends: list[Source] = [*boundary_distributions()]
    found = [
        Scenario(source, n, runs, mifid=source.d <= 64)
        for source in made
        for n, runs in ((50, 200), (100, 200), (300, 80))
    ]
    found += [Scenario(source, 100, 120, mifid=True) for source in ends]
    return found + [Scenario(source, n, 160) for source in images for n in (50, 100)]


def gathered(wanted: Sequence[Scenario], workers: int, seconds: float) -> list[list[Run]]:
    """Runs everything and returns the runs of every scenario.

    Args:
        wanted: What to run.
        workers: Number of processes.
        seconds: Time after which the runs at hand are returned, as they are on Ctrl-C.
    """
    runs: list[list[Run]] = [[] for _ in wanted]
    end = time.perf_counter() + seconds
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("runs", total=sum(one.runs for one in wanted))
        try:
            for scenario, run in run_all(wanted, workers):
                runs[scenario].append(run)
                progress.advance(task)
                if time.perf_counter() > end:
                    break
        except KeyboardInterrupt:
            console.print("stopped: what follows is of the runs so far")
    return runs


def show_source(console: Console, name: str, table: Sequence[Line]) -> None:
    """Prints all metrics of one source."""
    shown = Table(title=f"{name}, d = {table[0].d}", box=None, header_style="bold")
    for column in ("metric", "n", "runs", "mean", "target", "SE/SD", "holds", "below", "above"):
        shown.add_column(column, justify="left" if column == "metric" else "right", no_wrap=True)
    for column in ("no width", "false, paired", "false, unpaired", "power"):
        shown.add_column(column, justify="right")
    for line in sorted(table, key=lambda one: (table_order(table, one.metric), one.n)):
        shown.add_row(
            line.metric,
            str(line.n),
            str(line.runs),
            f"{line.value:.4g}",
            f"{line.target:.4g}{'*' if line.exact else ''}",
            f"{line.se_over_sd:.2f}",
            str(line.holds),
            f"{line.below.value:.2f}",
            f"{line.above.value:.2f}",
            f"{line.no_width.value:.2f}",
            f"{line.false_paired.value:.2f}" if line.false_paired.runs else "",
            f"{line.false_unpaired.value:.2f}" if line.false_unpaired.runs else "",
            f"{line.power.value:.2f}" if line.power.runs else "",
        )
    console.print(shown)
    console.print()


def table_order(table: Sequence[Line], metric: str) -> int:
    """Place of a metric in the order it was measured in."""
    return [line.metric for line in table].index(metric)


def show_pooled(console: Console, table: Sequence[Pooled]) -> None:
    """Prints every metric over all sources."""
    shown = Table(title="All sources together", box=None, header_style="bold")
    for column in ("metric", "n", "sources", "holds", "least", "SE/SD", "false, paired"):
        shown.add_column(column, justify="left" if column == "metric" else "right")
    for column in ("false, unpaired", "power"):
        shown.add_column(column, justify="right")
    for line in table:
        shown.add_row(
            line.metric,
            str(line.n),
            str(line.sources),
            str(line.holds),
            f"{line.worst:.2f} {line.worst_source}",
            f"{line.se_over_sd[0]:.2f} … {line.se_over_sd[1]:.2f}",
            str(line.false_paired),
            str(line.false_unpaired),
            f"{line.power.value:.2f}" if line.power.runs else "",
        )
    console.print(shown)
    console.print(
        "holds: share of 95 % intervals that hold the target, with the 95 % interval of that "
        "share. target: mean over all draws at this n; * known exactly, of infinitely many images. "
        "below, above: the interval lies there. SE/SD: mean standard error over the true one. "
        "false: a difference was called (p < 0.05) between sets of one distribution. power: it was "
        "called between sets of two. Sets of real images are drawn without replacement from 300; "
        "their intervals are narrowed by √(1 - n/300) before they are judged."
    )


def data_folder(given: Path | None) -> Path | None:
    """Returns the folder of real features; None, with a line, where there is none."""
    folder = given or BESIDE
    if (folder / _REFERENCE).is_file():
        return folder
    if given is not None:
        sys.exit(f"--data {given}: holds no {_REFERENCE}")
    print(f"no features of real images: {folder / _REFERENCE} is not there", file=sys.stderr)
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few distributions at one size")
    parser.add_argument("--data", type=Path, help="folder with reference/features-monet-*.npz")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long")
    parser.add_argument("--only", metavar="TEXT", default="", help="sources whose name holds TEXT")
    parser.add_argument("--runs", type=int, help="runs per source and size, instead of the usual")
    options = parser.parse_args(arguments)
    wanted = [
        Scenario(one.source, one.n, options.runs or one.runs, one.mifid)
        for one in scenarios(options.quick, data_folder(options.data))
        if options.only in one.source.name
    ]
    if not wanted:
        sys.exit(f"--only {options.only}: no source has that in its name")
    start = time.perf_counter()
    runs = gathered(wanted, options.workers, options.minutes * 60)
    table = [
        line for one, found in zip(wanted, runs, strict=True) if found for line in lines(one, found)
    ]
    console = Console(width=_WIDTH, highlight=False)
    for name, group in by_source(table).items():
        show_source(console, name, group)
    show_pooled(console, pooled(table))
    done = sum(len(found) for found in runs)
    console.print(
        f"{done} runs in {time.perf_counter() - start:.0f} s, {options.workers} processes"
    )
    if options.json:
        figures = [line.as_json() for line in table]
        options.json.write_text(json.dumps({"lines": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
