"""The numbers of one comparison: effect, test, intervals, plans; the verdict comes later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganeval.ablation.judged import Diverged, Interval, Judged, Pairing
from ganeval.statistics.crossed import Crossed
from ganeval.statistics.detectable import SeedTest, minimal_detectable
from ganeval.statistics.noise_band import NoiseBand
from ganeval.statistics.seed_effects import (
    FEWEST_FOR_BOOTSTRAP,
    Better,
    bca_interval,
    equivalence_p,
    paired_effect,
    unpaired_effect,
    welch,
)
from ganeval.statistics.sign_flips import label_permutation_test, seeds_needed, sign_flip_test

Floats = npt.NDArray[np.float64]

OVER_SEEDS = "over training seeds, these test images"


@dataclass(frozen=True)
class Design:
    """What was fixed before any value was seen, and the names to speak of it with."""

    metric: str
    label: str
    scale: float
    variant: str
    against: str
    better: Better
    pairing: Pairing
    family_size: int
    alpha: float
    power: float
    margin: float | None
    level: float
    exploratory: bool
    random_seed: int

    @property
    def family(self) -> int:
        """Comparisons to adjust for; an exploratory one stands alone."""
        return 1 if self.exploratory else self.family_size


def compare(
    design: Design,
    variant: Mapping[int, float],
    base: Mapping[int, float],
    *,
    noise: NoiseBand | None,
    over_images: Crossed | None = None,
    invalid: str | None = None,
) -> Judged:
    """Compares two arms whose runs all have a value.

    Args:
        design: What was fixed in advance.
        variant: Values of the changed arm by seed.
        base: Values of the other.
        noise: The A/A band, if there is one.
        over_images: The mean difference with its interval over seeds and images.
        invalid: Why nothing can be concluded, if so.

    Returns:
        The numbers; verdict, sentence and notes are not made yet.
    """
    paired = design.pairing != "none"
    seeds = sorted(set(variant) & set(base))
    if not (seeds if paired else variant and base):
        return blank(design, invalid or _nothing_to_compare(design), noise, [])
    one = np.array([variant[s] for s in seeds] if paired else list(variant.values()))
    other = np.array([base[s] for s in seeds] if paired else list(base.values()))
    d = one - other if paired else np.empty(0)
    if paired:
        effect = paired_effect(d, design.level, better=design.better)
    else:
        effect = unpaired_effect(one, other, design.level, better=design.better)
    judged = replace(
        blank(design, invalid, noise, []),
        seeds=seeds if paired else [],
        diffs=d.tolist(),
        n=len(one),
        n_base=len(other),
        effect=effect,
        poi=effect.improvement_probability,
        pairing_gain=_pairing_gain(d, one, other) if paired else None,
        bootstrap=_bootstrap(design, d) if len(d) >= FEWEST_FOR_BOOTSTRAP else None,
    )
    judged = _with_intervals(judged, over_images)
    if max(len(one), len(other)) > 1:
        judged = _planned(design, _tested(design, judged, one, other))
    return judged


def _nothing_to_compare(design: Design) -> str:
    if design.pairing == "none":
        return f"{design.variant} or {design.against} has no run with a value"
    return f"no seed was run to its end in both {design.variant} and {design.against}"


def _tested(design: Design, judged: Judged, one: Floats, other: Floats) -> Judged:
    """With p, the smallest p, and the test of equivalence."""
    if judged.paired:
        flips = sign_flip_test(one - other, seed=design.random_seed)
        p, smallest = flips.p, flips.smallest_p
    else:
        dealt = label_permutation_test(one, other, seed=design.random_seed)
        p, smallest = dealt.p, dealt.smallest_p
    equal = None
    if design.margin is not None and judged.effect and judged.effect.sd is not None:
        se, df = judged.effect.sd / math.sqrt(len(one)), float(len(one) - 1)
        if not judged.paired:
            variances = float(one.var(ddof=1)), float(other.var(ddof=1))
            se, df = welch(variances, (len(one), len(other)))
        equal = equivalence_p(judged.effect.mean, se, df, design.margin)
    return replace(
        judged,
        p=p,
        smallest_p=smallest,
        smallest_holm=min(1.0, design.family * smallest),
        equivalence_p=equal,
    )


def _planned(design: Design, judged: Judged) -> Judged:
    """With the effects that this design and one with enough seeds can find."""
    needed = seeds_needed(design.family, design.alpha, judged.paired)
    sd = judged.noise.sd if judged.noise else judged.sd
    if not sd:
        return replace(judged, needed_seeds=needed)

    def visible(n: int) -> float:
        test: SeedTest = "sign flips" if judged.paired else "permuted labels"
        if n < 2:
            return math.inf
        return sd * minimal_detectable(n, design.alpha / design.family, design.power, test)

    return replace(
        judged,
        sd_planning=sd,
        mde=visible(min(judged.n, judged.n_base)),
        needed_seeds=needed,
        mde_at_needed=visible(needed),
    )


def _with_intervals(judged: Judged, over_images: Crossed | None) -> Judged:
    effect = judged.effect
    over_seeds = None
    if effect and effect.low is not None and effect.high is not None:
        over_seeds = Interval(effect.low, effect.high, effect.method, OVER_SEEDS)
    shown = over_seeds
    if over_images is not None:
        shown = Interval(
            over_images.low, over_images.high, over_images.method, over_images.population
        )
    return replace(judged, interval=shown, seed_interval=over_seeds)


def _bootstrap(design: Design, d: Floats) -> Interval:
    low, high = bca_interval(d, design.level)
    return Interval(low, high, "BCa bootstrap over seeds", OVER_SEEDS)


def _pairing_gain(d: Floats, one: Floats, other: Floats) -> float | None:
    """By how much pairs vary less than independent runs would."""
    if len(d) < 2:
        return None
    apart = float(one.var(ddof=1) + other.var(ddof=1))
    return 1 - float(d.var(ddof=1)) / apart if apart else None


def blank(
    design: Design, reason: str | None, noise: NoiseBand | None, diverged: list[Diverged]
) -> Judged:
    """A comparison without numbers; what is compared and how is filled in."""
    return Judged(
        metric=design.metric,
        label=design.label,
        scale=design.scale,
        variant=design.variant,
        against=design.against,
        better=design.better,
        pairing=design.pairing,
        seeds=[],
        diffs=[],
        n=0,
        n_base=0,
        effect=None,
        p=None,
        p_holm=None,
        smallest_p=None,
        smallest_holm=None,
        family_size=design.family,
        interval=None,
        seed_interval=None,
        bootstrap=None,
        poi=None,
        pairing_gain=None,
        noise=noise,
        sd_planning=None,
        mde=None,
        needed_seeds=None,
        mde_at_needed=None,
        equivalence_p=None,
        margin=design.margin,
        alpha=design.alpha,
        power=design.power,
        kind="invalid",
        sentence="",
        reason=reason,
        exploratory=design.exploratory,
        diverged=diverged,
        sensitivity=None,
        notes=[],
    )
