"""Entries of the record: each metric with its interval, its parameters and what biases it."""

from __future__ import annotations

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.floor import excess_over_floor
from ganeval.metrics.frechet import dimension
from ganeval.metrics.kernel import kid
from ganeval.metrics.kernel_subsets import kid_subsets
from ganeval.metrics.naming import distance_name
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.metrics.uncertainty import FrechetResult, frechet
from ganeval.records import FeatureSpec, Metric, WeightsInfo

_KERNEL = "(x·y/d + 1)^3"
_SUBSETS_SEED = 2020  # torch-fidelity's


def distance_entry(
    real: Side,
    fake: Side,
    spec: FeatureSpec | None,
    weights: WeightsInfo | None,
    settings: Settings,
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
        floor_result = excess_over_floor(
            real.values,
            fake.values,
            real_groups=real.groups,
            fake_groups=fake.groups,
            real_digests=real.digests,
            fake_digests=fake.digests,
            seed=settings.seed,
        )
        floor = floor_result and floor_result.floor
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
            "extractor": spec.extractor if spec else None,
            "layer": spec.layer if spec else None,
            "resize": spec.resize if spec else None,
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


def kid_entry(real: Side, fake: Side, settings: Settings) -> Metric:
    """KID over all pairs with its permutation test."""
    real_rows, fake_rows = _rows(real), _rows(fake)
    result = kid(
        real_rows,
        fake_rows,
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
            "kernel": _KERNEL,
            "protocol": "all-pairs",
            "permutations": settings.permutations,
            "seed": settings.seed,
        },
        bias="unbiased at every n; may be negative",
    )


def kid_entries(real: Side, fake: Side, settings: Settings) -> list[Metric]:
    """KID over all pairs and, where a protocol is named, as that package prints it."""
    entries = [kid_entry(real, fake, settings)]
    if settings.kid_protocol != "all-pairs":
        entries.append(_subsets_entry(real, fake, settings))
    return entries


def _subsets_entry(real: Side, fake: Side, settings: Settings) -> Metric:
    by_key = [
        _rows(side)[sorted(range(len(side.keys)), key=side.keys.__getitem__)]
        for side in (real, fake)
    ]
    result = kid_subsets(
        *by_key,
        preset=settings.kid_protocol,
        subsets=settings.subsets,
        size=settings.subset_size,
        seed=_SUBSETS_SEED,
    )
    return Metric(
        name="kid_subsets",
        display=f"KID({settings.kid_protocol})",
        fake=fake.label,
        estimate=result.estimate,
        direction="lower",
        null_expected=0.0,
        params={
            "kernel": _KERNEL,
            "protocol": settings.kid_protocol,
            "subsets": result.subsets,
            "subset_size": result.size,
            "spread over subsets": result.spread,
            "seed": _SUBSETS_SEED,
            "drawn first": "fake",
        },
        bias="unbiased at every n; may be negative",
    )


def _rows(side: Side) -> np.ndarray:
    """The features of a side.

    Raises:
        InputError: The side is moments alone.
    """
    if side.values is None:
        raise InputError(
            f"{side.info.path}: holds mean and covariance only; KID needs the features of every "
            "image",
            hint="Give the images, or statistics saved with their features.",
        )
    return side.values
