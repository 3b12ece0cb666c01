"""Everything that an analysis is made from: arms, cells, results, and what was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.records.ablation import Amendment, ArmInfo, CellCurve, CellInfo, CellMetric
from ganeval.records.comparison import Direction, Pairing


@dataclass(frozen=True)
class Declared:
    """A comparison that was declared in advance."""

    variant: str
    against: str
    direction: Direction = "AtoB"
    pairing: Pairing = "full"


@dataclass(frozen=True)
class Evidence:
    """A study, or arms from folders, ready to be judged.

    Args:
        name: Of the study.
        base: Arm that others are compared with.
        arms: In the order of the page.
        cells: Evaluated ones and the others.
        results: Results by arm and seed; seed None: a single run.
        folders: Where each result lies, for its features.
        declared: The family.
        protocol: How cells were evaluated.
        floors: Numbers of what a translator must beat, as cells of arms of kind ``floor``.
        curves: Further curves, beside those of the runs.
        seeds: Of the study.
        study: Its text.
        trainer: Its name.
        budget: In words.
        amendments: What changed after the first cell had been started.
        task: Name under which published numbers are looked up; empty: none.
        commands: To make it again.
        unmatched: Stems that some arms lack, by arm.
    """

    name: str
    base: str
    arms: Sequence[ArmInfo]
    cells: Sequence[CellInfo]
    results: Mapping[tuple[str, int | None], CellResult]
    folders: Mapping[tuple[str, int | None], Path]
    declared: Sequence[Declared]
    protocol: ProtocolSettings
    floors: Sequence[CellMetric] = ()
    curves: Sequence[CellCurve] = ()
    seeds: Sequence[int] = ()
    study: str = ""
    trainer: str = ""
    budget: str = ""
    amendments: Sequence[Amendment] = ()
    task: str = ""
    commands: Sequence[str] = ()
    unmatched: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values(self, arm: str, metric: str, direction: Direction) -> dict[int | None, float | None]:
        """Returns a metric of an arm by seed; None where the run diverged."""
        found: dict[int | None, float | None] = {}
        for cell in self.cells:
            if cell.arm != arm:
                continue
            if cell.state == "diverged":
                found[cell.seed] = None
                continue
            result = self.results.get((arm, cell.seed))
            number = result.metric(metric, direction) if result else None
            if number is not None and number.estimate.value is not None:
                found[cell.seed] = number.estimate.value
        return found

    def numbers(self) -> list[CellMetric]:
        """Returns every number of every cell, and the floors."""
        own = [metric for result in self.results.values() for metric in result.metrics]
        return [*own, *self.floors]

    def kinds(self) -> dict[tuple[str, Direction], CellMetric]:
        """Returns one number of each metric and direction, the primary metric first."""
        found: dict[tuple[str, Direction], CellMetric] = {}
        for metric in (m for result in self.results.values() for m in result.metrics):
            found.setdefault((metric.name, metric.direction), metric)
        primary = self.protocol.primary
        return dict(sorted(found.items(), key=lambda one: one[0][0] != primary))
