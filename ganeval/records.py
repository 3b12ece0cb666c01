"""The typed, versioned JSON that every command writes and every report is drawn from.

A record is complete: numbers with their uncertainty, what they were computed from (inputs by
digest, network by digest, versions), and what a careful reader should know. Missing numbers are
``null`` with a reason beside them; NaN and infinity never reach the file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganeval.errors import GanevalError, InputError

SCHEMA: Final = "ganeval.metrics/1"

Role = Literal["real", "fake"]
Param = str | int | float | bool | None


class _Model(BaseModel):
    """Frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Estimate(_Model):
    """A number with its uncertainty; the only form in which a result leaves ganeval."""

    value: float | None = Field(description="the estimate; null where there is none (see reason)")
    se: float | None = Field(default=None, description="standard error, in the unit of value")
    low: float | None = Field(default=None, description="lower end of the interval")
    high: float | None = Field(default=None, description="upper end of the interval")
    level: float = Field(default=0.95, description="confidence level of [low, high]")
    n: dict[str, int] = Field(
        default_factory=dict, description="number of images per set, for example real and fake"
    )
    unit: str = Field(default="", description="unit of value, se, low and high")
    method: str = Field(default="", description="how value, se and interval were computed")
    covers: str = Field(default="", description="what the interval is an interval for")
    reason: str | None = Field(default=None, description="why value, or se and interval, are null")


class FeatureSpec(_Model):
    """Everything that fixes which features an image gets; equal specs may be compared."""

    extractor: str = Field(description="registry name, for example inception-2015")
    extractor_version: str = Field(default="1", description="changes when its features change")
    layer: str = Field(description="output of the network, for example 2048")
    dimension: int = Field(description="length d of one feature vector")
    weights_sha256: str | None = Field(description="digest of the weights file; null: no weights")
    resize: str = Field(description="resize mode, for example pytorch-fid")
    size: int = Field(description="side of the square the network sees, pixels")
    normalisation: str = Field(description="what is done to 0..255 before the network")
    decode: str = Field(description="decoding policy: correct or peer, and a background not white")
    precision: str = Field(default="f32", description="arithmetic of the network")


class Skipped(_Model):
    """An image that could not be read and was left out on request."""

    key: str
    reason: str


class InputInfo(_Model):
    """One set of images (or saved statistics) as it was found."""

    role: Role
    label: str = Field(description="short name used in tables, unique within the record")
    kind: str = Field(description="folder, zip, array, memory or statistics")
    path: str = Field(description="as the user gave it")
    n: int | None = Field(description="images that entered the metric; null: statistics without n")
    n_groups: int | None = Field(default=None, description="independent units")
    fingerprint: str | None = Field(default=None, description="sha256 over sorted (key, digest)")
    content_fingerprint: str | None = Field(
        default=None, description="sha256 over sorted digests; equal for renamed copies"
    )
    formats: dict[str, int] = Field(default_factory=dict, description="images per file format")
    sizes: dict[str, int] = Field(default_factory=dict, description="images per WIDTHxHEIGHT")
    modes: dict[str, int] = Field(default_factory=dict, description="images per colour mode")
    decoded: dict[str, int] = Field(
        default_factory=dict, description="images per special case of decoding"
    )
    ignored: dict[str, int] = Field(
        default_factory=dict, description="files that are no images, per extension"
    )
    skipped: list[Skipped] = Field(default_factory=list)
    limit: int | None = None
    seed: int = 0


class WeightsInfo(_Model):
    """The weights file behind a network."""

    file: str = Field(description="file name")
    sha256: str
    verified: bool = Field(description="the digest is the published one")


class BackendInfo(_Model):
    """What ran the network."""

    name: str = Field(description="openvino, torch or numpy")
    version: str
    device: str
    precision: str = "f32"
    threads: int | None = None


class FeatureRun(_Model):
    """One extraction: what was asked for, what ran, what came from the cache."""

    spec: FeatureSpec
    weights: WeightsInfo | None
    backend: BackendInfo | None = Field(description="null: everything came from the cache")
    cache_hits: int = 0
    cache_misses: int = 0
    seconds: float = Field(default=0.0, description="wall time of the extraction")


class Floor(_Model):
    """What two samples of one distribution show at half size, and what is left above it."""

    half_size: int = Field(description="images per half")
    splits: int = Field(description="seeded splits averaged over")
    cross: float = Field(description="mean distance of half-real against half-fake")
    floor_real: float = Field(description="mean distance between halves of the real set")
    floor_fake: float = Field(description="mean distance between halves of the fake set")
    excess: Estimate = Field(description="cross - (floor_real + floor_fake)/2")


