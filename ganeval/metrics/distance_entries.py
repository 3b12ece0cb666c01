"""Fréchet distances as entries of the record: FID and its relatives, floor, extrapolation."""

from __future__ import annotations

from ganeval.metrics.catalogue import CATALOGUE
from ganeval.metrics.extrapolation import fid_infinity
from ganeval.metrics.floor import FloorResult, excess_over_floor
from ganeval.metrics.frechet import dimension
from ganeval.metrics.measured import Measured, Provenance
from ganeval.metrics.parts import Parts, UnitParts, from_rows
from ganeval.metrics.requests import Request
from ganeval.metrics.rows import Floats
from ganeval.metrics.samples import Sample
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.metrics.uncertainty import FrechetResult, frechet
from ganeval.records import Estimate, Metric, Param, excess_of


def measure_distance(
    request: Request,
    real: Sample,
    fake: Sample,
    made: Provenance,
    settings: Settings,
    *,
    floored: bool = True,
) -> Measured:
    """The Fréchet distance with its floor, and the influence of every image behind it."""
    one, other = real.of(request.need), fake.of(request.need)
    result = frechet(
        one.moments,
        other.moments,
        real_groups=None if one.values is None else real.unit_labels,
        fake_groups=None if other.values is None else fake.unit_labels,
        real_digests=None if one.values is None else one.digests,
        fake_digests=None if other.values is None else fake.draw_digests,
        uncertainty=settings.uncertainty,
        seed=settings.seed,
    )
    floor = None
    if floored and one.values is not None and other.values is not None:
        floor = excess_over_floor(
            one.values,
            other.values,
            real_groups=real.unit_labels,
            fake_groups=fake.unit_labels,
            real_digests=one.digests,
            fake_digests=fake.draw_digests,
            seed=settings.seed,
        )
    name = request.name + request.suffix
    metric = Metric(
        name=name,
        display=made.distance_name,
        fake=other.label,
        estimate=result.estimate,
        direction="lower",
        null_expected=None,  # depends on n: the floor shows it
        floor=floor and floor.floor,
        bias_corrected=result.bias_corrected,
        params=_params(made, result.form, settings),
        bias=_bias(one, other),
    )
    parts = _distance_parts(result, real, fake)
    named = {} if parts is None else {name: parts}
    if floor is not None and floor.floor.excess.value is not None:
        named[excess_of(name)] = _excess_parts(floor, real, fake)
    return Measured(
        [metric],
        named,
        influence=result.influence_fake,
        influence_real=result.influence_real,
    )


def measure_infinity(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The distance extrapolated to infinitely many images, where that is allowed."""
    one, other = real.of(request.need), fake.of(request.need)
    result = fid_infinity(
        one.moments,
        other.rows("FID∞"),
        real_groups=None if one.values is None else real.unit_labels,
        fake_groups=fake.unit_labels,
        seed=settings.seed,
    )
    info = CATALOGUE["fid_infinity"]
    metric = Metric(
        name="fid_infinity",
        display=f"{made.distance_name}∞",
        fake=other.label,
        estimate=result.estimate,
        direction=info.direction,
        null_expected=0.0,
        params={"seed": settings.seed, **_made(made)},
        bias="free of the bias of order 1/n only",
    )
    return Measured([metric])


def _params(made: Provenance, form: str, settings: Settings) -> dict[str, Param]:
    return {
        **_made(made),
        "ddof": 1,
        "form": form,
        "uncertainty": settings.uncertainty,
        "seed": settings.seed,
    }


def _made(made: Provenance) -> dict[str, Param]:
    spec = made.spec
    return {
        "extractor": spec.extractor if spec else None,
        "layer": spec.layer if spec else None,
        "resize": spec.resize if spec else None,
    }


def _bias(real: Side, fake: Side) -> str:
    counts = [n for n in (real.info.n, fake.info.n) if n is not None]
    text = "biased upwards, the more the fewer images; compare at equal n only"
    if counts and min(counts) < dimension(real.moments):
        return f"{text}; with fewer images than features it rewards a less varied generator"
    return text


def _distance_parts(result: FrechetResult, real: Sample, fake: Sample) -> Parts | None:
    if result.estimate.value is None or result.influence_fake is None:
        return None
    return Parts(
        result.estimate.value,
        _shared(result.influence_real, real),
        _shared(result.influence_fake, fake),
    )


def _shared(influence: Floats | None, sample: Sample) -> UnitParts | None:
    effects = None if influence is None else influence / len(influence)
    return from_rows(effects, sample.units, sample.unit_count)


def _excess_parts(result: FloorResult, real: Sample, fake: Sample) -> Parts:
    value: Estimate = result.floor.excess
    return Parts(
        value.value or 0.0,
        from_rows(result.real, real.units, real.unit_count),
        from_rows(result.fake, fake.units, fake.unit_count),
    )
