"""Runs that diverged: outcomes, counted as the worst value observed, never averaged away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganeval.ablation.judged import Diverged
from ganeval.statistics.proportions import clopper_pearson_bound
from ganeval.statistics.seed_effects import Better

Values = Mapping[int, float | None]
_Numbers = dict[int, float]


def filled(
    variant: Values,
    base: Values,
    others: Sequence[float | None],
    better: Better,
    worst: float | None = None,
) -> tuple[_Numbers, _Numbers] | None:
    """Gives every run that diverged the worst value observed.

    Args:
        variant: Values of one arm by seed; None where the run diverged.
        base: Those of the other.
        others: Further values of the study, among which the worst may be.
        better: Which values are better.
        worst: Worst value of the whole study; None: that of the values given.

    Returns:
        Both arms without gaps; None where no run of any arm has a value.
    """
    seen = [*variant.values(), *base.values(), *others, worst]
    known = [value for value in seen if value is not None]
    if not known:
        return None
    given = max(known) if better == "lower" else min(known)
    return _with(variant, given), _with(base, given)


def paired_without(variant: Values, base: Values, *, paired: bool) -> tuple[_Numbers, _Numbers]:
    """Leaves out runs that diverged, and of pairs the other run too."""
    gone = {seed for arm in (variant, base) for seed, value in arm.items() if value is None}
    one, other = (
        {
            seed: value
            for seed, value in arm.items()
            if value is not None and not (paired and seed in gone)
        }
        for arm in (variant, base)
    )
    return one, other


def diverged_arms(arms: Mapping[str, Values]) -> list[Diverged]:
    """Returns the arms with runs that diverged, with an exact interval of their share.

    Args:
        arms: Values by seed of every arm; None where the run diverged.

    Source: Clopper and Pearson, Biometrika 26 (1934) 404.
    """
    found = []
    for arm, values in arms.items():
        seeds = sorted(seed for seed, value in values.items() if value is None)
        if seeds:
            hits, runs = len(seeds), len(values)
            low = clopper_pearson_bound(hits, runs, 0.025)
            high = 1 - clopper_pearson_bound(runs - hits, runs, 0.025)
            found.append(Diverged(arm, seeds, runs, low, high))
    return found


def _with(values: Values, given: float) -> _Numbers:
    return {seed: given if value is None else value for seed, value in values.items()}
