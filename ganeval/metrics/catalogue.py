"""Every metric that can be asked for: its direction, its range, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher"]


@dataclass(frozen=True)
class MetricInfo:
    """One metric as it is asked for on the command line and stands in a record.

    Attributes:
        name: Identifier.
        display: Name to print.
        direction: Which way is better.
        low: Smallest value it can have; None: no limit.
        high: Largest value it can have; None: no limit.
        null: Value expected when both sets share one distribution, in words.
        choices: What may follow the name after a colon, in words; empty: nothing.
        falls_with_n: The value depends on the number of fake images, so values of sets of
            different size are never subtracted.
        ranked: Sets may be ranked by it; False for what says something else than "closer".
        family: The name under which it is computed together with others.
    """

    name: str
    display: str
    direction: Direction
    low: float | None
    high: float | None
    null: str
    choices: str = ""
    falls_with_n: bool = True
    ranked: bool = True
    family: str = ""

    @property
    def range(self) -> str:
        """The range in words: ``0 .. 1``."""
        low = "-∞" if self.low is None else f"{self.low:g}"
        return f"{low} … {'∞' if self.high is None else f'{self.high:g}'}"


_FLOOR = "the sampling floor, which depends on n"

CATALOGUE: Mapping[str, MetricInfo] = {
    info.name: info
    for info in (
        MetricInfo("fid", "FID", "lower", 0.0, None, _FLOOR, choices="a layer of the extractor"),
        MetricInfo("fd", "FD", "lower", 0.0, None, _FLOOR, choices="an extractor"),
        MetricInfo("sfid", "sFID", "lower", 0.0, None, _FLOOR),
        MetricInfo(
            "kid", "KID", "lower", None, None, "0", choices="a protocol", falls_with_n=False
        ),
        MetricInfo(
            "is",
            "IS",
            "higher",
            1.0,
            1008.0,
            "the score of real images",
            choices="a preset",
            ranked=False,
        ),
        MetricInfo(
            "precision",
            "precision",
            "higher",
            0.0,
            1.0,
            "that of two halves of the reals",
            choices="a preset",
            falls_with_n=False,
            family="prdc",
        ),
        MetricInfo(
            "recall",
            "recall",
            "higher",
            0.0,
            1.0,
            "that of two halves of the reals",
            choices="a preset",
            family="prdc",
        ),
        MetricInfo(
            "density",
            "density",
            "higher",
            0.0,
            None,
            "1",
            choices="a preset",
            falls_with_n=False,
            family="prdc",
        ),
        MetricInfo(
            "coverage",
            "coverage",
            "higher",
            0.0,
            1.0,
            "1 - Π (N1-i)/(N1+N2-i), i = 1..k",
            choices="a preset",
            family="prdc",
        ),
        MetricInfo("mifid", "MiFID", "lower", 0.0, None, _FLOOR),
        MetricInfo(
            "memorisation",
            "memorisation distance",
            "higher",
            0.0,
            1.0,
            "that of other real images",
            falls_with_n=False,
            ranked=False,
        ),
        MetricInfo(
            "authenticity",
            "authenticity",
            "higher",
            0.0,
            1.0,
            "that of other real images",
            falls_with_n=False,
            ranked=False,
        ),
        MetricInfo("cmmd", "CMMD", "lower", 0.0, None, "about 0, above it by about 1/n"),
        MetricInfo("mind", "MIND", "lower", 0.0, None, _FLOOR),
        MetricInfo("fid_infinity", "FID∞", "lower", None, None, "0", ranked=False),
    )
}

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "prdc": ("precision", "recall", "density", "coverage"),
    "mifid": ("mifid", "memorisation"),
}
"""Names that stand for several metrics of one computation."""

ALL = (
    "fid",
    "sfid",
    "kid",
    "is",
    "prdc",
    "mifid",
    "authenticity",
    "mind",
    "cmmd",
    "fid_infinity",
)
"""What ``--metrics all`` asks for, in the order of a table; what cannot be had is left out."""
