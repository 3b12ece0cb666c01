"""Saved statistics: mean and covariance of a set's features, in one ``.npz`` file.

The project's own files also hold the number of images, what made the features, and (for sets that
are not large) the features themselves. Files of other packages hold less and are read too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from ganeval.errors import InputError
from ganeval.images.array_files import BROKEN_ARRAY
from ganeval.metrics.covariance_check import checked_covariance
from ganeval.metrics.frechet import Side, check_side
from ganeval.metrics.moments import Moments
from ganeval.metrics.rows import Rows, check_rows
from ganeval.records import Environment, FeatureSpec, InputInfo, atomic_write

_MOST_ROWS = 10_000  # images whose features are kept beside the moments
_LISTS = ("keys", "digests", "groups")  # one name per row of features
_ENTRIES = ("mu", "sigma", "n", "feats", "features", *_LISTS, "meta")


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
    """

    path: Path
    digest: str
    moments: Moments
    features: Rows | None = None
    keys: list[str] | None = None
    digests: list[str] | None = None
    groups: list[str] | None = None
    meta: StatisticsMeta | None = None

    @property
    def n(self) -> int | None:
        """Number of images, where the file tells it."""
        return self.moments.n

    @property
    def spec(self) -> FeatureSpec | None:
        """What made the features, where the file tells it."""
        return None if self.meta is None else self.meta.spec

    @property
    def side(self) -> Side:
        """What a Fréchet distance takes: the features, where the file holds them, else moments."""
        return self.moments if self.features is None else self.features


def load_statistics(path: str | Path) -> SavedStatistics:
    """Reads saved statistics and checks that they can be those of images.

    Understood are the project's own files; ``mu`` and ``sigma`` as pytorch-fid, clean-fid, EDM and
    (beside other entries) the guided-diffusion evaluator write them; and ``feats``, the features
    that clean-fid's KID takes.

    Raises:
        InputError: The file cannot be read, is a pickle, holds something else, or its values are
            not finite, of unfit shapes, or no covariance.
    """
    path = Path(path)
    digest, entries = _digest(path), _entries(path)
    if "feats" in entries:
        feats = _features(entries["feats"], path)
        return SavedStatistics(path, digest, Moments.of(feats), feats)
    features = _features(entries["features"], path) if "features" in entries else None
    mu, sigma = checked_covariance(entries["mu"], entries["sigma"], str(path))
    n = _count(entries["n"], path) if "n" in entries else None
    if features is not None and features.shape != (n, len(mu)):
        raise InputError(f"{path}: features {features.shape} do not fit n = {n}, d = {len(mu)}")
    lists = {name: _names(entries[name], name, n, path) for name in _LISTS if name in entries}
    meta = _meta(entries["meta"], path) if "meta" in entries else None
    moments = Moments.from_statistics(mu, sigma, n)
    return SavedStatistics(path, digest, moments, features, **lists, meta=meta)


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
        keep_features: ``auto`` keeps the features, as float32, of up to 10,000 images.

    Raises:
        InputError: Fewer than 2 images, features that are not finite or of reduced precision, or
            lists that do not fit them.
        GanevalError: The file cannot be written.
    """
    check_side(side)
    if spec.precision != "f32":
        raise InputError(
            f"{path}: statistics are not saved from features of precision {spec.precision}",
            hint="Extract the features in float32.",
        )
    moments = side if isinstance(side, Moments) else Moments.of(side)
    meta = StatisticsMeta(spec=spec, source=source, environment=environment)
    entries: dict[str, Any] = {
        "mu": moments.mean,
        "sigma": moments.covariance(),
        "meta": np.array(meta.model_dump_json()),
    }
    if moments.n is not None:
        entries["n"] = np.array(moments.n, np.int64)
    if not isinstance(side, Moments) and _keeps(keep_features, len(side)):
        entries["features"] = side.astype(np.float32, copy=False)
        for name, values in zip(_LISTS, (keys, digests, groups), strict=True):
            if values is not None:
                if len(values) != len(side):
                    raise InputError(f"{len(values)} {name} were given for {len(side)} images")
                entries[name] = np.array(values, dtype=np.str_)
    with atomic_write(Path(path)) as stream:
        np.savez(stream, **entries)


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
    return choice == "always" or (choice == "auto" and n <= _MOST_ROWS)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _entries(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The entries that can be understood, of a file that holds the needed ones."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:1] == b"\x80":
        raise InputError(
            f"{path}: is a pickle, which is not opened because it can run any program",
            hint="Convert it, where it comes from, to an .npz file with the entries mu and sigma.",
        )
    if start != b"PK\x03\x04":
        raise InputError(f"{path}: is no .npz file of saved statistics")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            found = list(archive.files)
            entries = {name: np.asarray(archive[name]) for name in _ENTRIES if name in found}
    except BROKEN_ARRAY as error:
        raise InputError(f"{path}: cannot be read as saved statistics: {error}") from error
    if not {"mu", "sigma"} <= entries.keys() and "feats" not in entries:
        raise InputError(
            f"{path}: holds no saved statistics, only {', '.join(found[:5]) or 'nothing'}",
            hint="The entries mu and sigma, or feats, are needed.",
        )
    return entries


def _meta(entry: npt.NDArray[Any], path: Path) -> StatisticsMeta:
    try:
        return StatisticsMeta.model_validate_json(str(entry))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: meta cannot be read: {where}: {first['msg']}") from error


def _features(entry: npt.NDArray[Any], path: Path) -> Rows:
    try:
        check_rows(entry, at_least=2)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    return entry


def _count(entry: npt.NDArray[Any], path: Path) -> int:
    if entry.shape != () or not np.issubdtype(entry.dtype, np.integer) or entry < 2:
        raise InputError(f"{path}: n is not a whole number of at least 2 images")
    return int(entry)


def _names(entry: npt.NDArray[Any], name: str, n: int | None, path: Path) -> list[str]:
    if entry.shape != (n,) or not np.issubdtype(entry.dtype, np.str_):
        raise InputError(f"{path}: {name} are not {n} texts")
    return [str(value) for value in entry]
