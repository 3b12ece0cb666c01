"""What ``ganeval ablation-report`` prints, and the exit code that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from ganeval.commands.tables import print_table
from ganeval.commands.text import print_notices
from ganeval.errors import ConditionError
from ganeval.records.ablation import AblationRecord, ArmMetric

_UNSOUND: Final = ("invalid", "underpowered")
_MOST: Final = 7


def print_study(record: AblationRecord, written: Mapping[str, Path]) -> None:
    """Prints verdict, arms, comparisons, warnings and the files written."""
    print_notices(record.warnings)
    family = [one for one in record.comparisons if not one.exploratory]
    click.echo(record.verdict if not family else "\n".join(one.sentence for one in family))
    click.echo()
    _arms(record)
    cells = {state: 0 for state in ("evaluated", "diverged", "failed")}
    for cell in record.cells:
        cells[cell.state] = cells.get(cell.state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in cells.items() if count)
    protocol = record.protocol
    parts = [
        f"{len(record.cells)} cells ({told})",
        f"{protocol.stems} inputs" if protocol.stems else "",
        f"{protocol.real} reals" if protocol.real else "",
        f"checkpoint {protocol.checkpoint}",
    ]
    click.echo()
    click.echo(" · ".join(part for part in parts if part))
    for name, why in protocol.absent.items():
        click.echo(f"not made: {name}: {why}")
    for what, path in written.items():
        click.echo(f"{what:<10} {path}")


def _arms(record: AblationRecord) -> None:
    """A row per arm and direction: the metrics a reader asks for first."""
    chosen = _shown(record)
    units = {(one.name): one.unit for one in record.metrics}
    columns = ["arm", "seeds", *(_heading(record, name, units.get(name, "")) for name in chosen)]
    directions = record.protocol.directions
    rows = []
    for arm in record.arms:
        for direction in directions:
            means = {
                one.name: one
                for one in record.means
                if one.arm == arm.name and one.direction == direction
            }
            if not means:
                continue
            name = arm.name if len(directions) == 1 else f"{arm.name} {direction}"
            seeds = sum(cell.arm == arm.name for cell in record.cells) or 1
            rows.append([name, str(seeds), *(_cell(means.get(one)) for one in chosen)])
    print_table(columns, rows, " ".join(["seeds", *columns[2:]]))


def _shown(record: AblationRecord) -> Sequence[str]:
    """The primary metric, then those that can be compared."""
    names = [one.metric for one in record.comparisons]
    names += [one.name for one in record.metrics if one.name in ("fid", "kid")]
    return list(dict.fromkeys([record.protocol.primary, *names]))[:_MOST]


def _heading(record: AblationRecord, name: str, unit: str) -> str:
    display = next((one.display for one in record.metrics if one.name == name), name)
    return f"{display} {unit}".strip()


def _cell(mean: ArmMetric | None) -> str:
    if mean is None or mean.mean.value is None:
        return "–"
    value = f"{mean.mean.value:.4g}"
    return value if mean.sd is None else f"{value} ± {mean.sd:.2g}"


def hold(record: AblationRecord, *, strict: bool) -> None:
    """Ends with exit code 4 where a sound conclusion was asked for and there is none.

    Raises:
        ConditionError: ``strict``, and the verdict is invalid or underpowered, or cells failed.
    """
    if not strict:
        return
    if record.verdict_name in _UNSOUND:
        raise ConditionError(f"--strict: the verdict is {record.verdict_name}")
    failed = sum(cell.state == "failed" for cell in record.cells)
    if failed:
        raise ConditionError(f"--strict: {failed} cells failed")
