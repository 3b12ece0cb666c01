"""Kernel distances as entries of the record: KID over all pairs and over subsets, CMMD."""

from __future__ import annotations

import numpy as np

from ganeval.metrics.catalogue import CATALOGUE
from ganeval.metrics.gaussian_kernel import cmmd_jackknife
from ganeval.metrics.kernel import KidResult, kid
from ganeval.metrics.kernel_subsets import kid_subsets
from ganeval.metrics.measured import Measured, Provenance, block_estimate, parts_of
from ganeval.metrics.parts import Parts, UnitParts, from_replicates
from ganeval.metrics.requests import Request
from ganeval.metrics.rows import Floats
from ganeval.metrics.samples import Sample
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.records import Metric

_KERNEL = "(x·y/d + 1)^3"
_SUBSETS_SEED = 2020  # torch-fidelity's


def measure_kid(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """KID over all pairs with its permutation test, or over the subsets of a protocol."""
    one, other = real.of(request.need), fake.of(request.need)
    if request.choice:
        return Measured([_subsets_entry(request, one, other, settings)])
    result = kid(
        one.rows("KID"),
        other.rows("KID"),
        real_groups=real.unit_labels,
        fake_groups=fake.unit_labels,
        real_digests=one.digests,
        fake_digests=other.digests,
        permutations=settings.permutations,
        seed=settings.seed,
    )
    metric = Metric(
        name="kid",
        display="KID",
        fake=other.label,
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
        bias="unbiased at every n; may be negative; the interval of a small KID errs low: up to "
        "one in ten lies below the truth",
    )
    parts = _kid_parts(result, real, fake)
    return Measured([metric], {} if parts is None else {"kid": parts})


def measure_cmmd(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The Gaussian kernel's discrepancy of CLIP embeddings."""
    one, other = real.of(request.need), fake.of(request.need)
    result = cmmd_jackknife(one.rows("CMMD"), other.rows("CMMD"), real.blocks(), fake.blocks())
    parts = parts_of(result, real, fake)
    metric = Metric(
        name="cmmd",
        display="CMMD",
        fake=other.label,
        estimate=block_estimate(
            parts, real, fake, low=0.0, method="1000 × squared MMD, Gaussian kernel of width 10"
        ),
        direction=CATALOGUE["cmmd"].direction,
        null_expected=None,
        params={"sigma": 10.0, "scale": 1000.0, "unbiased": False},
        bias="biased upwards by about 1/n: pairs of one image with itself count",
    )
    return Measured([metric], {"cmmd": parts})


def _subsets_entry(request: Request, real: Side, fake: Side, settings: Settings) -> Metric:
    by_key = [
        side.rows("KID")[sorted(range(len(side.keys)), key=side.keys.__getitem__)]
        for side in (real, fake)
    ]
    result = kid_subsets(
        *by_key,
        preset=request.choice,
        subsets=settings.subsets,
        size=settings.subset_size,
        seed=_SUBSETS_SEED,
    )
    return Metric(
        name=f"kid:{request.choice}",
        display=f"KID({request.choice})",
        fake=fake.label,
        estimate=result.estimate,
        direction="lower",
        null_expected=0.0,
        params={
            "kernel": _KERNEL,
            "protocol": request.choice,
            "subsets": result.subsets,
            "subset_size": result.size,
            "spread over subsets": result.spread,
            "seed": _SUBSETS_SEED,
            "drawn first": "fake",
        },
        bias="unbiased at every n; may be negative",
    )


def _kid_parts(result: KidResult, real: Sample, fake: Sample) -> Parts | None:
    if result.replicates is None or result.estimate.value is None:
        return None
    return Parts(
        result.estimate.value,
        _by_unit(result.replicates[0], real),
        _by_unit(result.replicates[1], fake),
    )


def _by_unit(replicates: Floats, sample: Sample) -> UnitParts | None:
    """Replicates are numbered by first appearance of their unit."""
    units, first = np.unique(sample.units, return_index=True)
    return from_replicates(replicates, units[np.argsort(first)], sample.unit_count)
