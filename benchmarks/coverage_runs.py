"""Draws sets, measures them, and keeps what every run found.

Every run is seeded by its number alone, so results do not depend on the number of processes. Of
four runs two are unpaired, one is paired, and in one the second fake set is worse.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

from coverage_sets import measured_sets
from coverage_sources import Layout, Source
from threadpoolctl import threadpool_limits

from ganeval.records import Estimate, Metric
from ganeval.statistics.streams import generator

_LAYOUTS: tuple[Layout, ...] = ("paired", "unpaired", "worse", "unpaired")
_BASIC = ("fid", "kid", "prdc", "memorisation", "authenticity", "cmmd", "mind")


@dataclass(frozen=True)
class Scenario:
    """A source, a size, and how often it is drawn.

    Args:
        source: Where sets come from.
        n: Images per set.
        runs: Number of runs.
        mifid: Measure MiFID too, which costs a second Fréchet distance.
    """

    source: Source
    n: int
    runs: int
    mifid: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Metrics that are measured."""
        names = _BASIC
        if self.mifid:
            names = (*(name for name in names if name != "memorisation"), "mifid")
        if self.source.has_logits:
            names += ("is",)
        if self.n >= max(2 * self.source.d, 20):
            names += ("fid_infinity",)
        return names


@dataclass(frozen=True)
class Found:
    """An estimate; numbers are NaN where there are none."""

    value: float
    se: float
    low: float
    high: float


@dataclass(frozen=True)
class Run:
    """What one run found.

    Attributes:
        layout: How the two fake sets belong together.
        values: Estimate of every metric of fake set a; empty where a is not what is judged.
        p: p of "a and b differ", by metric.
        width: Standard error of the difference of a and b, by metric.
        gap: Difference of a and b, by metric.
    """

    layout: Layout
    values: dict[str, Found]
    p: dict[str, float]
    width: dict[str, float]
    gap: dict[str, float]


def run_once(scenario: Scenario, number: int) -> Run:
    """Draws the sets of one run and measures them; the number is its seed."""
    layout = _LAYOUTS[number % len(_LAYOUTS)]
    source = scenario.source
    rng = generator(number, f"{source.name} {scenario.n}")
    real, fakes = source.draw(scenario.n, layout, rng)
    metrics, differences = measured_sets(real, fakes, scenario.names, number)
    return Run(
        layout=layout,
        values=dict(_estimates(metrics, "a")) if source.judges(layout) else {},
        p={one.metric: _number(one.p) for one in differences},
        width={one.metric: _number(one.estimate.se) for one in differences},
        gap={one.metric: _number(one.estimate.value) for one in differences},
    )


def run_all(scenarios: Sequence[Scenario], workers: int) -> Iterator[tuple[int, Run]]:
    """Yields the number of the scenario with each of its runs, as they are done."""
    tasks = [(i, n) for i, one in enumerate(scenarios) for n in range(one.runs)]
    # All scenarios move on together, so that stopping early leaves the same share of each.
    tasks.sort(key=lambda task: (task[1] + 1) / scenarios[task[0]].runs)
    if workers == 1:
        with threadpool_limits(1):
            yield from ((scenario, run_once(scenarios[scenario], n)) for scenario, n in tasks)
        return
    # A fresh interpreter per worker: forking one whose BLAS has threads may hang.
    with get_context("spawn").Pool(workers, _start, (list(scenarios),)) as pool:
        yield from pool.imap_unordered(_work, tasks)


_SCENARIOS: list[Scenario] = []


def _start(scenarios: list[Scenario]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the pool
    _SCENARIOS[:] = scenarios
    threadpool_limits(1)


def _work(task: tuple[int, int]) -> tuple[int, Run]:
    scenario, number = task
    return scenario, run_once(_SCENARIOS[scenario], number)


def _estimates(metrics: Sequence[Metric], fake: str) -> Iterator[tuple[str, Found]]:
    for metric in metrics:
        if metric.fake == fake:
            yield metric.name, _found(metric.estimate)
            if metric.floor is not None and metric.name == "fid":
                yield "excess", _found(metric.floor.excess)


def _found(estimate: Estimate) -> Found:
    numbers = (estimate.value, estimate.se, estimate.low, estimate.high)
    return Found(*(_number(one) for one in numbers))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
