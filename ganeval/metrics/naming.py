"""What a distance may be called: FID only where it is one."""

from __future__ import annotations

from ganeval.records import FeatureSpec, WeightsInfo

_REFERENCE = "inception-2015"


def extractor_id(spec: FeatureSpec, weights: WeightsInfo | None) -> str:
    """The extractor as it is printed: unverified weights show by the head of their digest."""
    if weights is None or weights.verified:
        return spec.extractor
    family = "inception" if spec.extractor == _REFERENCE else spec.extractor
    return f"{family}:{weights.sha256[:8]}"


def distance_name(spec: FeatureSpec | None, weights: WeightsInfo | None) -> str:
    """The name of the Fréchet distance of such features.

    ``FID`` is the pool3 layer of the reference network with its published weights; another layer
    of it is ``FID(768)``, its spatial layer ``sFID``, everything else ``FD(...)``.
    """
    if spec is None:
        return "FD(unknown network)"
    name = extractor_id(spec, weights)
    if spec.extractor == _REFERENCE:
        verified = weights is not None and weights.verified
        if spec.layer == "sfid":
            return "sFID" if verified else f"sFD({name})"
        if verified:
            return "FID" if spec.layer == "2048" else f"FID({spec.layer})"
        if spec.layer != "2048":
            return f"FD({name}, {spec.layer})"
    return f"FD({name})"
