"""One decode per image: everything that pixels tell is measured while the network gets them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganeval.images import Decoding, Header, ImageSet, UnreadableImage
from ganeval.images.arrays import array_digest
from ganeval.images.decoding import Pixels
from ganeval.images.duplicates import Signature, difference_hash, thumbnail
from ganeval.images.pixel_statistics import PixelStatistics, pixel_statistics
from ganeval.images.source import Source


@dataclass(frozen=True, slots=True)
class Measured:
    """What the pixels of one image tell.

    Args:
        statistics: Compression, light, colour.
        pixels: sha256 of size and pixels.
        dhash: 64-bit difference hash; None where it would tell nothing.
        thumbnail: Luma, uint8 ``[8, 9]``.
    """

    statistics: PixelStatistics
    pixels: str
    dhash: int | None
    thumbnail: npt.NDArray[np.uint8]

    def signature(self, digest: str) -> Signature:
        """What the image with this digest is recognised by."""
        return Signature(digest, self.pixels, self.dhash)


def measure_pixels(pixels: Pixels) -> Measured:
    """Measures one decoded image, uint8 ``[H, W, 3]``."""
    return Measured(
        statistics=pixel_statistics(pixels),
        pixels=array_digest(pixels),
        dhash=difference_hash(pixels),
        thumbnail=thumbnail(pixels),
    )


class MeasuringSource(Source):
    """Measures each image when it is first decoded, whoever asked for it.

    Args:
        source: Where the images come from.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source.kind, source.keys, source.ignored)
        self._source = source
        self.measured: dict[str, Measured] = {}
        self.failures: dict[str, str] = {}

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Returns header and digest of an image."""
        return self._source.inspect(key, decoding)

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Returns the pixels of an image, and notes what they tell or why there are none."""
        try:
            pixels = self._source.decode(key, header, decoding)
        except UnreadableImage as error:
            self.failures[key] = error.reason
            raise
        if key not in self.measured:
            self.measured[key] = measure_pixels(pixels)
        return pixels


def measuring(images: ImageSet) -> tuple[ImageSet, MeasuringSource]:
    """Returns the same set, whose decoding measures, and where the measurements are gathered."""
    source = MeasuringSource(images.source)
    return replace(images, source=source), source


def measure_rest(
    images: ImageSet,
    source: MeasuringSource,
    threads: int,
    progress: Callable[[int, int], None],
) -> None:
    """Decodes what nobody has asked for yet, so that every readable image is measured."""
    known = source.measured.keys() | source.failures.keys()
    rest = [i for i, key in enumerate(images.keys) if key not in known]
    done = len(images) - len(rest)
    if not rest:
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="measure") as pool:
        for number, _ in enumerate(pool.map(lambda i: _decode(images, i), rest), start=1):
            progress(done + number, len(images))


def _decode(images: ImageSet, position: int) -> None:
    with contextlib.suppress(UnreadableImage):  # noted by the source
        images.decode(position)


def luma_difference(first: Measured, second: Measured) -> float:
    """Mean absolute difference of two thumbnails, 0..255: how alike the pictures look."""
    return float(np.abs(first.thumbnail.astype(np.int16) - second.thumbnail).mean())
