"""How differently two sets of files were stored, told from counts that need no decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ganeval.images.jpeg import quality_bucket
from ganeval.records import InputInfo

DIFFERENT_MIX = 0.2  # total variation distance


def variation(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Total variation distance of two mixes, 0..1; 0 where one side is unknown."""
    n, m = sum(first.values()), sum(second.values())
    if not n or not m:
        return 0.0
    return sum(abs(first.get(k, 0) / n - second.get(k, 0) / m) for k in {*first, *second}) / 2


def mix(counts: Mapping[str, int], most: int = 3) -> str:
    """The most frequent entries in words: "JPEG 90 %, PNG 10 %"."""
    total = sum(counts.values())
    common = Counter(counts).most_common(most)
    shown = [f"{name} {count / total:.0%}".replace("%", " %") for name, count in common]
    return ", ".join(shown) + (", …" if len(counts) > most else "")


def quality_ranges(qualities: Mapping[str, int]) -> dict[str, int]:
    """Adds up JPEG files per range of five qualities."""
    ranges: Counter[str] = Counter()
    for name, count in qualities.items():
        ranges[quality_bucket(name)] += count
    return dict(ranges)


def _stored(formats: Mapping[str, int]) -> dict[str, int]:
    """Counts per format; arrays, which nothing compressed, stand beside PNG as one without loss."""
    found: Counter[str] = Counter()
    for name, count in formats.items():
        found["PNG" if name in ("array", "memory") else name] += count
    return dict(found)


def storage_differences(first: InputInfo, second: InputInfo) -> dict[str, tuple[str, str]]:
    """Returns in what the storage of two sets differs, with the mix of each in words.

    Looked at are the file formats and, among JPEG files, the quality in ranges of five and the
    chroma subsampling. They differ where the total variation distance is above 0.2.

    Returns:
        ``file format``, ``JPEG quality``, ``chroma subsampling``: the mixes of both sets.
    """
    mixes = {
        "file format": (_stored(first.formats), _stored(second.formats)),
        "JPEG quality": (quality_ranges(first.jpeg_quality), quality_ranges(second.jpeg_quality)),
        "chroma subsampling": (first.chroma, second.chroma),
    }
    return {
        name: (mix(one), mix(other))
        for name, (one, other) in mixes.items()
        if variation(one, other) > DIFFERENT_MIX
    }
