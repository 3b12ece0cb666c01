"""The spectrum as numbers: its fall, and the peaks that upsampling leaves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import median_filter

from ganeval.classifier.spectrum import SPECTRUM_DIMENSION, spectrum_matrix
from ganeval.errors import InputError
from ganeval.images.pixel_statistics import luma

EIGHTHS = [(a, b) for a in range(5) for b in range(5) if (a, b) != (0, 0)]


def noise(side: int, seed: int = 0, width: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (side, width or side, 3), dtype=np.uint8)


def by_definition(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same numbers from the whole spectrum, the slow way, for a square multiple of 8."""
    plane = luma(image).astype(np.float64)
    side = len(plane)
    window = np.hanning(side)
    power = np.log(np.abs(np.fft.fft2((plane - plane.mean()) * np.outer(window, window))) ** 2 + 1)
    frequency = np.fft.fftfreq(side)
    radius = np.hypot(frequency[:, None], frequency[None])
    radial = []
    for k in range(64):
        upper = radius <= 0.5 if k == 63 else radius < (k + 1) / 128
        chosen = (radius >= k / 128) & upper
        radial.append(power[chosen].mean() if chosen.any() else np.nan)
    median = median_filter(power, size=5, mode="wrap")
    peaks = [(power - median)[a * side // 8, b * side // 8] for a, b in EIGHTHS]
    return np.array(radial), np.array(peaks)


@pytest.mark.parametrize("side", [64, 136, 256])
def test_numbers_are_those_of_the_definition(side: int) -> None:
    image = noise(side)
    radial, peaks = by_definition(image)
    (row,) = spectrum_matrix([image])
    assert row.shape == (SPECTRUM_DIMENSION,)
    assert row.dtype == np.float32
    there = ~np.isnan(radial)
    # float32 transforms: logarithms of powers near 1e7 keep five digits.
    np.testing.assert_allclose(row[:64][there], radial[there], atol=2e-3)
    np.testing.assert_allclose(row[64:], peaks, atol=2e-2)
    assert np.isfinite(row).all()


def test_the_centre_square_is_taken() -> None:
    wide = noise(67, width=91)
    centre = wide[1:65, 13:77]
    np.testing.assert_array_equal(spectrum_matrix([wide[1:65, 10:80]]), spectrum_matrix([centre]))
    np.testing.assert_array_equal(spectrum_matrix([wide]), spectrum_matrix([centre]))
    large = noise(600)
    np.testing.assert_array_equal(
        spectrum_matrix([large]), spectrum_matrix([large[44:556, 44:556]])
    )


@pytest.mark.parametrize(("stride", "expected"), [(2, (0, 4)), (4, (0, 2)), (8, (0, 1))])
def test_a_stride_leaves_a_peak_at_its_frequency(stride: int, expected: tuple[int, int]) -> None:
    image = noise(128).astype(np.float64) / 8 + 112
    image += 4 * np.cos(2 * np.pi * np.arange(128) / stride)[None, :, None]
    (row,) = spectrum_matrix([np.round(image).astype(np.uint8)])
    peaks = dict(zip(EIGHTHS, row[64:], strict=True))
    assert max(peaks, key=lambda place: peaks[place]) == expected
    others = [value for place, value in peaks.items() if place != expected]
    assert peaks[expected] > 3 + max(others)


def test_bins_without_frequencies_lie_between_their_neighbours() -> None:
    (row,) = spectrum_matrix([noise(32)])
    radial, _ = by_definition(noise(32))
    empty = np.flatnonzero(np.isnan(radial))
    assert len(empty) > 5
    inner = empty[(empty > 0) & np.isin(empty - 1, np.flatnonzero(~np.isnan(radial)))]
    there = np.flatnonzero(~np.isnan(radial))
    np.testing.assert_allclose(row[inner], np.interp(inner, there, radial[there]), atol=2e-3)


def test_an_even_picture_has_an_empty_spectrum() -> None:
    (row,) = spectrum_matrix([np.full((64, 64, 3), 77, np.uint8)])
    np.testing.assert_allclose(row, 0, atol=1e-6)


def test_small_images_are_refused() -> None:
    with pytest.raises(InputError, match="40x31 pixels is too small"):
        spectrum_matrix([noise(31, width=40)])
