"""Which images a report page shows: a sample of both sets, and the fakes that stand out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from ganeval.metrics.nearest import nearest_rows
from ganeval.metrics.sides import Side
from ganeval.records import Copy, Gallery, Neighbour
from ganeval.statistics.streams import generator

_SAMPLE = 24  # images of each set shown side by side
_EXTREMES = 8  # fakes nearest to, farthest from, and raising the distance
_MOST_PAIRS = 25_000_000  # real x fake pairs: above it, a second and more for a decoration


def gallery(real: Side, fake: Side, influence: np.ndarray | None, seed: int) -> Gallery:
    """Chooses the images of a page by key; nothing is chosen where a side holds no images.

    Args:
        real: The real side.
        fake: The fake side.
        influence: Influence of each fake row on the distance, float64 ``[n]``.
        seed: Seed of the two samples.
    """
    neighbours = _neighbours(real, fake, influence)
    by_distance = sorted(neighbours, key=lambda x: x.distance)
    by_influence = sorted(neighbours, key=lambda x: -(x.influence or 0.0))
    return Gallery(
        fake_label=fake.label,
        real_sample=_sample(real, seed),
        fake_sample=_sample(fake, seed),
        nearest=by_distance[:_EXTREMES],
        farthest=by_distance[::-1][:_EXTREMES],
        raising=[x for x in by_influence[:_EXTREMES] if (x.influence or 0.0) > 0.0],
    )


def named_digests(
    real: Side,
    fakes: Sequence[Side],
    train: Side,
    galleries: Iterable[Gallery],
    copies: Iterable[Copy],
) -> dict[str, dict[str, str]]:
    """Returns the digests of the images that galleries and copies name, by label and key.

    Args:
        real: The real side.
        fakes: The fake sides.
        train: The side that copies were looked for in.
        galleries: Those of all fake sides.
        copies: Those of all fake sides.
    """
    named: dict[str, set[str]] = defaultdict(set)
    for one in galleries:
        neighbours = [*one.nearest, *one.farthest, *one.raising]
        named[real.label].update(one.real_sample, (pair.real for pair in neighbours))
        named[one.fake_label].update(one.fake_sample, (pair.fake for pair in neighbours))
    for copy in copies:
        named[copy.fake_label].add(copy.fake)
        named[train.label].add(copy.real)
    return {
        side.label: {
            key: digest
            for key, digest in sorted(zip(side.keys, side.digests, strict=True))
            if key in named[side.label]
        }
        for side in (real, *fakes, train)
        if named[side.label]
    }


def _neighbours(real: Side, fake: Side, influence: np.ndarray | None) -> list[Neighbour]:
    if real.values is None or fake.values is None or real.images is None or fake.images is None:
        return []
    if len(real.values) * len(fake.values) > _MOST_PAIRS:
        return []
    found = nearest_rows(fake.values, real.values, "euclidean")
    index, distance = found.index[:, 0], found.distance[:, 0]
    effects: Sequence[float | None] = [None] * len(index)
    if influence is not None:
        effects = [float(x) for x in influence]
    return [
        Neighbour(fake=key, real=real.keys[i], distance=float(d), influence=effect)
        for key, i, d, effect in zip(fake.keys, index, distance, effects, strict=True)
    ]


def _sample(side: Side, seed: int) -> list[str]:
    if side.images is None:
        return []
    count = min(_SAMPLE, len(side.keys))
    chosen = generator(seed, "gallery").choice(len(side.keys), size=count, replace=False)
    return sorted(side.keys[i] for i in chosen)
