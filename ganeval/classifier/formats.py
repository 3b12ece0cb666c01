"""The format audit: in what the files of the two sets were stored differently."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.stored import all_grey, container, stored
from ganeval.images import Header
from ganeval.images.jpeg import quality_bucket
from ganeval.records.classify import FormatAudit, FormatProperty
from ganeval.statistics.groups import group_codes
from ganeval.statistics.permutation import permutation_p
from ganeval.statistics.streams import generator

DIFFERENT: Final = 0.05  # total variation distance
LEVEL: Final = 0.01  # of the permutation test

_PERMUTATIONS = 999
_BLOCK = 1 << 22  # entries of the permuted labels at once
_MOST_VALUES = 12  # of a property; with more of them, ranges take their place
_MORE = " with tables "  # behind it stands what tells values of one name apart
_SHOWN = 3  # values of a mix in words

Value = Callable[[Header], str]


@dataclass(frozen=True)
class _Property:
    """A property of files.

    Args:
        name: What it is called.
        value: Its value of a file.
        range: A coarser value, for sets of many values.
        pixels: What of the value touches pixels; the value itself where all of it does; None:
            nothing.
    """

    name: str
    value: Value
    range: Value | None = None
    pixels: Value | None = None


def audit_formats(examples: Examples, resized: str | None, seed: int) -> FormatAudit:
    """Compares how the files of the two sets were stored, property by property.

    A property differs where the total variation distance between the two sets' distributions is
    above 0.05 and would be that large by chance in fewer than 1 of 100 relabellings of groups.

    Args:
        examples: Both sets, with their groups.
        resized: To which size images of unequal sizes were brought; None: sizes were equal.
        seed: Random seed of the relabellings.
    """
    grey = all_grey(examples.pixels)
    properties = [_compared(one, examples, seed, grey) for one in _PROPERTIES]
    differing = {one.name: one for one in properties if one.differs}
    touching = [one for one in differing.values() if not one.metadata_only]
    return FormatAudit(
        properties=properties,
        differs=bool(touching),
        reasons=_reasons(examples, {one.name: one for one in touching}),
        notes=[_sentence(one) for one in differing.values() if one.metadata_only],
        resized=resized,
    )


def property_values(name: str, headers: Sequence[Header]) -> list[tuple[str, ...]]:
    """Returns the values by which an audit may list each file under a property.

    Args:
        name: Of the property, as in `FormatAudit.properties`.
        headers: Of the files.

    Returns:
        For each file its value, shortened and in full where they differ, and the coarser value
        where the property has one; nothing for a property that is not known.
    """
    found = [one for one in _PROPERTIES if one.name == name]
    return [
        tuple(
            value
            for one in found
            for value in dict.fromkeys((_short(one.value(header)), *_ways(one, header)))
        )
        for header in headers
    ]


def _ways(one: _Property, header: Header) -> list[str]:
    return [way(header) for way in (one.value, one.range) if way is not None]


def stored_as(headers: Sequence[Header]) -> str:
    """Says in words how files were stored: ``JPEG q90 4:2:0``, or the commonest ways."""
    counts = Counter(_storage(header) for header in headers)
    return _mix({name: count / len(headers) for name, count in counts.most_common()})


def quality_name(header: Header) -> str:
    """Returns the quality behind the quantisation table: ``q90``, ``~q90``, or ``none``."""
    if header.jpeg is None:
        return "none"
    name = header.jpeg.quality_name
    return f"~q{name[1:]}" if name.startswith("~") else f"q{name}" if name.isdigit() else name


def _storage(header: Header) -> str:
    parts = [container(header)]
    if header.jpeg is not None:
        parts += [quality_name(header), header.jpeg.chroma]
    return " ".join(parts)


def _compared(one: _Property, examples: Examples, seed: int, grey: bool) -> FormatProperty:
    """Compares the two sets in one property; ``grey``: no image has colours, whatever its file."""
    values = _values(one, examples.headers)
    distance, p = _distance(values, examples, seed, one.name)
    differs = distance > DIFFERENT and p < LEVEL
    metadata_only = one.pixels is None
    if differs and one.pixels is not None and one.pixels is not one.value:
        touching = [one.pixels(header) for header in examples.headers]
        if grey:
            touching = ["grey" if value == "colour" else value for value in touching]
        left, chance = _distance(touching, examples, seed, f"{one.name} pixels")
        metadata_only = not (left > DIFFERENT and chance < LEVEL)
    shares = [_shares(values, examples.labels == label) for label in (REAL, FAKE)]
    return FormatProperty(
        name=one.name,
        real=shares[0],
        fake=shares[1],
        distance=distance,
        p=p,
        differs=differs,
        metadata_only=metadata_only,
    )


def _values(one: _Property, headers: Sequence[Header]) -> list[str]:
    """The values of a property; ranges where they are too many to be categories."""
    values = [one.value(header) for header in headers]
    if one.range is not None and len(set(values)) > _MOST_VALUES:
        return [one.range(header) for header in headers]
    names = {value: _short(value) for value in values}
    several = {name for name, count in Counter(names.values()).items() if count > 1}
    return [value if names[value] in several else names[value] for value in values]


def _short(value: str) -> str:
    return value.partition(_MORE)[0]


def _distance(
    values: Sequence[str], examples: Examples, seed: int, purpose: str
) -> tuple[float, float]:
    """Total variation distance of the two sets' values, and its permutation p-value.

    The unit is a group's images of one class. Groups of both classes swap their labels, all others
    exchange them.
    """
    codes = group_codes(values, len(values))
    groups = group_codes(examples.groups, len(examples))
    units, unit_of = np.unique(
        np.stack([groups, examples.labels], axis=1), axis=0, return_inverse=True
    )
    counts = np.zeros((len(units), int(codes.max()) + 1))
    np.add.at(counts, (unit_of.ravel(), codes), 1)
    fake = units[:, 1] == FAKE
    observed = float(_variation(counts, fake[None])[0])
    if observed == 0:
        return 0.0, 1.0
    rng = generator(seed, f"format audit {purpose}")
    permuted = []
    rows = max(1, _BLOCK // len(units))
    for start in range(0, _PERMUTATIONS, rows):
        labels = _relabelled(units, fake, min(rows, _PERMUTATIONS - start), rng)
        permuted.append(_variation(counts, labels))
    # Sums of shares in another order may differ in the last bits.
    return observed, permutation_p(observed, np.concatenate(permuted), tolerance=1e-9)


def _variation(
    counts: npt.NDArray[np.float64], fake: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Total variation distances under labels ``[B, U]`` of units with counts ``[U, C]``."""
    fakes = fake.astype(np.float64) @ counts
    reals = counts.sum(axis=0) - fakes
    shares = [side / np.maximum(1, side.sum(axis=1, keepdims=True)) for side in (reals, fakes)]
    distance: npt.NDArray[np.float64] = np.abs(shares[0] - shares[1]).sum(axis=1) / 2
    return distance


