"""Labelled images in memory that a network can, or cannot, tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganeval.classifier.examples import Examples, Split
from ganeval.images import open_image_set
from ganeval.images.arrays import array_digest
from ganeval.images.decoding import Pixels


def pink(rng: np.random.Generator, side: int, spread: float = 40.0) -> np.ndarray:
    """Colour noise whose amplitude falls as 1/f, float ``[side, side, 3]`` around 128."""
    frequencies = np.fft.fftfreq(side)
    radius = np.hypot(frequencies[:, None], frequencies)
    radius[0, 0] = 1
    white = rng.normal(size=(3, side, side))
    noise = np.fft.ifft2(np.fft.fft2(white) / radius).real.transpose(1, 2, 0)
    return 128 + spread * (noise - noise.mean()) / noise.std()


def checker(side: int, amplitude: float) -> np.ndarray:
    """Pixels that alternate by ± amplitude, float ``[side, side, 1]``."""
    return amplitude * (np.indices((side, side)).sum(axis=0) % 2 * 2.0 - 1)[..., None]


def as_pixels(image: np.ndarray) -> Pixels:
    """Rounds to uint8."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def textured(count: int, side: int = 32, amplitude: float = 24.0, seed: int = 0) -> Examples:
    """As many fakes as reals; the fakes carry a checker all over."""
    rng = np.random.default_rng(seed)
    plain = [pink(rng, side) for _ in range(2 * count)]
    marked = [image + checker(side, amplitude) for image in plain[count:]]
    return examples_of([as_pixels(x) for x in plain[:count]], [as_pixels(x) for x in marked])


def examples_of(reals: Sequence[Pixels], fakes: Sequence[Pixels]) -> Examples:
    """Examples of arrays; each image its own group."""
    sets = (open_image_set(np.stack(reals)), open_image_set(np.stack(fakes)))
    pixels = [*reals, *fakes]
    contents = [array_digest(image) for image in pixels]
    return Examples(
        images=sets,
        names=("reals", "fakes"),
        keys=[key for one in sets for key in one.keys],
        digests=contents,
        contents=contents,
        labels=np.repeat(np.array([0, 1], np.int64), [len(reals), len(fakes)]),
        groups=contents,
        headers=[header for one in sets for header in one.headers],
        pixels=pixels,
    )


def in_parts(examples: Examples, shares: tuple[float, float] = (0.6, 0.2)) -> Split:
    """Each class in order: so much trains, so much validates, the rest tests."""
    parts = np.full(len(examples), 2, np.int8)
    for label in (0, 1):
        rows = np.flatnonzero(examples.labels == label)
        train, validation = (round(share * len(rows)) for share in shares)
        parts[rows[:train]] = 0
        parts[rows[train : train + validation]] = 1
    return Split(parts, "0" * 64)
