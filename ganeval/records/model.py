"""What all records are made of: estimates, tests, notices, and where they were computed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["real", "fake"]
Param = str | int | float | bool | None


class Model(BaseModel):
    """Frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Estimate(Model):
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


class Test(Model):
    """A significance test of one metric against its null."""

    __test__ = False  # not a pytest class

    null: str
    p: float
    method: str


class Notice(Model):
    """Something a careful person should know; listed most important first."""

    code: str
    text: str
    data: dict[str, Param] = Field(default_factory=dict)


class Environment(Model):
    """Versions and hardware the numbers came from."""

    ganeval: str
    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    platform: str = ""
    processor: str = ""
