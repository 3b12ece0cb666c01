"""One protocol for both sides: what is compared must have been made in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.errors import InputError
from ganeval.features.plan import Plan
from ganeval.features.published import PUBLISHED
from ganeval.metrics.sides import OpenSide
from ganeval.metrics.statistics_file import SavedStatistics, check_dimension
from ganeval.records import FeatureSpec, Notice, WeightsInfo

# What a user would give to make the other side's features.
_OPTIONS = {
    "extractor": "--extractor",
    "layer": "--layer",
    "weights_sha256": "--weights",
    "resize": "--resize",
    "decode": "--decode",
}


def common_spec(
    sides: Sequence[OpenSide], plan: Plan, *, force: bool = False
) -> tuple[FeatureSpec | None, list[Notice]]:
    """Returns the specification that all sides share; None where no side tells one.

    Args:
        sides: Image sets and saved statistics.
        plan: How the image sets are extracted; of one layer.
        force: Tell of different protocols instead of refusing them. A different dimension is
            refused all the same: nothing can be computed.

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
    resize = wanted.resize if wanted else next((one.resize for one in saved if one.resize), None)
    notices = []
    for one in saved:
        different = _differences(one, wanted, resize)
        if different and not force:
            raise _other_protocol(one, different)
        check_dimension(one, wanted.dimension if wanted else saved[0].moments.d)
        if different:
            notices.append(_forced(one, different))
    return wanted, notices


def _differences(
    saved: SavedStatistics, wanted: FeatureSpec | None, resize: str | None
) -> dict[str, tuple[object, object]]:
    """What is another there than here, by field of the specification."""
    if saved.spec is None or wanted is None:
        stated = saved.resize is not None and resize is not None and saved.resize != resize
        return {"resize": (saved.resize, resize)} if stated else {}
    there, here = saved.spec.model_dump(), wanted.model_dump()
    return {name: (there[name], here[name]) for name in there if there[name] != here[name]}


def _shown(different: dict[str, tuple[object, object]]) -> str:
    return "; ".join(
        f"{name}: {there} there, {here} here" for name, (there, here) in different.items()
    )


def _other_protocol(
    saved: SavedStatistics, different: dict[str, tuple[object, object]]
) -> InputError:
    options = [
        f"{_OPTIONS[name]} {'FILE' if name == 'weights_sha256' else there}"
        for name, (there, _) in different.items()
        if name in _OPTIONS and there is not None
    ]
    give = f"Give {' '.join(options)}" if options else "Give the options it was made with"
    return InputError(
        f"{saved.path}: made under another protocol ({_shown(different)})",
        hint=f"{give}, or make the statistics again"
        + ("." if "dimension" in different else "; --force computes all the same."),
    )


def _forced(saved: SavedStatistics, different: dict[str, tuple[object, object]]) -> Notice:
    return Notice(
        code="forced_protocol",
        text=f"{saved.path} was made under another protocol ({_shown(different)}), and --force "
        "was given: the numbers mix two protocols and compare with no others.",
        data={"file": str(saved.path), "differences": _shown(different)},
    )


def told_weights(spec: FeatureSpec | None) -> WeightsInfo | None:
    """The weights behind statistics, as far as their specification tells them."""
    if spec is None or spec.weights_sha256 is None:
        return None
    published = PUBLISHED.get(spec.extractor)
    verified = published is not None and published.sha256 == spec.weights_sha256
    file = published.file if published is not None and verified else "not told"
    return WeightsInfo(file=file, sha256=spec.weights_sha256, verified=verified)
