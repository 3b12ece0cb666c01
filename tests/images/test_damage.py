"""Damaged files, and files that are something else, are found and named."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from ganeval.images import ImageSet, UnreadableImage, open_image_set

ENCODED = {
    "jpg": {"format": "JPEG", "quality": 95},
    "progressive.jpg": {"format": "JPEG", "quality": 95, "progressive": True},
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP"},
    "lossless.webp": {"format": "WEBP", "lossless": True},
    "gif": {"format": "GIF"},
    "bmp": {"format": "BMP"},
    "ppm": {"format": "PPM"},
    "raw.tif": {"format": "TIFF"},
    "lzw.tif": {"format": "TIFF", "compression": "tiff_lzw"},
    "jp2": {"format": "JPEG2000"},
    "avif": {"format": "AVIF"},
}


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    image = Image.fromarray(pixels)
    if kind == "gif":
        image = image.quantize(256)
    stream = io.BytesIO()
    image.save(stream, **ENCODED[kind])
    return stream.getvalue()


def reasons(images: ImageSet) -> dict[str, str]:
    """All failures of a set, from listing and from decoding."""
    found = dict(images.unreadable)
    for i in range(len(images)):
        try:
            images.decode(i)
        except UnreadableImage as error:
            found[error.key] = error.reason
    return found


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("kind", sorted(ENCODED))
def test_truncation_is_found_whatever_pillow_is_told(
    tmp_path: Path, kind: str, lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    # Large enough that no decoder reads the file in one piece.
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    whole = encoded(noise, kind)
    (tmp_path / f"whole.{kind}").write_bytes(whole)
    for share in (0.02, 0.5, 0.9, 0.99):
        (tmp_path / f"cut{share}.{kind}").write_bytes(whole[: int(share * len(whole))])
    images = open_image_set(tmp_path)
    bad = reasons(images)
    wanted = sorted(f"cut{share}.{kind}" for share in (0.02, 0.5, 0.9, 0.99))
    if kind == "jp2" and lenient:  # cannot be told apart then: all are refused
        wanted.append("whole.jp2")
        assert "LOAD_TRUNCATED_IMAGES = False" in bad["whole.jp2"]
    assert sorted(bad) == wanted
    assert all(bad.values())


def test_the_reason_is_the_decoders(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    (tmp_path / "a.jpg").write_bytes(encoded(noise, "jpg")[:-500])
    (tmp_path / "b.png").write_bytes(b"this is no picture")
    (tmp_path / "c.png").write_bytes(b"")
    (tmp_path / "d.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    bad = reasons(open_image_set(tmp_path))
    assert bad["a.jpg"].startswith("image file is truncated (")
    assert bad["b.png"] == bad["d.png"] == "cannot identify image file"
    assert bad["c.png"] == "file is empty"


def test_content_decides_not_the_extension(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    (tmp_path / "a.jpg").write_bytes(encoded(noise, "png"))
    images = open_image_set(tmp_path)
    assert images.headers[0].format == "PNG"
    np.testing.assert_array_equal(images.decode(0), noise)


@pytest.mark.parametrize("policy", ["correct", "peer"])
def test_random_damage_never_escapes_as_another_error(tmp_path: Path, policy: str) -> None:
    rng = np.random.default_rng(8)
    noise = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    # libtiff reports damage on the process's own stderr; its files stay out of this test.
    for kind in sorted(set(ENCODED) - {"lzw.tif"}):
        whole = encoded(noise, kind)
        for number in range(12):
            broken = bytearray(whole)
            for position in rng.integers(0, min(len(broken), 120), 4):
                broken[position] = rng.integers(256)
            (tmp_path / f"{number}.{kind}").write_bytes(broken)
    images = open_image_set(tmp_path)
    bad = reasons(images)
    assert len(bad) > 20
    assert len(images) + len(images.unreadable) == 12 * (len(ENCODED) - 1)


def test_a_file_changed_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    images = open_image_set(tmp_path)
    later = time.time() + 10
    os.utime(path, (later, later))
    with pytest.raises(UnreadableImage, match=r"^a\.png: changed since it was listed$"):
        images.decode(0)
    path.unlink()
    with pytest.raises(UnreadableImage, match="No such file"):
        images.decode(0)


def test_a_link_to_nowhere_is_unreadable(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "c.png").symlink_to(tmp_path / "c.png")
    images = open_image_set(tmp_path)
    assert images.keys == ["a.png"]
    assert images.unreadable["b.png"] == "No such file or directory"
    assert "symbolic links" in images.unreadable["c.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert open_image_set(tmp_path).unreadable == {"a.png": "not a regular file"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    path.chmod(0)
    assert open_image_set(tmp_path).unreadable == {"a.png": "Permission denied"}
