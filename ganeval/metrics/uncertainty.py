"""The Fréchet distance as an estimate: its standard error and interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ganeval.errors import InputError
from ganeval.metrics.estimates import (
    FEWEST_GROUPS,
    Spread,
    degrees_of_freedom,
    estimate_of,
    too_few_groups,
)
from ganeval.metrics.floor import excess_over_floor as excess_over_floor
from ganeval.metrics.frechet import (
    Factored,
    Side,
    are_identical,
    check_sides,
    distance_between,
    factored,
    form_of,
    influence_between,
)
from ganeval.metrics.moments import Moments
from ganeval.metrics.replicates import (
    bootstrap_replicates,
    jackknife_replicates,
    replicate_distance,
)
from ganeval.metrics.rows import Floats, Rows, in_digest_order
from ganeval.records import Estimate, Role
from ganeval.statistics.groups import Codes, deal_groups, group_codes
from ganeval.statistics.resampling import (
    influence_standard_error,
    jackknife_bias,
    jackknife_standard_error,
)
from ganeval.statistics.streams import generator

Uncertainty = Literal["influence", "jackknife", "bootstrap", "none"]

_BLOCKS = 20  # of the jackknife
_DRAWS = 200  # of the bootstrap


@dataclass(frozen=True)
class FrechetResult:
    """A Fréchet distance and what it was computed from.

    Attributes:
        estimate: Value, standard error and interval.
        form: How the trace term was computed; see `frechet_distance`.
        influence_real: float64 ``[n]``, see `frechet_influence`; None unless computed.
        influence_fake: The same of the fake images.
        bias_corrected: The distance without its bias of order 1/n; None unless the jackknife,
            which it needs, was asked for.
    """

    estimate: Estimate
    form: str
    influence_real: Floats | None = None
    influence_fake: Floats | None = None
    bias_corrected: Estimate | None = None


@dataclass(frozen=True)
class _Sample:
    """A side made ready; codes tell the group of every row, None for saved statistics."""

    role: Role
    n: int | None
    side: Factored
    codes: Codes | None
    digests: Sequence[str] | None = None

    def ordered(self) -> tuple[Rows, Codes] | None:
        """Rows and codes in digest order, where the features are at hand."""
        rows, codes = self.side.rows, self.codes
        if rows is None or codes is None:
            return None
        return in_digest_order(rows, codes, self.digests)


_Samples = tuple[_Sample, _Sample]


def frechet(
    real: Side,
    fake: Side,
    *,
    real_groups: Sequence[str] | None = None,
    fake_groups: Sequence[str] | None = None,
    real_digests: Sequence[str] | None = None,
    fake_digests: Sequence[str] | None = None,
    uncertainty: Uncertainty = "influence",
    seed: int = 0,
    level: float = 0.95,
) -> FrechetResult:
    """Returns the Fréchet distance with its standard error and interval.

    The interval is value ± t·SE; it covers the expected value at these numbers of images, not the
    distance of infinite samples, which is smaller. Groups of images are the independent units. A
    side given as moments is taken as exact.

    Args:
        real: Features ``[n, d]`` or moments.
        fake: The same of the other set.
        real_groups: Group label of each real image; None: each image is its own group.
        fake_groups: The same of the fake images.
        real_digests: Content digest of each real image, the order in which blocks and draws see
            them; None: digests of the features stand in.
        fake_digests: The same of the fake images.
        uncertainty: ``influence`` (deterministic, and tells what each image does), ``jackknife``
            (20 blocks of groups left out in turn), ``bootstrap`` (200 draws of groups; only their
            standard deviation is used, because repeated images move the distance itself far up)
            or ``none``.
        seed: Seed of the blocks or draws.
        level: Confidence level of the interval.

    Raises:
        InputError: As `frechet_distance`, or the groups do not fit the images.
    """
    check_sides(real, fake)
    samples = (
        _sample("real", real, real_groups, real_digests),
        _sample("fake", fake, fake_groups, fake_digests),
    )
    if are_identical(real, fake):
        return _result(0.0, samples, Spread(reason="both sides hold the same images"), level)
    sides = samples[0].side, samples[1].side
    missing = _no_spread(samples, uncertainty)
    if uncertainty == "influence" and _codes(samples):
        value, *influences = influence_between(*sides)
        spread = missing or _influence_spread(samples, influences)
        result = _result(value, samples, spread, level)
        return replace(result, influence_real=influences[0], influence_fake=influences[1])
    value = distance_between(*sides)
    if missing or uncertainty != "jackknife":
        return _result(value, samples, missing or _bootstrap_spread(samples, seed), level)
    spread, bias = _jackknife_spread(samples, seed)
    corrected = _corrected(value - bias, samples, spread, level)
    return replace(_result(value, samples, spread, level), bias_corrected=corrected)


def _sample(
    role: Role, data: Side, groups: Sequence[str] | None, digests: Sequence[str] | None
) -> _Sample:
    if not isinstance(data, Moments):
        return _Sample(role, len(data), factored(data), group_codes(groups, len(data)), digests)
    if groups is not None:
        raise InputError(f"groups were given for the {role} side, which is saved statistics")
    return _Sample(role, data.n, factored(data), None)


def _result(value: float, samples: _Samples, spread: Spread, level: float) -> FrechetResult:
    form = form_of(samples[0].side, samples[1].side)
    held = list(_codes(samples))
    part = f"; {held[0]} side only, the other is taken as exact" if len(held) == 1 else ""
    estimate = estimate_of(
        value,
        spread,
        n={sample.role: sample.n for sample in samples},
        method=f"Fréchet distance, form {form}",
        covers=f"the expected value at this n, over the choice of images{part}",
        level=level,
        lower_bound=0.0,
    )
    return FrechetResult(estimate, form)


def _codes(samples: _Samples) -> dict[Role, Codes]:
    """The groups of the sides whose features are at hand."""
    return {sample.role: sample.codes for sample in samples if sample.codes is not None}


def _no_spread(samples: _Samples, uncertainty: Uncertainty) -> Spread | None:
    """The reason why there is no standard error, if there is one."""
    if uncertainty == "none":
        return Spread(reason="no standard error was asked for")
    codes = _codes(samples)
    if not codes:
        return Spread(reason="both sides are saved statistics without features")
    return too_few_groups(codes, FEWEST_GROUPS)


def _influence_spread(samples: _Samples, influences: Sequence[Floats | None]) -> Spread:
    parts = [
        influence_standard_error(influence / len(influence), sample.codes)
        for sample, influence in zip(samples, influences, strict=True)
        if sample.codes is not None and influence is not None
    ]
    df = degrees_of_freedom(_codes(samples))
    return Spread(math.hypot(*parts), df, "influence function over groups")


def _jackknife_spread(samples: _Samples, seed: int) -> tuple[Spread, float]:
    """Standard error and bias, summed over the sides whose features are at hand."""
    whole = replicate_distance(samples[0].side, samples[1].side)
    count = min(_BLOCKS, degrees_of_freedom(_codes(samples)) + 1)
    parts, bias = [], 0.0
    for sample, other in zip(samples, reversed(samples), strict=True):
        ordered = sample.ordered()
        if ordered is not None:
            rows, codes = ordered
            blocks = deal_groups(codes, count, generator(seed, f"jackknife {sample.role}"))
            replicates = jackknife_replicates(rows, other.side, blocks)
            parts.append(jackknife_standard_error(replicates))
            bias += jackknife_bias(whole, replicates)
    method = f"delete-a-group jackknife, {count} blocks, seed {seed}"
    return Spread(math.hypot(*parts), count - 1, method), bias


def _bootstrap_spread(samples: _Samples, seed: int) -> Spread:
    real, fake = (sample.ordered() or sample.side for sample in samples)
    replicates = bootstrap_replicates(real, fake, _DRAWS, generator(seed, "bootstrap"))
    method = f"standard deviation of {_DRAWS} bootstrap draws of groups, seed {seed}"
    return Spread(float(replicates.std(ddof=1)), degrees_of_freedom(_codes(samples)), method)


def _corrected(value: float, samples: _Samples, spread: Spread, level: float) -> Estimate:
    """The distance less its bias, where both sides are large enough for it to shrink as 1/n."""
    least = 2 * len(samples[0].side.mean)
    n: dict[str, int | None] = {sample.role: sample.n for sample in samples}
    if any(sample.codes is None for sample in samples):
        return Estimate(value=None, reason="needs the features of both sides")
    if any(sample.n is None or sample.n < least for sample in samples):
        reason = f"small_n: the bias shrinks as 1/n only from 2d = {least} images per side"
        return Estimate(value=None, reason=reason)
    return estimate_of(
        value,
        spread,
        n=n,
        method="distance less its jackknife bias",
        covers="the distance without its bias of order 1/n, over the choice of images",
        level=level,
    )