class Test(_Model):
    """A significance test of one metric against its null."""

    __test__ = False  # not a pytest class

    null: str
    p: float
    method: str


class Metric(_Model):
    """One metric of one fake set against the real set."""

    name: str = Field(description="identifier: fid, kid")
    display: str = Field(description="name to print, for example FD(efficientnet-lite0)")
    fake: str = Field(description="label of the fake input")
    estimate: Estimate
    direction: Literal["lower", "higher"] = Field(description="which way is better")
    null_expected: float | None = Field(
        default=None, description="expected value when both sets share one distribution"
    )
    floor: Floor | None = None
    bias_corrected: Estimate | None = None
    test: Test | None = None
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    bias: str = Field(default="", description="what the value is biased by")


class Neighbour(_Model):
    """A fake image, its nearest real image, and what it does to the distance."""

    fake: str = Field(description="key of the fake image")
    real: str = Field(description="key of its nearest real image")
    distance: float = Field(description="Euclidean distance of their features")
    influence: float | None = Field(
        default=None, description="first-order change of the distance per unit of weight"
    )


class Gallery(_Model):
    """Which images a page shows; a bounded choice by key, no pixels."""

    fake_label: str
    real_sample: list[str] = Field(default_factory=list)
    fake_sample: list[str] = Field(default_factory=list)
    nearest: list[Neighbour] = Field(default_factory=list)
    farthest: list[Neighbour] = Field(default_factory=list)
    raising: list[Neighbour] = Field(
        default_factory=list, description="the fakes that raise the distance most"
    )


class Notice(_Model):
    """Something a careful person should know; listed most important first."""

    code: str
    text: str
    data: dict[str, Param] = Field(default_factory=dict)


class Environment(_Model):
    """Versions and hardware the numbers came from."""

    ganeval: str
    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    platform: str = ""
    processor: str = ""


class MetricsRecord(_Model):
    """What ``ganeval fid`` and its sisters write."""

    schema_: Annotated[Literal["ganeval.metrics/1"], Field(alias="schema")] = SCHEMA
    command: str = Field(description="the command's name, for example fid")
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="one sentence a reader may quote")
    inputs: list[InputInfo]
    features: list[FeatureRun]
    metrics: list[Metric]
    galleries: list[Gallery] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def metric(self, name: str, fake: str | None = None) -> Metric:
        """Returns the metric called ``name`` (of the fake set labelled ``fake``).

        Raises:
            KeyError: There is no such metric.
        """
        for metric in self.metrics:
            if metric.name == name and fake in (None, metric.fake):
                return metric
        raise KeyError(name)

    def input(self, role: Role, label: str | None = None) -> InputInfo:
        """Returns the first input of that role (and label)."""
        for info in self.inputs:
            if info.role == role and label in (None, info.label):
                return info
        raise KeyError(role)

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_record(path: Path) -> MetricsRecord:
    """Reads a record written by an earlier run.

    Raises:
        InputError: The file cannot be read, is no record, or is of a newer schema.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a record: {error}") from error
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{path}: schema {schema!r} is not {SCHEMA!r}, which this version reads")
    try:
        return MetricsRecord.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: not a valid record: {where}: {first['msg']}") from error


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file beside ``path`` and renames it into place when the block succeeds.

    Readers see the old file or the whole new one, never half of it; a failure leaves nothing. A
    link stays a link: what it points to is replaced. Devices and pipes are written to directly.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    try:
        with _into_device(path) if _is_device(path) else _into_place(path) as stream:
            yield stream
    except OSError as error:
        raise GanevalError(f"{path}: cannot be written: {error.strerror or error}") from error


def _is_device(path: Path) -> bool:
    """Tells a device or pipe, which a rename would replace by a file: /dev/null, for example."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextlib.contextmanager
def _into_device(path: Path) -> Iterator[IO[bytes]]:
    """Gathers what is written, since such files cannot seek, and passes it on at the end."""
    gathered = io.BytesIO()
    yield gathered
    path.write_bytes(gathered.getvalue())


@contextlib.contextmanager
def _into_place(path: Path) -> Iterator[IO[bytes]]:
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text atomically; see `atomic_write`."""
    with atomic_write(path) as stream:
        stream.write(text.encode("utf-8"))
