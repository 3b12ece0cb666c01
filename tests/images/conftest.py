"""Pictures made by code, and ways to read the one picture of a folder."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganeval.images import Decoding, Header, ImageSet, UnreadableImage, open_image_set

MakePng = Callable[..., bytes]
MakeFolder = Callable[..., Path]

CORRECT = Decoding()
PEER = Decoding(policy="peer")


def opened(path: Path, decoding: Decoding = CORRECT) -> ImageSet:
    """The set of the one image at ``path``, which is alone in its folder."""
    return open_image_set(path.parent, decoding=decoding)


def pixels(path: Path, decoding: Decoding = CORRECT) -> np.ndarray:
    images = opened(path, decoding)
    assert not images.unreadable
    return images.decode(0)


def header(path: Path) -> Header:
    return opened(path).headers[0]


def refusal(path: Path, decoding: Decoding = CORRECT) -> str:
    """Why the image is refused, whether that shows in the header or on decoding."""
    images = opened(path, decoding)
    if images.unreadable:
        return images.unreadable[path.name]
    with pytest.raises(UnreadableImage) as caught:
        images.decode(0)
    assert caught.value.key == path.name
    return caught.value.reason


def as_peers(path: Path) -> np.ndarray:
    """What pytorch-fid and its relatives see."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(Image.open(path).convert("RGB"))


def grey(values: np.ndarray) -> np.ndarray:
    return np.stack([values] * 3, axis=2)


def on_background(colours: Any, alpha: Any, background: tuple[int, int, int]) -> np.ndarray:
    """Composites in exact integers, one channel after the other."""
    colours, alpha = np.asarray(colours, np.int64), np.asarray(alpha, np.int64)
    parts = [
        (alpha * colours[..., c] + (255 - alpha) * background[c] + 127) // 255 for c in range(3)
    ]
    return np.stack(parts, axis=-1)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.fixture(scope="session")
def png() -> MakePng:
    """Writes PNG files that Pillow does not write: any depth and colour type, chunks anywhere."""

    def make(
        samples: np.ndarray,
        depth: int,
        colour: int,
        before: tuple[tuple[bytes, bytes], ...] = (),
        after: tuple[tuple[bytes, bytes], ...] = (),
    ) -> bytes:
        """``samples`` is ``[H, W]`` or ``[H, W, C]``; colour is PNG's colour type."""
        height, width = samples.shape[:2]
        rows = samples.reshape(height, -1)
        if depth == 16:
            packed = rows.astype(">u2").view(np.uint8)
        elif depth == 8:
            packed = rows.astype(np.uint8)
        else:
            bits = np.unpackbits(rows.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - depth :]
            packed = np.packbits(bits.reshape(height, -1), axis=1)
        filtered = np.insert(packed, 0, 0, axis=1)
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + b"".join(_chunk(*one) for one in before)
            + _chunk(b"IDAT", zlib.compress(filtered.tobytes()))
            + b"".join(_chunk(*one) for one in after)
            + _chunk(b"IEND", b"")
        )

    return make


@pytest.fixture(scope="session")
def noise() -> np.ndarray:
    """A uint8 ``[24, 31, 3]`` picture without symmetries."""
    return np.random.default_rng(5).integers(0, 256, (24, 31, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> MakeFolder:
    """Makes a folder of small PNG files, each of another colour, under the given names."""

    def make(*names: str, root: str = "set") -> Path:
        place = tmp_path / root
        place.mkdir(exist_ok=True)
        for number, name in enumerate(names):
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (3, 2), (number, 7, len(name))).save(path, "PNG")
        return place

    return make
