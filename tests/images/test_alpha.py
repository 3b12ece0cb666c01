"""Transparency of every kind is composited exactly."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganeval.images import Decoding

from .conftest import PEER, as_peers, grey, header, on_background, pixels, refusal


class TestAlpha:
    BACKGROUND = (255, 0, 77)
    OVER = Decoding(background=BACKGROUND)

    def test_every_pair_of_colour_and_alpha_is_composited_exactly(self, tmp_path: Path) -> None:
        colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
        rgba = np.stack([colour, colour[:, ::-1], colour, alpha], axis=2).astype(np.uint8)
        path = tmp_path / "a.png"
        Image.fromarray(rgba).save(path)
        for background in ((255, 255, 255), self.BACKGROUND):
            np.testing.assert_array_equal(
                pixels(path, Decoding(background=background)),
                on_background(rgba[..., :3], alpha, background),
            )
        np.testing.assert_array_equal(pixels(path, PEER), rgba[..., :3])

    @pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "jp2"])
    def test_rgba_files(self, tmp_path: Path, noise: np.ndarray, suffix: str) -> None:
        rgba = np.dstack([noise, noise[::-1, :, 1]])
        path = tmp_path / f"a.{suffix}"
        kept = {"lossless": True, "exact": True} if suffix == "webp" else {}
        Image.fromarray(rgba).save(path, **kept)
        expected = on_background(noise, rgba[..., 3], self.BACKGROUND)
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        assert header(path).special == ("alpha",)

    def test_grey_with_alpha(self, tmp_path: Path, noise: np.ndarray) -> None:
        path = tmp_path / "a.png"
        bands = [Image.fromarray(noise[..., i].copy()) for i in (0, 1)]
        Image.merge("LA", bands).save(path)
        expected = on_background(grey(noise[..., 0]), noise[..., 1], self.BACKGROUND)
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        assert header(path).special == ("alpha", "grey")

    @pytest.mark.parametrize("suffix", ["png", "gif"])
    def test_palette_with_one_transparent_entry(self, tmp_path: Path, suffix: str) -> None:
        indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
        colours = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
        image = Image.fromarray(indices)
        image.putpalette(colours.tobytes())
        path = tmp_path / f"a.{suffix}"
        image.save(path, transparency=37)
        alpha = np.where(indices == 37, 0, 255)
        expected = on_background(colours[indices], alpha, self.BACKGROUND)
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        np.testing.assert_array_equal(pixels(path, PEER), colours[indices])
        assert header(path).special == ("alpha", "palette")

    def test_palette_with_an_alpha_per_entry(self, tmp_path: Path) -> None:
        indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
        colours = np.random.default_rng(2).integers(0, 256, (256, 3), dtype=np.uint8)
        image = Image.fromarray(indices)
        image.putpalette(colours.tobytes())
        path = tmp_path / "a.png"
        image.save(path, transparency=bytes(range(255, -1, -1)))
        expected = on_background(colours[indices], 255 - indices.astype(int), self.BACKGROUND)
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        np.testing.assert_array_equal(pixels(path, PEER), colours[indices])

    @pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
    def test_transparent_grey_of_every_depth(self, tmp_path: Path, png: Any, depth: int) -> None:
        top = 2**depth - 1
        values = np.arange(256).reshape(16, 16) * 257 % (top + 1)
        path = tmp_path / "a.png"
        chosen = int(values[3, 1])
        path.write_bytes(png(values, depth, 0, before=((b"tRNS", struct.pack(">H", chosen)),)))
        shades = np.rint(values * 255 / top).astype(int)
        alpha = np.where(values == chosen, 0, 255)
        expected = on_background(grey(shades), alpha, self.BACKGROUND)
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        assert "alpha" in header(path).special

    def test_transparent_colour(self, tmp_path: Path, png: Any) -> None:
        picture = np.zeros((2, 3, 3), np.uint8)
        picture[0, 1], picture[1, 2] = (1, 2, 3), (1, 2, 4)
        path = tmp_path / "a.png"
        path.write_bytes(png(picture, 8, 2, before=((b"tRNS", struct.pack(">HHH", 1, 2, 3)),)))
        expected = picture.copy()
        expected[0, 1] = self.BACKGROUND
        np.testing.assert_array_equal(pixels(path, self.OVER), expected)
        np.testing.assert_array_equal(pixels(path, PEER), picture)

    def test_transparent_colour_of_16_bits_is_refused_not_guessed(
        self, tmp_path: Path, png: Any
    ) -> None:
        picture = np.full((2, 2, 3), 0x1234)
        path = tmp_path / "a.png"
        path.write_bytes(png(picture, 16, 2, before=((b"tRNS", struct.pack(">HHH", 1, 2, 3)),)))
        assert "convert it to RGBA" in refusal(path)
        np.testing.assert_array_equal(pixels(path, PEER), as_peers(path))

    @pytest.mark.parametrize("policy", ["correct", "peer"])
    def test_reject_refuses_transparent_pixels_and_takes_opaque_ones(
        self, tmp_path: Path, noise: np.ndarray, policy: Any
    ) -> None:
        decoding = Decoding(policy=policy, alpha="reject")
        opaque = np.dstack([noise, np.full(noise.shape[:2], 255, np.uint8)])
        path = tmp_path / "a.png"
        Image.fromarray(opaque).save(path)
        np.testing.assert_array_equal(pixels(path, decoding), noise)
        opaque[4, 4, 3] = 254
        Image.fromarray(opaque).save(path)
        assert refusal(path, decoding) == "has transparent pixels"
