"""Entries of the record: each metric with its interval, its parameters and what biases it."""

from __future__ import annotations

from ganeval.metrics.floor import excess_over_floor
from ganeval.metrics.frechet import dimension
from ganeval.metrics.kernel import kid
from ganeval.metrics.naming import distance_name
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.metrics.uncertainty import FrechetResult, frechet
from ganeval.records import FeatureSpec, Metric, WeightsInfo


def distance_entry(
    real: Side, fake: Side, spec: FeatureSpec, weights: WeightsInfo | None, settings: Settings
) -> tuple[Metric, FrechetResult]:
    """The Fréchet distance with its floor, and the influence of every image behind it."""
    result = frechet(
        real.moments,
        fake.moments,
        real_groups=real.groups if real.values is not None else None,
        fake_groups=fake.groups if fake.values is not None else None,
        real_digests=real.digests if real.values is not None else None,
        fake_digests=fake.digests if fake.values is not None else None,
        uncertainty=settings.uncertainty,
        seed=settings.seed,
    )
    floor = None
    if real.values is not None and fake.values is not None:
        floor = excess_over_floor(
            real.values,
            fake.values,
            real_groups=real.groups,
            fake_groups=fake.groups,
            real_digests=real.digests,
            fake_digests=fake.digests,
            seed=settings.seed,
        )
    metric = Metric(
        name="fid",
        display=distance_name(spec, weights),
        fake=fake.label,
        estimate=result.estimate,
        direction="lower",
        null_expected=None,  # depends on n: the floor shows it
        floor=floor,
        bias_corrected=result.bias_corrected,
        params={
            "extractor": spec.extractor,
            "layer": spec.layer,
            "resize": spec.resize,
            "ddof": 1,
            "form": result.form,
            "uncertainty": settings.uncertainty,
            "seed": settings.seed,
        },
        bias=_bias(real, fake),
    )
    return metric, result


def _bias(real: Side, fake: Side) -> str:
    counts = [n for n in (real.info.n, fake.info.n) if n is not None]
    text = "biased upwards, the more the fewer images; compare at equal n only"
    if counts and min(counts) < dimension(real.moments):
        return f"{text}; with fewer images than features it rewards a less varied generator"
    return text


def kid_entry(real: Side, fake: Side, settings: Settings) -> Metric | None:
    """KID with its permutation test; None where a side is moments without features."""
    if real.values is None or fake.values is None:
        return None
    result = kid(
        real.values,
        fake.values,
        real_groups=real.groups,
        fake_groups=fake.groups,
        real_digests=real.digests,
        fake_digests=fake.digests,
        permutations=settings.permutations,
        seed=settings.seed,
    )
    return Metric(
        name="kid",
        display="KID",
        fake=fake.label,
        estimate=result.estimate,
        direction="lower",
        null_expected=0.0,
        test=result.test,
        params={
            "kernel": "(x·y/d + 1)^3",
            "protocol": "all-pairs",
            "permutations": settings.permutations,
            "seed": settings.seed,
        },
        bias="unbiased at every n; may be negative",
    )
