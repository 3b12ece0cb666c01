"""Which cell is which: digests of everything that its numbers depend on.

Equal digests mean equal cells wherever the data lie and however many workers decode them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ganeval.ablation.arms import Arm
from ganeval.ablation.resolving import is_volatile
from ganeval.ablation.study_form import STUDY_SCHEMA, CommandTrainer, Study, StudyData
from ganeval.ablation.study_rules import NAMED_SETS, require_data
from ganeval.errors import InputError

ID_DIGITS: Final = 16

# Raised when the drawing of the domains made by code changes.
_DEMO_VERSION: Final = 1
_LARGEST_EXACT: Final = 2**53


def canonical(value: Any) -> str:
    """Returns a value as canonical JSON: one text for equal values.

    Keys are sorted by code point, there are no spaces, text is UTF-8; floats are the shortest that
    read back the same, integral ones are written as integers and -0 as 0.

    Raises:
        InputError: It holds a number that is not finite, or something JSON has no form for.
    """
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(f"{value} is not finite, and has no place in an identity")
        exact = value.is_integer() and abs(value) <= _LARGEST_EXACT
        return str(int(value)) if exact else repr(value)
    if isinstance(value, Path):
        return canonical(value.as_posix())
    if isinstance(value, Mapping):
        keys = sorted(map(str, value))
        named = {str(key): one for key, one in value.items()}
        return "{" + ",".join(f"{canonical(key)}:{canonical(named[key])}" for key in keys) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(canonical, value)) + "]"
    raise InputError(f"{value!r} has no form in JSON")


def digest(text: str) -> str:
    """Returns the first 16 hex digits of the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def identity_config(resolved: Mapping[str, Any], kept: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the keys that a cell's numbers depend on.

    Args:
        resolved: Every dotted key.
        kept: Keys that an arm is about, which are never left out.
    """
    config = {key: value for key, value in resolved.items() if key in kept or not is_volatile(key)}
    device = config.get("run.device")
    if isinstance(device, str) and "run.device" not in kept:
        config["run.device"] = device.partition(":")[0]  # whichever of several
    return config


def cell_id(
    *,
    trainer: str,
    version: int | str,
    config: Mapping[str, Any],
    seed: int,
    data: str,
    repeat: int = 0,
) -> str:
    """Returns the identity of a cell, 16 hex digits.

    Args:
        trainer: Its name.
        version: Of its numbers.
        config: See `identity_config`.
        seed: Of the run.
        data: Digest of every image the trainer may read, see `data_manifest`.
        repeat: Which run under that very seed, where it is run again.
    """
    return _id(canonical(config), trainer, version, seed, data, repeat)


def _id(config: str, trainer: str, version: int | str, seed: int, data: str, repeat: int) -> str:
    """`cell_id` with the configuration as canonical text, which many cells share."""
    again = f'"repeat":{repeat},' if repeat else ""
    return digest(
        f'{{"config":{config},"data":{canonical(data)},{again}"schema":{STUDY_SCHEMA},'
        f'"seed":{seed},"trainer":{canonical(trainer)},"version":{canonical(version)}}}'
    )


@dataclass(frozen=True)
class DataManifest:
    """The images of a study by content.

    Attributes:
        digest: sha256 over the sorted pairs of path and content, of all the trainer may read.
        files: Split and domain (``trainA``, ``valB``, ``testA``, ...) to key to sha256.
    """

    digest: str
    files: Mapping[str, Mapping[str, str]]

    @property
    def trained(self) -> dict[str, Mapping[str, str]]:
        """The splits that the trainer may read."""
        return {name: one for name, one in self.files.items() if not name.startswith("test")}


def data_manifest(data: StudyData | None, *, cache: Path | None = None) -> DataManifest:
    """Reads the content of every image of a study.

    Moving a data set keeps its digest, changing one image changes it. Test images are listed, and
    are no part of the digest: cells do not depend on them.

    Args:
        data: The images; a pair made by code is known without drawing it.
        cache: Folder where digests of unchanged files are remembered; None: nowhere.

    Raises:
        InputError: There are none, or they cannot be read.
    """
    if data is None:
        raise InputError(
            "data: is missing, and a study needs images",
            hint="Add data to the study file, or try it with --demo stripes.",
        )
    if data.demo is not None:
        made = {"demo": {data.demo: str(_DEMO_VERSION)}}
        return DataManifest(_manifest_digest(made), made)
    files: dict[str, Mapping[str, str]] = {}
    for name, source in _sources(data):
        if str(source) in NAMED_SETS:
            files[name] = {str(source): "named"}
        else:
            files[name] = _content(source, cache)
    trained = {name: one for name, one in files.items() if not name.startswith("test")}
    return DataManifest(_manifest_digest(trained), files)


def _sources(data: StudyData) -> Iterator[tuple[str, Path]]:
    for domain in ("A", "B"):
        if (own := getattr(data, domain)) is not None:
            yield f"train{domain}", own
    for split in ("val", "test"):
        if (folders := getattr(data, split)) is not None:
            yield f"{split}A", folders.A
            yield f"{split}B", folders.B


def _content(source: Path, cache: Path | None) -> dict[str, str]:
    from ganeval.images import open_image_set
    from ganeval.images.digests import DigestHints

    hints = None if cache is None else DigestHints(cache)
    found = open_image_set(source, digest_hints=hints)
    return dict(zip(found.keys, found.digests, strict=True))


def _manifest_digest(files: Mapping[str, Mapping[str, str]]) -> str:
    pairs = sorted(
        (f"{split}/{key}", sha) for split, one in files.items() for key, sha in one.items()
    )
    return hashlib.sha256(canonical(pairs).encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One arm under one seed.

    Attributes:
        arm: Name of the arm.
        seed: Random seed of the run.
        id: 16 hex digits; equal ids are equal runs.
    """

    arm: str
    seed: int
    id: str

    @property
    def folder(self) -> str:
        """Where it lies in the folder of its study, with forward slashes."""
        return f"cells/{self.arm}/seed-{self.seed:04d}-{self.id}"


def cells_of(study: Study, arms: Sequence[Arm], manifest: DataManifest | None = None) -> list[Cell]:
    """Returns all cells, all arms of the first seed first, so that a part of them is paired.

    The k-th seeds of the base and of the A/A arm stand together.

    Args:
        study: Whose seeds and trainer.
        arms: See `arms_of`.
        manifest: Of its images; None: they are read now.

    Raises:
        InputError: The study has no images.
    """
    require_data(study)
    found = manifest or data_manifest(study.data)
    trainer = study.trainer
    name = trainer.name if isinstance(trainer, CommandTrainer) else trainer
    texts = {
        arm.name: canonical(identity_config(arm.resolved, tuple(arm.settings))) for arm in arms
    }
    return [
        Cell(
            arm.name,
            arm.seeds[i],
            _id(texts[arm.name], name, arm.version, arm.seeds[i], found.digest, arm.repeat),
        )
        for i in range(max((len(arm.seeds) for arm in arms), default=0))
        for arm in arms
        if i < len(arm.seeds)
    ]
