"""A study's plan, status and outcome as a person, or a program, reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganeval.commands.ablate_progress import clock
from ganeval.commands.tables import print_table

if TYPE_CHECKING:
    from ganeval.ablation.engine import Outcome, StudyCell
    from ganeval.ablation.overview import CellView
    from ganeval.ablation.plan import StudyPlan
    from ganeval.records.ablation import Amendment

_GIGA = 1e9
_HOUR = 3600


def print_plan(name: str, folder: Path, plan: StudyPlan) -> None:
    """Prints what a study will take, and what it can find."""
    click.echo(f"{name}: {plan.seeds} seeds, {plan.budget} each, in {folder}\n")
    rows = [(arm.name, str(arm.cells), str(arm.done), arm.factor or "-") for arm in plan.arms]
    print_table(("arm", "cells", "done", "changes"), rows, numbers="cells done")
    click.echo("")
    for label, text in _plan_facts(plan):
        click.echo(f"{label:<14}{text}")


def plan_json(plan: StudyPlan) -> str:
    """Returns a plan as JSON."""
    return json.dumps({**asdict(plan), "left": plan.left}, indent=2)


def _plan_facts(plan: StudyPlan) -> Iterator[tuple[str, str]]:
    total = sum(arm.cells for arm in plan.arms)
    yield "cells", f"{total}, of which {total - plan.left} are done; {plan.jobs} at a time"
    if plan.probe is None:
        yield "cost", f"not measured: {plan.no_probe}"
    else:
        seconds = plan.device_seconds or 0.0
        yield (
            "cost",
            f"about {seconds / _HOUR:.2g} device-hours, {clock(seconds / plan.jobs)} with"
            f" {plan.jobs} at a time, training alone ({plan.probe.seconds_per_update:.3g} s per"
            f" update of the base on {plan.probe.device})",
        )
        disk = plan.disk or 0
        yield "disk", f"about {disk / _GIGA:.2g} GB; {plan.free / _GIGA:.3g} GB are free"
        if disk > plan.free:
            yield "warning", "the disk is too small for all cells"
    family = f"{plan.comparisons} comparisons" if plan.comparisons != 1 else "1 comparison"
    if plan.smallest_p is not None and plan.smallest_holm is not None:
        yield (
            "smallest p",
            f"{plan.smallest_p:.4g} with {plan.seeds} seeds; {plan.smallest_holm:.4g} after Holm"
            f" over {family}",
        )
        if plan.smallest_holm > plan.alpha:
            yield (
                "warning",
                f"underpowered by design: no difference can reach {plan.alpha:g}, whatever its"
                f" size; {plan.seeds_needed} seeds are needed",
            )
        else:
            yield "seeds needed", f"{plan.seeds_needed} for {family} at {plan.alpha:g}"


def print_amendments(amendments: Sequence[Amendment]) -> None:
    """Tells what has been changed since an earlier start."""
    for one in amendments:
        click.echo(
            f"{one.what} changed after {one.evaluated} cells were evaluated: {one.old} then,"
            f" {one.new} now; reports say so",
            err=True,
        )


def print_status(folder: Path, views: Sequence[CellView], *, running: bool) -> None:
    """Prints how every cell stands."""
    rows = [
        (
            one.arm,
            str(one.seed),
            f"{one.status.state}{' (works)' if one.working else ''}",
            "-" if one.status.update is None else f"{one.status.update:,}",
            "-" if one.status.device_seconds is None else clock(one.status.device_seconds),
            one.status.host or "-",
            one.status.why if one.status.state in ("failed", "diverged") else "",
        )
        for one in views
    ]
    if rows:
        columns = ("arm", "seed", "state", "updates", "trained", "host", "why")
        print_table(columns, rows, numbers="seed updates trained")
        click.echo("")
    counts = _counts(views)
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    click.echo(f"{len(views)} cells begun: {told or 'none'}")
    click.echo("An ablate runs the study." if running else "No ablate runs the study.")
    if not running and set(counts) - {"evaluated", "diverged"}:
        click.echo(f"go on       ganeval ablate {folder}")
    if counts.get("evaluated"):
        click.echo(f"report      ganeval ablation-report {folder} -o report.html")


def status_json(folder: Path, views: Sequence[CellView], *, running: bool) -> str:
    """Returns the status of all cells as JSON."""
    cells = [
        {
            "arm": one.arm,
            "seed": one.seed,
            "id": one.id,
            "folder": str(one.folder),
            "working": one.working,
            **one.status.model_dump(exclude={"schema_"}),
        }
        for one in views
    ]
    content = {"study": str(folder), "running": running, "states": _counts(views), "cells": cells}
    return json.dumps(content, indent=2)


def print_outcome(folder: Path, outcome: Outcome) -> None:
    """Prints what ran, what failed, and what to do next."""
    parts = [
        f"{len(outcome.evaluated)} cells evaluated",
        f"{len(outcome.skipped)} were done before" if outcome.skipped else "",
        f"{len(outcome.diverged)} diverged" if outcome.diverged else "",
        f"{len(outcome.failed)} failed" if outcome.failed else "",
        f"{len(outcome.waiting)} are left" if outcome.waiting else "",
        f"{outcome.elsewhere} go on as jobs of Slurm" if outcome.elsewhere else "",
    ]
    click.echo(", ".join(part for part in parts if part))
    if outcome.paused:
        click.echo(f"paused: {outcome.paused}", err=True)
    for cell in outcome.failed:
        _print_failure(cell)
    if outcome.failed:
        click.echo(f"{'try again':<12}ganeval ablate {folder} --retry-failed")
    if outcome.waiting or outcome.paused or outcome.elsewhere:
        click.echo(f"{'go on':<12}ganeval ablate {folder}")
    if outcome.evaluated or outcome.skipped:
        click.echo(f"{'report':<12}ganeval ablation-report {folder} -o report.html")


def outcome_json(outcome: Outcome) -> str:
    """Returns an outcome as JSON."""
    names = ("evaluated", "skipped", "failed", "diverged", "waiting")
    cells = {name: [_named(cell) for cell in getattr(outcome, name)] for name in names}
    facts = {"stopped": outcome.stopped, "paused": outcome.paused, "elsewhere": outcome.elsewhere}
    return json.dumps({**cells, **facts}, indent=2)


def _named(cell: StudyCell) -> dict[str, str | int]:
    return {
        "arm": cell.job.arm,
        "seed": cell.job.seed,
        "id": cell.job.id,
        "folder": str(cell.folder),
    }


def _print_failure(cell: StudyCell) -> None:
    from ganeval.ablation.cell_job import LOG
    from ganeval.ablation.cell_state import read_status
    from ganeval.ablation.process import tail

    click.echo(f"\n{cell.name} failed: {read_status(cell.folder).why}", err=True)
    for line in tail(cell.folder / LOG):
        click.echo(f"  {line}", err=True)
    click.echo(f"  {cell.folder / LOG}", err=True)


def _counts(views: Sequence[CellView]) -> dict[str, int]:
    states = [str(one.status.state) for one in views]
    return {state: states.count(state) for state in dict.fromkeys(states)}
