"""Maps, their differences and the images they are of, as PNG files of one scale per method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors.numpy import save_file

from ganeval.classifier.why.pictures import diverging, safe_stem
from ganeval.errors import GanevalError
from ganeval.saliency.maps.registry import METHODS
from ganeval.saliency.measuring import MapStacks
from ganeval.saliency.opening import Stack
from ganeval.saliency.settings import Scale

MAPS: Final = "maps"
IMAGES: Final = "images"

QUANTILE: Final = 0.99
"""Share of all pixels of the maps before that the shared scale of a method spans."""

_MOST: Final = 1 << 24  # pixels that a quantile is taken of; of more, evenly spaced ones
_OVER: Final = 0.6  # how much of an overlay is map

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class MapScale:
    """The value of the end colour in the pictures of a method.

    Args:
        value: Above 0; None: every picture has its own.
        saturated: Share of the pixels of the maps before beyond it.
    """

    value: float | None
    saturated: float | None


def shared_scale(stack: Stack, flags: Sequence[str | None]) -> MapScale:
    """Returns the 99th percentile of the absolute values of all maps before.

    Args:
        stack: float32 ``[n, S, S]``.
        flags: Maps that have one are left out.

    Returns:
        A scale without a value where no map has any.
    """
    places = [i for i, why in enumerate(flags) if why is None]
    pixels = len(places) * stack[0].size
    step = max(1, -(-pixels // _MOST))
    seen = [np.abs(stack[i].ravel()[i % step :: step]) for i in places]
    if not seen:
        return MapScale(None, None)
    joined = np.concatenate(seen)
    value = float(np.quantile(joined, QUANTILE))
    if value <= 0:  # fewer than one pixel in a hundred has a value
        value = float(joined.max())
    if value <= 0:
        return MapScale(None, None)
    return MapScale(value, float((joined > value).mean()))


@dataclass(frozen=True)
class PairPictures:
    """The pictures of one pair, by their path in the folder of the record.

    Args:
        originals: ``before`` and ``after`` as the model saw them.
        maps: Method to condition to picture.
        differences: Method to picture of the map after minus that before.
    """

    originals: dict[str, str]
    maps: dict[str, dict[str, str]]
    differences: dict[str, str]


class PictureFolder:
    """Draws the pictures of all pairs.

    Args:
        out: Folder of the record.
        keys: Of the pairs.
        stacks: Maps by method.
        scales: Of the methods.
        scale: ``shared``, or ``per-image``.
        overlays: Also draw the maps over their images.
        save_maps: Also write the maps as float32.
    """

    def __init__(
        self,
        out: Path,
        keys: Sequence[str],
        stacks: dict[str, MapStacks],
        scales: dict[str, MapScale],
        *,
        scale: Scale,
        overlays: bool,
        save_maps: bool,
    ) -> None:
        self._out = out
        self._names = file_names(keys)
        self._stacks = stacks
        self._scales = scales
        self._shared = scale == "shared"
        self._overlays = overlays
        self._save_maps = save_maps

    def write(self, place: int, images: dict[str, Values]) -> PairPictures:
        """Writes everything of one pair.

        Args:
            place: Of the pair.
            images: ``before`` and, of two sets, ``after``: float32 ``[3, S, S]`` in [0, 1].

        Raises:
            GanevalError: The folder cannot be written.
        """
        try:
            return self._written(place, images)
        except OSError as error:
            raise GanevalError(
                f"{self._out}: pictures cannot be written: {error.strerror or error}"
            ) from error

    def _written(self, place: int, images: dict[str, Values]) -> PairPictures:
        name = self._names[place]
        shown = {side: _as_image(pixels) for side, pixels in images.items()}
        originals = {side: self._save(one, IMAGES, f"{name}-{side}") for side, one in shown.items()}
        maps: dict[str, dict[str, str]] = {}
        differences: dict[str, str] = {}
        for method, stacks in self._stacks.items():
            folder = f"{MAPS}/{method}"
            values = {side: stack[place] for side, stack in stacks.sides.items()}
            drawn = {side: self._draw(method, one) for side, one in values.items()}
            maps[method] = {
                side: self._save(one, folder, f"{name}-{side}") for side, one in drawn.items()
            }
            if len(values) == 2:
                both = self._difference(method, values["before"], values["after"])
                differences[method] = self._save(both, folder, f"{name}-difference")
            if self._overlays:
                for side, one in drawn.items():
                    self._save(overlay(shown[side], one), folder, f"{name}-{side}-overlay")
            if self._save_maps:
                save_file(
                    {side: np.ascontiguousarray(one) for side, one in values.items()},
                    self._out / folder / f"{name}.safetensors",
                    {"method": method, "pair": name},
                )
        return PairPictures(originals, maps, differences)

    def _scale(self, method: str, *maps: Values) -> float:
        shared = self._scales[method].value
        if self._shared and shared is not None:
            return shared
        largest = max(float(np.abs(np.nan_to_num(one)).max()) for one in maps)
        return largest or 1.0

    def _draw(self, method: str, values: Values) -> Image.Image:
        scale = self._scale(method, values)
        return diverging(values, scale) if METHODS[method].signed else sequential(values, scale)

    def _difference(self, method: str, before: Values, after: Values) -> Image.Image:
        if self._shared:
            return diverging(after - before, self._scale(method, before, after))
        # Each divided by its own scale, as in its own picture.
        own = [one / self._scale(method, one) for one in (before, after)]
        return diverging(own[1] - own[0], 1.0)

    def _save(self, image: Image.Image, folder: str, name: str) -> str:
        path = PurePosixPath(folder, f"{name}.png")
        target = self._out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target, format="PNG")
        return str(path)


def sequential(values: Values, scale: float) -> Image.Image:
    """Draws numbers from 0 up in the colours of viridis.

    Args:
        values: ``[H, W]``; below 0 and NaN are drawn as 0.
        scale: The number, above 0, that gets the end colour; larger ones get it too.

    Returns:
        An image of 256 colours.
    """
    index = np.rint(255 * np.clip(np.nan_to_num(values / scale), 0, 1)).astype(np.uint8)
    image = Image.fromarray(index)
    image.putpalette(_viridis(), "RGB")
    return image


def overlay(image: Image.Image, drawn: Image.Image) -> Image.Image:
    """Returns the map over its image in grey."""
    return Image.blend(image.convert("L").convert("RGB"), drawn.convert("RGB"), _OVER)


def file_names(keys: Sequence[str]) -> list[str]:
    """Returns a file name for each pair, without ending, all of them different."""
    stems = [safe_stem(f"{key}.png") for key in keys]
    count = Counter(one.lower() for one in stems)
    width = len(str(len(keys)))
    return [
        stem if count[stem.lower()] == 1 else f"{stem}-{place:0{width}d}"
        for place, stem in enumerate(stems, start=1)
    ]


def _as_image(pixels: Values) -> Image.Image:
    levels = np.rint(255 * pixels.transpose(1, 2, 0)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(levels))


@cache
def _viridis() -> bytes:
    from matplotlib import colormaps  # slow to load, and needed by pictures alone

    colours = colormaps["viridis"](np.arange(256))[:, :3]
    return bytes(np.rint(255 * colours).astype(np.uint8))
