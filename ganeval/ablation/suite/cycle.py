"""Is the input still in the translation: there and back, beside how much was changed at all.

A low cycle error alone is no success: a generator that changes nothing has the lowest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ganeval.ablation.suite.part import (
    Absent,
    Files,
    ImagesOf,
    Part,
    Place,
    decoded,
    mean_estimate,
    required,
)
from ganeval.images.decoding import Pixels

_UNIT = "grey levels"


def cycle(images: ImagesOf, place: Place) -> Part:
    """Measures L1 and PSNR of recovered against input, and L1 of translation against input.

    Raises:
        Absent: There are no inputs, or images of a pair differ in size.
    """
    source = required(images.source, "the inputs of the translations")
    changed = {
        stem: mean_absolute(before, after)
        for stem, before, after in _pairs(images, source, images.fake)
    }
    metrics = [
        place.number(
            "change_l1", "L1 of input and translation", "none", mean_estimate(changed, _UNIT)
        )
    ]
    per_image = {"change_l1": changed}
    if images.recovered is not None:
        l1, psnr = {}, {}
        for stem, before, after in _pairs(images, source, images.recovered):
            l1[stem] = mean_absolute(before, after)
            psnr[stem] = peak_signal_to_noise(before, after)
        per_image |= {"cycle_l1": l1, "cycle_psnr": psnr}
        metrics += [
            place.number("cycle_l1", "cycle L1", "lower", mean_estimate(l1, _UNIT)),
            place.number("cycle_psnr", "cycle PSNR", "higher", mean_estimate(psnr, "dB")),
        ]
    return Part(metrics, per_image)


def mean_absolute(first: Pixels, second: Pixels) -> float:
    """Returns the mean absolute difference of two images, 0..255."""
    return float(np.abs(_wide(first) - _wide(second)).mean())


def peak_signal_to_noise(first: Pixels, second: Pixels) -> float:
    """Returns 10 log10(255^2 / mean squared difference), dB.

    Equal images count as if one value of one pixel were off by half a level, so that a mean over
    images stays finite.
    """
    squared = float(((_wide(first) - _wide(second)) ** 2).mean())
    least = 0.25 / first.size
    return float(10 * np.log10(255.0**2 / max(squared, least)))


def _pairs(images: ImagesOf, source: Files, others: Files) -> Iterator[tuple[str, Pixels, Pixels]]:
    """Yields stem, input and result, all of one size."""
    for (stem, before), (_, after) in zip(
        decoded(source, images.stems), decoded(others, images.stems), strict=True
    ):
        if before.shape != after.shape:
            raise Absent(
                f"the input and the result of {stem} have different sizes "
                f"({before.shape[1]}x{before.shape[0]}, {after.shape[1]}x{after.shape[0]})"
            )
        yield stem, before, after


def _wide(pixels: Pixels) -> npt.NDArray[np.float64]:
    return pixels.astype(np.float64)
