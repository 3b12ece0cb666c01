"""The four panels of a comparison: score, structure, similarity and trust, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganeval.records.saliency import Effect, Kappa, Level, McNemar, MethodTrust, Shares
from ganeval.saliency.headline import verdict
from ganeval.saliency.paired import Unit, corrected
from ganeval.saliency.panel_tables import Looked, ScoreTable
from ganeval.saliency.score_panel import mcnemar, score_effects, shares, size_effects
from ganeval.saliency.similarity_panel import kappas, levels, similarity_effects
from ganeval.saliency.structure_panel import structure_effects
from ganeval.saliency.trust import method_trust
from ganeval.statistics.groups import Codes

__all__ = ["Looked", "Panels", "ScoreTable", "panels"]


@dataclass(frozen=True)
class Panels:
    """What the panels show; without a comparison there are no effects and no kappas.

    Args:
        effects: Paired differences, the Holm family.
        levels: Mean similarities.
        kappas: Similarities on the scale from unrelated images to the least change.
        trust: Per method.
        shares: How often the classifier kept its answer, and was right.
        mcnemar: Of right answers before and after; None without labels, or where the target is
            the top class before.
        verdict: What changed and what did not, in one sentence.
    """

    effects: list[Effect]
    levels: list[Level]
    kappas: list[Kappa]
    trust: list[MethodTrust]
    shares: list[Shares]
    mcnemar: McNemar | None
    verdict: str


def panels(
    scores: ScoreTable,
    methods: Mapping[str, Looked],
    codes: Codes,
    names: Mapping[str, str],
    *,
    seed: int,
    alpha: float = 0.05,
    masked: bool = False,
) -> Panels:
    """Computes all panels.

    Args:
        scores: Of ``n`` pairs, or of ``n`` images of one set alone.
        methods: The maps in numbers, by method.
        codes: int64 ``[n]``, the group of every pair; groups are the units of all tests.
        names: Method to how a reader knows it; a method that is not there keeps its own name.
        seed: Random seed of the run.
        alpha: Level of the tests.
        masked: Where the object lies is known.
    """
    unit = Unit(codes, seed, alpha)
    titles = {name: names.get(name, name) for name in methods}
    judged = [method_trust(name, one, unit) for name, one in methods.items()]
    found: list[Effect] = []
    likeness: list[Kappa] = []
    if scores.compared:
        tests = score_effects(scores, unit)
        for name, one in methods.items():
            tests += size_effects(name, one, unit)
            tests += structure_effects(name, one, unit, masked=masked)
            tests += similarity_effects(name, one, unit)
        found = corrected(tests, alpha)
        likeness = [kappa for name, one in methods.items() for kappa in kappas(name, one, unit)]
    return Panels(
        effects=found,
        levels=[level for name, one in methods.items() for level in levels(name, one, unit)],
        kappas=likeness,
        trust=judged,
        shares=shares(scores, unit),
        mcnemar=mcnemar(scores, unit),
        verdict=verdict(
            found, likeness, judged, titles, units=unit.count, compared=scores.compared
        ),
    )
