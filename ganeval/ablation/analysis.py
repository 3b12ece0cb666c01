"""From the results of all cells to the record: means, comparisons, verdict, and what is behind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from ganeval.ablation.anchors import anchors_for
from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.comparisons import compare_arms, noise_arms
from ganeval.ablation.evidence import Evidence
from ganeval.ablation.galleries import input_rows
from ganeval.ablation.remarks_of_study import changing, warnings_of
from ganeval.environment import environment
from ganeval.errors import ConditionError
from ganeval.records.ablation import (
    AblationRecord,
    Anchor,
    ArmInfo,
    ArmMetric,
    CellInfo,
    CellMetric,
    Protocol,
)
from ganeval.records.comparison import Comparison, VerdictKind
from ganeval.records.features import FeatureSpec, InputInfo, WeightsInfo
from ganeval.records.model import Estimate
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.proportions import clopper_pearson_bound

# What a study as a whole is said to have found: the first of these that a comparison has.
_GRAVEST: Final[tuple[VerdictKind, ...]] = (
    "invalid",
    "difference",
    "equivalent",
    "undecided",
    "underpowered",
    "single_run",
)

_COUNTED: Final[dict[VerdictKind, str]] = {
    "equivalent": "equal within the margin",
    "undecided": "undecided",
    "underpowered": "underpowered by design",
    "single_run": "of one training run per arm",
}


def analyse(
    evidence: Evidence, *, argv: Sequence[str] = (), began: float | None = None
) -> AblationRecord:
    """Judges a study.

    Args:
        evidence: All of it.
        argv: The command line, for the record.
        began: `time.perf_counter` when the work began; None: now.

    Raises:
        ConditionError: No cell is evaluated.
    """
    clock = time.perf_counter() if began is None else began
    started = datetime.now(UTC).isoformat(timespec="seconds")
    if not evidence.results:
        raise ConditionError(
            f"{evidence.name}: no cell is evaluated yet",
            hint="`ganeval ablate status DIR` shows the state of every cell.",
        )
    comparisons = compare_arms(evidence)
    noise = noise_arms(evidence)
    results = list(evidence.results.values())
    family = [one for one in comparisons if not one.exploratory]
    return AblationRecord(
        argv=list(argv),
        started=started,
        seconds=time.perf_counter() - clock,
        verdict=_verdict(family),
        verdict_name=_verdict_name(family),
        name=evidence.name,
        study=evidence.study,
        trainer=evidence.trainer,
        base=evidence.base,
        seeds=list(evidence.seeds),
        protocol=_protocol(evidence, results),
        inputs=_reals(results),
        arms=[_with_failures(arm, evidence.cells) for arm in evidence.arms],
        cells=list(evidence.cells),
        metrics=evidence.numbers(),
        means=_means(evidence),
        comparisons=comparisons,
        noise=noise,
        curves=[*evidence.curves, *(curve for result in results for curve in result.curves)],
        rows=input_rows(evidence),
        histograms=[one for result in results for one in result.histograms],
        anchors=_anchors(evidence, results),
        amendments=list(evidence.amendments),
        changing=changing(evidence, family, noise),
        commands=list(evidence.commands),
        warnings=warnings_of(evidence, family, noise),
        environment=environment(),
    )


def _verdict(family: Sequence[Comparison]) -> str:
    if not family:
        return "No comparison was declared, or none of its arms is evaluated."
    if len(family) <= 3:
        return " ".join(one.sentence for one in family)
    told = [one for one in family if one.kind in ("invalid", "difference")] or [family[0]]
    rest = Counter(one.kind for one in family if one not in told)
    counted = [f"{count} {_COUNTED[kind]}" for kind, count in rest.items()]
    further = [f"Further comparisons: {', '.join(counted)}."] if counted else []
    return " ".join([*(one.sentence for one in told), *further])


def _verdict_name(family: Sequence[Comparison]) -> VerdictKind:
    kinds = {one.kind for one in family}
    return next((kind for kind in _GRAVEST if kind in kinds), "invalid")


def _protocol(evidence: Evidence, results: Sequence[CellResult]) -> Protocol:
    settings = evidence.protocol
    specs: list[FeatureSpec] = []
    weights: list[WeightsInfo] = []
    absent: dict[str, str] = {}
    for result in results:
        specs += [one for one in result.specs if one not in specs]
        weights += [one for one in result.weights if one not in weights]
        absent |= result.absent
    reals = [info.n or 0 for info in _reals(results)]
    return Protocol(
        id=settings.id,
        primary=settings.primary,
        directions=list(settings.directions),
        checkpoint=settings.checkpoint,
        split=settings.split,
        suite=list(settings.suite),
        absent=absent,
        features=specs,
        weights=weights,
        real=max(reals, default=0),
        stems=max((max(result.fakes.values(), default=0) for result in results), default=0),
        alpha=settings.alpha,
        power=settings.power,
        margin=settings.margin,
        budget=evidence.budget,
    )


def _reals(results: Sequence[CellResult]) -> list[InputInfo]:
    """The real sets, one per direction, and the inputs that were translated."""
    found: dict[tuple[str, str], InputInfo] = {}
    for direction, sets in results[0].inputs.items():
        for name in ("real", "source"):
            if name in sets:
                label = f"{name} {direction}" if len(results[0].inputs) > 1 else name
                found[direction, name] = sets[name].model_copy(update={"label": label})
    return list(found.values())


def _with_failures(arm: ArmInfo, cells: Sequence[CellInfo]) -> ArmInfo:
    """With the share of diverged runs, where any did."""
    ended = [cell for cell in cells if cell.arm == arm.name and cell.state in _ENDED]
    diverged = sum(cell.state == "diverged" for cell in ended)
    if not diverged:
        return arm
    runs = len(ended)
    failures = Estimate(
        value=diverged / runs,
        low=clopper_pearson_bound(diverged, runs, 0.025),
        high=1 - clopper_pearson_bound(runs - diverged, runs, 0.025),
        n={"runs": runs},
        method="Clopper-Pearson",
        covers="the share of runs that diverge",
    )
    return arm.model_copy(update={"failures": failures})


_ENDED: Final = ("evaluated", "trained", "diverged")


def _means(evidence: Evidence) -> list[ArmMetric]:
    """Every metric of every arm over its seeds."""
    grouped: dict[tuple[str, str, str], list[CellMetric]] = {}
    for number in evidence.numbers():
        if number.estimate.value is not None:
            grouped.setdefault((number.arm, number.direction, number.name), []).append(number)
    diverged = Counter(cell.arm for cell in evidence.cells if cell.state == "diverged")
    return [_mean(numbers, diverged[numbers[0].arm]) for numbers in grouped.values()]


def _mean(numbers: Sequence[CellMetric], diverged: int) -> ArmMetric:
    """Over the runs that have a value; how many diverged is said where the mean is."""
    first = numbers[0]
    values = np.array([one.estimate.value for one in numbers], np.float64)
    n = len(values)
    if n == 1:
        estimate = first.estimate
    elif n == 2:
        estimate = Estimate(
            value=float(values.mean()),
            n={"seeds": n},
            unit=first.unit,
            method="mean over seeds",
            reason="two seeds give no interval",
        )
    else:
        se = float(values.std(ddof=1) / np.sqrt(n))
        low, high = t_interval(float(values.mean()), se, n - 1)
        estimate = Estimate(
            value=float(values.mean()),
            se=se,
            low=low,
            high=high,
            n={"seeds": n},
            unit=first.unit,
            method="mean over seeds, t interval: assumes roughly normal values",
            covers="the mean over training seeds, these test images",
        )
    if diverged:
        spared = f"runs that did not diverge ({n} of {n + diverged})"
        estimate = estimate.model_copy(update={"covers": f"{spared}: {estimate.covers or 'mean'}"})
    return ArmMetric(
        arm=first.arm,
        direction=first.direction,
        name=first.name,
        mean=estimate,
        sd=float(values.std(ddof=1)) if n > 1 else None,
    )


def _anchors(evidence: Evidence, results: Sequence[CellResult]) -> list[Anchor]:
    """Published numbers of the task, held against what is known of ours."""
    if not evidence.task:
        return []
    spec = results[0].specs[0] if results[0].specs else None
    ours = {
        "direction": evidence.protocol.directions[0],
        "reference_split": evidence.protocol.split,
        "n_fake": str(max(results[0].fakes.values(), default=0)),
        "n_real": str(max((info.n or 0 for info in _reals(results)), default=0)),
        "extractor": spec.extractor if spec else "",
        "resize": spec.resize if spec else "",
        "checkpoint_rule": evidence.protocol.checkpoint if evidence.study else "",
    }
    return anchors_for(evidence.task, ours)
