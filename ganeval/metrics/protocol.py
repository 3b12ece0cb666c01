"""One protocol for both sides: what is compared must have been made in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.errors import InputError
from ganeval.features.plan import Plan
from ganeval.features.weights import PUBLISHED
from ganeval.metrics.sides import OpenSide
from ganeval.metrics.statistics_file import SavedStatistics, check_dimension
from ganeval.records import FeatureSpec, WeightsInfo


def common_spec(sides: Sequence[OpenSide], plan: Plan) -> FeatureSpec | None:
    """Returns the specification that all sides share; None where no side tells one.

    Raises:
        InputError: Statistics were made under another protocol than the other side, or are of
            another dimension.
    """
    (layer,) = plan.layers
    wanted = None
    for side in sides:
        if side.images is not None:
            wanted = plan.spec(layer, side.images.decoding)
    saved = [side.saved for side in sides if side.saved is not None]
    wanted = wanted or next((one.spec for one in saved if one.spec is not None), None)
    for one in saved:
        check_dimension(one, wanted.dimension if wanted else saved[0].moments.d)
        if one.spec is not None and wanted is not None:
            _require_equal(one, one.spec, wanted)
    return wanted


def _require_equal(saved: SavedStatistics, have: FeatureSpec, wanted: FeatureSpec) -> None:
    there, here = have.model_dump(), wanted.model_dump()
    different = [name for name in there if there[name] != here[name]]
    if different:
        shown = "; ".join(f"{name}: {there[name]} there, {here[name]} here" for name in different)
        raise InputError(
            f"{saved.path}: made under another protocol ({shown})",
            hint="Give the options it was made with, or make the statistics again.",
        )


def told_weights(spec: FeatureSpec | None) -> WeightsInfo | None:
    """The weights behind statistics, as far as their specification tells them."""
    if spec is None or spec.weights_sha256 is None:
        return None
    published = PUBLISHED.get(spec.extractor)
    verified = published is not None and published.sha256 == spec.weights_sha256
    file = published.file if published is not None and verified else "not told"
    return WeightsInfo(file=file, sha256=spec.weights_sha256, verified=verified)
