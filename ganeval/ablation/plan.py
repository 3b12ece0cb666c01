"""What a study will take, and what it can find, before any of its cells is started."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ganeval.ablation.arms import comparisons_of
from ganeval.ablation.cell_job import CONFIG, LOG, CellJob, config_of
from ganeval.ablation.cell_state import read_status
from ganeval.ablation.launch import LocalLauncher
from ganeval.ablation.preparing import Planned, study_cells
from ganeval.ablation.process import Surroundings, run_program, tail
from ganeval.ablation.study_folder import StudyFolder
from ganeval.ablation.study_form import CommandTrainer
from ganeval.ablation.study_images import place_images
from ganeval.ablation.trainers import train_words
from ganeval.errors import GanevalError
from ganeval.records.ablation import CellState
from ganeval.statistics.sign_flips import seeds_needed, smallest_paired_p

PROBED: Final = 20
"""Updates of the probe."""
_KEPT: Final = 2  # checkpoints of a run, where the configuration does not say


@dataclass(frozen=True)
class Probe:
    """What the base took for a few updates.

    Attributes:
        seconds_per_update: Median.
        device: In words.
        run_bytes: Of the run folder, with one checkpoint.
        checkpoint_bytes: Of one checkpoint.
    """

    seconds_per_update: float
    device: str
    run_bytes: int
    checkpoint_bytes: int


@dataclass(frozen=True)
class ArmPlan:
    """Cells of an arm.

    Attributes:
        name: Of the arm.
        factor: What it changes, in words.
        cells: To run now, all together.
        done: Of these, evaluated or diverged.
    """

    name: str
    factor: str
    cells: int
    done: int


@dataclass(frozen=True)
class StudyPlan:
    """A study before it runs.

    Attributes:
        arms: In their order.
        states: Cells by state.
        seeds: Of each arm.
        comparisons: Of the family.
        smallest_p: That the paired test can give at all; None: no seeds.
        smallest_holm: The same after Holm, at most 1.
        seeds_needed: With which the family can reach the level.
        alpha: That level.
        budget: Of a cell, in words.
        probe: What was measured; None: nothing can be, see why.
        no_probe: Why.
        device_seconds: Of all cells that are left, training alone; None: unknown.
        disk: Bytes of these cells; None: unknown.
        free: Bytes free where they go.
        jobs: Cells at a time.
    """

    arms: list[ArmPlan]
    states: Mapping[CellState, int]
    seeds: int
    comparisons: int
    smallest_p: float | None
    smallest_holm: float | None
    seeds_needed: int
    alpha: float
    budget: str
    probe: Probe | None
    no_probe: str
    device_seconds: float | None
    disk: int | None
    free: int
    jobs: int

    @property
    def left(self) -> int:
        """Cells that are still to run."""
        return sum(arm.cells - arm.done for arm in self.arms)


def plan_study(folder: StudyFolder, planned: Planned, launcher: LocalLauncher) -> StudyPlan:
    """Counts cells and measures what one takes; starts none, and writes nothing to the folder.

    Args:
        folder: Of the study; it need not exist.
        planned: Its cells.
        launcher: Whose share of the machine the probe gets.

    Raises:
        GanevalError: The probe cannot be trained.
    """
    states = [read_status(folder.path / cell.folder).state for cell in planned.chosen]
    done = {
        arm.name: sum(
            state in ("evaluated", "diverged")
            for cell, state in zip(planned.chosen, states, strict=True)
            if cell.arm == arm.name
        )
        for arm in planned.arms
    }
    arms = [
        ArmPlan(
            arm.name,
            arm.factor,
            sum(cell.arm == arm.name for cell in planned.chosen),
            done[arm.name],
        )
        for arm in planned.arms
    ]
    study = planned.study
    family = len(comparisons_of(study, planned.arms))
    smallest = smallest_paired_p(len(study.seeds)) if study.seeds else None
    probe, no_probe = None, "the budget of a trainer called by its command is as declared"
    if not isinstance(study.trainer, CommandTrainer):
        probe, no_probe = _probe(planned, launcher), ""
    return StudyPlan(
        arms=arms,
        states={state: states.count(state) for state in dict.fromkeys(states)},
        seeds=len(study.seeds),
        comparisons=family,
        smallest_p=smallest,
        smallest_holm=None if smallest is None else min(1.0, smallest * max(family, 1)),
        seeds_needed=seeds_needed(max(family, 1), study.statistics.alpha),
        alpha=study.statistics.alpha,
        budget=study.budget.words,
        probe=probe,
        no_probe=no_probe,
        device_seconds=_seconds(planned, arms, probe),
        disk=_disk(planned, arms, probe),
        free=shutil.disk_usage(_existing(folder.path)).free,
        jobs=launcher.jobs or 1,
    )


def _probe(planned: Planned, launcher: LocalLauncher) -> Probe:
    with tempfile.TemporaryDirectory(prefix="ganeval-") as made:
        place = Path(made)
        images = place_images(planned.study, place)
        first = replace(planned, chosen=planned.cells[:1])
        job = study_cells(StudyFolder(place), first, images)[0].job
        (place / CONFIG).write_text(json.dumps(_probed(job)), "utf-8")
        run = place / "run"
        words = train_words(str(job.trainer), place / CONFIG, job.seed, run, images.train)
        at = words.index("--")
        words[at:at] = ["--updates", str(PROBED)]
        around = Surroundings(log=place / LOG)
        code = run_program(words, around, environment=launcher.environment(0))
        if code != 0:
            lines = "\n".join(tail(place / LOG)[-5:])
            raise GanevalError(
                f"the probe of {PROBED} updates of {job.arm} ended with exit code {code}:\n{lines}",
                hint="The cells of the study would end alike.",
            )
        record = json.loads((run / "record.json").read_text("utf-8"))
        files = [path for path in run.rglob("*") if path.is_file()]
        return Probe(
            seconds_per_update=float(record["seconds_per_update"]),
            device=str(record["device"]),
            run_bytes=sum(path.stat().st_size for path in files),
            checkpoint_bytes=max((one["bytes"] for one in record["checkpoints"]), default=0),
        )


def _probed(job: CellJob) -> dict[str, Any]:
    """The configuration without what is done between updates, which the budget counts apart."""
    tree = config_of(job)
    for section in ("eval", "samples"):
        if "every" in tree.get(section, {}):
            tree[section]["every"] = 0
    if tree.get("eval", {}).get("save_best", "none") != "none":
        tree["eval"]["save_best"] = "none"  # which needs evaluations
    if "budget" in tree:
        tree["budget"] = {"updates": PROBED}
    return tree


def _seconds(planned: Planned, arms: list[ArmPlan], probe: Probe | None) -> float | None:
    if probe is None:
        return None
    total = 0.0
    for arm, plan in zip(planned.arms, arms, strict=True):
        updates = arm.budget.updates
        if updates is None:
            batch = int(arm.resolved.get("optim.batch", 1))
            updates = -(-(arm.budget.images or 0) // batch)
        total += updates * probe.seconds_per_update * (plan.cells - plan.done)
    return total


def _disk(planned: Planned, arms: list[ArmPlan], probe: Probe | None) -> int | None:
    if probe is None:
        return None
    total = 0
    for arm, plan in zip(planned.arms, arms, strict=True):
        kept = int(arm.resolved.get("checkpoint.keep_last") or _KEPT)
        one = probe.run_bytes + (kept - 1) * probe.checkpoint_bytes
        total += one * (plan.cells - plan.done)
    return total


def _existing(path: Path) -> Path:
    """The nearest folder above that is there."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    return place
