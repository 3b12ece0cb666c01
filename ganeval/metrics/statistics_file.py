"""Saved statistics: mean and covariance of a set's features, in one file.

The project's own ``.npz`` files also hold the number of images, what made the features, and (for
sets that are not large) the features themselves. Files of other packages hold less and are read
too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from ganeval.errors import InputError, unknown_name
from ganeval.features.extractor import known_resize_modes
from ganeval.metrics.covariance_check import checked_covariance
from ganeval.metrics.frechet import Side, check_side
from ganeval.metrics.moments import Moments
from ganeval.metrics.rows import Rows
from ganeval.metrics.statistics_entries import (
    LISTS,
    SPATIAL,
    Entries,
    Layout,
    count_entry,
    features_entry,
    names_entry,
    read_entries,
    text_entry,
)
from ganeval.records import Environment, FeatureSpec, InputInfo, atomic_write

SPATIAL_LAYER = "sfid"  # of the Inception: what mu_s and sigma_s are the moments of

MOST_ROWS = 10_000  # images whose features are kept beside the moments


class StatisticsMeta(BaseModel):
    """Where saved statistics come from; the JSON of the file's entry ``meta``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal["ganeval.statistics/1"] = "ganeval.statistics/1"
    spec: FeatureSpec
    source: InputInfo
    environment: Environment


@dataclass(frozen=True)
class SavedStatistics:
    """What a statistics file holds.

    Attributes:
        path: The file.
        digest: sha256 of its bytes.
        moments: Number, mean and covariance of the features.
        features: Float ``[n, d]``, where the file holds them.
        keys: Key of the image behind each row of features.
        digests: Content digest of each.
        groups: Group label of each.
        meta: Where it all comes from; None for files of other packages.
        spatial: Moments of sFID's spatial features of the same images, where the file holds them.
        layout: Whose way of writing it is.
        stated_resize: Resize mode that the user, not the file, tells.
    """

    path: Path
    digest: str
    moments: Moments
    features: Rows | None = None
    keys: list[str] | None = None
    digests: list[str] | None = None
    groups: list[str] | None = None
    meta: StatisticsMeta | None = None
    spatial: Moments | None = None
    layout: Layout = "ganeval"
    stated_resize: str | None = None

    @property
    def n(self) -> int | None:
        """Number of images, where the file or the user tells it."""
        return self.moments.n

    @property
    def spec(self) -> FeatureSpec | None:
        """What made the features, where the file tells it."""
        return None if self.meta is None else self.meta.spec

    @property
    def resize(self) -> str | None:
        """Resize mode, where the file or the user tells it."""
        return self.stated_resize if self.spec is None else self.spec.resize

    @property
    def side(self) -> Side:
        """What a Fréchet distance takes: the features, where the file holds them, else moments."""
        return self.moments if self.features is None else self.features


def load_statistics(path: str | Path) -> SavedStatistics:
    """Reads saved statistics and checks that they can be those of images.

    Understood are the project's own files; ``mu`` and ``sigma`` as pytorch-fid, clean-fid and EDM
    write them, and with ``mu_s`` and ``sigma_s`` the guided-diffusion evaluator; ``feats``, the
    features that clean-fid's KID takes; and the ``.pt`` files of torch-fidelity's cache.

    Raises:
        InputError: The file cannot be read, is a pickle, holds something else, or its values are
            not finite, of unfit shapes, or no covariance.
    """
    path = Path(path)
    digest, (layout, entries) = _digest(path), read_entries(path)
    if "feats" in entries:
        feats = features_entry(entries["feats"], path)
        return SavedStatistics(path, digest, Moments.of(feats), feats, layout=layout)
    features = features_entry(entries["features"], path) if "features" in entries else None
    mu, sigma = checked_covariance(entries["mu"], entries["sigma"], str(path))
    n = count_entry(entries["n"], path) if "n" in entries else None
    if features is not None and features.shape != (n, len(mu)):
        raise InputError(f"{path}: features {features.shape} do not fit n = {n}, d = {len(mu)}")
    lists = {name: names_entry(entries[name], name, n, path) for name in LISTS if name in entries}
    return SavedStatistics(
        path,
        digest,
        Moments.from_statistics(mu, sigma, n),
        features,
        **lists,
        meta=_meta(entries["meta"], path) if "meta" in entries else None,
        spatial=_spatial(entries, n, path),
        layout=layout,
        stated_resize=text_entry(entries["resize"], "resize", path)
        if "resize" in entries
        else None,
    )


def save_statistics(
    path: str | Path,
    side: Side,
    *,
    spec: FeatureSpec,
    source: InputInfo,
    environment: Environment,
    keys: Sequence[str] | None = None,
    digests: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    spatial: Moments | None = None,
    keep_features: Literal["auto", "always", "never"] = "auto",
) -> None:
    """Writes statistics that the project and pytorch-fid can read; whole or not at all.

    Args:
        path: The ``.npz`` file.
        side: Features ``[n, d]`` or moments.
        spec: What made the features.
        source: The images they were made from.
        environment: Versions and hardware they were made with.
        keys: Key of each image; kept beside the features, as are the next two.
        digests: Content digest of each image.
        groups: Group label of each image.
        spatial: Moments of sFID's spatial features of the same images.
        keep_features: ``auto`` keeps the features, as float32, of up to 10,000 images.

    Raises:
        InputError: Fewer than 2 images, features that are not finite or of reduced precision, or
            lists that do not fit them.
        GanevalError: The file cannot be written.
    """
    if spec.precision != "f32":
        raise InputError(
            f"{path}: statistics are not saved from features of precision {spec.precision}",
            hint="Extract the features in float32.",
        )
    meta = StatisticsMeta(spec=spec, source=source, environment=environment)
    entries = own_entries(side, keep_features, keys, digests, groups, spatial)
    entries["meta"] = np.array(meta.model_dump_json())
    write_entries(path, entries)


