"""Metrics of a generator while it is trained: what trainers call as ``evaluate``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, Unpack

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.catalogue import CATALOGUE, FAMILIES
from ganeval.metrics.naming import distance_name
from ganeval.metrics.needs import Need, main_need
from ganeval.metrics.requests import Request
from ganeval.metrics.sets import Sets
from ganeval.metrics.sides import Side
from ganeval.metrics.streaming_images import ImageFeatures
from ganeval.metrics.streaming_options import StreamingOptions, requests_of, settings_of
from ganeval.metrics.streaming_set import StreamedSet
from ganeval.metrics.suite import measured_sets
from ganeval.records import Estimate, Role

Images = npt.NDArray[np.uint8]
Measured = tuple[str, str, Literal["lower", "higher"], Estimate]
"""Identifier, name to print, which way is better, and the number."""

_DISTANCES = ("fid", "fd")  # named after the network behind them


class Evaluator:
    """Measures fakes against reals again and again during a training run.

    The network is built at the first call and kept, and so are the features of the reals of each
    domain. The global random state, gradient mode and number of threads stay as they are, and
    nothing is printed.

    Args:
        metrics: Names as on the command line.
        extractor: What turns images into features.
        **options: See `StreamingOptions`; weights, device, backend, ...

    Raises:
        InputError: A metric or an option is unknown or does not fit.
        MissingFileError: Weights are needed and cannot be had.
    """

    def __init__(
        self,
        metrics: str | Iterable[str] = ("fid", "kid"),
        extractor: str = "efficientnet-lite0",
        **options: Unpack[StreamingOptions],
    ) -> None:
        settings = settings_of(extractor, {"layout": "NHWC", **options}, has_reference=False)
        # The test behind the p-value of KID is no part of what a training run shows.
        self._settings = (
            settings if "permutations" in options else replace(settings, permutations=0)
        )
        own = main_need(extractor, settings.layer, settings.resize)
        self._requests, _ = requests_of(metrics, own)
        needs = list(dict.fromkeys(request.need for request in self._requests))
        self._main = own if own in needs else needs[0]
        self._features = ImageFeatures(needs, self._settings)
        self._reals: dict[str, tuple[str, dict[Need, Side]]] = {}

    def __call__(self, domain: str, real: Images, fake: Images) -> list[Measured]:
        """Measures one set of fakes.

        Args:
            domain: Which reals these are; features are kept per domain.
            real: uint8 ``[n, H, W, C]``, 0..255, C being 1 or 3; grey becomes three equal channels.
            fake: uint8 ``[m, H, W, C]``; sizes may differ from those of the reals.

        Returns:
            One entry per metric, in the order they were asked for. A metric that cannot be had of
            these images is there too: without a value, and with the reason.

        Raises:
            InputError: An array is not of that kind.
        """
        for role, images in (("real", real), ("fake", fake)):
            _check(role, images)
        if min(len(real), len(fake)) < 2:
            reason = f"needs at least 2 images per side, got {len(real)} real and {len(fake)} fake"
            return [one for request in self._requests for one in self._none(request, reason)]
        fakes = self._sides("fake", fake)
        return [
            measured
            for request in self._requests
            for measured in self._measured(request, self._real_sides(domain, real), fakes)
        ]

    def _real_sides(self, domain: str, images: Images) -> dict[Need, Side]:
        digest = _digest(images)
        known = self._reals.get(domain)
        if known is None or known[0] != digest:
            known = digest, self._sides("real", images)
            self._reals[domain] = known
        return known[1]

    def _sides(self, role: Role, images: Images) -> dict[Need, Side]:
        set_ = StreamedSet(keep=True)
        batch = self._features.batch(images)
        assert batch is not None  # no limit was given
        set_.add(batch)
        return set_.sides(role)

    def _measured(
        self, request: Request, reals: dict[Need, Side], fakes: dict[Need, Side]
    ) -> Sequence[Measured]:
        sets = Sets(
            real=reals,
            fakes=[fakes],
            train=None,
            main=self._main,
            requests=[request],
            plans={},
            spec=None,
            notices=[],
        )
        try:
            metrics = measured_sets(sets, self._settings).record.metrics
        except InputError as error:
            return self._none(request, error.message)
        return [(one.name, one.display, one.direction, one.estimate) for one in metrics]

    def _none(self, request: Request, reason: str) -> list[Measured]:
        """The metrics of a request without values."""
        found: list[Measured] = []
        for name in FAMILIES.get(request.name, (request.name,)):
            info = CATALOGUE[name]
            display = self._distance_name(request.need) if name in _DISTANCES else info.display
            estimate = Estimate(value=None, reason=reason)
            found.append((name + request.suffix, display, info.direction, estimate))
        return found

    def _distance_name(self, need: Need) -> str:
        """What the distance is called where there are images: only an extraction tells."""
        batch = self._features.batch(np.zeros((1, 8, 8, 3), np.uint8))
        assert batch is not None  # no limit was given
        return distance_name(batch.runs[need].spec, batch.runs[need].weights)


def _check(role: str, images: Images) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise InputError(
            f"{role} images must be uint8 [n, H, W, 1 or 3], got {images.dtype} "
            f"{list(images.shape)}"
        )


def _digest(images: Images) -> str:
    digest = hashlib.sha256(str(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()
