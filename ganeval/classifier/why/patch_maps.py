"""Where in a picture the network sees a fake: maps of patch scores, their means, the border."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL
from ganeval.classifier.why.bands import class_band
from ganeval.classifier.why.held_out import HeldOut, class_places
from ganeval.classifier.why.lazy_images import LazyImages
from ganeval.classifier.why.pictures import colour_bar, diverging, safe_stem, save_picture
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import Curve, Picture

STRIDE: Final = 4
"""Pixels from one patch to the next."""

FIRST: Final = 1.5
"""Pixel coordinate of the first patch's centre."""

QUANTILE: Final = 0.99

Map = npt.NDArray[np.float32]

_KINDS: Final = ((REAL, "real", "reals"), (FAKE, "fake", "fakes"))


class PatchScorer(Protocol):
    """A network that scores patches."""

    def patch_maps(self, pixels: Sequence[Pixels], /) -> Iterable[Map]:
        """Returns the score of each patch of each image, float32 ``[h, w]``, in their order."""
        ...


@dataclass(frozen=True)
class PatchMaps:
    """The patch scores of the test part.

    Args:
        maps: float32 ``[h, w]`` per image, in the order of the test part.
        sizes: Height and width of each image, pixels.
        scale: The value that gets the end colours in every picture: the 99th percentile of
            |score| over all patches of all images.
    """

    maps: list[Map]
    sizes: list[tuple[int, int]]
    scale: float


def patch_maps(
    network: PatchScorer, held_out: HeldOut, progress: Progress = silent, label: str = "score maps"
) -> PatchMaps:
    """Scores the patches of every image of the test part."""
    maps, sizes = [], []
    images = LazyImages(len(held_out), held_out.pixels)
    for place, scored in enumerate(network.patch_maps(images)):
        height, width, _ = images[place].shape
        maps.append(np.asarray(scored, np.float32))
        sizes.append((height, width))
        progress(label, place + 1, len(held_out))
    magnitudes = np.concatenate([np.abs(one).ravel() for one in maps])
    scale = float(np.quantile(magnitudes, QUANTILE))
    return PatchMaps(maps, sizes, scale if scale > 0 else 1.0)


def upsampled(patches: npt.NDArray[np.floating], height: int, width: int) -> Map:
    """Brings patch scores to the size of the image, bilinearly.

    Patch (i, j) keeps its value at its centre, pixel (4i + 1.5, 4j + 1.5); beyond the outermost
    centres the value stays. Where the network saw only the middle of a large image, places
    outside are NaN.

    Args:
        patches: ``[h, w]``.
        height: Pixels, at least 4h.
        width: Pixels, at least 4w.

    Returns:
        float32 ``[height, width]``.
    """
    down, across = _weights(patches.shape[0], height), _weights(patches.shape[1], width)
    return (down @ patches @ across.T).astype(np.float32)


def _covered(count: int, side: int) -> tuple[int, int]:
    """The pixels that patches were made of: all, or the middle, first and one past the last."""
    if side < STRIDE * (count + 1):
        return 0, side
    top = (side - STRIDE * count) // 2
    return top, top + STRIDE * count


def _weights(count: int, side: int) -> Map:
    """Weight of each patch at each pixel of a side, ``[side, count]``; NaN rows are outside."""
    first, end = _covered(count, side)
    place = np.clip((np.arange(first, end) - first - FIRST) / STRIDE, 0, count - 1)
    weights = np.full((side, count), np.nan, np.float32)
    weights[first:end] = np.clip(1 - np.abs(place[:, None] - np.arange(count)), 0, 1)
    return weights


def map_pictures(
    maps: PatchMaps, held_out: HeldOut, places: Sequence[int], out: Path
) -> dict[int, str]:
    """Draws the maps of some images.

    Args:
        maps: The patch scores.
        held_out: The test part.
        places: The images, by place in the test part.
        out: Folder of the record.

    Returns:
        Path of each picture in the folder of the record, by place.
    """
    files = {}
    for place in sorted(set(places)):
        row = int(held_out.rows[place])
        kind = "fake" if held_out.labels[place] == FAKE else "real"
        name = PurePosixPath("maps", f"{kind}-{row:05d}-{safe_stem(held_out.examples.keys[row])}")
        image = diverging(upsampled(maps.maps[place], *maps.sizes[place]), maps.scale)
        files[place] = save_picture(image, out, str(name))
    return files


