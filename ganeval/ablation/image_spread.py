"""How a difference of two arms varies with the choice of images, crossed with that of seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from ganeval.ablation.evidence import Evidence
from ganeval.ablation.suite.distances import KID_SCALE
from ganeval.metrics.cubic_kernel import cubic_kernel
from ganeval.records.comparison import Direction
from ganeval.statistics.crossed import (
    OVER_BOTH,
    OVER_IMAGES,
    Crossed,
    KernelBlocks,
    crossed_interval,
    crossed_kid,
    jackknife_crossed,
)
from ganeval.statistics.intervals import t_interval

_INDEPENDENT: Final = "images of the two arms taken as independent, which widens it"


def image_spread(
    evidence: Evidence,
    metric: str,
    variant: str,
    against: str,
    direction: Direction,
    seeds: Sequence[tuple[int | None, int | None]],
) -> Crossed | None:
    """Returns the mean difference with its interval over seeds and images.

    Args:
        evidence: Results and features.
        metric: Its name.
        variant: One arm.
        against: The other.
        direction: Of the translation.
        seeds: Seed of the variant and of the other of every pair.

    Returns:
        None where the images' part is not known.
    """
    if not seeds:
        return None
    if not evidence.folders:
        return None  # values of a table, without images
    if metric == "kid":
        return _kid(evidence, variant, against, direction, seeds)
    crossed = _per_image(evidence, metric, variant, against, direction, seeds)
    if crossed is not None:
        return crossed
    return _from_errors(evidence, metric, variant, against, direction, seeds)


def _kid(
    evidence: Evidence,
    variant: str,
    against: str,
    direction: Direction,
    seeds: Sequence[tuple[int | None, int | None]],
) -> Crossed | None:
    """KID from the kernel values of all pairs, times 10³."""

    def runs() -> Iterator[tuple[KernelBlocks, KernelBlocks]]:
        for one, other in seeds:
            first = _features(evidence, variant, one, direction)
            second = _features(evidence, against, other, direction)
            yield _blocks(*first), _blocks(*second)

    first = evidence.results.get((variant, seeds[0][0]))
    if first is None or direction not in first.features:
        return None
    fake, real = _features(evidence, variant, seeds[0][0], direction)
    if min(len(fake), len(real)) < 2:
        return None
    found = crossed_kid(runs(), range(len(fake)), range(len(real)), seed=evidence.protocol.seed)
    return replace(
        found,
        mean=found.mean * KID_SCALE,
        se=found.se * KID_SCALE,
        low=found.low * KID_SCALE,
        high=found.high * KID_SCALE,
    )


def _blocks(fake: npt.NDArray[np.float32], real: npt.NDArray[np.float32]) -> KernelBlocks:
    wide = fake.astype(np.float64)
    return KernelBlocks(
        np.asarray(cubic_kernel(wide, wide)), np.asarray(cubic_kernel(wide, real.astype(float)))
    )


def _features(
    evidence: Evidence, arm: str, seed: int | None, direction: Direction
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    result = evidence.results[arm, seed]
    arrays = load_file(evidence.folders[arm, seed] / result.features[direction])
    return arrays["fake"], arrays["real"]


def _per_image(
    evidence: Evidence,
    metric: str,
    variant: str,
    against: str,
    direction: Direction,
    seeds: Sequence[tuple[int | None, int | None]],
) -> Crossed | None:
    """A mean over images: seeds and images both drawn anew."""
    tables = [
        (
            evidence.results[variant, one].per_image.get(direction, {}).get(metric),
            evidence.results[against, other].per_image.get(direction, {}).get(metric),
        )
        for one, other in seeds
    ]
    pairs = [(one, other) for one, other in tables if one and other]
    if len(pairs) < len(tables):
        return None
    stems = sorted(set.intersection(*(set(table) for pair in pairs for table in pair)))
    if len(stems) < 2:
        return None
    first, second = (
        np.array([[pair[side][stem] for stem in stems] for pair in pairs]) for side in (0, 1)
    )
    return crossed_interval(first, second, seed=evidence.protocol.seed)


def _from_errors(
    evidence: Evidence,
    metric: str,
    variant: str,
    against: str,
    direction: Direction,
    seeds: Sequence[tuple[int | None, int | None]],
) -> Crossed | None:
    """From the standard errors of the values themselves, as for the Fréchet distance."""
    differences, squares = [], []
    for one, other in seeds:
        first = evidence.results[variant, one].metric(metric, direction)
        second = evidence.results[against, other].metric(metric, direction)
        if first is None or second is None:
            return None
        a, b = first.estimate, second.estimate
        if a.value is None or b.value is None or a.se is None or b.se is None:
            return None
        differences.append(a.value - b.value)
        squares.append(a.se**2 + b.se**2)
    n, mean = len(differences), float(np.mean(differences))
    # All cells share their images, so that more seeds do not shrink the images' part.
    se_images = math.sqrt(float(np.mean(squares)))
    if n >= 2:
        found = jackknife_crossed(mean, float(np.std(differences, ddof=1)), n, se_images)
        return replace(found, population=OVER_BOTH, method=f"{found.method}; {_INDEPENDENT}")
    images = min(evidence.results[variant, seeds[0][0]].fakes.values())
    low, high = t_interval(mean, se_images, max(1, images - 1))
    return Crossed(mean, se_images, low, high, 1, OVER_IMAGES, _INDEPENDENT)
