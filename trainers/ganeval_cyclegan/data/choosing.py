"""The training images of a domain after filters and the choice of a subset."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ganeval.errors import InputError
from ganeval_cyclegan.config import SubsetConfig
from ganeval_cyclegan.data.domain_images import DomainImages
from ganeval_cyclegan.domain_shapes import Domain
from ganeval_cyclegan.pixels import luma
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.subsets import (
    Embed,
    farthest_points,
    genetic_subset,
    listed_subset,
    random_subset,
)

_AT_ONCE = 64  # images whose features are computed together
_THREADS = 4


def chosen(
    images: DomainImages,
    config: SubsetConfig,
    domain: Domain,
    streams: Streams,
    embed: Embed | None,
    known: Sequence[str] | None = None,
) -> list[int]:
    """Returns the indices of the images to train on, in order.

    Args:
        images: All that may be trained on.
        config: Filter, number and method.
        domain: Which one.
        streams: Of the run; ``subset.seed`` takes the place of its seed.
        embed: Features of images, for the methods that look at them.
        known: Keys that were chosen when the run began, so that features need not be computed
            again.

    Raises:
        InputError: There are fewer images than asked for, or a list names others.
        MissingFileError: The list is not there.
    """
    key = f"data.{domain}.subset"
    if config.method == "list" and config.file is not None:
        candidates = listed_subset(Path(config.file), images.keys, f"{key}.file")
    else:
        candidates = list(range(len(images)))
    if config.min_luminance is not None:
        candidates = _bright(images, candidates, config.min_luminance, key)
    if config.n is None or config.method == "all":
        return candidates
    if config.n > len(candidates):
        raise InputError(
            f"{key}.n {config.n}: {images.path} has {len(candidates)} images to choose from",
            hint="Images held out for evaluation are not among them.",
        )
    if config.n == len(candidates):
        return candidates
    own = Streams(streams.seed if config.seed is None else config.seed)
    digests = images.digests
    if config.method in ("random", "list"):
        picked = random_subset(
            [digests[i] for i in candidates],
            config.n,
            lambda digest: own.key("subset", domain, digest, shared=True),
        )
        return [candidates[i] for i in picked]
    if known is not None:
        position = {name: i for i, name in enumerate(images.keys)}
        if set(known) <= position.keys() and len(known) == config.n:
            return sorted(position[name] for name in known)
    return _by_features(images, candidates, config, key, embed, own.at("subset", domain))


def _by_features(
    images: DomainImages,
    candidates: list[int],
    config: SubsetConfig,
    key: str,
    embed: Embed | None,
    rng: random.Random,
) -> list[int]:
    assert config.n is not None
    if embed is None:
        raise InputError(
            f"{key}.method {config.method} needs features of the images, and no extractor is there",
            hint=f"Set {key}.method to random or list.",
        )
    if config.n < 2 and config.method == "genetic":
        raise InputError(f"{key}.n {config.n}: a distance between sets needs at least 2 images")
    blocks = []
    for start in range(0, len(candidates), _AT_ONCE):
        pixels = images.test_pixels(candidates[start : start + _AT_ONCE])
        blocks.append(embed(np.repeat(pixels, 3, axis=3) if pixels.shape[3] == 1 else pixels))
    features = np.concatenate(blocks)
    search = farthest_points if config.method == "farthest-point" else genetic_subset
    return [candidates[i] for i in search(features, config.n, rng)]


def _bright(images: DomainImages, candidates: list[int], least: float, key: str) -> list[int]:
    """Returns the images whose mean luma, 0..255, is at least that."""

    def mean(i: int) -> float:
        pixels = images.image(i)
        return float((luma(pixels) if pixels.shape[2] == 3 else pixels).mean())

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="luminance") as pool:
        means = list(pool.map(mean, candidates))
    kept = [i for i, value in zip(candidates, means, strict=True) if value >= least]
    if not kept:
        raise InputError(
            f"{key}.min_luminance {least:g} leaves no image of {images.path}: the brightest has a"
            f" mean of {max(means):.1f}"
        )
    return kept
