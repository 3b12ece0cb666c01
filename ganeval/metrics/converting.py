"""Statistics written the way other packages read them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.statistics_entries import Entries
from ganeval.metrics.statistics_file import (
    SavedStatistics,
    own_entries,
    spatial_entries,
    write_entries,
)

Target = Literal["ganeval", "pytorch-fid", "clean-fid", "clean-fid-kid", "adm"]


def convert_statistics(saved: SavedStatistics, target: Path, to: Target) -> None:
    """Writes saved statistics in another package's layout.

    ``pytorch-fid`` and ``clean-fid`` are ``mu`` and ``sigma``; ``clean-fid-kid`` is ``feats``, the
    features, float32; ``adm`` is ``mu``, ``sigma`` and sFID's ``mu_s`` and ``sigma_s``;
    ``ganeval`` keeps all that is known, what the user states included.

    Args:
        saved: What a file holds.
        target: The ``.npz`` file.
        to: Whose layout.

    Raises:
        InputError: The file lacks what the layout needs, or the target's name does not end in
            ``.npz``, by which the other packages know such files.
        GanevalError: The file cannot be written.
    """
    if target.suffix != ".npz":
        raise InputError(
            f"{target}: the name must end in .npz, by which other packages know statistics",
            hint=f"Write to {target.with_suffix('.npz')}.",
        )
    write_entries(target, _entries(saved, to))


def _entries(saved: SavedStatistics, to: Target) -> Entries:
    if to == "ganeval":
        return _own(saved)
    if to == "clean-fid-kid":
        if saved.features is None:
            raise InputError(
                f"{saved.path}: holds mean and covariance only; clean-fid's KID takes the features "
                "of every image",
                hint="Save the statistics again with --features always.",
            )
        return {"feats": saved.features.astype(np.float32, copy=False)}
    moments: Entries = {"mu": saved.moments.mean, "sigma": saved.moments.covariance()}
    if to != "adm":
        return moments
    if saved.spatial is None:
        raise InputError(
            f"{saved.path}: holds no spatial features, of which ADM's evaluator makes sFID",
            hint="Save the statistics again with --with-spatial.",
        )
    return moments | spatial_entries(saved.spatial)


def _own(saved: SavedStatistics) -> Entries:
    # Features that were kept once are kept, however many there are.
    entries = own_entries(
        saved.side, "always", saved.keys, saved.digests, saved.groups, saved.spatial
    )
    if saved.meta is not None:
        entries["meta"] = np.array(saved.meta.model_dump_json())
    elif saved.resize is not None:
        entries["resize"] = np.array(saved.resize)
    return entries
