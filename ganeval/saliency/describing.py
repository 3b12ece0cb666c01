"""From tables and pictures to the parts of a record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from ganeval.images.digests import file_sha256
from ganeval.images.listing import valid_text
from ganeval.records import (
    LookedInto,
    LookedPair,
    MapMethod,
    MeasuredMap,
    Notice,
    Param,
    ScoredSide,
    WeightsInfo,
)
from ganeval.records import Registration as RegistrationRecord
from ganeval.records.saliency import Condition
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.model import PixelModel
from ganeval.saliency.opening import PairedSets
from ganeval.saliency.pictures import MapScale, PairPictures
from ganeval.saliency.registration import Registration
from ganeval.saliency.scores import Scores, class_names
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.tables import MethodTable

CONDITIONS: Final[tuple[Condition, ...]] = get_args(Condition)

_REFERENCE: Final = {"after": "transfer"}
"""Under which name the similarity of a condition is kept, where it is another one."""

_UNITS: Final = {
    "integrated-gradients": "logits",
    "grad-cam": "logits",
    "occlusion": "logits",
    "smoothgrad-sq": "squared logits per unit of the image",
    "vargrad": "squared logits per unit of the image",
}
_GRADIENT: Final = "logits per unit of the image"

_FLAGS: Final = {
    "dead_target": "the target's score is exactly 0 behind a ReLU, and no pixel changes it",
    "no_positive_evidence": "Grad-CAM finds nothing that speaks for the target",
    "not_converged": "integrated gradients miss the score by more than 5 %",
    "zero_map": "the map is zero everywhere",
    "not_finite": "the map has values that are no numbers",
}


@dataclass(frozen=True)
class Looked:
    """Everything that is known of the pairs.

    Args:
        paired: Names, groups, sets.
        scores: By condition.
        tables: By method.
        pictures: Of each pair; empty: none were drawn.
        chosen: Places of the pairs that controls were made for.
    """

    paired: PairedSets
    scores: Mapping[str, Scores]
    tables: Mapping[str, MethodTable]
    pictures: Sequence[PairPictures]
    chosen: frozenset[int]


def described_model(model: PixelModel, settings: SaliencySettings, fit: str) -> LookedInto:
    """Describes the classifier.

    Args:
        model: It.
        settings: Names its weights file.
        fit: How images became squares, in words.
    """
    facts, prepare = model.facts, model.facts.preprocessing
    weights = None
    if settings.weights is not None and settings.weights.is_file():
        digest = facts.digest or file_sha256(settings.weights)
        weights = WeightsInfo(file=settings.weights.name, sha256=digest, verified=False)
    return LookedInto(
        name=valid_text(facts.name),
        sha256=facts.digest,
        weights=weights,
        side=model.side,
        mean=[value / 255 for value in prepare.mean],
        std=[value / 255 for value in prepare.std],
        interpolation=prepare.interpolation,
        outputs=model.outputs,
        parameters=facts.parameters,
        detector=model.detector,
        device=str(model.device),
        fit=fit,
    )


def described_method(method: Method, table: MethodTable, scale: MapScale) -> MapMethod:
    """Describes one kind of map.

    Args:
        method: It.
        table: With the parameters that were used.
        scale: Of its pictures.
    """
    params = {
        name: value
        for name, value in table.params.items()
        if name not in ("layer", "guided", "nonlinearities", "unguided")
        and isinstance(value, str | int | float | bool | None)
    }
    layer = table.params.get("layer")
    guided, total = table.params.get("guided"), table.params.get("nonlinearities")
    return MapMethod(
        name=method.name,
        display=method.title,
        paper=method.paper,
        signed=method.signed,
        unit=_UNITS.get(method.name, _GRADIENT),
        layer=None if layer is None else str(layer),
        params=params,
        guided=None if guided is None else int(guided),
        nonlinearities=None if total is None else int(total),
        scale=scale.value,
        saturated=scale.saturated,
        warning=method.caution or "",
    )


def described_pairs(looked: Looked, model: PixelModel) -> list[LookedPair]:
    """Describes every pair with its scores and measured maps."""
    paired = looked.paired
    before = paired.keys_of(0)
    after = paired.keys_of(1) if paired.after is not None else None
    found = []
    for i, key in enumerate(paired.keys):
        drawn = looked.pictures[i] if looked.pictures else None
        found.append(
            LookedPair(
                key=key,
                before_key=before[i],
                after_key=None if after is None else after[i],
                group=paired.groups[i],
                chosen=i in looked.chosen,
                scores=[
                    _scored(condition, looked.scores[condition], i, model)
                    for condition in CONDITIONS
                    if condition in looked.scores and looked.scores[condition].made[i]
                ],
                maps=_measured(looked.tables, i, drawn),
                differences=drawn.differences if drawn else {},
                original=drawn.originals if drawn else {},
            )
        )
    return found


def described_registration(found: Registration | None) -> RegistrationRecord | None:
    """Describes how far the images of pairs are shifted; None where all of them are flat."""
    if found is None or found.median is None or found.largest is None:
        return None
    return RegistrationRecord(
        median_shift=found.median,
        largest_shift=found.largest,
        weakest_peak=float(found.peak.min()),
        moved=int(found.moved.sum()),
    )


def flag_counts(tables: Mapping[str, MethodTable]) -> tuple[dict[str, int], list[Notice]]:
    """Returns how many maps before and after are left out per reason, and tells of them."""
    counts: Counter[str] = Counter()
    notices = []
    for table in tables.values():
        found = table.counted_flags()
        counts += found
        made = sum(len(table.flags.get(side, ())) for side in ("before", "after"))
        for why, count in found.items():
            text = (
                f"{count:,} of {made:,} maps of {table.name} are left out of all measures: "
                f"{_FLAGS.get(why, why)}."
            )
            data: dict[str, Param] = {"method": table.name, "maps": count}
            notices.append(Notice(code=why, text=text, data=data))
    return dict(counts), notices


def described_params(settings: SaliencySettings) -> dict[str, Param]:
    """Returns every choice, written out; paths and lists as text."""
    chosen: dict[str, Param] = {}
    for name, value in vars(settings).items():
        if value is None or isinstance(value, str | int | float | bool):
            chosen[name] = valid_text(value) if isinstance(value, str) else value
        elif isinstance(value, tuple):
            parts = (f"{one:g}" if isinstance(one, float) else str(one) for one in value)
            chosen[name] = ",".join(parts)
        else:
            chosen[name] = valid_text(str(value)) if isinstance(value, Path) else str(value)
    return chosen


def _scored(condition: Condition, scores: Scores, i: int, model: PixelModel) -> ScoredSide:
    target, top = int(scores.target[i]), int(scores.top[i])
    return ScoredSide(
        condition=condition,
        target=target,
        target_name=class_names(model, target),
        logit=float(scores.logit[i]),
        probability=float(scores.probability[i]),
        rank=int(scores.rank[i]),
        top=top,
        top_name=class_names(model, top),
        rms=None if scores.rms is None else _number(scores.rms[i]),
    )


def _measured(
    tables: Mapping[str, MethodTable], i: int, drawn: PairPictures | None
) -> list[MeasuredMap]:
    found = []
    for name, table in tables.items():
        for condition in CONDITIONS:
            flags = table.flags.get(condition)
            values = table.values.get(condition, {})
            likeness = table.similarity.get(_REFERENCE.get(condition, condition), {})
            numbers = {key: _number(column[i]) for key, column in {**values, **likeness}.items()}
            flag = flags[i] if flags else None
            if flag is None and all(value is None for value in numbers.values()):
                continue  # not made for this pair
            picture = drawn.maps[name].get(condition) if drawn else None
            found.append(
                MeasuredMap(
                    method=name, condition=condition, picture=picture, flag=flag, values=numbers
                )
            )
    return found


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def dead_rows(tables: Mapping[str, MethodTable], count: int) -> npt.NDArray[np.bool_]:
    """Returns for which pairs the target of the image before is dead, bool ``[n]``."""
    dead = np.zeros(count, np.bool_)
    for table in tables.values():
        dead |= np.array([why == "dead_target" for why in table.flags["before"]])
    return dead
