"""What many runs tell of an interval and of a test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
from coverage_runs import Run, Scenario
from coverage_sources import Layout

Floats = npt.NDArray[np.float64]

_ALPHA = 0.05
_Z = 1.96


@dataclass(frozen=True)
class Share:
    """How often something happened.

    Attributes:
        hits: Number of runs in which it did.
        runs: Number of runs in which it could.
    """

    hits: int
    runs: int

    @property
    def value(self) -> float:
        """The share; NaN without runs."""
        return self.hits / self.runs if self.runs else math.nan

    @property
    def ends(self) -> tuple[float, float]:
        """The 95 % interval of the share by Wilson's method."""
        if not self.runs:
            return math.nan, math.nan
        p, n, z = self.value, self.runs, _Z
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(centre - half, 0.0), min(centre + half, 1.0)

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.runs + other.runs)

    def __str__(self) -> str:
        if not self.runs:
            return ""
        low, high = self.ends
        return f"{self.value:.2f} [{low:.2f}, {high:.2f}]"


NEVER = Share(0, 0)


@dataclass(frozen=True)
class Line:
    """One metric in one scenario.

    Attributes:
        source: Where sets came from.
        n: Images per set.
        d: Number of features.
        metric: Name of the metric.
        runs: Runs in which it was measured.
        value: Mean value.
        target: What the interval claims to hold: the value of infinitely many images where that
            is what it covers and it is known exactly, else the mean over all draws.
        exact: The target is known exactly.
        se_over_sd: Mean standard error over the true one.
        holds: How often the interval holds the target.
        below: How often it lies below it.
        above: How often it lies above it.
        no_width: How often it has no width.
        false_paired: How often a difference is called between partners of one distribution.
        false_unpaired: The same between sets that share nothing.
        power: How often the difference from a slightly worse distribution is called.
        gap_paired: Mean standard error of the difference over the true one, for partners.
        gap_unpaired: The same for sets that share nothing.
    """

    source: str
    n: int
    d: int
    metric: str
    runs: int
    value: float
    target: float
    exact: bool
    se_over_sd: float
    holds: Share
    below: Share
    above: Share
    no_width: Share
    false_paired: Share
    false_unpaired: Share
    power: Share
    gap_paired: float
    gap_unpaired: float

    def as_json(self) -> dict[str, object]:
        """Returns the line as plain numbers; what is not known is None."""
        plain = asdict(self)
        for name, value in plain.items():
            if isinstance(value, float) and not math.isfinite(value):
                plain[name] = None
        return plain


def lines(scenario: Scenario, runs: Sequence[Run]) -> list[Line]:
    """Returns one line per metric, in the order they were measured."""
    names = dict.fromkeys(name for run in runs for name in run.values)
    return [_line(scenario, runs, name) for name in names]


def _line(scenario: Scenario, runs: Sequence[Run], name: str) -> Line:
    told = [run.values[name] for run in runs if name in run.values]
    values = np.array([one.value for one in told])
    target, exact = float(np.nanmean(values)), name in scenario.source.targets
    if exact:
        target = float(scenario.source.targets[name])
    # Images drawn from few without being put back vary less than those of a distribution.
    finite = math.sqrt(1 - scenario.source.share(scenario.n))
    errors = np.array([one.se for one in told]) * finite
    lows = values - finite * (values - np.array([one.low for one in told]))
    highs = values + finite * (np.array([one.high for one in told]) - values)
    known = np.isfinite(lows)
    tie = 1e-9 * max(abs(target), 1e-12)
    below, above = highs[known] < target - tie, lows[known] > target + tie
    return Line(
        source=scenario.source.name,
        n=scenario.n,
        d=scenario.source.d,
        metric=name,
        runs=len(told),
        value=float(np.nanmean(values)),
        target=target,
        exact=exact,
        se_over_sd=_ratio(errors, values),
        holds=_share(~below & ~above),
        below=_share(below),
        above=_share(above),
        no_width=_share(highs[known] == lows[known]),
        false_paired=_called(runs, name, "paired"),
        false_unpaired=_called(runs, name, "unpaired"),
        power=_called(runs, name, "worse"),
        gap_paired=_gap(runs, name, "paired"),
        gap_unpaired=_gap(runs, name, "unpaired"),
    )


def _called(runs: Sequence[Run], name: str, layout: Layout) -> Share:
    known = [run.p[name] for run in runs if run.layout == layout and name in run.p]
    known = [p for p in known if math.isfinite(p)]
    return Share(sum(p < _ALPHA for p in known), len(known))


def _gap(runs: Sequence[Run], name: str, layout: Layout) -> float:
    some = [run for run in runs if run.layout == layout and name in run.gap]
    widths = np.array([run.width[name] for run in some])
    gaps = np.array([run.gap[name] for run in some])
    known = np.isfinite(widths)
    truth = math.sqrt(float(np.square(gaps[known]).mean())) if known.any() else 0.0  # mean is 0
    return float(widths[known].mean()) / truth if truth > 0 else math.nan


def _share(happened: npt.NDArray[np.bool_]) -> Share:
    return Share(int(happened.sum()), len(happened))


def _ratio(errors: Floats, values: Floats) -> float:
    errors, values = errors[np.isfinite(errors)], values[np.isfinite(values)]
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(errors.mean()) / spread if len(errors) and spread > 0 else math.nan


@dataclass(frozen=True)
class Pooled:
    """One metric at one size over several sources.

    Attributes:
        metric: Name of the metric.
        n: Images per set.
        sources: Number of sources.
        holds: How often the interval holds the target.
        worst: Smallest share of one source.
        worst_source: Its name.
        se_over_sd: Smallest and largest ratio of the standard error to the true one.
        false_paired: How often a difference is called between partners of one distribution.
        false_unpaired: The same between sets that share nothing.
        power: How often a true difference is called.
    """

    metric: str
    n: int
    sources: int
    holds: Share
    worst: float
    worst_source: str
    se_over_sd: tuple[float, float]
    false_paired: Share
    false_unpaired: Share
    power: Share


def pooled(table: Sequence[Line]) -> list[Pooled]:
    """Returns the table by metric and size."""
    order = {name: i for i, name in enumerate(dict.fromkeys(line.metric for line in table))}

    def key(line: Line) -> tuple[int, int]:
        return order[line.metric], line.n

    return [_pooled(list(group)) for _, group in groupby(sorted(table, key=key), key)]


def _pooled(group: Sequence[Line]) -> Pooled:
    told = [line for line in group if line.holds.runs]
    worst = min(told, key=lambda line: line.holds.value, default=None)
    ratios = [line.se_over_sd for line in group if math.isfinite(line.se_over_sd)]
    return Pooled(
        metric=group[0].metric,
        n=group[0].n,
        sources=len(group),
        holds=sum((line.holds for line in group), NEVER),
        worst=worst.holds.value if worst else math.nan,
        worst_source=worst.source if worst else "",
        se_over_sd=(min(ratios, default=math.nan), max(ratios, default=math.nan)),
        false_paired=sum((line.false_paired for line in group), NEVER),
        false_unpaired=sum((line.false_unpaired for line in group), NEVER),
        power=sum((line.power for line in group), NEVER),
    )


def by_source(table: Sequence[Line]) -> Mapping[str, list[Line]]:
    """Returns the lines of every source."""
    found: dict[str, list[Line]] = {}
    for line in table:
        found.setdefault(line.source, []).append(line)
    return found
