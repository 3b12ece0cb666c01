"""What may have happened to an image before it was a file here: one class per kind of step."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

import numpy as np
from PIL import Image

from ganeval.images.decoding import Pixels
from ganeval.images.jpeg import Tables

Resampling = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]

RESAMPLINGS: Final[tuple[Resampling, ...]] = get_args(Resampling)
"""Pillow's filters by name; all but nearest smooth what is made smaller."""

SUBSAMPLINGS: Final = {"444": "4:4:4", "422": "4:2:2", "420": "4:2:0"}


class Step(Protocol):
    """One change of an image."""

    def describe(self) -> str:
        """Says in words what it does."""
        ...

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns the changed image; lengths in pixels are multiplied by ``scale``."""
        ...


@dataclass(frozen=True, slots=True)
class Resize:
    """Bringing an image to a size.

    Args:
        width: Pixels across, before scaling.
        height: Pixels down.
        resampling: Pillow's filter.
    """

    width: int
    height: int
    resampling: Resampling = "bicubic"

    def describe(self) -> str:
        """Says in words what it does."""
        return f"resized to {self.width}x{self.height} ({self.resampling})"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns the image in that size, times ``scale``."""
        size = max(1, round(self.height * scale)), max(1, round(self.width * scale))
        return resized(pixels, size, self.resampling)


@dataclass(frozen=True, slots=True)
class Crop:
    """Cutting a square out at a random place.

    Args:
        side: Pixels, before scaling; of smaller images all is kept.
    """

    side: int

    def describe(self) -> str:
        """Says in words what it does."""
        return f"cropped to {self.side}x{self.side} at a random place"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns a cut of that side, times ``scale``."""
        side = max(1, round(self.side * scale))
        top, left = (int(rng.integers(max(0, length - side) + 1)) for length in pixels.shape[:2])
        return np.ascontiguousarray(pixels[top : top + side, left : left + side])


@dataclass(frozen=True, slots=True)
class Grey:
    """Taking the colours away."""

    def describe(self) -> str:
        """Says in words what it does."""
        return "made grey"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns luma (ITU-R BT.601) in all three channels."""
        return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


@dataclass(frozen=True, slots=True)
class Levels:
    """Leaving few levels of grey, or few colours.

    Args:
        depth: Bits per pixel.
        palette: Colours chosen for each image; False: levels of grey in even steps.
    """

    depth: int
    palette: bool

    def describe(self) -> str:
        """Says in words what it does."""
        return f"left {2**self.depth} {'colours' if self.palette else 'levels of grey'}"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns the image with as many colours as the depth allows."""
        image = Image.fromarray(pixels)
        if self.palette:
            return np.asarray(image.quantize(2**self.depth).convert("RGB"))
        most = 2**self.depth - 1
        grey = np.asarray(image.convert("L"), np.float64)
        even = np.rint(np.rint(grey / 255 * most) / most * 255).astype(np.uint8)
        return np.repeat(even[:, :, None], 3, axis=2)


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Storing as JPEG, and reading it again.

    Args:
        name: Its quality in words, for example ``q90``.
        chroma: Subsampling as ``4:2:0``; ``grey`` stores luma alone.
        quality: libjpeg's quality, 1..100; None: the tables say.
        tables: Quantisation tables, one per component, the last for the rest.
    """

    name: str
    chroma: str
    quality: int | None = None
    tables: Tables = ()

    def describe(self) -> str:
        """Says in words what it does."""
        return f"JPEG {self.name} {self.chroma}"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns what is read from such a file."""
        # 4:4:0 is 4:2:2 of the picture on its side, tables and all; Pillow writes the latter only.
        turned = self.chroma == "4:4:0"
        image = Image.fromarray(pixels.swapaxes(0, 1) if turned else pixels)
        tables = [_turned(table) if turned else list(table) for table in self.tables]
        options: dict[str, object] = {"qtables": tables} if tables else {"quality": self.quality}
        if self.chroma == "grey":
            image = image.convert("L")
        else:
            options["subsampling"] = "4:2:2" if turned else writable_chroma(self.chroma)
        read = _through_file(image, "JPEG", options)
        return np.ascontiguousarray(read.swapaxes(0, 1)) if turned else read


@dataclass(frozen=True, slots=True)
class Lossy:
    """Storing in a lossy format whose files do not tell their quality, and reading it again.

    Args:
        container: Pillow's name: WEBP, AVIF or JPEG2000.
        quality: 0..100, of WebP and AVIF; None: the encoder's default, 40 dB for JPEG 2000.
    """

    container: str
    quality: int | None = None

    def describe(self) -> str:
        """Says in words what it does."""
        quality = "of usual quality" if self.quality is None else f"q{self.quality}"
        return f"{self.container} {quality}"

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns what is read from such a file."""
        options: dict[str, object] = {} if self.quality is None else {"quality": self.quality}
        if self.container == "JPEG2000":
            options = {"irreversible": True, "quality_mode": "dB", "quality_layers": [40]}
        return _through_file(Image.fromarray(pixels), self.container, options)


def resized(pixels: Pixels, size: tuple[int, int], resampling: Resampling = "bicubic") -> Pixels:
    """Returns an image in another size, smoothed where it gets smaller.

    Args:
        pixels: uint8 ``[H, W, 3]``.
        size: Height and width wanted.
        resampling: Pillow's filter.
    """
    if pixels.shape[:2] == size:
        return pixels
    height, width = size
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling[resampling.upper()])
    return np.asarray(image)


def writable_chroma(chroma: str) -> str:
    """Returns the subsampling, or what comes nearest to it of those that can be written."""
    return chroma if chroma in SUBSAMPLINGS.values() else "4:2:0"


def _turned(table: tuple[int, ...]) -> list[int]:
    """The quantisation table of the picture on its side."""
    return np.reshape(table, (8, 8)).T.ravel().tolist()


def _through_file(image: Image.Image, container: str, options: dict[str, object]) -> Pixels:
    """Writes an image to memory and reads it again, as RGB."""
    stream = io.BytesIO()
    image.save(stream, container, **options)
    with Image.open(stream) as again:
        return np.asarray(again.convert("RGB"))
