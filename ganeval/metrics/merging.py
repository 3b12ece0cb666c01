"""Statistics of parts of a set, put together into those of the whole."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.metrics.frechet import Side
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_entries import Entries
from ganeval.metrics.statistics_file import (
    MOST_ROWS,
    SavedStatistics,
    StatisticsMeta,
    own_entries,
    write_entries,
)
from ganeval.records import InputInfo, Notice

_COUNTS = ("formats", "sizes", "modes", "decoded", "jpeg_quality", "chroma", "ignored")


@dataclass(frozen=True)
class Merged:
    """Statistics of several files together.

    Attributes:
        entries: What the merged file holds.
        n: Number of images.
        has_features: The features of all images are kept.
        notices: What a careful person should know.
    """

    entries: Entries
    n: int
    has_features: bool
    notices: list[Notice]


def merge_statistics(parts: Sequence[SavedStatistics], target: Path) -> Merged:
    """Merges statistics of disjoint sets of images exactly and writes them to one file.

    Features are kept where all parts hold them and there are at most 10,000 images.

    Args:
        parts: What the files hold; two or more.
        target: The ``.npz`` file to be written.

    Raises:
        InputError: There are fewer than 2, a file does not tell its number of images, or the files
            were made under different protocols.
        GanevalError: The file cannot be written.
    """
    if len(parts) < 2:
        raise InputError(f"at least 2 files are merged, got {len(parts)}")
    _require_counts(parts)
    _require_one_protocol(parts)
    merged = _merged(parts, target)
    write_entries(target, merged.entries)
    return merged


def _require_counts(parts: Sequence[SavedStatistics]) -> None:
    for part in parts:
        if part.n is None:
            raise InputError(
                f"{part.path}: does not tell its number of images, so its weight in the merged "
                "statistics is unknown",
                hint=f"State it: ganeval stats convert {part.path} NEW.npz --to ganeval --ref-n N",
            )


def _require_one_protocol(parts: Sequence[SavedStatistics]) -> None:
    first = parts[0]
    for part in parts[1:]:
        if part.moments.d != first.moments.d:
            raise InputError(
                f"{part.path}: holds {part.moments.d} features per image, {first.path} "
                f"{first.moments.d}"
            )
        different = _different(first, part)
        if different:
            raise InputError(
                f"{part.path}: made under another protocol than {first.path} ({different})",
                hint="Make the statistics of both under one protocol.",
            )


def _different(first: SavedStatistics, part: SavedStatistics) -> str:
    if first.spec is None or part.spec is None:
        if (first.spec is None) != (part.spec is None):
            silent = first if first.spec is None else part
            return f"{silent.path} does not tell its own"
        return "" if first.resize == part.resize else f"resize: {part.resize}, {first.resize}"
    one, other = first.spec.model_dump(), part.spec.model_dump()
    names = [name for name in one if one[name] != other[name]]
    return "; ".join(f"{name}: {other[name]}, {one[name]}" for name in names)


def _merged(parts: Sequence[SavedStatistics], target: Path) -> Merged:
    moments = functools.reduce(Moments.merge, (part.moments for part in parts))
    spatial = [part.spatial for part in parts if part.spatial is not None]
    n = moments.n or 0
    side: Side = moments
    features = [part.features for part in parts if part.features is not None]
    if len(features) == len(parts) and n <= MOST_ROWS:
        side = np.concatenate(features, dtype=np.float32)
    keys, digests = _keys(parts), _all(parts, lambda part: part.digests)
    groups = _all(parts, lambda part: part.groups)
    entries = own_entries(
        side,
        keys=keys,
        digests=digests,
        groups=groups,
        spatial=functools.reduce(Moments.merge, spatial) if len(spatial) == len(parts) else None,
    )
    spec = parts[0].spec
    if spec is not None:
        source = _source(parts, target, n, keys, digests, groups)
        meta = StatisticsMeta(spec=spec, source=source, environment=environment())
        entries["meta"] = np.array(meta.model_dump_json())
    elif parts[0].resize is not None:
        entries["resize"] = np.array(parts[0].resize)
    return Merged(entries, n, "features" in entries, _notices(parts))


def _all(
    parts: Sequence[SavedStatistics], names: Callable[[SavedStatistics], list[str] | None]
) -> list[str] | None:
    """The names of all parts in a row; None where one part has none."""
    held = [names(part) for part in parts]
    return None if None in held else [name for one in held if one for name in one]


def _keys(parts: Sequence[SavedStatistics]) -> list[str] | None:
    """Keys of all images; where two files share one, all get their file's name in front."""
    keys = _all(parts, lambda part: part.keys)
    if keys is None or len(set(keys)) == len(keys):
        return keys
    return [
        f"{i}-{part.path.stem}/{key}" for i, part in enumerate(parts) for key in part.keys or ()
    ]


def _source(
    parts: Sequence[SavedStatistics],
    target: Path,
    n: int,
    keys: list[str] | None,
    digests: list[str] | None,
    groups: list[str] | None,
) -> InputInfo:
    sources = [part.meta.source for part in parts if part.meta is not None]
    prints = [source.fingerprint or "" for source in sources]
    if keys is not None and digests is not None:
        prints = [json.dumps(pair) for pair in sorted(zip(keys, digests, strict=True))]
    counts = {
        name: dict(sum((Counter(getattr(source, name)) for source in sources), Counter()))
        for name in _COUNTS
    }
    return InputInfo(
        role="real",
        label=target.stem,
        kind="statistics",
        path=", ".join(source.path for source in sources),
        n=n,
        n_groups=None if groups is None else len(set(groups)),
        fingerprint=_sha256_of_lines(prints),
        content_fingerprint=None if digests is None else _sha256_of_lines(sorted(digests)),
        skipped=[skip for source in sources for skip in source.skipped],
        **counts,
    )


def _sha256_of_lines(lines: Iterable[str]) -> str:
    """As image sets are fingerprinted, so that the merged set is known again as a folder."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _notices(parts: Sequence[SavedStatistics]) -> list[Notice]:
    notices = []
    shared = _shared_images(parts)
    if shared:
        notices.append(
            Notice(
                code="duplicate_images",
                text=f"{shared} images are in more than one of the files and count more than once "
                "in the merged statistics. Merge files of disjoint sets of images.",
                data={"shared": shared},
            )
        )
    if parts[0].spec is None:
        notices.append(
            Notice(
                code="stats_provenance_unknown",
                text="The files do not tell which network made the features. The merged "
                "statistics are right only if it was the same for all of them.",
                data={"files": len(parts)},
            )
        )
    return notices


def _shared_images(parts: Sequence[SavedStatistics]) -> int:
    """Number of images that stand in more than one file, as far as the files tell."""
    if all(part.digests is not None for part in parts):
        counted = Counter(digest for part in parts for digest in set(part.digests or ()))
        return sum(times > 1 for times in counted.values())
    shared, seen = 0, set()
    for part in parts:
        source = part.meta.source if part.meta is not None else None
        content = (source and source.content_fingerprint) or part.digest
        shared += (part.n or 0) if content in seen else 0
        seen.add(content)
    return shared
