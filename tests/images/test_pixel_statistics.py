"""Closed forms, and what compression does to real structure."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from ganeval.images.pixel_statistics import (
    blockiness,
    colourfulness,
    high_frequency,
    luma,
    pixel_statistics,
)


def flat(*colour: int, side: int = 32) -> np.ndarray:
    return np.full((side, side, 3), colour, np.uint8)


def wave(frequency: float, side: int = 128, angle: float = 0.0) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    along = x * math.cos(angle) + y * math.sin(angle)
    return (128 + 100 * np.sin(2 * math.pi * frequency * along)).astype(np.float32)


def smooth(side: int = 128) -> np.ndarray:
    coarse = np.random.default_rng(4).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(5).normal(0, 4, (side, side, 3))
    return np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)


class TestColourfulness:
    def test_grey_has_none(self) -> None:
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        assert colourfulness(ramp) == 0

    def test_one_colour_has_only_the_mean_term(self) -> None:
        # rg = 255, yb = 127.5; no deviation.
        assert colourfulness(flat(255, 0, 0)) == pytest.approx(0.3 * math.hypot(255, 127.5))

    def test_half_red_half_green_adds_the_deviation(self) -> None:
        both = np.concatenate([flat(255, 0, 0), flat(0, 255, 0)])
        # rg is +255 and -255: mean 0, deviation 255; yb is 127.5 throughout.
        assert colourfulness(both) == pytest.approx(255 + 0.3 * 127.5)

    def test_order_of_pixels_plays_no_part(self) -> None:
        pixels = smooth()
        mixed = np.random.default_rng(0).permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
        assert colourfulness(mixed) == pytest.approx(colourfulness(pixels), rel=1e-9)


class TestLight:
    def test_luma_weighs_the_channels(self) -> None:
        found = pixel_statistics(flat(10, 100, 200))
        assert found.brightness == pytest.approx(0.299 * 10 + 0.587 * 100 + 0.114 * 200)
        assert found.contrast == pytest.approx(0, abs=1e-5)

    def test_black_beside_white_is_the_largest_contrast(self) -> None:
        found = pixel_statistics(np.concatenate([flat(0, 0, 0), flat(255, 255, 255)]))
        assert (found.brightness, found.contrast) == pytest.approx((127.5, 127.5))


class TestHighFrequency:
    @pytest.mark.parametrize("angle", [0.0, 0.5, math.pi / 4, math.pi / 2])
    @pytest.mark.parametrize(("frequency", "share"), [(0.05, 0.0), (0.2, 0.0), (0.3, 1.0)])
    def test_a_wave_is_below_or_above(self, frequency: float, share: float, angle: float) -> None:
        # A Hann window of 128 px spreads a line over 2/128 cycles per pixel; 0.05 lie between.
        assert high_frequency(wave(frequency, angle=angle)) == pytest.approx(share, abs=1e-4)

    def test_two_waves_share_by_their_power(self) -> None:
        both = wave(0.1) + 0.5 * wave(0.4)
        assert high_frequency(both) == pytest.approx(0.25 / 1.25, abs=1e-3)

    def test_white_noise_fills_the_plane(self) -> None:
        noise = np.random.default_rng(1).normal(100, 20, (256, 255)).astype(np.float32)
        # 1 less the disc of radius 1/4 in a square of side 1; 16,000 independent frequencies under
        # the window, so about 0.003 of scatter.
        assert high_frequency(noise) == pytest.approx(1 - math.pi / 16, abs=0.012)

    def test_of_a_huge_picture_the_middle_counts(self) -> None:
        plane = np.random.default_rng(0).normal(100, 40, (64, 2560)).astype(np.float32)
        middle = slice((2560 - 2048) // 2, (2560 + 2048) // 2)
        plane[:, middle] = np.tile(wave(0.125), (1, 16))[:64]
        assert high_frequency(plane) == pytest.approx(0, abs=1e-4)

    def test_a_constant_picture_has_no_spectrum(self) -> None:
        assert high_frequency(luma(flat(9, 9, 9))) is None


class TestBlockiness:
    def test_a_ramp_has_no_blocks(self) -> None:
        assert blockiness(np.tile(np.arange(64, dtype=np.float32), (64, 1))) == pytest.approx(0)

    def test_steps_at_borders_count_against_steps_elsewhere(self) -> None:
        # Steps of 1 everywhere, of 3 at the borders: 3 / 1 - 1. Rows alike add nothing but zeros,
        # so both directions are given the same steps.
        steps = np.where(np.arange(1, 64) % 8 == 0, 3, 1)
        along = np.concatenate([[0], np.cumsum(steps)]).astype(np.float32)
        assert blockiness(along[:, None] + along[None]) == pytest.approx(2)

    def test_compression_shows_and_moving_the_grid_hides_it(self) -> None:
        pixels = smooth()
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=50)
        compressed = luma(np.asarray(Image.open(stream)))
        before, after = blockiness(luma(pixels)), blockiness(compressed)
        moved = blockiness(compressed[3:, 3:])
        assert before is not None and after is not None and moved is not None  # noqa: PT018
        assert abs(before) < 0.05 < 0.3 < after
        assert moved < 0.05

    def test_there_may_be_nothing_to_tell(self) -> None:
        assert blockiness(luma(flat(7, 7, 7))) is None
        assert blockiness(luma(smooth()[:8, :8])) is None