def own_entries(
    side: Side,
    keep_features: Literal["auto", "always", "never"] = "auto",
    keys: Sequence[str] | None = None,
    digests: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    spatial: Moments | None = None,
) -> Entries:
    """Returns what the project's own files hold beside ``meta``; see `save_statistics`.

    Raises:
        InputError: Fewer than 2 images, features that are not finite, or lists that do not fit.
    """
    check_side(side)
    moments = side if isinstance(side, Moments) else Moments.of(side)
    entries: Entries = {"mu": moments.mean, "sigma": moments.covariance()}
    if moments.n is not None:
        entries["n"] = np.array(moments.n, np.int64)
    if spatial is not None:
        if spatial.n != moments.n:
            raise InputError(f"{spatial.n} images have spatial features, {moments.n} others")
        entries |= spatial_entries(spatial)
    if not isinstance(side, Moments) and _keeps(keep_features, len(side)):
        entries["features"] = side.astype(np.float32, copy=False)
        for name, values in zip(LISTS, (keys, digests, groups), strict=True):
            if values is not None:
                if len(values) != len(side):
                    raise InputError(f"{len(values)} {name} were given for {len(side)} images")
                entries[name] = np.array(values, dtype=np.str_)
    return entries


def spatial_entries(spatial: Moments) -> Entries:
    """Returns the pair that ADM's evaluator computes sFID from."""
    return dict(zip(SPATIAL, (spatial.mean, spatial.covariance()), strict=True))


def write_entries(path: str | Path, entries: Entries) -> None:
    """Writes an ``.npz`` file, whole or not at all.

    Raises:
        GanevalError: The file cannot be written.
    """
    named: dict[str, Any] = dict(entries)
    with atomic_write(Path(path)) as stream:
        np.savez(stream, **named)


def stated(
    saved: SavedStatistics, resize: str | None = None, n: int | None = None
) -> SavedStatistics:
    """Adds what the user knows of a file that does not tell it itself.

    Args:
        saved: What the file holds.
        resize: Resize mode behind its features; None: not stated.
        n: Number of images behind it; None: not stated.

    Raises:
        InputError: The file tells another one itself, there is no such mode, or n is below 2.
    """
    if resize is not None and resize not in known_resize_modes():
        raise unknown_name("resize mode", resize, known_resize_modes())
    for option, told, given in (("--ref-resize", saved.resize, resize), ("--ref-n", saved.n, n)):
        if None not in (told, given) and told != given:
            raise InputError(
                f"{option} {given}: {saved.path} tells {told} itself",
                hint=f"Leave out {option}.",
            )
    if resize is not None and saved.spec is None:
        saved = replace(saved, stated_resize=resize)
    if n is not None and saved.n is None:
        saved = replace(saved, moments=_counted(saved.moments, n))
        if saved.spatial is not None:
            saved = replace(saved, spatial=_counted(saved.spatial, n))
    return saved


def spatial_statistics(saved: SavedStatistics) -> SavedStatistics | None:
    """Returns the statistics of sFID's spatial features, where the file holds them.

    They are moments alone; their specification is that of the file, of layer ``sfid``.
    """
    if saved.spatial is None:
        return None
    meta = saved.meta
    if meta is not None:
        layer = {"layer": SPATIAL_LAYER, "dimension": saved.spatial.d}
        meta = meta.model_copy(update={"spec": meta.spec.model_copy(update=layer)})
    return SavedStatistics(
        saved.path,
        saved.digest,
        saved.spatial,
        meta=meta,
        layout=saved.layout,
        stated_resize=saved.stated_resize,
    )


def check_dimension(saved: SavedStatistics, dimension: int) -> None:
    """Checks that saved statistics are of d features per image.

    Raises:
        InputError: They are of another number.
    """
    if saved.moments.d != dimension:
        raise InputError(
            f"{saved.path}: holds {saved.moments.d} features per image, {dimension} are needed",
            hint="Choose the extractor and layer that these statistics were made with.",
        )


def _keeps(choice: str, n: int) -> bool:
    return choice == "always" or (choice == "auto" and n <= MOST_ROWS)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _counted(moments: Moments, n: int) -> Moments:
    return Moments.from_statistics(moments.mean, moments.covariance(), n)


def _spatial(entries: Entries, n: int | None, path: Path) -> Moments | None:
    if not set(SPATIAL) <= entries.keys():
        return None
    mu, sigma = checked_covariance(entries["mu_s"], entries["sigma_s"], str(path), SPATIAL)
    return Moments.from_statistics(mu, sigma, n)


def _meta(entry: npt.NDArray[Any], path: Path) -> StatisticsMeta:
    try:
        return StatisticsMeta.model_validate_json(str(entry))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: meta cannot be read: {where}: {first['msg']}") from error
