"""What a verdict rests on: parts of the record, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ganeval.records import (
    DefenceInfo,
    FormatAudit,
    FormatControl,
    Grouping,
    NullControl,
    PixelsName,
    Power,
    Primary,
    Question,
    Rung,
    RungName,
    SplitInfo,
)
from ganeval.statistics.intervals import holm

LADDER: Final[tuple[RungName, ...]] = ("colour", "spectrum", "features", "knn", "cnn")
"""Rungs that look at content, the lowest first; one of them can be the best rung."""
BELOW_CHANCE: Final = 0.01
"""Level of the test for scores below chance."""
MARGIN: Final = 0.05
"""AUCs closer than this count as equally high."""


@dataclass(frozen=True)
class Facts:
    """A classifier test before it is put into words.

    Args:
        primary: The one test that the verdict rests on.
        rungs: Every rung on raw and, where formats differ, on defended pixels.
        power: What the test part could have shown.
        audit: How the files were stored.
        control: What the formats alone give away.
        defence: What was done against that.
        grouping: Which images belong together.
        split: Who was held out.
        nulls: Comparisons in which there is nothing to find.
        question: Fakes against real images of their domain, or translations against their sources.
        alpha: Level of the verdict.
        infer_groups: False where groups were not looked for.
        cnn_over_colour: p-value of the difference between the AUCs of the network and the colour
            histogram on the same units and pixels (DeLong, paired); None: one of them is missing.
    """

    primary: Primary
    rungs: Sequence[Rung]
    power: Power
    audit: FormatAudit
    control: FormatControl
    defence: DefenceInfo
    grouping: Grouping
    split: SplitInfo
    nulls: Sequence[NullControl] = ()
    question: Question = "arrival"
    alpha: float = 0.05
    infer_groups: bool = True
    cnn_over_colour: float | None = None

    def rung(self, name: RungName, pixels: PixelsName) -> Rung | None:
        """Returns a step of the ladder; None where it was not climbed."""
        return next((r for r in self.rungs if (r.name, r.pixels) == (name, pixels)), None)

    def ladder(self, pixels: PixelsName) -> list[Rung]:
        """Returns the rungs that look at content and have an AUC, the lowest first."""
        found = [self.rung(name, pixels) for name in LADDER]
        return [rung for rung in found if rung is not None and rung.test.value is not None]

    @property
    def formats_differ(self) -> bool:
        """Whether pixels were stored differently: by the audit, or as declared."""
        return self.audit.differs or (self.control.declared and self.defence.name != "none")

    @property
    def best(self) -> Rung:
        """The rung that the primary test is of."""
        rung = self.rung(self.primary.rung, self.primary.pixels)
        if rung is None:
            raise ValueError(f"no rung {self.primary.rung} on {self.primary.pixels} pixels")
        return rung

    @property
    def best_raw(self) -> Rung | None:
        """The rung with the highest validation AUC on raw pixels; None where there is none.

        Without a validation part it is the rung of the primary test.
        """
        chosen = [rung for rung in self.ladder("raw") if rung.validation is not None]
        if chosen:
            return max(chosen, key=lambda rung: rung.validation or 0.0)
        return self.rung(self.primary.rung, "raw")

    @property
    def auc(self) -> float | None:
        """AUC of the primary test."""
        return self.best.test.value

    @property
    def auc_raw(self) -> float | None:
        """AUC of the best rung on raw pixels."""
        return None if self.best_raw is None else self.best_raw.test.value

    @property
    def raw_significant(self) -> bool:
        """Whether the best rung or the compression probe tells raw pixels apart."""
        looked = (self.best_raw, self.rung("compression", "raw"))
        return any(r is not None and r.p is not None and r.p < self.alpha for r in looked)

    @property
    def alarms(self) -> list[NullControl]:
        """Null controls in which something was found."""
        return [control for control in self.nulls if control.alarm]

    @property
    def below(self) -> list[Rung]:
        """Rungs whose held-out scores are below chance by more than chance.

        That of the primary test stands for itself; the others are corrected together (Holm).
        """
        tested = [(r, r.p_below) for r in self.ladder(self.primary.pixels) if r.p_below is not None]
        first = [(rung, p) for rung, p in tested if rung.name == self.primary.rung]
        others = [(rung, p) for rung, p in tested if rung.name != self.primary.rung]
        adjusted = zip((r for r, _ in others), holm([p for _, p in others]), strict=True)
        return [rung for rung, p in (*first, *adjusted) if p < BELOW_CHANCE]

    @property
    def below_chance(self) -> bool:
        """Whether scores below chance forbid a verdict.

        What pushes one rung below chance cannot have lifted another above it, so a test that found
        something stands; the rung is then a warning.
        """
        return bool(self.below) and not self.primary.significant

    @property
    def cnn_beats_colour(self) -> bool | None:
        """Whether the network is better than the colour histogram; None: unknown."""
        cnn, colour = (self.rung(name, self.primary.pixels) for name in ("cnn", "colour"))
        if cnn is None or colour is None or cnn.test.value is None or colour.test.value is None:
            return None
        if cnn.test.value <= colour.test.value:
            return False
        return None if self.cnn_over_colour is None else self.cnn_over_colour <= 0.05
