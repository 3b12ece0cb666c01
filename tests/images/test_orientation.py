"""EXIF orientation is applied once, wherever it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from .conftest import CORRECT, PEER, as_peers, header, on_background, opened, pixels

# Where the pixel shown at (row, column) is stored, for h x w stored pixels, per orientation.
SHOWN_FROM = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (h - 1 - c, r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (c, w - 1 - r),
}


class TestOrientation:
    @pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "avif"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_files_are_turned_upright(
        self, tmp_path: Path, noise: np.ndarray, orientation: int, suffix: str
    ) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(noise).save(path, exif=exif, lossless=True)
        stored = as_peers(path).astype(int)
        height, width = stored.shape[:2]
        shown = (width, height) if orientation >= 5 else (height, width)
        rows, columns = np.indices(shown)
        expected = stored[SHOWN_FROM[orientation](rows, columns, height, width)]
        np.testing.assert_array_equal(pixels(path), expected)
        np.testing.assert_array_equal(pixels(path), ImageOps.exif_transpose(Image.open(path)))
        assert (header(path).height, header(path).width) == shown
        assert ("exif_rotated" in header(path).special) == (orientation != 1)

    def test_peers_do_not_turn(self, tmp_path: Path, noise: np.ndarray) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        path = tmp_path / "a.png"
        Image.fromarray(noise).save(path, exif=exif)
        np.testing.assert_array_equal(pixels(path, PEER), noise)
        peer_header = opened(path, PEER).headers[0]
        assert (peer_header.width, peer_header.height) == (31, 24)
        assert peer_header.special == ("exif_rotated",)

    @pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
    @pytest.mark.parametrize("orientation", [1, 3, 6])
    def test_tiff_which_pillow_turns_itself_is_turned_once(
        self, tmp_path: Path, noise: np.ndarray, orientation: int, compression: str
    ) -> None:
        path = tmp_path / "a.tiff"
        tags = {0x0112: orientation}
        Image.fromarray(noise).save(path, tiffinfo=tags, compression=compression)
        upright = {1: noise, 3: noise[::-1, ::-1], 6: np.rot90(noise, -1)}[orientation]
        for decoding in (CORRECT, PEER):
            np.testing.assert_array_equal(pixels(path, decoding), upright)
            one = opened(path, decoding).headers[0]
            assert (one.height, one.width, *one.special) == upright.shape[:2]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            (b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
            (
                b"iTXt",
                b"XML:com.adobe.xmp\0\0\0\0\0<rdf:Description"
                b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>',
            ),
        ],
    )
    @pytest.mark.parametrize("behind", [False, True])
    def test_png_may_say_so_behind_the_pixels(
        self, tmp_path: Path, noise: np.ndarray, png: Any, name: bytes, content: bytes, behind: bool
    ) -> None:
        chunks = {"after" if behind else "before": ((name, content),)}
        path = tmp_path / "a.png"
        path.write_bytes(png(noise, 8, 2, **chunks))
        assert header(path).special == ("exif_rotated",)
        assert (header(path).width, header(path).height) == (24, 31)
        np.testing.assert_array_equal(pixels(path), np.rot90(noise, -1))

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    @pytest.mark.parametrize("content", [b"", b"garbage", b"II*\0\xff\xff\xff\xff"])
    def test_broken_exif_counts_as_none(
        self, tmp_path: Path, noise: np.ndarray, content: bytes
    ) -> None:
        path = tmp_path / "a.jpg"
        Image.fromarray(noise).save(path, exif=b"Exif\0\0" + content)
        np.testing.assert_array_equal(pixels(path), as_peers(path))

    def test_pictures_with_alpha_are_turned_too(self, tmp_path: Path, noise: np.ndarray) -> None:
        exif = Image.Exif()
        exif[0x0112] = 8
        rgba = np.dstack([noise, noise[:, :, 0]])
        path = tmp_path / "a.png"
        Image.fromarray(rgba).save(path, exif=exif)
        expected = np.rot90(on_background(noise, rgba[..., 3], (255, 255, 255)))
        np.testing.assert_array_equal(pixels(path), expected)
