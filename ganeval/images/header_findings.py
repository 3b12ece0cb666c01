"""What the headers of a set tell together: how its files were stored, without decoding one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ganeval.images.headers import Header


@dataclass(frozen=True)
class HeaderFindings:
    """Counts over the headers of a set; the most frequent first.

    Args:
        formats: Images per file format.
        sizes: Images per ``WIDTHxHEIGHT``.
        modes: Images per colour mode.
        special: Images per special case of decoding; see `Header`.
        jpeg_quality: JPEG files per quality: ``75``; ``~75`` where it is only the nearest.
        chroma: JPEG files per chroma subsampling.
        exif: Images with EXIF or XMP metadata.
    """

    formats: dict[str, int]
    sizes: dict[str, int]
    modes: dict[str, int]
    special: dict[str, int]
    jpeg_quality: dict[str, int]
    chroma: dict[str, int]
    exif: int


def header_findings(headers: Iterable[Header]) -> HeaderFindings:
    """Counts what the headers of an image set tell; `ImageSet.headers` holds them."""
    headers = list(headers)
    traits = [header.jpeg for header in headers if header.jpeg is not None]
    return HeaderFindings(
        formats=_counts(header.format for header in headers),
        sizes=_counts(f"{header.width}x{header.height}" for header in headers),
        modes=_counts(header.mode for header in headers),
        special=_counts(case for header in headers for case in header.special),
        jpeg_quality=_counts(one.quality_name for one in traits),
        chroma=_counts(one.chroma for one in traits),
        exif=sum(header.exif for header in headers),
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    """Counts values, the most frequent first."""
    return dict(Counter(values).most_common())
