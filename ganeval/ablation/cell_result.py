"""What the evaluation of one cell leaves behind: every number, and the values image by image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from ganeval.errors import InputError
from ganeval.records.ablation import CellCurve, CellHistogram, CellMetric, Cost
from ganeval.records.comparison import Direction
from ganeval.records.features import FeatureSpec, InputInfo, WeightsInfo
from ganeval.records.files import write_text
from ganeval.records.model import Environment, Model, Notice

RESULT_SCHEMA: Final = "ganeval.cell/1"

Stage = Literal["original", "translated", "recovered", "identity"]


class CellResult(Model):
    """One cell, or one folder of images made elsewhere, under one protocol."""

    schema_: Annotated[Literal["ganeval.cell/1"], Field(alias="schema")] = RESULT_SCHEMA
    cell_id: str = Field(description="empty for images made elsewhere")
    protocol_id: str
    arm: str
    seed: int | None
    update: int | None = None
    checkpoint: str = Field(default="", description="file that was evaluated")
    checkpoint_sha256: str = ""
    fakes: dict[Direction, int]
    removed: int = Field(default=0, description="exact duplicates left out")
    inputs: dict[Direction, dict[str, InputInfo]] = Field(
        default_factory=dict, description="fake, real, source as they were found"
    )
    metrics: list[CellMetric]
    per_image: dict[Direction, dict[str, dict[str, float]]] = Field(
        default_factory=dict, description="metric to stem to value"
    )
    features: dict[Direction, str] = Field(
        default_factory=dict,
        description="safetensors beside this file: fake and real float32 [n, d], rows by stem",
    )
    stems: dict[Direction, list[str]] = Field(
        default_factory=dict, description="of the rows of fake features"
    )
    pictures: dict[Direction, dict[str, dict[Stage, str]]] = Field(
        default_factory=dict, description="stem to files, as paths that can be opened"
    )
    absent: dict[str, str] = Field(
        default_factory=dict, description="parts of the suite that were not made, and why"
    )
    format_differs: str | None = Field(
        default=None, description="how the files of fakes and reals differ; null: they do not"
    )
    specs: list[FeatureSpec] = Field(default_factory=list)
    weights: list[WeightsInfo] = Field(default_factory=list)
    curves: list[CellCurve] = Field(default_factory=list)
    histograms: list[CellHistogram] = Field(default_factory=list)
    cost: Cost = Field(default_factory=Cost)
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment
    created: str

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def metric(self, name: str, direction: Direction) -> CellMetric | None:
        """Returns a metric; None where it was not made."""
        for one in self.metrics:
            if (one.name, one.direction) == (name, direction):
                return one
        return None


def write_result(path: Path, result: CellResult) -> None:
    """Writes a result, whole or not at all.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    write_text(path, result.model_dump_json(by_alias=True, indent=2) + "\n")


def read_result(path: Path) -> CellResult:
    """Reads a result.

    Raises:
        InputError: It cannot be read, or is of another schema.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: cannot be read: not JSON: {error}") from error
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != RESULT_SCHEMA:
        raise InputError(f"{path}: schema {schema!r} is not {RESULT_SCHEMA!r}")
    try:
        return CellResult.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: not a valid result: {where}: {first['msg']}") from error
