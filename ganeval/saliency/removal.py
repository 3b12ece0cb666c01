"""Pixels removed and put back in the order of a map: how fast does the probability change?

What removed pixels are replaced by decides which map does best, so no such number stands alone: it
is held against that of a random order and that of the edges of the image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import sobel

from ganeval.metrics.settings import Progress, silent
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.maps.baselines import Baselines, baseline_of
from ganeval.saliency.maps.settings import MapSettings
from ganeval.saliency.maps.task import Batch, Passes, Task, chosen_logits
from ganeval.saliency.model import PixelModel
from ganeval.saliency.registration import luma

Images = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]
Others = tuple[npt.NDArray[np.float32], Sequence[str]]

STEPS: Final = 50
"""Steps in which all pixels are replaced, 2 % each."""


def deletion(
    model: PixelModel,
    images: Images,
    targets: Classes,
    maps: npt.NDArray[Any],
    *,
    keys: Sequence[str],
    settings: MapSettings | None = None,
    others: Others | None = None,
    progress: Progress = silent,
) -> Values:
    """Returns the mean probability of the target while pixels are removed, highest first.

    A fiftieth of the pixels at a time takes the values of the baseline; the mean is over the 51
    images from the whole one to the baseline, and with several baselines over them. Lower is
    better. Pixels of equal value go in the random order of `random_maps`, so that a map without an
    opinion does as well as chance. A map is taken with its sign: what speaks against the target
    goes last.

    Args:
        model: The classifier, open.
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        targets: int64 ``[n]``; 0 for a model with one logit, of which the logistic function is
            the probability.
        maps: float ``[n, S, S]`` of any sign.
        keys: ``n`` names; random draws belong to them.
        settings: Seed, images per call and the baseline; None: the defaults.
        others: Images and keys that random baselines are drawn from; None: those of the call.
        progress: Told of the passes through the network.

    Returns:
        float64 ``[n]`` in 0..1; NaN where a map is zero everywhere or not finite.

    Raises:
        InputError: There are no images for random baselines.
        ValueError: The shapes do not fit each other.

    Source: Petsiuk, Das and Saenko, arXiv 1806.07421.
    """
    task = removal_task(model, images, targets, maps, keys, settings, others, progress)
    baselines = Baselines(task)

    def ends(batch: Batch) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [(batch.x, baseline) for baseline in baselines.of(batch.rows)]

    return _mean_probability(task, maps, ends, baselines.count, "deletion")


def insertion(
    model: PixelModel,
    images: Images,
    targets: Classes,
    maps: npt.NDArray[Any],
    *,
    keys: Sequence[str],
    settings: MapSettings | None = None,
    progress: Progress = silent,
) -> Values:
    """Returns the mean probability of the target while a blurred image gets its pixels back.

    As `deletion`, from the image blurred by a Gaussian of 10 px to the image, whatever baseline is
    set. Higher is better.

    Args:
        model: The classifier, open.
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        targets: int64 ``[n]``.
        maps: float ``[n, S, S]`` of any sign.
        keys: ``n`` names; random draws belong to them.
        settings: Seed and images per call; None: the defaults.
        progress: Told of the passes through the network.

    Returns:
        float64 ``[n]`` in 0..1; NaN where a map is zero everywhere or not finite.

    Raises:
        ValueError: The shapes do not fit each other.

    Source: Petsiuk, Das and Saenko, arXiv 1806.07421.
    """
    task = removal_task(model, images, targets, maps, keys, settings, None, progress)

    def ends(batch: Batch) -> list[tuple[torch.Tensor, torch.Tensor]]:
        blurred = {row: baseline_of(task.images[row], "blur") for row in set(batch.rows.tolist())}
        start = torch.stack([blurred[row] for row in batch.rows.tolist()])
        return [(start.to(batch.x.device), batch.x)]

    return _mean_probability(task, maps, ends, 1, "insertion")


def random_maps(keys: Sequence[str], side: int, seed: int) -> Images:
    """Returns maps that rank the pixels at random, float32 ``[n, side, side]``, 1 to side^2.

    Args:
        keys: ``n`` names, to which the draws belong.
        side: Pixels.
        seed: Random seed of the run.
    """
    made = np.empty((len(keys), side, side), np.float32)  # whole numbers below 2^24 are exact
    for i, key in enumerate(keys):
        drawn = torch.randperm(side * side, generator=keyed_generator(seed, "pixel order", key))
        made[i] = 1 + drawn.numpy().reshape(side, side)
    return made


def sobel_maps(images: Images) -> Values:
    """Returns the edges of images: the length of Sobel's gradient of the luma.

    They know nothing of the model; a map has to do better.

    Args:
        images: float32 ``[n, 3, S, S]`` in [0, 1].

    Returns:
        float64 ``[n, S, S]``.
    """
    # One by one: the filter would smooth along the images too.
    planes = luma(images).astype(np.float64)
    return np.stack([np.hypot(sobel(one, axis=0), sobel(one, axis=1)) for one in planes])


def removal_task(
    model: PixelModel,
    images: Images,
    targets: Classes,
    maps: npt.NDArray[Any],
    keys: Sequence[str],
    settings: MapSettings | None,
    others: Others | None,
    progress: Progress,
) -> Task:
    """Returns images ready for the network.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    count, side = len(images), model.side
    if images.shape[1:] != (3, side, side) or maps.shape != (count, side, side):
        raise ValueError(f"images of {images.shape} and maps of {maps.shape} at {side} px")
    if len(keys) != count or len(targets) != count:
        raise ValueError(f"{len(targets)} targets and {len(keys)} keys for {count} images")
    return Task(
        model,
        torch.from_numpy(np.ascontiguousarray(images)),
        torch.from_numpy(np.ascontiguousarray(targets)),
        None,
        tuple(keys),
        settings or MapSettings(),
        progress,
        None if others is None else (torch.as_tensor(others[0]), tuple(others[1])),
    )


