"""Changes of an image that a transfer is held against: the least one, and two of its own size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from ganeval.saliency.batches import keyed_generator
from ganeval.statistics.streams import generator

Images = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

DERANGEMENTS: Final = 5
"""Other images that each image is compared with for the null."""

TOLERANCE: Final = 0.01
"""How far the size of a control may lie from that of its pair, as a share."""

_LEAST: Final = 1 / 255  # one level of a file
_OFFSET: Final = 0.25  # of white: about what a gain moves, in photographs
_AIM: Final = 1e-4  # relative precision of the bisection; float32 leaves that much
_LARGEST: Final = 2.0**20  # of the scale: every pixel is black or white by then
_STEPS: Final = 80


@dataclass(frozen=True)
class Control:
    """Changed images.

    Args:
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        met: bool ``[n]``: the change has the size asked for, within 1 %; where it has not, black
            and white leave no room and the change is the largest there is.
    """

    images: Images
    met: npt.NDArray[np.bool_]


def rms_change(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> Values:
    """Returns the root mean squared change of every image, float64 ``[n]``, white = 1.

    Args:
        before: float ``[n, 3, S, S]`` in [0, 1].
        after: The same.

    Raises:
        ValueError: The shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"images of {before.shape} and {after.shape} do not compare")
    return np.array([_rms(one, other) for one, other in zip(before, after, strict=True)])


def ceiling_images(before: Images, keys: Sequence[str], seed: int) -> Control:
    """Returns images with Gaussian noise of one grey level: the least change that a file can hold.

    Args:
        before: float32 ``[n, 3, S, S]`` in [0, 1].
        keys: Of the pairs; the noise belongs to them.
        seed: Random seed of the run.
    """
    made = np.empty_like(before)
    for i, key in enumerate(keys):
        draw = _normal(seed, "ceiling", key, before[i].shape)
        made[i] = np.clip(before[i] + _LEAST * draw, 0, 1)
    return Control(made, np.ones(len(before), np.bool_))


def noise_images(before: Images, rms: Values, keys: Sequence[str], seed: int) -> Control:
    """Returns images with as much Gaussian noise as makes a change of a given size.

    Args:
        before: float32 ``[n, 3, S, S]`` in [0, 1].
        rms: float64 ``[n]``: root mean squared change after clipping, white = 1.
        keys: Of the pairs; the noise belongs to them.
        seed: Random seed of the run.
    """

    def direction(image: Values, key: str) -> Values:
        return _normal(seed, "noise control", key, image.shape)

    return _sized(before, rms, keys, direction)


def colour_images(before: Images, rms: Values, keys: Sequence[str], seed: int) -> Control:
    """Returns recoloured images, changed by a given size; all structure is kept.

    Every channel gets a random gain about its mean and a random offset.

    Args:
        before: float32 ``[n, 3, S, S]`` in [0, 1].
        rms: float64 ``[n]``: root mean squared change after clipping, white = 1.
        keys: Of the pairs; the draws belong to them.
        seed: Random seed of the run.
    """

    def direction(image: Values, key: str) -> Values:
        gain, offset = _normal(seed, "colour control", key, (2, 3, 1, 1))
        centred = image - image.mean(axis=(1, 2), keepdims=True)
        return np.asarray(gain * centred + _OFFSET * offset)

    return _sized(before, rms, keys, direction)


def derangements(
    n: int,
    seed: int,
    count: int = DERANGEMENTS,
    labels: npt.NDArray[np.int64] | Sequence[int] | None = None,
) -> npt.NDArray[np.int64]:
    """Returns another image for every image, several times; never the image itself.

    With labels the other image is of the same class. Images that are alone in their class share
    one pool; the only such image gets any other.

    Args:
        n: Images, at least 2.
        seed: Random seed of the run.
        count: How often.
        labels: Class of every image.

    Returns:
        int64 ``[count, n]``.

    Raises:
        ValueError: There are fewer than 2 images, or not one label for each.
    """
    if n < 2 or (labels is not None and len(labels) != n):
        raise ValueError(f"{n} images: wanted 2 or more, and as many labels")
    rng = generator(seed, "saliency derangements")
    classes = np.zeros(n, np.int64) if labels is None else np.asarray(labels)
    members = [np.flatnonzero(classes == one) for one in np.unique(classes)]
    pools = [rows for rows in members if len(rows) > 1]
    single = np.array([rows[0] for rows in members if len(rows) == 1], np.int64)
    if len(single) > 1:
        pools.append(single)
    found = np.empty((count, n), np.int64)
    for row in found:
        for pool in pools:
            row[pool] = pool[_derangement(len(pool), rng)]
        if len(single) == 1:
            row[single] = (single + rng.integers(1, n)) % n
    return found


def _derangement(n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """A permutation without fixed points, all equally likely; one of e permutations is."""
    while True:
        drawn = rng.permutation(n)
        if not (drawn == np.arange(n)).any():
            return drawn


def _normal(seed: int, purpose: str, key: str, shape: tuple[int, ...]) -> Values:
    """Normal draws in float32 that belong to a key, whatever else is drawn."""
    drawn = torch.randn(shape, generator=keyed_generator(seed, purpose, key))
    return drawn.numpy().astype(np.float64)


def _sized(
    before: Images, rms: Values, keys: Sequence[str], direction: Callable[[Values, str], Values]
) -> Control:
    """Moves every image along its direction until the change has the size asked for."""
    made, met = np.empty_like(before), np.zeros(len(before), np.bool_)
    for i, key in enumerate(keys):
        image = before[i].astype(np.float64)
        made[i] = _moved(image, direction(image, key), float(rms[i]))
        met[i] = abs(_rms(before[i], made[i]) - rms[i]) <= TOLERANCE * rms[i]
    return Control(made, met)


def _moved(image: Values, direction: Values, rms: float) -> Values:
    """Bisects for the length of the step; the change after clipping grows with it everywhere."""
    if rms <= 0:
        return image
    low, high = 0.0, rms
    while high < _LARGEST and _rms(image, _stepped(image, direction, high)) < rms:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        moved = _stepped(image, direction, middle)
        size = _rms(image, moved)
        if abs(size - rms) <= _AIM * rms:
            return moved
        low, high = (middle, high) if size < rms else (low, middle)
    return _stepped(image, direction, high)


def _stepped(image: Values, direction: Values, length: float) -> Values:
    return np.clip(image + length * direction, 0, 1)


def _rms(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    change = after.astype(np.float64) - before
    return float(np.sqrt(np.square(change).mean()))