def _relabelled(
    units: npt.NDArray[np.int64], fake: npt.NDArray[np.bool_], count: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Labels ``[count, U]`` that mean nothing; units are (group, class), sorted by group."""
    labels = np.tile(fake, (count, 1))
    both = np.flatnonzero(units[:-1, 0] == units[1:, 0])
    swap = rng.random((count, len(both))) < 0.5
    labels[:, both], labels[:, both + 1] = swap, ~swap
    alone = np.setdiff1d(np.arange(len(units)), np.concatenate([both, both + 1]))
    labels[:, alone] = rng.permuted(labels[:, alone], axis=1)
    return labels


def _shares(values: Sequence[str], chosen: npt.NDArray[np.bool_]) -> dict[str, float]:
    counts = Counter(value for value, take in zip(values, chosen, strict=True) if take)
    return {name: count / int(chosen.sum()) for name, count in counts.most_common()}


def _mix(shares: dict[str, float]) -> str:
    """The commonest values in words."""
    if len(shares) == 1:
        return next(iter(shares))
    shown = [
        f"{share:.0%} {name}".replace("%", " %") for name, share in list(shares.items())[:_SHOWN]
    ]
    return ", ".join(shown) + (", …" if len(shares) > _SHOWN else "")


def _reasons(examples: Examples, differing: dict[str, FormatProperty]) -> list[str]:
    """The differences that touch pixels, in words; the kind of file in one of them."""
    kind = [one for name, one in differing.items() if name in _FILE_KIND]
    reasons = [_sentence(one) for name, one in differing.items() if name not in _FILE_KIND]
    if not kind:
        return reasons
    real, fake = (
        stored_as(
            [h for h, one in zip(examples.headers, examples.labels, strict=True) if one == label]
        )
        for label in (REAL, FAKE)
    )
    if real == fake:  # tables of one name
        return [*map(_sentence, kind), *reasons]
    return [f"reals are {real}, fakes {fake}", *reasons]


def _sentence(one: FormatProperty) -> str:
    return f"{one.name}: reals {_mix(one.real)}, fakes {_mix(one.fake)}"


_FILE_KIND: Final = frozenset({"container", "quantisation table", "chroma subsampling"})


def _size(header: Header) -> str:
    return f"{header.width}x{header.height}"


def _size_range(header: Header) -> str:
    """Sides rounded to powers of the square root of 2."""
    sides = (round(2 ** (round(2 * np.log2(side)) / 2)) for side in (header.width, header.height))
    return "about " + "x".join(map(str, sides))


def _table(header: Header) -> str:
    if header.jpeg is None:
        return "none"
    return f"{quality_name(header)}{_MORE}{zlib.crc32(repr(header.jpeg.tables).encode()):08x}"


def _chroma(header: Header) -> str:
    return header.jpeg.chroma if header.jpeg else "none"


def _table_range(header: Header) -> str:
    return "none" if header.jpeg is None else f"q{quality_bucket(header.jpeg.quality_name)}"


_PROPERTIES: Final = (
    _Property("container", container, pixels=lambda h: container(h) if h.lossy else "lossless"),
    _Property("quantisation table", _table, _table_range, pixels=_table),
    _Property("chroma subsampling", _chroma, pixels=_chroma),
    _Property("mode", lambda h: h.mode, pixels=lambda h: stored(h).colour),
    _Property("bit depth", lambda h: str(h.depth), pixels=lambda h: str(stored(h).depth)),
    _Property("size", _size, _size_range, pixels=_size),
    _Property("progressive", lambda h: _yes(h.jpeg is not None and h.jpeg.progressive)),
    _Property("EXIF", lambda h: _yes(h.exif)),
    _Property("colour profile", lambda h: _yes("icc" in h.special)),
)


def _yes(present: bool) -> str:
    return "yes" if present else "no"
