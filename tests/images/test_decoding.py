"""Frames, parity with the other packages, and limits."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganeval.errors import InputError
from ganeval.images import Decoding

from .conftest import CORRECT, PEER, as_peers, grey, header, opened, pixels, refusal


class TestFrames:
    @pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif", "mpo.jpg"])
    def test_the_first_frame_is_read_and_the_file_counted(
        self, tmp_path: Path, noise: np.ndarray, suffix: str
    ) -> None:
        pictures = [Image.fromarray(noise), Image.fromarray(noise[::-1].copy())]
        if suffix == "gif":
            pictures = [picture.quantize(200) for picture in pictures]
        path = tmp_path / f"a.{suffix}"
        container = {"format": "MPO"} if suffix == "mpo.jpg" else {}
        pictures[0].save(
            path, save_all=True, append_images=pictures[1:], lossless=True, **container
        )
        expected = as_peers(path)
        if suffix in ("png", "webp", "tif"):
            np.testing.assert_array_equal(expected, noise)
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), expected)
        assert header(path).frames == 2
        assert "animated" in header(path).special
        reason = refusal(path, Decoding(animated="reject"))
        assert reason == "animated or multi-page image (2 frames)"

    def test_reject_takes_still_pictures(self, tmp_path: Path, noise: np.ndarray) -> None:
        path = tmp_path / "a.gif"
        Image.fromarray(noise[..., 0].copy()).save(path)
        expected = grey(noise[..., 0])
        np.testing.assert_array_equal(pixels(path, Decoding(animated="reject")), expected)


class TestParity:
    """Pillow's ``open(path).convert("RGB")`` is what the other packages compute from."""

    PLAIN = ("png", "jpg", "webp", "bmp", "ppm", "tif", "jp2", "avif", "gif")

    @pytest.mark.parametrize("suffix", PLAIN)
    def test_both_policies_agree_on_plain_rgb(
        self, tmp_path: Path, noise: np.ndarray, suffix: str
    ) -> None:
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(noise).save(path)
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), as_peers(path))

    @pytest.mark.parametrize(
        ("mode", "suffixes"),
        [
            ("1", "png webp tif gif bmp"),
            ("L", "png webp tif gif bmp jpg jp2"),
            ("P", "png webp tif gif bmp"),
            ("RGBA", "png webp tif gif bmp jp2 avif"),
            ("LA", "png webp tif gif jp2"),
            ("PA", "tif"),
            ("I;16", "png tif jp2"),
            ("CMYK", "tif jpg"),
            ("YCbCr", "jpg"),
        ],
    )
    def test_peer_policy_is_pillow(
        self, tmp_path: Path, noise: np.ndarray, mode: str, suffixes: str
    ) -> None:
        image = Image.fromarray(noise)
        if mode == "I;16":
            image = Image.fromarray(noise[..., 0].astype(np.uint16) * 200)
        elif mode in ("RGBA", "LA", "PA"):
            image.putalpha(Image.fromarray(noise[::-1, :, 2].copy()))
            image = image.convert(mode) if mode != "RGBA" else image
        else:
            image = image.convert(mode)
        for suffix in suffixes.split():
            path = tmp_path / suffix / f"a.{suffix}"
            path.parent.mkdir()
            image.save(path)
            np.testing.assert_array_equal(pixels(path, PEER), as_peers(path))


class TestLimits:
    def test_one_pixel(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.new("RGB", (1, 1), (9, 8, 7)).save(path)
        np.testing.assert_array_equal(pixels(path), [[[9, 8, 7]]])

    def test_very_wide(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        row = np.random.default_rng(6).integers(0, 256, (1, 20_000, 3), dtype=np.uint8)
        Image.fromarray(row).save(path)
        np.testing.assert_array_equal(pixels(path), row)

    def test_pixels_above_the_limit_are_refused(self, tmp_path: Path, noise: np.ndarray) -> None:
        path = tmp_path / "a.png"
        Image.fromarray(noise).save(path)
        np.testing.assert_array_equal(pixels(path, Decoding(max_pixels=24 * 31)), noise)
        reason = refusal(path, Decoding(max_pixels=24 * 31 - 1))
        assert reason == "31 x 24 is 744 pixels, more than the 743 allowed"

    @pytest.mark.parametrize("side", [9_900, 60_000])
    def test_decompression_bombs_are_refused_without_a_warning(
        self, tmp_path: Path, png: Any, side: int
    ) -> None:
        # Warnings are errors here: both the size at which Pillow warns and that at which it
        # refuses are left to our own limit.
        path = tmp_path / "a.png"
        start = bytearray(png(np.zeros((1, 1)), 8, 0))
        start[16:24] = struct.pack(">II", side, side)
        path.write_bytes(_with_header_checksum(bytes(start)))
        images = opened(path)
        if side**2 <= 100_000_000:
            assert images.headers[0].width == side
        else:
            assert "3,600,000,000 pixels" in images.unreadable["a.png"]

    def test_tiff_bombs_are_refused_where_pillow_would_warn(
        self, tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.tif"
        Image.fromarray(noise).save(path)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
        assert refusal(path) == "31 x 24 is 744 pixels, more than the 700 allowed"

    def test_bombs_that_show_only_to_the_decoder_are_refused_too(
        self, tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.gif"  # a frame larger than the canvas it claims
        stream = io.BytesIO()
        Image.fromarray(noise[..., 0].copy()).save(stream, "GIF")
        data = bytearray(stream.getvalue())
        data[6:10] = struct.pack("<HH", 1, 1)
        path.write_bytes(data)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
        assert refusal(path) == "more pixels than the decoder allows"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"policy": "both"},
            {"alpha": "drop"},
            {"animated": "all"},
            {"background": (0, 0, 256)},
            {"background": (0, 0)},
            {"max_pixels": 0},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InputError):
            Decoding(**wrong)


def _with_header_checksum(png: bytes) -> bytes:
    return png[:29] + struct.pack(">I", zlib.crc32(png[12:29])) + png[33:]
