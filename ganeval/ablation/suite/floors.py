"""What a translator must beat, and what it cannot: inputs left as they are, reals against reals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.distances import distances
from ganeval.ablation.suite.part import ImagesOf, Place, listed
from ganeval.errors import InputError
from ganeval.images import open_image_set
from ganeval.metrics.settings import Progress, silent
from ganeval.records.ablation import ArmInfo, CellMetric
from ganeval.records.comparison import Direction

UNCHANGED: Final = "inputs unchanged"
HALVES: Final = "reals against reals"

FLOOR_ARMS: Final = (
    ArmInfo(
        name=UNCHANGED,
        kind="floor",
        factor="every input counts as its own translation",
        note="a translator that changes nothing",
    ),
    ArmInfo(
        name=HALVES,
        kind="floor",
        factor="one half of the reals against the other",
        note="half as many images: a Fréchet distance is larger for that alone",
    ),
)


def floors(
    images: ImagesOf,
    direction: Direction,
    protocol: ProtocolSettings,
    scratch: Path,
    progress: Progress = silent,
) -> list[CellMetric]:
    """Measures the distances of both floors.

    Args:
        images: Those of any arm; its fakes are not looked at.
        direction: Of the translation.
        protocol: As for the arms.
        scratch: A folder for lists of files.
        progress: Told how far extractions are.
    """
    bare = replace(protocol, suite=tuple(name for name in protocol.suite if name in ("fid", "kid")))
    if not bare.suite:
        return []
    found: list[CellMetric] = []
    if images.source is not None:
        same = replace(images, fake=images.source, train=None)
        place = Place(UNCHANGED, None, direction)
        found += distances(same, place, bare, scratch, progress).part.metrics
    halves = _halves(images.real)
    if halves is not None:
        one, other = halves
        stems = tuple(sorted(one))
        reals = ImagesOf(stems, one, listed(other, sorted(other), scratch))
        found += distances(
            reals, Place(HALVES, None, direction), bare, scratch, progress
        ).part.metrics
    return found


def _halves(real: Path) -> tuple[dict[str, Path], dict[str, Path]] | None:
    """Two halves of a set of files, by the digest of their content; None for other sets."""
    try:
        images = open_image_set(real)
    except InputError:
        return None
    files = [images.file(key) for key in images.keys]
    order: Sequence[int] = sorted(
        range(len(files)), key=lambda i: hashlib.sha256(images.digests[i].encode()).digest()
    )
    paths = {f"{place}": files[i] for place, i in enumerate(order)}
    known = {stem: path for stem, path in paths.items() if path is not None}
    if len(known) < len(paths) or len(known) < 4:
        return None
    middle = len(known) // 2
    names = list(known)
    return (
        {name: known[name] for name in names[:middle]},
        {name: known[name] for name in names[middle : 2 * middle]},
    )
