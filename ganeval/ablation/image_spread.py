"""How a difference of two arms varies with the choice of images, crossed with that of seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from ganeval.ablation.evidence import Evidence
from ganeval.ablation.suite.distances import KID_SCALE
from ganeval.metrics.cubic_kernel import cubic_kernel
from ganeval.metrics.frechet import frechet_influence
from ganeval.records.comparison import Direction
from ganeval.statistics.crossed import (
    FEWEST_FOR_PAIRS,
    OVER_IMAGES,
    Crossed,
    KernelBlocks,
    crossed_interval,
    crossed_kid,
    jackknife_crossed,
)
from ganeval.statistics.groups import group_codes
from ganeval.statistics.intervals import t_interval
from ganeval.statistics.resampling import influence_standard_error

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_SHARED: Final = "infinitesimal jackknife of the images that all runs share"
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
    if metric in ("kid", "fid"):
        runs = _known_features(evidence, variant, against, direction, seeds)
        if runs is not None:
            return _kid(evidence, runs) if metric == "kid" else _frechet(runs)
    crossed = _per_image(evidence, metric, variant, against, direction, seeds)
    if crossed is not None:
        return crossed
    return _from_errors(evidence, metric, variant, against, direction, seeds)


def _known_features(
    evidence: Evidence,
    variant: str,
    against: str,
    direction: Direction,
    seeds: Sequence[tuple[int | None, int | None]],
) -> list[tuple[_Set, _Set]] | None:
    """Where the features of every pair lie; None where one has none."""
    found = []
    for one, other in seeds:
        pair = []
        for arm, seed in ((variant, one), (against, other)):
            result = evidence.results.get((arm, seed))
            if result is None or direction not in result.features:
                return None
            pair.append(_Set(evidence.folders[arm, seed] / result.features[direction]))
        found.append((pair[0], pair[1]))
    return found


@dataclass(frozen=True)
class _Set:
    """Features of one run, in a file; read when they are needed, and not kept."""

    path: Path

    def load(self) -> tuple[Rows, Rows]:
        """Returns those of fakes ``[n, d]`` and reals ``[m, d]``."""
        arrays = load_file(self.path)
        return arrays["fake"], arrays["real"]


def _kid(evidence: Evidence, runs: Sequence[tuple[_Set, _Set]]) -> Crossed | None:
    """KID from the kernel values of all pairs, times 10³; None with too few images to draw."""
    fake, real = runs[0][0].load()
    if min(len(fake), len(real)) < FEWEST_FOR_PAIRS:
        return None
    found = crossed_kid(
        ((_blocks(*one.load()), _blocks(*other.load())) for one, other in runs),
        range(len(fake)),
        range(len(real)),
        seed=evidence.protocol.seed,
    )
    return replace(
        found,
        mean=found.mean * KID_SCALE,
        se=found.se * KID_SCALE,
        low=found.low * KID_SCALE,
        high=found.high * KID_SCALE,
    )


def _frechet(runs: Sequence[tuple[_Set, _Set]]) -> Crossed | None:
    """The Fréchet distance, by the infinitesimal jackknife over the images that all runs share.

    Influences of an image are subtracted before they are squared, and averaged over the runs: what
    an input or a real does to both arms alike is no part of their difference.
    """
    differences, of_reals, of_fakes = [], [], []
    for one, other in runs:
        first, second = _influences(one), _influences(other)
        differences.append(first.value - second.value)
        of_reals.append(first.reals - second.reals)
        of_fakes.append(first.fakes - second.fakes)
    means = np.mean(of_fakes, axis=0), np.mean(of_reals, axis=0)
    se = math.hypot(
        *(influence_standard_error(side, group_codes(None, len(side))) for side in means)
    )
    return _with_seeds(differences, se, min(len(side) for side in means), _SHARED)


@dataclass(frozen=True)
class _Influences:
    """A distance, and what every image adds to it, over the number of its side."""

    value: float
    reals: Floats
    fakes: Floats


def _influences(features: _Set) -> _Influences:
    fake, real = features.load()
    value, of_reals, of_fakes = frechet_influence(real, fake)
    assert of_reals is not None  # both sides are rows of features
    assert of_fakes is not None
    return _Influences(value, of_reals / len(real), of_fakes / len(fake))


def _blocks(fake: Rows, real: Rows) -> KernelBlocks:
    wide = fake.astype(np.float64)
    return KernelBlocks(
        np.asarray(cubic_kernel(wide, wide)), np.asarray(cubic_kernel(wide, real.astype(float)))
    )


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
    """From the standard errors of the values themselves, where nothing finer is kept."""
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
    # All cells share their images, so that more seeds do not shrink the images' part.
    images = min(evidence.results[variant, seeds[0][0]].fakes.values(), default=2)
    return _with_seeds(differences, math.sqrt(float(np.mean(squares))), images, _INDEPENDENT)


def _with_seeds(differences: Sequence[float], se: float, images: int, how: str) -> Crossed:
    """The spread over seeds joined to the standard error over images."""
    n, mean = len(differences), float(np.mean(differences))
    if n >= 2:
        found = jackknife_crossed(mean, float(np.std(differences, ddof=1)), n, se)
        return replace(found, method=f"{found.method}; {how}")
    low, high = t_interval(mean, se, max(1, images - 1))
    return Crossed(mean, se, low, high, 1, OVER_IMAGES, how)