def measurable(maps: npt.NDArray[Any]) -> list[int]:
    """Places of the maps that are finite and not zero everywhere."""
    return [i for i, one in enumerate(maps) if np.isfinite(one).all() and one.any()]


def _mean_probability(
    task: Task,
    maps: npt.NDArray[Any],
    ends: Callable[[Batch], list[tuple[torch.Tensor, torch.Tensor]]],
    count: int,
    label: str,
) -> Values:
    """Replaces the pixels of a start by those of an end, in the order of the maps.

    Args:
        task: Images, targets, keys and settings.
        maps: Highest pixels first.
        ends: Starts and ends of a batch; the mean is over them.
        count: How many of them there are.
        label: What is being made.
    """
    rows = measurable(maps)
    found = np.full(len(task), np.nan)
    if not rows:
        return found
    side, seed = task.model.side, task.settings.seed
    passes = Passes(task, label, len(rows) * count * (STEPS + 1))

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        places = {
            row: _places(maps[row], random_maps([task.keys[row]], side, seed)[0])
            for row in set(batch.rows.tolist())
        }
        stacked = np.stack([places[row] for row in batch.rows.tolist()])
        order = torch.from_numpy(stacked).to(batch.x.device)[:, None]
        total = torch.zeros(len(batch.rows), dtype=torch.float64, device=batch.x.device)
        for start, end in ends(batch):
            for step in range(STEPS + 1):
                x = torch.where(order < round(step * side**2 / STEPS), end, start)
                total += _probability(task.model.logits(x), batch.targets)
                passes.add(batch)
        return (total / (count * (STEPS + 1)),)

    with torch.no_grad():
        (found[rows],) = task.each(of, rows)
    return found


def _places(values: npt.NDArray[Any], ties: Images) -> npt.NDArray[np.int64]:
    """Place of every pixel ``[S, S]``, 0 for the highest; of equal ones the higher in ``ties``."""
    order = np.lexsort((-ties.ravel(), -values.ravel()))
    places = np.empty(order.size, np.int64)
    places[order] = np.arange(order.size)
    return places.reshape(values.shape)


def _probability(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    wide = logits.double()
    if wide.shape[1] == 1:
        return wide[:, 0].sigmoid()
    return chosen_logits(wide.softmax(1), targets)
