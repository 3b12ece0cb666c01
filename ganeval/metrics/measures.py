"""Which function answers which request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ganeval.metrics.catalogue import FAMILIES
from ganeval.metrics.distance_entries import measure_distance, measure_infinity
from ganeval.metrics.kernel_entries import measure_cmmd, measure_kid
from ganeval.metrics.measured import Measured, Provenance
from ganeval.metrics.requests import Request
from ganeval.metrics.samples import Sample
from ganeval.metrics.set_entries import (
    measure_authenticity,
    measure_manifold,
    measure_memorisation,
    measure_mifid,
    measure_mind,
    measure_score,
)
from ganeval.metrics.settings import Settings

_Measure = Callable[[Request, Sample, Sample, Provenance, Settings], Measured]

_AGAINST_REAL: Mapping[str, _Measure] = {
    "fid": measure_distance,
    "fd": measure_distance,
    "sfid": measure_distance,
    "fid_infinity": measure_infinity,
    "kid": measure_kid,
    "cmmd": measure_cmmd,
    "is": measure_score,
    "mind": measure_mind,
    **dict.fromkeys(("prdc", *FAMILIES["prdc"]), measure_manifold),
}
_AGAINST_TRAINING: Mapping[str, _Measure] = {
    "memorisation": measure_memorisation,
    "authenticity": measure_authenticity,
}


@dataclass(frozen=True)
class Reference:
    """What fakes are held against.

    Attributes:
        real: The real set.
        train: The images the generator was trained on, which copies are looked for in; the real
            set stands in for them unless they are given.
    """

    real: Sample
    train: Sample


def measure(
    request: Request, reference: Reference, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """Answers one request for one fake set.

    Raises:
        InputError: The sets cannot give what the metric needs.
    """
    if request.name == "mifid":
        return measure_mifid(request, reference.real, reference.train, fake, made, settings)
    if request.name in _AGAINST_TRAINING:
        function = _AGAINST_TRAINING[request.name]
        return function(request, reference.train, fake, made, settings)
    return _AGAINST_REAL[request.name](request, reference.real, fake, made, settings)
