"""From the values of two arms, one per training seed, to a verdict.

Plain numbers go in, from our trainer, another one, or a table. A verdict of "difference" follows
the test over seeds, adjusted for all comparisons that were declared; intervals only show its size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganeval.ablation.comparing import Design, blank, compare
from ganeval.ablation.divergence import diverged_arms, filled, paired_without
from ganeval.ablation.judged import Judged, Kind, Pairing
from ganeval.ablation.remarks import remarks
from ganeval.ablation.sentences import sentence
from ganeval.errors import InputError
from ganeval.statistics.crossed import Crossed
from ganeval.statistics.intervals import holm
from ganeval.statistics.noise_band import NoiseBand, noise_band
from ganeval.statistics.seed_effects import Better

__all__ = ["Values", "adjust", "judge", "sentence"]

Values = Mapping[int, float | None]
"""The metric by training seed; None where that run diverged."""


def judge(
    variant_values: Values,
    base_values: Values,
    *,
    metric: str,
    better: Better,
    pairing: Pairing = "full",
    family_size: int = 1,
    aa: Sequence[float | None] | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    margin: float | None = None,
    variant: str = "variant",
    against: str = "base",
    label: str | None = None,
    scale: float = 1.0,
    level: float = 0.95,
    worst: float | None = None,
    over_images: Crossed | None = None,
    invalid: str | None = None,
    exploratory: bool = False,
    seed: int = 0,
) -> Judged:
    """Compares two arms on one metric.

    A run that diverged counts as the worst value observed; what comes out without its pair stands
    beside as ``sensitivity``. A seed that only one arm has drops out of a paired comparison.

    Args:
        variant_values: Metric of the changed arm by seed.
        base_values: Metric of the arm it is compared with.
        metric: Name of the metric.
        better: Which of its values are better.
        pairing: What runs of equal seeds share; with "none" the arms are compared unpaired.
        family_size: Comparisons declared in advance, this one among them.
        aa: Values of the base with other seeds; None without such an arm.
        alpha: Level, 0 < alpha <= 0.5.
        power: How often an effect should be found, for plans.
        margin: Largest difference that does not matter, in the unit of the metric; None: equality
            is not asked for.
        variant: Name of the changed arm.
        against: Name of the other.
        label: The metric in sentences, for example "KID x100"; None: its name.
        scale: What sentences multiply values by, for example 100.
        level: Confidence level of intervals.
        worst: Worst value observed in the whole study; None: that of the values given.
        over_images: The same mean difference with its interval over seeds and images.
        invalid: Why nothing can be concluded, if so.
        exploratory: Whether the comparison was not declared in advance.
        seed: Seed of all random draws.

    Returns:
        The comparison; with more than one in the family its verdict stands as if every p were
        multiplied by their number, until `adjust` has seen them all.

    Raises:
        InputError: A value that is not finite, or a level, power, margin or family out of range.
    """
    design = Design(
        metric=metric,
        label=label or metric,
        scale=scale,
        variant=variant,
        against=against,
        better=better,
        pairing=pairing,
        family_size=family_size,
        alpha=alpha,
        power=power,
        margin=margin,
        level=level,
        exploratory=exploratory,
        random_seed=seed,
    )
    _check(design, variant_values, base_values, aa or ())
    noise = _noise(design, base_values, aa)
    values = filled(variant_values, base_values, aa or (), better, worst)
    diverged = diverged_arms({variant: variant_values, against: base_values})
    if values is None:
        reason = invalid or "every run diverged, so there is no worst value to give them"
        return _finished(blank(design, reason, noise, diverged))
    over_images = None if diverged else over_images  # it knows no value for runs that diverged
    judged = compare(design, *values, noise=noise, over_images=over_images, invalid=invalid)
    judged = replace(judged, diverged=diverged)
    if diverged:
        left = paired_without(variant_values, base_values, paired=design.pairing != "none")
        beside = _finished(compare(design, *left, noise=noise, invalid=invalid))
        judged = replace(judged, sensitivity=beside)
    lost = sorted(set(variant_values) ^ set(base_values)) if judged.paired else []
    return _finished(replace(judged, notes=remarks(judged, aa, lost)))


def adjust(comparisons: Sequence[Judged]) -> list[Judged]:
    """Returns the comparisons of a family with adjusted p, verdict and sentence.

    Comparisons that were declared but have no p count as p = 1. Exploratory ones are returned as
    they are. The analyses without diverged runs are adjusted among themselves.

    Args:
        comparisons: All of one family, exploratory ones anywhere among them.

    Raises:
        InputError: Comparisons that state families of different sizes, or more than declared.
    """
    main = _holm(comparisons)
    if all(judged.sensitivity is None for judged in comparisons):
        return main
    beside = _holm([judged.sensitivity or judged for judged in comparisons])
    return [
        _finished(replace(one, sensitivity=other if one.sensitivity else None))
        for one, other in zip(main, beside, strict=True)
    ]


def _holm(comparisons: Sequence[Judged]) -> list[Judged]:
    declared = [i for i, judged in enumerate(comparisons) if not judged.exploratory]
    sizes = {comparisons[i].family_size for i in declared}
    if len(sizes) > 1 or (sizes and len(declared) > max(sizes)):
        raise InputError(
            f"{len(declared)} declared comparisons state families of "
            f"{', '.join(map(str, sorted(sizes)))}: all of one family must be judged with its size"
        )
    missing = [1.0] * (max(sizes, default=0) - len(declared))
    p = holm([_or_one(comparisons[i].p) for i in declared] + missing)
    smallest = holm([_or_one(comparisons[i].smallest_p) for i in declared] + missing)
    adjusted = list(comparisons)
    for place, i in enumerate(declared):
        if comparisons[i].p is not None:
            changed = replace(comparisons[i], p_holm=p[place], smallest_holm=smallest[place])
            adjusted[i] = _finished(changed)
    return adjusted


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _check(design: Design, variant: Values, base: Values, aa: Sequence[float | None]) -> None:
    for name, values in ((design.variant, variant), (design.against, base)):
        for seed, value in values.items():
            if value is not None and not math.isfinite(value):
                raise InputError(
                    f"{design.metric} of arm {name}, seed {seed}, is {value}: a run that diverged "
                    "is given as no value, every other value must be finite"
                )
    if any(value is not None and not math.isfinite(value) for value in aa):
        raise InputError(f"{design.metric} of the A/A arm has a value that is not finite")
    if design.family_size < 1:
        raise InputError(f"a family of {design.family_size} comparisons: wanted 1 or more")
    if not 0 < design.alpha <= 0.5:
        raise InputError(f"alpha is {design.alpha:g}: wanted above 0 and at most 0.5")
    if not design.alpha < design.power < 1:
        raise InputError(f"power is {design.power:g}: wanted above alpha and below 1")
    if design.margin is not None and not 0 < design.margin < math.inf:
        raise InputError(f"the margin of equivalence is {design.margin:g}: wanted above 0")


def _noise(design: Design, base: Values, aa: Sequence[float | None] | None) -> NoiseBand | None:
    one = np.array([value for value in base.values() if value is not None])
    again = np.array([value for value in aa or () if value is not None])
    if not len(one) or not len(again) or len(one) + len(again) < 4:
        return None
    return noise_band(one, again, design.alpha, design.random_seed, design.level)


def _finished(judged: Judged) -> Judged:
    """With the verdict and its sentence."""
    judged = replace(judged, kind=_kind(judged))
    return replace(judged, sentence=sentence(judged))


def _kind(judged: Judged) -> Kind:
    """The first rule that holds."""
    if judged.reason is not None or judged.effect is None:
        return "invalid"
    if judged.p is None or judged.smallest_p is None or judged.smallest_holm is None:
        return "single_run"
    if judged.smallest_holm > judged.alpha:
        return "underpowered"
    family = 1 if judged.exploratory else judged.family_size
    p = judged.p_holm if judged.p_holm is not None else min(1.0, family * judged.p)
    if p <= judged.alpha:
        return "difference"
    if judged.equivalence_p is not None and judged.equivalence_p <= judged.alpha:
        return "equivalent"
    return "undecided"
