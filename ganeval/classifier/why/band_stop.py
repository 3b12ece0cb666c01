"""What the fitted classifier leans on: its AUC on test images from which something was taken."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from ganeval.classifier.examples import FAKE, REAL, Scores
from ganeval.classifier.why.held_out import HeldOut
from ganeval.classifier.why.lazy_images import LazyImages
from ganeval.images.decoding import Pixels
from ganeval.images.pixel_statistics import luma
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import BandStop
from ganeval.statistics.streams import generator

TILE: Final = 32
QUALITY: Final = 75
MOST: Final = 50

_Floats = npt.NDArray[np.float32]
Score = Callable[[Sequence[Pixels]], Scores]
"""From images, uint8 ``[H, W, 3]`` each, to one score per image, higher is more fake."""


@dataclass(frozen=True)
class _Change:
    """One thing taken from an image; ``apply`` gets the pixels and the image's own generator."""

    name: str
    display: str
    apply: Callable[[Pixels, np.random.Generator], Pixels]


def band_stop(
    held_out: HeldOut,
    score: Score,
    *,
    window: int | None = None,
    most: int = MOST,
    progress: Progress = silent,
) -> list[BandStop]:
    """Scores test images with something taken from them, by the classifier as it was fitted.

    A drop says that the classifier leans on what was taken, not that there is nothing else.

    Args:
        held_out: The test part.
        score: The fitted classifier.
        window: Side of the centre that is scored, pixels; None: whole images.
        most: Images of a class, at most; groups are chosen at random.
        progress: Told how many of the changes are scored.

    Returns:
        The unchanged images first. Shuffled tiles are left out where an image has fewer than
        four of them.
    """
    places = _chosen(held_out, most)
    images = [_centre(held_out.pixels(place), window) for place in places]
    names = [held_out.examples.contents[int(held_out.rows[place])] for place in places]
    changes = _changes(images)
    table = []
    for done, change in enumerate(changes, start=1):
        changed = LazyImages(len(images), _made(change, images, names, held_out.seed))
        scores = np.asarray(score(changed), np.float64)
        separated = held_out.separation(scores, held_out.rows[places], threshold=held_out.threshold)
        table.append(BandStop(name=change.name, display=change.display, auc=separated.auc))
        progress("what the classifier leans on", done, len(changes), "rounds")
    return table


def _made(
    change: _Change, images: Sequence[Pixels], names: Sequence[str], seed: int
) -> Callable[[int], Pixels]:
    def at(place: int) -> Pixels:
        rng = generator(seed, f"band-stop {change.name} {names[place]}")
        return np.ascontiguousarray(change.apply(images[place], rng))

    return at


def _chosen(held_out: HeldOut, most: int) -> npt.NDArray[np.int64]:
    """Places of whole groups, taken at random until each class has that many images."""
    labels = held_out.labels
    groups = np.array(held_out.groups)
    order = generator(held_out.seed, "band-stop images").permutation(np.unique(groups))
    counts = {REAL: 0, FAKE: 0}
    chosen: list[npt.NDArray[np.int64]] = []
    for group in order:
        members = np.flatnonzero(groups == group)
        held = {label: int((labels[members] == label).sum()) for label in counts}
        if any(held[label] and counts[label] < most for label in counts):
            chosen.append(members)
            counts = {label: counts[label] + held[label] for label in counts}
    places: npt.NDArray[np.int64] = np.sort(np.concatenate(chosen))
    return places


def _centre(pixels: Pixels, window: int | None) -> Pixels:
    if window is None:
        return pixels
    height, width = pixels.shape[:2]
    down, across = min(window, height), min(window, width)
    top, left = (height - down) // 2, (width - across) // 2
    return pixels[top : top + down, left : left + across]


