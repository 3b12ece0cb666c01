"""What a JPEG file tells of its making: the quality behind its tables, and its chroma subsampling.

Both are read from the header; nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

# Luminance table of ITU-T T.81 (JPEG), Annex K.1, which libjpeg scales; rows of frequencies.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)

# Sampling factors of luma over those of chroma, across and down; the names are customary.
_CHROMA = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}

_BUCKET = 5  # qualities

Tables = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class JpegTraits:
    """How a JPEG file was compressed.

    Args:
        quality: libjpeg's quality, 1..100, whose luminance table is nearest; None without table.
        exact: The table is exactly that of the quality; else the encoder has tables of its own.
        chroma: Subsampling, for example ``4:2:0``; ``grey`` for files without colour.
        tables: Quantisation tables of the first three components, 64 entries each, row by row;
            equal ones at the end are named once. Empty if the file names none.
        progressive: Coefficients are stored in several passes, which changes no pixel.
    """

    quality: int | None
    exact: bool
    chroma: str
    tables: Tables = ()
    progressive: bool = False

    @property
    def quality_name(self) -> str:
        """The quality as a key of counts: ``75``, or ``~75`` where it is only the nearest."""
        if self.quality is None:
            return "unknown"
        return str(self.quality) if self.exact else f"~{self.quality}"


def jpeg_traits(image: Image.Image) -> JpegTraits | None:
    """Returns the traits of an identified image; None if it is no JPEG file."""
    layers: Sequence[tuple[int, int, int, int]] = getattr(image, "layer", None) or []
    if image.format not in ("JPEG", "MPO") or not layers:
        return None
    tables: Mapping[int, Sequence[int]] = getattr(image, "quantization", None) or {}
    table = tables.get(layers[0][3])
    progressive = bool(image.info.get("progressive"))
    if table is None or len(table) != 64:
        return JpegTraits(None, False, _chroma(layers), progressive=progressive)
    quality, distance = nearest_quality(tuple(table))
    found = _shared(_component_tables(layers, tables))
    return JpegTraits(quality, distance == 0, _chroma(layers), found, progressive)


@lru_cache(maxsize=4096)
def nearest_quality(table: tuple[int, ...]) -> tuple[int, int]:
    """Finds the quality whose luminance table is nearest to a table.

    Args:
        table: 64 entries, row by row.

    Returns:
        The quality, 1..100, and the sum of the absolute differences; of equally near ones the
        highest quality, which is the most cautious guess.
    """
    distances = np.abs(_all_tables() - np.array(table, np.int64)).sum(axis=1)
    best = 100 - int(np.argmin(distances[::-1]))
    return best, int(distances[best - 1])


def luminance_table(quality: int) -> npt.NDArray[np.int64]:
    """Returns libjpeg's luminance table at a quality.

    Args:
        quality: 1..100.

    Returns:
        int64 ``[8, 8]``, entries 1..255.

    Source: libjpeg, jcparam.c, ``jpeg_quality_scaling`` and ``jpeg_add_quant_table`` (baseline).
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((np.array(_LUMINANCE, np.int64) * scale + 50) // 100, 1, 255)


def quality_bucket(name: str) -> str:
    """Returns the range of five qualities that a key of counts lies in: ``~93`` is in 90-94."""
    if not name.lstrip("~").isdigit():
        return name
    low = int(name.lstrip("~")) // _BUCKET * _BUCKET
    low = min(low, 100 - _BUCKET)  # 100 has no range of its own
    return f"{low}-{100 if low == 100 - _BUCKET else low + _BUCKET - 1}"


def _component_tables(
    layers: Sequence[tuple[int, int, int, int]], tables: Mapping[int, Sequence[int]]
) -> Tables:
    """The tables of the first three components; what equals the one before it ends the list."""
    found: list[tuple[int, ...]] = [tuple(tables.get(layer[3], ())) for layer in layers[:3]]
    while len(found) > 1 and found[-1] == found[-2]:
        found.pop()
    return tuple(found) if all(len(table) == 64 for table in found) else ()


@lru_cache(maxsize=4096)
def _shared(tables: Tables) -> Tables:
    """The same tables in one place of memory, however many files use them."""
    return tables


@cache
def _all_tables() -> npt.NDArray[np.int64]:
    """The luminance tables of the qualities 1..100, ``[100, 64]``."""
    return np.stack([luminance_table(quality).ravel() for quality in range(1, 101)])


def _chroma(layers: Sequence[tuple[int, int, int, int]]) -> str:
    """Names the subsampling from the components' (id, across, down, table)."""
    if len(layers) == 1:
        return "grey"
    (_, across, down, _), chroma = layers[0], layers[1:3]
    ratios = {(across / layer[1], down / layer[2]) for layer in chroma}
    if len(ratios) > 1:
        return "mixed"
    ratio = ratios.pop()
    return _CHROMA.get((int(ratio[0]), int(ratio[1])), f"{ratio[0]:g}x{ratio[1]:g}")
