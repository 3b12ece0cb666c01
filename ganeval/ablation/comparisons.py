"""Every comparison of a study: the declared family, and all else beside it as exploratory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.ablation.image_spread import image_spread
from ganeval.ablation.judged import Judged
from ganeval.ablation.judging import adjust, judge
from ganeval.records.ablation import CellMetric
from ganeval.records.comparison import (
    Comparison,
    Direction,
    Interval,
    NoiseArm,
    Pairing,
    SeedDifference,
    Sensitivity,
)
from ganeval.statistics.seed_effects import SeedEffect

SAME: Final = "same"
"""Kind of the arm that is the base under other seeds."""

_SHORTCUT: Final = 0.02


def compare_arms(evidence: Evidence) -> list[Comparison]:
    """Returns the family by the primary metric first, then what is exploratory."""
    primary = evidence.protocol.primary
    family: list[tuple[CellMetric, Judged]] = []
    exploratory: list[tuple[CellMetric, Judged]] = []
    for (name, direction), number in evidence.kinds().items():
        if not number.compare or number.better == "none":
            continue
        declared = [one for one in evidence.declared if one.direction == direction]
        if name == primary:
            size = len(evidence.declared)
            family += [(number, _judge(evidence, number, one, size)) for one in declared]
            declared = _others(evidence, direction, declared) if len(evidence.arms) <= 12 else []
        exploratory += [(number, _judge(evidence, number, one, 0)) for one in declared]
    adjusted = adjust([judged for _, judged in family])
    told = [(number, judged) for (number, _), judged in zip(family, adjusted, strict=True)]
    return [_record(evidence, number, judged) for number, judged in (*told, *exploratory)]


def noise_arms(evidence: Evidence) -> list[NoiseArm]:
    """Returns how much equal arms differ, by every metric, where there is such an arm."""
    same = next((arm.name for arm in evidence.arms if arm.kind == SAME), None)
    if same is None:
        return []
    found = []
    for (name, direction), number in evidence.kinds().items():
        if not number.compare or number.better == "none":
            continue
        band = _judge(evidence, number, Declared(same, evidence.base, direction, "none"), 0).noise
        if band is not None:
            found.append(
                NoiseArm(
                    metric=name,
                    direction=direction,
                    n=band.n,
                    band=band.half_width,
                    sd=band.sd,
                    rejections=band.rejections,
                    sound=band.ok,
                    differs=band.differs,
                )
            )
    return found


def _others(
    evidence: Evidence, direction: Direction, declared: Sequence[Declared]
) -> list[Declared]:
    """Comparisons of the primary metric that were not declared: every arm against the base."""
    known = {(one.variant, one.against) for one in declared}
    pairing = declared[0].pairing if declared else "full"
    return [
        Declared(arm.name, evidence.base, direction, pairing)
        for arm in evidence.arms
        if arm.name != evidence.base
        and arm.kind not in (SAME, "floor")
        and (arm.name, evidence.base) not in known
        and evidence.values(arm.name, evidence.protocol.primary, direction)
    ]


def _judge(evidence: Evidence, number: CellMetric, one: Declared, family: int) -> Judged:
    """Judges a comparison; a family of 0 makes it exploratory."""
    name, direction = number.name, one.direction
    variant = evidence.values(one.variant, name, direction)
    base = evidence.values(one.against, name, direction)
    same = next((arm.name for arm in evidence.arms if arm.kind == SAME), None)
    again = None
    if same is not None and one.against == evidence.base:
        again = list(evidence.values(same, name, direction).values())
    seeds = _matched(variant, base, one.pairing)
    complete = [(a, b) for a, b in seeds if variant[a] is not None and base[b] is not None]
    protocol = evidence.protocol
    invalid = _invalid(evidence, one)
    over_images = None
    if complete and one.pairing != "none" and invalid is None:
        over_images = image_spread(evidence, name, one.variant, one.against, direction, complete)
    return judge(
        _by_number(variant, one.pairing),
        _by_number(base, one.pairing),
        metric=name,
        better="lower" if number.better == "lower" else "higher",
        pairing=_tested_as(one.pairing),
        family_size=max(1, family),
        aa=again,
        alpha=protocol.alpha,
        power=protocol.power,
        margin=protocol.margin if name == protocol.primary else None,
        variant=one.variant,
        against=one.against,
        label=f"{number.display} {number.unit}".strip(),
        worst=_worst(evidence, number, direction),
        over_images=over_images,
        invalid=invalid,
        exploratory=family == 0,
        seed=protocol.seed,
    )


def _tested_as(pairing: Pairing) -> Literal["full", "data", "none"]:
    return "full" if pairing == "images" else pairing


def _matched(
    variant: Mapping[int | None, float | None],
    base: Mapping[int | None, float | None],
    pairing: Pairing,
) -> list[tuple[int | None, int | None]]:
    """Seeds that belong together; of single runs the only ones there are."""
    if pairing == "images" and len(variant) == len(base) == 1:
        return [(next(iter(variant)), next(iter(base)))]
    return [(seed, seed) for seed in variant if seed in base]


def _by_number(
    values: Mapping[int | None, float | None], pairing: Pairing
) -> dict[int, float | None]:
    """Values by seed; single runs, whose seeds say nothing or are unknown, have the number 0."""
    if pairing == "images" and len(values) == 1:
        return {0: next(iter(values.values()))}
    return {0 if seed is None else seed: value for seed, value in values.items()}


def _worst(evidence: Evidence, number: CellMetric, direction: Direction) -> float | None:
    """The worst value of a metric in the study, which diverged runs get."""
    known = [
        value
        for arm in evidence.arms
        if arm.kind != "floor"
        for value in evidence.values(arm.name, number.name, direction).values()
        if value is not None
    ]
    return (max if number.better == "lower" else min)(known, default=None)


def _invalid(evidence: Evidence, one: Declared) -> str | None:
    """Why two arms must not be compared at all."""
    found = {
        arm: [result for (name, _), result in evidence.results.items() if name == arm]
        for arm in (one.variant, one.against)
    }
    counts = {
        arm: {result.fakes.get(one.direction) for result in results}
        for arm, results in found.items()
    }
    if len(set.union(*counts.values()) - {None}) > 1:
        return (
            f"{one.variant} and {one.against} were evaluated on different numbers of images "
            f"({sorted(counts[one.variant], key=str)}, {sorted(counts[one.against], key=str)})"
        )
    protocols = {result.protocol_id for results in found.values() for result in results}
    if len(protocols) > 1:
        return f"{one.variant} and {one.against} were evaluated under different protocols"
    excluded = [arm.excluded for arm in evidence.arms if arm.name == one.variant and arm.excluded]
    if excluded:
        return excluded[0]
    shortcut = [arm for arm, results in found.items() if any(map(_by_files, _tested(results, one)))]
    ways = [{result.format_differs for result in results} for results in found.values()]
    # Files that differ from the reals' in the same way favour neither of two arms.
    if shortcut and ways[0] != ways[1]:
        return (
            f"format, not content: the files of {' and '.join(shortcut)} alone tell fakes from "
            "reals as well as the classifier does"
        )
    return None


def _tested(results: Sequence[CellResult], one: Declared) -> list[tuple[float, float]]:
    """AUC of the classifier and of the files alone, of cells whose formats differ."""
    pairs = []
    for result in results:
        pixels = result.metric("c2st", one.direction)
        files = result.metric("c2st_files", one.direction)
        if not (result.format_differs and pixels and files):
            continue
        if pixels.estimate.value is not None and files.estimate.value is not None:
            pairs.append((pixels.estimate.value, files.estimate.value))
    return pairs


def _by_files(aucs: tuple[float, float]) -> bool:
    pixels, files = aucs
    return pixels > 0.6 and files >= pixels - _SHORTCUT


def _record(evidence: Evidence, number: CellMetric, judged: Judged) -> Comparison:
    direction = number.direction
    pairing = next(
        (
            one.pairing
            for one in evidence.declared
            if (one.variant, one.against, one.direction)
            == (judged.variant, judged.against, direction)
        ),
        judged.pairing,
    )
    effect = judged.effect
    imputed = {seed for arm in judged.diverged for seed in arm.seeds}
    return Comparison(
        metric=judged.metric,
        display=number.display,
        unit=number.unit,
        better=number.better,
        variant=judged.variant,
        against=judged.against,
        direction=direction,
        pairing=pairing,
        n=_images(evidence, judged.variant, direction) if pairing == "images" else judged.n,
        differences=[
            SeedDifference(seed=seed, value=value, imputed=seed in imputed)
            for seed, value in zip(judged.seeds, judged.diffs, strict=True)
        ],
        base_mean=_mean(evidence, judged.against, number, judged),
        variant_mean=_mean(evidence, judged.variant, number, judged),
        mean=judged.mean,
        sd=judged.sd,
        effect_size=_finite(judged.dz),
        improvement=judged.poi,
        p=judged.p,
        smallest_p=judged.smallest_p,
        p_holm=judged.p_holm,
        family=0 if judged.exploratory else judged.family_size,
        test=_test(judged),
        intervals=_intervals(judged, effect),
        band=judged.noise.half_width if judged.noise else None,
        detectable=_finite(judged.mde),
        needed_seeds=judged.needed_seeds,
        pairing_gain=judged.pairing_gain,
        kind=judged.kind,
        sentence=judged.sentence,
        primary=judged.metric == evidence.protocol.primary,
        exploratory=judged.exploratory,
        sensitivity=_sensitivity(judged),
        notes=judged.notes,
    )


def _mean(evidence: Evidence, arm: str, number: CellMetric, judged: Judged) -> float | None:
    """The mean behind the difference: of the seeds compared, a diverged run at the worst value."""
    values = evidence.values(arm, number.name, number.direction)
    shared = set(judged.seeds) & set(values) if judged.paired else set()
    worst = _worst(evidence, number, number.direction)
    found = [
        worst if value is None else value
        for seed, value in values.items()
        if not shared or seed in shared
    ]
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if known else None


def _images(evidence: Evidence, arm: str, direction: Direction) -> int:
    """Images behind a comparison of single runs."""
    counts = (r.fakes.get(direction, 1) for (name, _), r in evidence.results.items() if name == arm)
    return max(counts, default=1)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _test(judged: Judged) -> str:
    if judged.p is None:
        return ""
    if judged.paired:
        return "sign flips of the differences, two-sided"
    return "permuted labels of the runs, two-sided"


def _intervals(judged: Judged, effect: SeedEffect | None) -> list[Interval]:
    known = [one for one in (judged.interval, judged.seed_interval, judged.bootstrap) if one]
    found = []
    for one in known:
        shown = Interval(low=one.low, high=one.high, method=one.kind, population=one.population)
        if shown not in found:
            found.append(shown)
    if effect is not None and effect.range is not None:
        low, high = effect.range
        found.append(
            Interval(low=low, high=high, level=1.0, method="range", population="these seeds")
        )
    return found


def _sensitivity(judged: Judged) -> list[Sensitivity]:
    other = judged.sensitivity
    if other is None:
        return []
    return [
        Sensitivity(
            name="pairs with a diverged run left out",
            mean=other.mean,
            p=other.p,
            kind=other.kind,
            sentence=other.sentence,
            flips=other.kind != judged.kind,
        )
    ]