def _changes(images: Sequence[Pixels]) -> list[_Change]:
    mean, deviation = _pooled_colour(images)
    changes = [
        _Change("unchanged", "Unchanged", lambda pixels, _: pixels),
        *(
            _Change(f"blur-{sigma}", f"Gaussian blur, σ {sigma} px", _blur_by(sigma))
            for sigma in (1, 2, 4)
        ),
        _Change("high-pass", "Only fine structure (image − blur σ 2 + mean)", _high_pass),
        _Change("grey", "Grey", _grey),
        _Change(
            "colour-moments",
            "Mean and spread of each colour channel made equal",
            lambda pixels, _: _rounded(_with_moments(pixels, mean, deviation)),
        ),
        _Change("jpeg-75", f"JPEG, quality {QUALITY}", _jpeg),
        _Change("half-size", "Half the size and back", _half_size),
    ]
    if min((image.shape[0] // TILE) * (image.shape[1] // TILE) for image in images) >= 4:
        changes.append(_Change("tiles", f"Tiles of {TILE} px shuffled", _shuffled_tiles))
    return changes


def _rounded(values: npt.NDArray[np.floating]) -> Pixels:
    rounded: Pixels = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return rounded


def _blur_by(sigma: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    return lambda pixels, _: _rounded(blurred(pixels, sigma))


def blurred(pixels: Pixels, sigma: float) -> _Floats:
    """Returns the image under a Gaussian filter, mirrored at its borders.

    Args:
        pixels: uint8 ``[H, W, 3]``.
        sigma: Pixels.

    Returns:
        float32 ``[H, W, 3]``.
    """
    down, across = _filter(pixels.shape[0], sigma), _filter(pixels.shape[1], sigma)
    planes = pixels.astype(np.float32).transpose(2, 0, 1)
    filtered: _Floats = np.asarray(down @ planes @ across.T, np.float32).transpose(1, 2, 0)
    return filtered


@lru_cache(maxsize=16)
def _filter(side: int, sigma: float) -> _Floats:
    """The filter along one side as a matrix; one product is faster than many shifted sums."""
    matrix: _Floats = gaussian_filter1d(np.eye(side, dtype=np.float32), sigma, axis=0)
    return matrix


def _high_pass(pixels: Pixels, _: np.random.Generator) -> Pixels:
    mean = pixels.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    return _rounded(pixels - blurred(pixels, 2) + mean)


def _grey(pixels: Pixels, _: np.random.Generator) -> Pixels:
    return np.repeat(_rounded(luma(pixels))[:, :, None], 3, axis=2)


def _pooled_colour(images: Sequence[Pixels]) -> tuple[_Floats, _Floats]:
    """Mean over images of the channel means, and root of the mean variance, ``[3]`` each."""
    means = np.mean([image.mean(axis=(0, 1), dtype=np.float64) for image in images], axis=0)
    variances = np.mean([image.var(axis=(0, 1), dtype=np.float64) for image in images], axis=0)
    return means.astype(np.float32), np.sqrt(variances).astype(np.float32)


def _with_moments(pixels: Pixels, mean: _Floats, deviation: _Floats) -> _Floats:
    """Gives each channel another mean and standard deviation; a flat channel stays flat."""
    own_mean = pixels.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    own_deviation = pixels.std(axis=(0, 1), dtype=np.float64).astype(np.float32)
    factor = np.where(own_deviation > 0, deviation / np.maximum(own_deviation, 1e-6), 0)
    changed: _Floats = (pixels - own_mean) * factor.astype(np.float32) + mean
    return changed


def _jpeg(pixels: Pixels, _: np.random.Generator) -> Pixels:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=QUALITY)
    return np.asarray(Image.open(stream).convert("RGB"))


def _half_size(pixels: Pixels, _: np.random.Generator) -> Pixels:
    image = Image.fromarray(pixels)
    half = (max(1, image.width // 2), max(1, image.height // 2))
    small = image.resize(half, Image.Resampling.BICUBIC)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))


def _shuffled_tiles(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shuffles the whole tiles; what is left over at the right and the bottom stays."""
    down, across = pixels.shape[0] // TILE, pixels.shape[1] // TILE
    whole = pixels[: down * TILE, : across * TILE]
    tiles = whole.reshape(down, TILE, across, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)
    mixed = tiles[rng.permutation(len(tiles))].reshape(down, across, TILE, TILE, 3)
    shuffled = pixels.copy()
    shuffled[: down * TILE, : across * TILE] = mixed.swapaxes(1, 2).reshape(whole.shape)
    return shuffled
