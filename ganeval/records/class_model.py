"""The record of `ganeval class-model`: what a perfect member of a class looks like to a model."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from ganeval.records.features import InputInfo
from ganeval.records.model import Environment, Model, Notice, Param
from ganeval.records.saliency import LookedInto

CLASS_MODEL_SCHEMA: Final = "ganeval.class-model/1"


class DrawnPicture(Model):
    """One picture on the way up."""

    kind: Literal["full", "matched"] = Field(
        description="the end of the ascent, or the first picture with the score of a real image"
    )
    file: str = Field(description="PNG in the folder of the record")
    step: int
    score: float = Field(description="S_c, a logit")
    probability: float
    norm: float = Field(description="||I||_2, white = 1")
    rms: float = Field(description="root mean square of I")
    saturated: float = Field(description="share of values at 0 or 1, or beyond where unclamped")


class ClassScores(Model):
    """Scores of real images for the class."""

    q5: float
    q50: float
    q95: float
    largest: float
    n: int


class DrawnClass(Model):
    """One class at one strength of the penalty."""

    name: str
    index: int | None = Field(description="null: a detector's single logit, real or fake")
    strength: float = Field(description="lambda")
    pictures: list[DrawnPicture] = Field(description="empty: the score is flat")
    curve: list[float] = Field(default_factory=list, description="S_c after each step")
    restarts: int
    spread: float | None = Field(default=None, description="final scores, largest less smallest")
    real: ClassScores | None = None
    flag: str | None = None


class ClassModelRecord(Model):
    """What ``ganeval class-model`` writes."""

    schema_: Annotated[Literal["ganeval.class-model/1"], Field(alias="schema")] = CLASS_MODEL_SCHEMA
    command: str = "class-model"
    argv: list[str] = Field(description="the command line, as typed")
    started: str = Field(description="ISO 8601 time with zone")
    seconds: float
    verdict: str = Field(description="how far the score ran beyond real images, in one sentence")
    params: dict[str, Param] = Field(default_factory=dict, description="every choice, written out")
    model: LookedInto
    input: InputInfo | None = Field(default=None, description="real images scored beside it")
    classes: list[DrawnClass]
    warnings: list[Notice] = Field(default_factory=list)
    environment: Environment

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    def to_json(self) -> str:
        """Returns the record as indented JSON with a final newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
