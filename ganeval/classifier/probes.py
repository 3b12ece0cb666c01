"""Numbers that tell of a file's storage: its metadata, its bytes, the marks of compression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ganeval.classifier.examples import Examples
from ganeval.classifier.stored import container
from ganeval.features.devices import usable_cores
from ganeval.images import Header
from ganeval.images.decoding import Pixels

Matrix = npt.NDArray[np.float32]

COMPRESSION_DIMENSION: Final = 111  # 3 planes x 2 directions x 8 phases + 63 coefficients

_BLOCK = 8  # pixels, of the transform in JPEG
_SMALL = 0.5  # a coefficient below it is one that quantisation took away
_FLOOR = 1e-3  # grey levels, so that flat pictures have a logarithm
_MOST_CATEGORIES = 16  # per property
_COMMON = 0.01  # share of images below which a value is no category of its own

# Y, Cb, Cr of R, G, B (ITU-R BT.601, as in JFIF); offsets do not matter for differences.
_PLANES: Final = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)


def metadata_matrix(examples: Examples) -> Matrix | None:
    """Returns what headers tell of each image, apart from names, dates, paths and bytes.

    Categories (container, mode, bit depth, quantisation table, subsampling, progressive, EXIF,
    colour profile) are columns of 0 and 1, one per value that at least 1 % of the images have, at
    most 16 each; width, height and JPEG quality (0 for other formats) are numbers.

    Returns:
        float32 ``[n, d]`` without constant columns; None if all are constant.
    """
    headers = examples.headers
    columns = [np.array([number(h) for h in headers], np.float32) for number in _NUMBERS]
    for category in _CATEGORIES:
        values = [category(header) for header in headers]
        for value, count in Counter(values).most_common(_MOST_CATEGORIES):
            if count >= _COMMON * len(values):
                columns.append(np.array([one == value for one in values], np.float32))
    varying = [column for column in columns if np.ptp(column) > 0]
    return np.stack(varying, axis=1) if varying else None


def bytes_matrix(examples: Examples) -> Matrix | None:
    """Returns the natural logarithm of file bytes per pixel.

    Smooth pictures compress better too, so a difference need not be one of format.

    Returns:
        float32 ``[n, 1]``; None if it is constant, or unknown for some image.
    """
    sizes = [(header.file_bytes, header.width * header.height) for header in examples.headers]
    known = [(size, pixels) for size, pixels in sizes if size]
    if len(known) < len(sizes):
        return None
    column = np.log([size / pixels for size, pixels in known])
    return column[:, None].astype(np.float32) if np.ptp(column) > 0 else None


def compression_matrix(pixels: Sequence[Pixels], threads: int | None = None) -> Matrix:
    """Measures the marks that compression leaves in decoded pixels; see `compression_features`.

    Args:
        pixels: uint8 ``[H, W, 3]`` each, of any sizes.
        threads: Images at once; None means one per core, at most 8.

    Returns:
        float32 ``[n, 111]``.
    """
    matrix = np.empty((len(pixels), COMPRESSION_DIMENSION), np.float32)

    def measure(row: int) -> None:
        matrix[row] = compression_features(pixels[row])

    workers = threads or min(8, usable_cores())
    # Products this small get slower by threads of their own.
    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(workers, thread_name_prefix="compression") as pool,
    ):
        for _ in pool.map(measure, range(len(pixels))):
            pass
    return matrix


def compression_features(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Measures the marks of compression in one image.

    For luma and both chroma planes, across and down, the mean absolute difference m_k of
    neighbours at positions congruent k modulo 8 becomes ln((m_k + 0.001) / (m + 0.001)), with the
    mean m of the other seven: 48 numbers, 0 where there is no grid of 8 or picture. The other 63
    are the shares of luma's 8x8 blocks whose AC coefficient (orthonormal DCT, row by row) is below
    0.5 in absolute value.

    Args:
        pixels: uint8 ``[H, W, 3]``.

    Returns:
        float32 ``[111]``; planes in the order Y, Cb, Cr, across before down, phases 0..7. Zeros
        stand for phases and blocks that the image is too small for.
    """
    height, width, _ = pixels.shape
    planes = (_PLANES @ pixels.reshape(-1, 3).T.astype(np.float32)).reshape(3, height, width)
    phases = [_phases(plane, axis) for plane in planes for axis in (1, 0)]
    return np.concatenate([*phases, _vanished(planes[0])]).astype(np.float32)


def _phases(plane: npt.NDArray[np.float32], axis: int) -> npt.NDArray[np.float64]:
    """Logarithmic step sizes per position in a grid of 8, ``[8]``."""
    steps = np.abs(np.diff(plane, axis=axis)).mean(axis=1 - axis, dtype=np.float64)
    if len(steps) < _BLOCK:
        return np.zeros(_BLOCK)
    position = np.arange(len(steps)) % _BLOCK
    means = np.bincount(position, weights=steps, minlength=_BLOCK) / np.bincount(position)
    others = (means.sum() - means) / (_BLOCK - 1)
    ratio: npt.NDArray[np.float64] = np.log((means + _FLOOR) / (others + _FLOOR))
    return ratio


def _vanished(luma: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Share of near-zero coefficients per AC position, ``[63]``."""
    rows, columns = (side // _BLOCK for side in luma.shape)
    if not rows or not columns:
        return np.zeros(_BLOCK * _BLOCK - 1)
    whole = luma[: rows * _BLOCK, : columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    coefficients = blocks.reshape(rows * columns, _BLOCK * _BLOCK) @ _transform()
    shares: npt.NDArray[np.float64] = (np.abs(coefficients[:, 1:]) < _SMALL).mean(axis=0)
    return shares


@cache
def _transform() -> npt.NDArray[np.float32]:
    """The orthonormal DCT-II of 8x8 blocks as one matrix, ``[64 pixels, 64 coefficients]``."""
    position, frequency = np.arange(_BLOCK), np.arange(_BLOCK)[:, None]
    basis = np.cos(np.pi * (2 * position + 1) * frequency / (2 * _BLOCK)) / np.sqrt(_BLOCK / 2)
    basis[0] /= np.sqrt(2)
    return np.kron(basis, basis).T.astype(np.float32)


_NUMBERS: Final[tuple[Callable[[Header], float], ...]] = (
    lambda header: float(header.width),
    lambda header: float(header.height),
    lambda header: float(header.jpeg.quality or 0) if header.jpeg else 0.0,
)

_CATEGORIES: Final[tuple[Callable[[Header], object], ...]] = (
    container,
    lambda header: header.mode,
    lambda header: header.depth,
    lambda header: header.jpeg.tables if header.jpeg else None,
    lambda header: header.jpeg.chroma if header.jpeg else None,
    lambda header: header.jpeg.progressive if header.jpeg else None,
    lambda header: header.exif,
    lambda header: "icc" in header.special,
)
