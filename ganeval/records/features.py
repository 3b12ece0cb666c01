"""What numbers are computed from: sets of images, and the features a network gave them."""

from __future__ import annotations

from pydantic import Field

from ganeval.records.model import Model, Role


class FeatureSpec(Model):
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


class Skipped(Model):
    """An image that could not be read and was left out on request."""

    key: str
    reason: str


class InputInfo(Model):
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
    jpeg_quality: dict[str, int] = Field(
        default_factory=dict,
        description="JPEG files per libjpeg quality: 75, or ~75 where the tables are only near it",
    )
    chroma: dict[str, int] = Field(
        default_factory=dict, description="JPEG files per chroma subsampling, for example 4:2:0"
    )
    ignored: dict[str, int] = Field(
        default_factory=dict, description="files that are no images, per extension"
    )
    skipped: list[Skipped] = Field(default_factory=list)
    limit: int | None = None
    seed: int = 0


class WeightsInfo(Model):
    """The weights file behind a network."""

    file: str = Field(description="file name")
    sha256: str
    verified: bool = Field(description="the digest is the published one")


class BackendInfo(Model):
    """What ran the network."""

    name: str = Field(description="openvino, torch or numpy")
    version: str
    device: str
    precision: str = "f32"
    threads: int | None = None


class FeatureRun(Model):
    """One extraction: what was asked for, what ran, what came from the cache."""

    spec: FeatureSpec
    weights: WeightsInfo | None
    backend: BackendInfo | None = Field(description="null: everything came from the cache")
    cache_hits: int = 0
    cache_misses: int = 0
    seconds: float = Field(default=0.0, description="wall time of the extraction")
