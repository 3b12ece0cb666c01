"""Colour modes and depths, pixel by pixel, under both policies."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from ganeval.images import Header, open_image_set

from .conftest import (
    CORRECT,
    PEER,
    MakePng,
    as_peers,
    grey,
    header,
    on_background,
    pixels,
    refusal,
)


class TestModes:
    VALUES = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    # Exact rounding of v / 257 in integers: floor(v / 257 + 1 / 2).
    ROUNDED = grey((2 * VALUES.astype(np.int64) + 257) // 514)

    @pytest.mark.parametrize(
        ("suffix", "mode"), [("png", "I;16"), ("tiff", "I;16"), ("pgm", "I"), ("jp2", "I;16")]
    )
    def test_every_16_bit_grey_is_rounded(self, tmp_path: Path, suffix: str, mode: str) -> None:
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(self.VALUES).save(path)
        np.testing.assert_array_equal(pixels(path), self.ROUNDED)
        found = replace(header(path), file_bytes=None)
        expected = Header(found.format, mode, 256, 256, 1, ("grey16",), depth=16)
        assert found == replace(expected, lossy=suffix == "jp2")

    def test_big_endian_16_bit_grey(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        raw = self.VALUES.astype(">u2").tobytes()
        Image.frombytes("I;16B", (256, 256), raw).save(path)
        np.testing.assert_array_equal(pixels(path), self.ROUNDED)
        assert header(path).mode == "I;16B"

    def test_peers_clip_16_bit_grey(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.fromarray(self.VALUES).save(path)
        np.testing.assert_array_equal(pixels(path, PEER), as_peers(path))
        assert (pixels(path, PEER) != self.ROUNDED).mean() > 0.9

    @pytest.mark.parametrize("value", [-1, 65536])
    def test_integers_beyond_16_bits_are_refused_with_their_mode(
        self, tmp_path: Path, value: int
    ) -> None:
        path = tmp_path / "a.tif"
        Image.fromarray(np.array([[0, value]], np.int32)).save(path)
        assert refusal(path) == "mode I with values outside 0..65535"
        np.testing.assert_array_equal(pixels(path, PEER), as_peers(path))

    def test_12_bit_grey_is_refused_not_darkened(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(_tiff_of_12_bits())
        assert "12-bit grey" in refusal(path)

    @pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
    def test_16_bit_colour_keeps_the_upper_byte(
        self, tmp_path: Path, png: Any, colour: int, channels: int
    ) -> None:
        values = np.random.default_rng(3).integers(0, 65536, (9, 8, channels))
        path = tmp_path / "a.png"
        path.write_bytes(png(values, 16, colour))
        upper = values >> 8
        expected = upper[..., :3] if channels > 2 else grey(upper[..., 0])
        np.testing.assert_array_equal(pixels(path, PEER), expected)
        assert "colour16" in header(path).special
        if channels % 2 == 0:
            expected = on_background(expected, upper[..., -1], (255, 255, 255))
        np.testing.assert_array_equal(pixels(path), expected)

    @pytest.mark.parametrize("binary", [True, False])
    def test_16_bit_colour_ppm_is_counted(self, tmp_path: Path, binary: bool) -> None:
        path = tmp_path / "a.ppm"
        start = b"P6 1 1 65535\n" if binary else b"P3 1 1 65535\n"
        path.write_bytes(start + (b"\xff\xff\x80\x80\0\0" if binary else b"65535 32896 0\n"))
        np.testing.assert_array_equal(pixels(path), [[[255, 128, 0]]])
        assert header(path).special == ("colour16",)

    def test_bilevel_is_black_and_white(self, tmp_path: Path, noise: np.ndarray) -> None:
        bits = noise[..., 0] > 127
        path = tmp_path / "a.png"
        Image.fromarray(bits).save(path)
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), grey(bits * 255))
        assert header(path).special == ("bilevel",)

    @pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "pgm", "tif"])
    def test_grey_is_repeated(self, tmp_path: Path, noise: np.ndarray, suffix: str) -> None:
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(noise[..., 0].copy()).save(path)
        expected = grey(np.asarray(Image.open(path)))
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), expected)
        assert header(path).special == ("grey",)

    def test_palette_is_expanded(self, tmp_path: Path) -> None:
        indices = np.arange(12, dtype=np.uint8).reshape(3, 4)
        colours = np.random.default_rng(4).integers(0, 256, (256, 3), dtype=np.uint8)
        image = Image.fromarray(indices)
        image.putpalette(colours.tobytes())
        path = tmp_path / "a.png"
        image.save(path)
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), colours[indices])
        assert header(path).special == ("palette",)

    @pytest.mark.parametrize("suffix", ["jpg", "tif"])
    def test_cmyk_is_converted_by_pillow(
        self, tmp_path: Path, noise: np.ndarray, suffix: str
    ) -> None:
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(noise).convert("CMYK").save(path)
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), as_peers(path))
        assert header(path).special == ("cmyk",)

    def test_ycbcr_is_converted_by_pillow(self, noise: np.ndarray) -> None:
        image = Image.fromarray(noise).convert("YCbCr")
        for decoding in (CORRECT, PEER):
            images = open_image_set([image], decoding=decoding)
            np.testing.assert_array_equal(images.decode(0), np.asarray(image.convert("RGB")))
            assert images.headers[0].special == ("ycbcr",)

    def test_colour_profiles_are_ignored_and_counted(
        self, tmp_path: Path, noise: np.ndarray
    ) -> None:
        path = tmp_path / "a.png"
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        Image.fromarray(noise).save(path, icc_profile=profile)
        np.testing.assert_array_equal(pixels(path), noise)
        assert header(path).special == ("icc",)

    @pytest.mark.parametrize("mode", ["F", "LAB"])
    def test_modes_without_a_range_are_refused_by_name(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / "a.tif"
        Image.new(mode, (4, 4)).save(path)
        assert f"mode {mode} " in refusal(path)
        np.testing.assert_array_equal(pixels(path, PEER), as_peers(path))


def _tiff_of_12_bits() -> bytes:
    """A grey TIFF of 2 x 1 pixels with 12 bits each."""
    entries = [
        (256, 3, 2),  # width
        (257, 3, 1),  # height
        (258, 3, 12),  # bits per sample
        (259, 3, 1),  # not compressed
        (262, 3, 1),  # black is zero
        (273, 4, 8),  # where the pixels are
        (277, 3, 1),  # samples per pixel
        (278, 3, 1),  # rows per strip
        (279, 4, 3),  # bytes of the strip
    ]
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value)
    return b"II*\0" + struct.pack("<I", 12) + b"\xff\xf8\x00\0" + directory + struct.pack("<I", 0)


class TestStorage:
    @pytest.mark.parametrize(
        ("depth", "colour", "shape"), [(1, 0, ()), (2, 0, ()), (4, 0, ()), (8, 2, (3,))]
    )
    def test_depth_is_that_of_the_file(
        self, tmp_path: Path, png: MakePng, depth: int, colour: int, shape: tuple[int, ...]
    ) -> None:
        samples = np.zeros((8, 8, *shape), np.uint8)
        (tmp_path / "a.png").write_bytes(png(samples, depth, colour))
        assert header(tmp_path / "a.png").depth == depth

    def test_depth_of_16_bit_colour_and_of_palettes(self, tmp_path: Path, png: MakePng) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "a.png").write_bytes(png(np.zeros((8, 8, 3), np.uint16), 16, 2))
        assert header(tmp_path / "deep" / "a.png").depth == 16
        (tmp_path / "few").mkdir()
        few = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 10).convert("RGB")
        few.quantize(10).save(tmp_path / "few" / "a.png", bits=4)
        assert header(tmp_path / "few" / "a.png").depth == 4

    @pytest.mark.parametrize(
        ("suffix", "options", "lossy"),
        [
            ("png", {}, False),
            ("bmp", {}, False),
            ("jpg", {}, True),
            ("webp", {"quality": 80}, True),
            ("webp", {"lossless": True}, False),
            ("webp", {"quality": 80, "exif": b"Exif\0\0"}, True),
            ("webp", {"lossless": True, "exif": b"Exif\0\0"}, False),
        ],
    )
    def test_lossy_files_are_told_from_others(
        self, tmp_path: Path, suffix: str, options: dict[str, Any], lossy: bool
    ) -> None:
        path = tmp_path / f"a.{suffix}"
        Image.linear_gradient("L").convert("RGB").save(path, **options)
        assert header(path).lossy is lossy

    @pytest.mark.parametrize("lossless", [True, False])
    def test_animated_webp_is_told_by_its_first_frame(self, tmp_path: Path, lossless: bool) -> None:
        path = tmp_path / "a.webp"
        frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
        frames[0].save(path, save_all=True, append_images=frames[1:], lossless=lossless)
        found = header(path)
        assert found.frames == 2
        assert found.lossy is not lossless
