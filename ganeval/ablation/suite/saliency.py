"""Does the translation keep where a classifier looks, on a scale from unrelated images to none.

Grad-CAM of the bundled classifier for the class of the input, before and after. Similarity is told
as (s - null) / (ceiling - null): 0 is what images of other inputs give, 1 what a change of one grey
level gives. `ganeval saliency` tells much more of two folders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.networks import Networks
from ganeval.ablation.suite.part import (
    Absent,
    Files,
    ImagesOf,
    Part,
    Place,
    decoded,
    mean_estimate,
    required,
)
from ganeval.metrics.settings import Progress, silent
from ganeval.records.model import Estimate
from ganeval.saliency.controls import ceiling_images, derangements
from ganeval.saliency.explain import explain
from ganeval.saliency.images import to_side
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.measures import similarity
from ganeval.saliency.model import PixelModel
from ganeval.saliency.targets import choose_targets

Stack = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

MOST: Final = 32
"""Pairs that maps are made of, chosen by the digest of their stem."""

_METHOD: Final = "grad-cam"
_FEWEST: Final = 6
_RESOLUTION: Final = 0.1


def saliency(
    images: ImagesOf,
    place: Place,
    protocol: ProtocolSettings,
    networks: Networks,
    progress: Progress = silent,
) -> Part:
    """Measures the calibrated similarity of maps and the change of the input class's score.

    Raises:
        Absent: There are no inputs, or too few.
    """
    source = required(images.source, "the inputs of the translations")
    stems = chosen(images.stems)
    if len(stems) < _FEWEST:
        raise Absent(f"maps need at least {_FEWEST} pairs, and there are {len(stems)}")
    model = networks.classifier
    before, after = (_stack(files, stems, model) for files in (source, images.fake))
    targets = choose_targets(model, before, None, "before").before
    whose = derangements(len(stems), protocol.seed, 1)[0]
    ceiling = ceiling_images(before, stems, protocol.seed).images

    def maps(stack: Stack, classes: Rows, keys: Sequence[str]) -> Maps:
        return explain(
            model,
            stack,
            [_METHOD],
            classes,
            keys=keys,
            seed=protocol.seed,
            progress=progress,
        )[_METHOD]

    first = maps(before, targets, stems)
    second = maps(after, targets, stems)
    # Maps of another pair's translation for that pair's own class: those that were just made.
    near = _spearman(first, second, np.arange(len(stems)))
    null = _spearman(first, second, whose)
    close = _spearman(first, maps(ceiling, targets, stems), np.arange(len(stems)))
    drop = np.asarray(second.info["logit"]) - np.asarray(first.info["logit"])
    drops = {stem: float(value) for stem, value in zip(stems, drop, strict=True)}
    similar = {
        stem: float(value) for stem, value in zip(stems, near, strict=True) if np.isfinite(value)
    }
    return Part(
        [
            place.number(
                "saliency",
                "saliency kept, calibrated (Grad-CAM)",
                "none",
                calibrated(near, null, close),
            ),
            place.number(
                "saliency_score",
                "change of the input class's logit",
                "none",
                mean_estimate(drops, "logits"),
            ),
        ],
        {"saliency_spearman": similar, "saliency_score": drops},
    )


def chosen(stems: Sequence[str], most: int = MOST) -> list[str]:
    """Returns at most that many stems, the same whatever else is there, sorted."""
    by_digest = sorted(stems, key=lambda stem: hashlib.sha256(stem.encode()).digest())
    return sorted(by_digest[:most])


def calibrated(
    near: npt.NDArray[np.float64], null: npt.NDArray[np.float64], close: npt.NDArray[np.float64]
) -> Estimate:
    """Returns (mean s - mean null) / (mean ceiling - mean null) with a jackknife standard error.

    Args:
        near: Similarity of every pair, NaN where a map is missing.
        null: Of unrelated images.
        close: Of the least change of a file.
    """
    kept = np.isfinite(near) & np.isfinite(null) & np.isfinite(close)
    s, low, high = near[kept], null[kept], close[kept]
    n = int(kept.sum())
    counts = {"pairs": n}
    if n < _FEWEST:
        return Estimate(value=None, n=counts, reason="fewer than 6 pairs have maps")
    if high.mean() - low.mean() < _RESOLUTION:
        return Estimate(
            value=None,
            n=counts,
            reason="the maps of unrelated images are about as similar as those of the same image",
        )

    def ratio(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        total = weights.sum(axis=-1)
        sums = [(weights @ values) / total for values in (s, low, high)]
        return np.asarray((sums[0] - sums[1]) / (sums[2] - sums[1]))

    value = float(ratio(np.ones(n)))
    left_out = ratio(1 - np.eye(n))
    se = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    return Estimate(
        value=value,
        se=se,
        low=value - 1.96 * se,
        high=value + 1.96 * se,
        n=counts,
        method="ratio of mean Spearman correlations above unrelated images; jackknife over pairs",
        covers="the ratio over pairs like these; not over seeds of training",
    )


def _spearman(first: Maps, second: Maps, whose: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    found = np.full(len(whose), np.nan)
    for i, j in enumerate(whose.tolist()):
        if first.flags[i] is None and second.flags[j] is None:
            value = similarity(first.values[i], second.values[j])["spearman"]
            found[i] = np.nan if value is None else value
    return found


def _stack(files: Files, stems: Sequence[str], model: PixelModel) -> Stack:
    return np.stack([to_side(pixels, model.side) for _, pixels in decoded(files, stems)])
