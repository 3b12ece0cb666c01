"""Small labelled sets made by code, and a network of which every patch score is known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from ganeval.classifier.examples import PARTS, Examples, Split
from ganeval.images import Header, ImageSet, open_image_set

Pixels = npt.NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]


def clouds(side: int, rng: np.random.Generator) -> Pixels:
    """Grey 1/f noise in three channels of different mean, uint8 ``[side, side, 3]``."""
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    radius[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(side, side))) / radius
    plane = np.fft.irfft2(spectrum, (side, side))
    plane = 40 * plane / plane.std()
    return np.clip(plane[:, :, None] + [110, 125, 140], 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Made:
    """Labelled images with their split."""

    examples: Examples
    split: Split

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        return self.examples.labels


Make = Callable[..., Made]


def _make(
    reals: int = 40,
    fakes: int = 40,
    side: int = 64,
    change: Change = lambda pixels, rng: pixels,
    *,
    keys: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    headers: Sequence[Header] | None = None,
    part: str = "test",
    seed: int = 0,
) -> Made:
    rng = np.random.default_rng(seed)
    pixels = [clouds(side, rng) for _ in range(reals)]
    pixels += [change(clouds(side, rng), rng) for _ in range(fakes)]
    n = reals + fakes
    names = list(keys or [f"{i:03d}.png" for i in [*range(reals), *range(fakes)]])
    contents = [hashlib.sha256(image.tobytes()).hexdigest() for image in pixels]
    sets: tuple[ImageSet, ImageSet] = tuple(
        open_image_set(np.stack(own)) for own in (pixels[:reals], pixels[reals:])
    )
    header = Header("PNG", "RGB", side, side, 1, ())
    examples = Examples(
        images=sets,
        names=("reals", "fakes"),
        keys=names,
        digests=contents,
        contents=contents,
        labels=np.array([0] * reals + [1] * fakes, np.int64),
        groups=list(groups or [f"group {i}" for i in range(n)]),
        headers=list(headers or [header] * n),
        pixels=pixels,
    )
    return Made(examples, Split(np.full(n, PARTS.index(part), np.int8), "hash"))


@pytest.fixture(scope="session")
def make() -> Make:
    """Builds clouds for reals, changed clouds for fakes, all of one part."""
    return _make


class SteepPatches:
    """Scores each 4 x 4 patch by its steps between neighbours, less 6 levels."""

    def patch_logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        plane = pixels.astype(np.float32).mean(axis=2)
        steps = np.abs(np.diff(plane, axis=1, prepend=plane[:, :1]))
        down, across = plane.shape[0] // 4, plane.shape[1] // 4
        blocks = steps[: 4 * down, : 4 * across].reshape(down, 4, across, 4)
        return (blocks.mean(axis=(1, 3)) - 6).astype(np.float32)

    def patch_maps(self, pixels: Sequence[Pixels]) -> list[npt.NDArray[np.float32]]:
        return [self.patch_logits(image) for image in pixels]

    def logits(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        return np.array(
            [float(self.patch_logits(image).mean(dtype=np.float64)) for image in pixels]
        )


@pytest.fixture
def steep() -> SteepPatches:
    return SteepPatches()


def checker(top: int, left: int, size: int = 16, amplitude: float = 25) -> Change:
    """Adds a checker of one pixel in a square."""

    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        rows, columns = np.mgrid[:size, :size]
        changed = pixels.astype(np.float64)
        square = changed[top : top + size, left : left + size]
        square += amplitude * (1 - 2 * ((rows + columns) % 2))[:, :, None]
        return np.clip(changed, 0, 255).astype(np.uint8)

    return change


@pytest.fixture
def planted() -> Callable[..., Change]:
    """What adds a checker at a place."""
    return checker