def scale_picture(maps: PatchMaps, out: Path) -> Picture:
    """Draws the one colour scale of all score maps."""
    return Picture(
        name="map-scale",
        file=save_picture(colour_bar(), out, "map-scale"),
        display="Colour scale of all score maps",
        caption=(
            f"Patch scores of the network, from −{maps.scale:.3g} (as in reals, blue) over 0 "
            f"(white) to +{maps.scale:.3g} (as in fakes, orange), the same in every map: the 99th "
            "percentile of the absolute patch score over the whole test part. Larger scores get "
            "the end colours."
        ),
        scale=maps.scale,
    )


def mean_map_pictures(maps: PatchMaps, held_out: HeldOut, out: Path) -> list[Picture]:
    """Draws the mean map of all fakes and of all reals, on the scale of all maps.

    Images of different sizes have no common places; then there are none.
    """
    if len({(one.shape, size) for one, size in zip(maps.maps, maps.sizes, strict=True)}) != 1:
        return []
    size = maps.sizes[0]
    pictures = []
    for label, kind, plural in _KINDS:
        places = class_places(held_out.labels, label)
        stacked = np.stack([maps.maps[place] for place in places])
        mean = stacked.mean(axis=0, dtype=np.float64)
        image = diverging(upsampled(mean, *size), maps.scale)
        pictures.append(
            Picture(
                name=f"mean-map-{kind}",
                file=save_picture(image, out, f"mean-map-{kind}"),
                display=f"Mean score map of all {plural}",
                caption=(
                    f"Mean over the {len(places)} {plural} of the test part. A spot here is a "
                    "place that gives itself away in many images, whatever they show."
                ),
                scale=maps.scale,
            )
        )
    return pictures


def border_profiles(maps: PatchMaps, held_out: HeldOut) -> list[Curve]:
    """Returns the mean patch score by distance to the nearest border, for fakes and for reals.

    Each image adds the mean over its patches of a distance; images too small for a distance are
    left out there. The band is the percentile bootstrap over groups.
    """
    rings = [_ring_means(one, size) for one, size in zip(maps.maps, maps.sizes, strict=True)]
    depth = min(len(means) for _, means in rings)
    distances = np.mean([distance[:depth] for distance, _ in rings], axis=0)
    values = np.stack([means[:depth] for _, means in rings])
    groups = held_out.groups
    curves = []
    for label, kind, plural in _KINDS:
        places = class_places(held_out.labels, label)
        band = class_band(
            values[places],
            [groups[place] for place in places],
            seed=held_out.seed,
            purpose=f"border profile {kind}",
            level=held_out.level,
        )
        curves.append(
            Curve(
                name=f"border-profile-{kind}",
                display=f"Mean patch score of the {plural} by distance to the border",
                x_label="pixels from the patch's centre to the nearest border",
                y_label="mean patch score",
                x=distances.tolist(),
                y=band.mean.tolist(),
                low=list(band.low.tolist()),
                high=list(band.high.tolist()),
            )
        )
    return curves


def _ring_means(
    patches: Map, size: tuple[int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean distance to the border and mean score of the patches of each ring, outermost first."""
    near = []
    for count, side in zip(patches.shape, size, strict=True):
        first, _ = _covered(count, side)
        centre = first + STRIDE * np.arange(count) + FIRST
        near.append(np.minimum(centre, side - 1 - centre))
    distance = np.minimum(near[0][:, None], near[1][None])
    ring = np.minimum(
        *np.meshgrid(*(_steps_inwards(n) for n in patches.shape), indexing="ij")
    ).ravel()
    counts = np.bincount(ring)
    return (
        np.bincount(ring, weights=distance.ravel()) / counts,
        np.bincount(ring, weights=patches.ravel().astype(np.float64)) / counts,
    )


def _steps_inwards(count: int) -> npt.NDArray[np.int64]:
    """Patches between each patch and the nearer end of a line: 0, 1, ..., 1, 0."""
    places = np.arange(count)
    return np.minimum(places, count - 1 - places)
