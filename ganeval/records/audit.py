"""The record of `ganeval audit`: what sets of images are made of, and what threatens a metric."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import FeatureRun, InputInfo, Skipped
from ganeval.records.model import Environment, Estimate, Model, Notice, Param

AUDIT_SCHEMA: Final = "ganeval.audit/1"

DuplicateKind = Literal["bytes", "pixels", "dhash"]
OutlierKind = Literal["features", "brightness", "colourfulness"]


class AuditedImage(Model):
    """Everything that was measured of one image; null where it cannot be."""

    key: str
    digest: str = Field(description="sha256 of the file, or of an array's image")
    pixels: str = Field(description="sha256 of the decoded pixels")
    dhash: str | None = Field(description="difference hash, 16 hex digits; null: tells nothing")
    format: str
    mode: str
    width: int
    height: int
    file_bytes: int | None = Field(default=None, description="null: part of an array")
    exif: bool = Field(default=False, description="holds EXIF or XMP metadata")
    icc: bool = Field(default=False, description="holds a colour profile")
    animated: bool = Field(default=False, description="more than one frame or page")
    jpeg_quality: int | None = Field(default=None, description="libjpeg quality of the tables")
    jpeg_exact: bool | None = Field(default=None, description="false: the nearest quality")
    chroma: str | None = Field(default=None, description="subsampling of a JPEG file")
    bytes_per_pixel: float | None = None
    aspect: float = Field(description="width over height")
    blockiness: float | None = Field(description="excess of steps at borders of 8x8 blocks")
    high_frequency: float | None = Field(
        description="share of luma power above 0.25 cycles per pixel, 0..1"
    )
    brightness: float = Field(description="mean luma, 0..255")
    contrast: float = Field(description="standard deviation of luma")
    colourfulness: float = Field(description="Hasler and Suesstrunk 2003; 0: grey")
    isolation: float | None = Field(
        default=None, description="mean distance to its nearest neighbours among the features"
    )
    cluster: int | None = Field(default=None, description="duplicates of one set share a number")
    matched: str | None = Field(
        default=None, description="strongest match in another set: bytes, pixels or dhash"
    )
    outlier: list[OutlierKind] = Field(default_factory=list)


class Measurement(Model):
    """One measurement over a set."""

    name: str = Field(description="field of AuditedImage")
    display: str
    unit: str = ""
    estimate: Estimate = Field(description="the mean and its interval")
    sd: float | None = Field(description="standard deviation; null with fewer than 2 images")
    low: float | None = Field(description="5 % of the images lie below")
    median: float | None
    high: float | None = Field(description="5 % of the images lie above")


class AuditedSet(Model):
    """One set as it was found and measured."""

    input: InputInfo = Field(
        description="role real for the first set, fake for the others; the audit treats all alike"
    )
    exif: int = Field(description="images with EXIF or XMP metadata")
    unreadable: list[Skipped] = Field(default_factory=list)
    measurements: list[Measurement] = Field(default_factory=list)
    duplicates: dict[str, int] = Field(
        default_factory=dict,
        description="images with a duplicate in their set, per strongest kind",
    )
    clusters: list[list[str]] = Field(
        default_factory=list, description="keys of the images that are duplicates of each other"
    )
    features: FeatureRun | None = Field(default=None, description="null: none were extracted")
    images: list[AuditedImage] = Field(default_factory=list, description="sorted by key")


class SetDifference(Model):
    """How one measurement differs between two sets."""

    name: str = Field(description="field of AuditedImage")
    display: str
    a: str = Field(description="label of the first set")
    b: str = Field(description="label of the other set")
    estimate: Estimate = Field(description="mean of b less mean of a")
    standardised: float | None = Field(
        description="that difference over the pooled standard deviation (Cohen's d)"
    )
    auc: Estimate = Field(description="probability that an image of b exceeds one of a")
    p: float | None = Field(description="two-sided p-value of the rank-sum test")


class DuplicatePair(Model):
    """Two images that are the same, or nearly; of one set or of two."""

    a_set: str
    a: str = Field(description="key in a_set")
    b_set: str
    b: str = Field(description="key in b_set")
    kind: DuplicateKind = Field(
        description="equal files, equal pixels, or difference hashes within 4 bits"
    )
    distance: int | None = Field(default=None, description="differing bits of the hashes")
    luma_difference: float = Field(
        description="mean difference of the 9 x 8 thumbnails in luma, 0..255"
    )


class Overlap(Model):
    """How many images of one set match an image of another."""

    a: str
    b: str
    images: dict[str, int] = Field(
        description="images of b that match one of a, per strongest kind of match"
    )
    same_name: int = Field(description="of these, matched by an image of the same name")
    luma_difference: float = Field(
        description="that of the most alike pair among those of the weakest kind, 0..255"
    )


class Outlier(Model):
    """An image far from the rest of its set."""

    set: str
    key: str
    kind: OutlierKind
    value: float
    score: float = Field(description="robust z: (value - median) / (1.4826 median deviation)")


class WrittenList(Model):
    """A list of images that was written for use in place of a set."""

    set: str
    path: str
    kept: int
    dropped: dict[str, int] = Field(description="images left out, per reason")


class AuditRecord(Model):
    """What ``ganeval audit`` writes."""

    schema_: Annotated[Literal["ganeval.audit/1"], Field(alias="schema")] = AUDIT_SCHEMA
    command: str = "audit"
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="one sentence a reader may quote")
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    sets: list[AuditedSet]
    differences: list[SetDifference] = Field(default_factory=list)
    duplicates: list[DuplicatePair] = Field(
        default_factory=list, description="pairs, the surest first; at most 1,000"
    )
    overlaps: list[Overlap] = Field(default_factory=list)
    outliers: list[Outlier] = Field(default_factory=list, description="the farthest first")
    lists: list[WrittenList] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list, description="the findings")
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def set_called(self, label: str) -> AuditedSet:
        """Returns the set with that label.

        Raises:
            KeyError: There is none.
        """
        for one in self.sets:
            if one.input.label == label:
                return one
        raise KeyError(label)

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
