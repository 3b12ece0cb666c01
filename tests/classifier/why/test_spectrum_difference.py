"""The spectrum's difference shows what was planted, where it was planted."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ganeval.classifier.why.held_out import hold_out
from ganeval.classifier.why.spectrum_difference import spectrum_difference, whole_spectrum


def wave(pixels, rng):
    """A wave of period 4 px across, of any phase: 2/8 cycles per pixel."""
    phase = rng.uniform(0, 2 * np.pi)
    line = 12 * np.cos(2 * np.pi * np.arange(pixels.shape[1]) / 4 + phase)
    return np.clip(np.rint(pixels + line[None, :, None]), 0, 255).astype(np.uint8)


def test_the_whole_spectrum_is_that_of_the_full_transform() -> None:
    image = np.random.default_rng(0).normal(size=(16, 16))
    full = np.fft.fftshift(np.abs(np.fft.fft2(image)) ** 2)
    np.testing.assert_allclose(whole_spectrum(np.abs(np.fft.rfft2(image)) ** 2), full)


@pytest.fixture
def found(make, tmp_path):
    made = make(reals=40, fakes=40, change=wave)
    held_out = hold_out(made.examples, made.split, np.zeros(80))
    return spectrum_difference(held_out, tmp_path), tmp_path


def test_a_wave_is_found_at_its_frequency(found) -> None:
    difference, out = found
    (curve,) = difference.curves
    assert len(curve.x) == len(curve.y) == 64
    assert curve.x[0] == pytest.approx(0.5 / 128)
    assert abs(curve.x[int(np.argmax(curve.y))] - 0.25) < 0.5 / 16, "not at the wave"
    best = max(difference.peaks, key=lambda peak: peak.auc.value)
    assert best.frequency == "2/8 0/8"  # across, down
    assert best.fake > best.real + 1
    (picture,) = difference.pictures
    drawn = np.asarray(Image.open(out / picture.file))
    assert drawn.shape == (256, 256)  # 64 px, each repeated four times
    small = drawn[::4, ::4]
    assert small[32, 32 + 16] == small[32, 32 - 16] == 254
    assert np.count_nonzero(small > 250) < 60


def test_bands_are_tested_and_adjusted(found) -> None:
    difference, _ = found
    bands = difference.bands
    assert len(bands) == 16
    assert [band.low for band in bands] == pytest.approx([i / 32 for i in range(16)])
    best = min(bands, key=lambda band: band.p_holm)
    # 0.25 lies between two bands, and the Hann window spreads the wave over both.
    assert best.low <= 0.25 <= best.high
    assert best.p_holm < 0.01
    assert best.auc.value > 0.7
    assert all(band.p_holm >= band.p for band in bands)
    # Without a wave there is nothing: 14 other bands, adjusted over 16.
    others = [band for band in bands if band.high < 0.2 or band.low > 0.3]
    assert min(band.p_holm for band in others) > 0.05


def test_the_band_covers_zero_under_the_null_and_not_the_wave(make, tmp_path) -> None:
    made = make(reals=40, fakes=40)
    held_out = hold_out(made.examples, made.split, np.zeros(80))
    (null,) = spectrum_difference(held_out, tmp_path).curves
    misses = [not low <= 0 <= high for low, high in zip(null.low, null.high, strict=True)]
    # 5 % of 64 expected; neighbouring bins hang together. 14 is the 99.99 % point if independent.
    assert sum(misses) <= 14


def test_small_images_have_no_spectrum(make, tmp_path) -> None:
    made = make(reals=6, fakes=6, side=24)
    difference = spectrum_difference(hold_out(made.examples, made.split, np.zeros(12)), tmp_path)
    assert (difference.pictures, difference.curves, difference.bands, difference.peaks) == (
        [],
        [],
        [],
        [],
    )
    assert not any(tmp_path.iterdir())
