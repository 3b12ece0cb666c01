"""From tables of numbers to panels, and what a user should know about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ganeval.records import (
    Effect,
    Estimate,
    Kappa,
    Level,
    McNemar,
    MethodTrust,
    Notice,
    Shares,
)
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.opening import PairedSets
from ganeval.saliency.panel_tables import Looked, ScoreTable
from ganeval.saliency.panels import panels
from ganeval.saliency.scores import Scores
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.tables import MethodTable
from ganeval.saliency.targets import Targets
from ganeval.statistics.groups import Codes, group_codes, group_count
from ganeval.statistics.resampling import redraw_counts
from ganeval.statistics.streams import generator

_LEVEL = 0.95
_DRAWS = 2000


@dataclass(frozen=True)
class Judged:
    """The panels of a record.

    Args:
        verdict: What changed and what did not, in one sentence.
        rms: Mean change of a pair; None: one set alone.
        shares: How often the classifier kept its answer, and was right.
        mcnemar: Right answers before and after.
        effects: Paired differences, the Holm family.
        levels: Mean similarities.
        kappas: Similarities on the scale from other images to the least change.
        trust: Per method.
        notices: What bears on the verdict.
    """

    verdict: str
    rms: Estimate | None
    shares: list[Shares] = field(default_factory=list)
    mcnemar: McNemar | None = None
    effects: list[Effect] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    kappas: list[Kappa] = field(default_factory=list)
    trust: list[MethodTrust] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def judge(
    *,
    scores: Mapping[str, Scores],
    tables: Mapping[str, MethodTable],
    methods: Sequence[Method],
    paired: PairedSets,
    targets: Targets,
    rms: npt.NDArray[np.float64] | None,
    masked: bool,
    settings: SaliencySettings,
) -> Judged:
    """Computes the panels.

    Args:
        scores: What the classifier says, by condition.
        tables: The maps in numbers, by method.
        methods: In the order in which they are shown.
        paired: Groups of the pairs.
        targets: Rule and classes.
        rms: Change of every pair, white = 1; None: one set alone.
        masked: Where the object lies is known.
        settings: Seed and level.
    """
    codes = group_codes(paired.groups, len(paired))
    labels = targets.before if targets.rule.startswith("label:") else None
    found = panels(
        ScoreTable(
            logit={name: one.logit for name, one in scores.items()},
            probability={name: one.probability for name, one in scores.items()},
            top={name: one.top for name, one in scores.items()},
            labels=labels,
            by_before=targets.rule == "before",
        ),
        {one.name: _looked(tables[one.name]) for one in methods},
        codes,
        {one.name: one.title for one in methods},
        seed=settings.seed,
        alpha=settings.alpha,
        masked=masked,
    )
    return Judged(
        verdict=found.verdict,
        rms=None if rms is None else _mean(rms, codes, settings.seed),
        shares=found.shares,
        mcnemar=found.mcnemar,
        effects=found.effects,
        levels=found.levels,
        kappas=found.kappas,
        trust=found.trust,
        notices=list(_notices(found.trust, methods, settings, group_count(codes))),
    )


def _looked(table: MethodTable) -> Looked:
    guided, total = table.params.get("guided"), table.params.get("nonlinearities")
    return Looked(
        values=table.values,
        similarity=table.similarity,
        flip=table.flip,
        path_error=table.numbers.get("relative_error"),
        guided=None if guided is None else int(guided),
        nonlinearities=None if total is None else int(total),
        faithful=table.faithful,
        flags=table.flags,
    )


def _mean(values: npt.NDArray[np.float64], codes: Codes, seed: int) -> Estimate:
    """The mean of the groups' means, with a bootstrap over groups."""
    count = group_count(codes)
    means = np.bincount(codes, weights=values) / np.bincount(codes)
    n = {"pairs": len(values), "groups": count}
    value = float(means.mean())
    if count < 2:
        return Estimate(value=value, n=n, unit="white = 1", reason="one group has no spread")
    drawn = redraw_counts(np.zeros(count, np.int64), _DRAWS, generator(seed, "saliency rms"))
    replicates = drawn @ means / count
    low, high = np.quantile(replicates, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(
        value=value,
        se=float(replicates.std(ddof=1)),
        low=float(low),
        high=float(high),
        level=_LEVEL,
        n=n,
        unit="white = 1",
        method=f"mean over groups; percentile bootstrap over groups, {_DRAWS:,} draws",
        covers="the mean change of a pair",
    )


def _notices(
    trust: Sequence[MethodTrust],
    methods: Sequence[Method],
    settings: SaliencySettings,
    groups: int,
) -> list[Notice]:
    titles = {one.name: one.title for one in methods}
    told = []
    for one in trust:
        if one.trusted is False:
            text = f"{titles[one.method]} fails the checks of trust: {one.reason}."
            told.append(Notice(code="untrusted", text=text, data={"method": one.method}))
    if groups < 6:
        text = (
            f"{groups} independent pairs: no test is made below 6, where the smallest p there can "
            "be is above .05."
        )
        told.append(Notice(code="few_pairs", text=text, data={"groups": groups}))
    if not {"null", "ceiling"} <= set(settings.controls):
        text = (
            "Without the controls null and ceiling no similarity can be read: what unrelated "
            "images and the least change give is not known."
        )
        told.append(Notice(code="not_calibrated", text=text))
    return told
