"""Which frequencies give fakes away: power of fakes over that of reals, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL
from ganeval.classifier.spectrum import SMALLEST, log_power, spectrum_matrix
from ganeval.classifier.why.bands import difference_band
from ganeval.classifier.why.held_out import HeldOut
from ganeval.classifier.why.lazy_images import LazyImages
from ganeval.classifier.why.pictures import diverging, enlarged, save_picture
from ganeval.images.decoding import Pixels
from ganeval.records.classify import Curve, Picture, SpectrumBand, SpectrumPeak
from ganeval.statistics.intervals import holm

BANDS: Final = 16
_RADIAL: Final = 64  # numbers of the spectrum by radius, from 0 to 0.5 cycles per pixel
_HIGHEST: Final = 0.5

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpectrumDifference:
    """How the spectra of the two classes differ; empty where images are too small."""

    pictures: list[Picture]
    curves: list[Curve]
    bands: list[SpectrumBand]
    peaks: list[SpectrumPeak]


def _centres(held_out: HeldOut, side: int) -> LazyImages:
    """The centre squares of the test part, all of one side."""

    def at(place: int) -> Pixels:
        pixels = held_out.pixels(place)
        top, left = ((whole - side) // 2 for whole in pixels.shape[:2])
        return pixels[top : top + side, left : left + side]

    return LazyImages(len(held_out), at)


def spectrum_difference(held_out: HeldOut, out: Path) -> SpectrumDifference:
    """Compares the power spectra of luma of the test part's fakes and reals.

    Args:
        held_out: The test part, both classes.
        out: Folder of the record.
    """
    places = range(len(held_out))
    side = min(min(held_out.pixels(place).shape[:2]) for place in places)
    if side < SMALLEST:
        return SpectrumDifference([], [], [], [])
    centres = _centres(held_out, side)
    numbers = spectrum_matrix(centres).astype(np.float64)
    radial, peaks = numbers[:, :_RADIAL], numbers[:, _RADIAL:]
    return SpectrumDifference(
        pictures=[_picture(centres, held_out, out)],
        curves=[_radial_curve(radial, held_out)],
        bands=_bands(radial.reshape(len(radial), BANDS, -1).mean(axis=2), held_out),
        peaks=_peaks(peaks, held_out),
    )


def whole_spectrum(half: _Floats) -> _Floats:
    """Returns the spectrum of a real image with frequency 0 in the middle.

    Args:
        half: float64 ``[N, N//2 + 1]`` as `numpy.fft.rfft2` orders it, N even; equal at opposite
            frequencies.

    Returns:
        float64 ``[N, N]``; frequency 0 is at (N//2, N//2).
    """
    opposite = np.roll(half[::-1, -2:0:-1], 1, axis=0)  # row k comes from row -k
    return np.fft.fftshift(np.concatenate([half, opposite], axis=1))


def _picture(centres: LazyImages, held_out: HeldOut, out: Path) -> Picture:
    sums: dict[int, _Floats] = {}
    for place, label in enumerate(held_out.labels):
        power = log_power(centres[place]).astype(np.float64)
        sums[int(label)] = sums.get(int(label), 0.0) + power
    counts = np.bincount(held_out.labels, minlength=2)
    difference = whole_spectrum(sums[FAKE] / counts[FAKE] - sums[REAL] / counts[REAL])
    scale = float(np.quantile(np.abs(difference), 0.99)) or 1.0
    image = enlarged(diverging(difference, scale))
    return Picture(
        name="spectrum-difference",
        file=save_picture(image, out, "spectrum-difference"),
        display="Power spectrum, fakes − reals",
        caption=(
            "Mean ln power of the fakes minus that of the reals. Frequency 0 is in the middle, "
            "0.5 cycles per pixel at the edges: across at the left and right, down at the top and "
            f"bottom. Orange: fakes have more. End colours at ±{scale:.3g}; factor e per 1. "
            "Isolated dots at eighths of the way are what upsampling leaves."
        ),
        scale=scale,
    )


def _radial_curve(radial: _Floats, held_out: HeldOut) -> Curve:
    band = difference_band(
        radial,
        held_out.labels,
        held_out.groups,
        seed=held_out.seed,
        purpose="spectrum difference",
        level=held_out.level,
    )
    centres = (np.arange(_RADIAL) + 0.5) * _HIGHEST / _RADIAL
    return Curve(
        name="spectrum-difference",
        display="Mean ln power, fakes − reals, by frequency",
        x_label="cycles per pixel",
        y_label="ln power, fakes − reals",
        x=centres.tolist(),
        y=band.mean.tolist(),
        low=list(band.low.tolist()),
        high=list(band.high.tolist()),
    )


def _bands(values: _Floats, held_out: HeldOut) -> list[SpectrumBand]:
    separated = [held_out.separation(column) for column in values.T]
    p_values = [one.two_sided for one in separated]
    width = _HIGHEST / BANDS
    return [
        SpectrumBand(low=index * width, high=(index + 1) * width, auc=one.auc, p=p, p_holm=adjusted)
        for index, (one, p, adjusted) in enumerate(
            zip(separated, p_values, holm(p_values), strict=True)
        )
    ]


def _peaks(values: _Floats, held_out: HeldOut) -> list[SpectrumPeak]:
    """Columns are the eighths down and, faster, across, both 0..4, without frequency 0."""
    eighths = [(down, across) for down in range(5) for across in range(5)][1:]
    labels = held_out.labels
    return [
        SpectrumPeak(
            frequency=f"{across}/8 {down}/8",
            real=float(column[labels == REAL].mean()),
            fake=float(column[labels == FAKE].mean()),
            auc=held_out.separation(column).auc,
        )
        for (down, across), column in zip(eighths, values.T, strict=True)
    ]
