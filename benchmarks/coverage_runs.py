"""Draws sets, measures them, and keeps what every run found.

Every run is seeded by its number alone, so results do not depend on the number of processes.
Even runs are paired. The slowest parts are measured in half of the runs: the third fake set in
every other paired run, MIND in two runs of four.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

from coverage_sets import measured_sets
from coverage_sources import Source
from threadpoolctl import threadpool_limits

from ganeval.records import Difference, Estimate, Metric
from ganeval.statistics.streams import generator

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

    def names(self, number: int) -> tuple[str, ...]:
        """Metrics that are measured in a run."""
        names = _BASIC if number % 4 < 2 else tuple(name for name in _BASIC if name != "mind")
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
        paired: Fakes a and b are partners.
        values: Estimate of every metric of fake set a.
        again: Value by metric of the second fake set of the same distribution.
        null: p of "a and the second set differ", by metric.
        power: p of "a and other differ", by metric.
        width: Standard error of the difference of a and the second set, by metric.
        gap: Difference of a and the second set, by metric.
    """

    paired: bool
    values: dict[str, Found]
    again: dict[str, float]
    null: dict[str, float]
    power: dict[str, float]
    width: dict[str, float]
    gap: dict[str, float]


def run_once(scenario: Scenario, number: int) -> Run:
    """Draws the sets of one run and measures them; the number is its seed."""
    paired = number % 2 == 0
    rng = generator(number, f"{scenario.source.name} {scenario.n}")
    real, fakes = scenario.source.draw(scenario.n, "paired" if paired else "unpaired", rng)
    if number % 4 == 2:
        fakes = fakes[:2]
    metrics, differences = measured_sets(real, fakes, scenario.names(number), number)
    second = "b" if paired else "c"
    of_pair = {(one.metric, one.a, one.b): one for one in differences}
    null = {m: one for (m, a, b), one in of_pair.items() if (a, b) == ("a", second)}
    return Run(
        paired=paired,
        values=dict(_estimates(metrics, "a")),
        again={name: found.value for name, found in _estimates(metrics, second)},
        null=_p_values(null),
        power=_p_values({m: o for (m, a, b), o in of_pair.items() if (a, b) == ("a", "other")}),
        width={name: _number(one.estimate.se) for name, one in null.items()},
        gap={name: _number(one.estimate.value) for name, one in null.items()},
    )


def run_all(scenarios: Sequence[Scenario], workers: int) -> Iterator[tuple[int, Run]]:
    """Yields the number of the scenario with each of its runs, as they are done."""
    tasks = [
        (scenario, number)
        for number in range(max(one.runs for one in scenarios))
        for scenario, one in enumerate(scenarios)
        if number < one.runs
    ]
    if workers == 1:
        with threadpool_limits(1):
            yield from ((scenario, run_once(scenarios[scenario], n)) for scenario, n in tasks)
        return
    # A fresh interpreter per worker: forking one whose BLAS has threads may hang.
    with get_context("spawn").Pool(workers, _start, (list(scenarios),)) as pool:
        yield from pool.imap_unordered(_work, tasks, chunksize=4)


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


def _p_values(differences: dict[str, Difference]) -> dict[str, float]:
    return {name: _number(one.p) for name, one in differences.items()}


def _number(value: float | None) -> float:
    return math.nan if value is None else value
