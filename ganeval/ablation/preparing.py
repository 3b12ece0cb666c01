"""From a study to the cells that an engine runs: images, lock, jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganeval.ablation.arms import Arm, arms_of
from ganeval.ablation.cell_job import CellJob, JobImages
from ganeval.ablation.cell_run import EVAL, RESULT
from ganeval.ablation.engine import StudyCell
from ganeval.ablation.identity import Cell, DataManifest, cells_of, data_manifest
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.study_folder import LOCKED, STUDY, StudyFolder
from ganeval.ablation.study_form import CommandTrainer, Study
from ganeval.ablation.study_images import place_images
from ganeval.ablation.study_lock import check_manifest, settle_lock
from ganeval.ablation.study_protocol import protocol_of
from ganeval.ablation.study_rules import check_only
from ganeval.ablation.study_writing import study_yaml
from ganeval.errors import InputError
from ganeval.paths import cache_folder
from ganeval.records.ablation import Amendment
from ganeval.records.files import write_text


@dataclass(frozen=True)
class Planned:
    """A study with its cells, of which nothing has been written.

    Attributes:
        study: As it is to run.
        arms: All its arms.
        cells: All its cells, in the order to run them.
        chosen: Those to run now.
        manifest: Its images.
        protocol: How cells are evaluated.
    """

    study: Study
    arms: list[Arm]
    cells: list[Cell]
    chosen: list[Cell]
    manifest: DataManifest
    protocol: ProtocolSettings


def plan_cells(
    study: Study, *, seeds: Sequence[int] | None = None, only: Sequence[str] | None = None
) -> Planned:
    """Returns the cells of a study; see `load_study` for its arms.

    Args:
        study: With all its arms.
        seeds: To run now, of the study's; None: all.
        only: Arms to run now beside the base; None: all.

    Raises:
        InputError: An arm, seed or image cannot be used.
    """
    study.placed(study.places, None)
    arms = arms_of(study)
    manifest = data_manifest(study.data, cache=cache_folder())
    cells = cells_of(study, arms, manifest)
    chosen = cells
    if only is not None:
        study.placed(study.places, only)
        check_only(study)
        wanted = {arm.name for arm in arms_of(study)}
        chosen = [cell for cell in chosen if cell.arm in wanted]
        study.placed(study.places, None)
    if seeds is not None:
        allowed = {
            (arm.name, own)
            for arm in arms
            for own, seed in zip(arm.seeds, study.seeds, strict=True)
            if seed in seeds
        }
        chosen = [cell for cell in chosen if (cell.arm, cell.seed) in allowed]
    return Planned(study, arms, cells, chosen, manifest, protocol_of(study))


def prepare(
    folder: StudyFolder, planned: Planned, *, amend: bool = False
) -> tuple[list[StudyCell], list[Amendment]]:
    """Writes what a study needs before its first cell; this process holds the folder.

    Returns:
        The cells to run now, and what has been changed since an earlier start.

    Raises:
        InputError: The folder is of another study, images have changed, or what decides has.
    """
    if folder.read_json(LOCKED) is not None:
        check_manifest(folder, planned.manifest)
    cells = [folder.path / cell.folder for cell in planned.cells]
    amendments = settle_lock(
        folder,
        planned.study,
        planned.arms,
        evaluated=lambda: sum(any(cell.glob(f"{EVAL}/*/{RESULT}")) for cell in cells),
        amend=amend,
    )
    check_manifest(folder, planned.manifest)
    images = place_images(planned.study, folder.path)
    text = study_yaml(planned.study)
    path = folder.path / STUDY
    if not path.exists() or path.read_text("utf-8") != text:
        write_text(path, text)
    return study_cells(folder, planned, images), amendments


def study_cells(folder: StudyFolder, planned: Planned, images: JobImages) -> list[StudyCell]:
    """Returns the cells to run now with what their processes need."""
    arms = {arm.name: arm for arm in planned.arms}
    return [
        StudyCell(folder.path.absolute() / cell.folder, _job(folder, planned, arms, cell, images))
        for cell in planned.chosen
    ]


def _job(
    folder: StudyFolder, planned: Planned, arms: dict[str, Arm], cell: Cell, images: JobImages
) -> CellJob:
    arm, study = arms[cell.arm], planned.study
    is_command = isinstance(study.trainer, CommandTrainer)
    return CellJob(
        study=folder.path.absolute(),
        arm=cell.arm,
        seed=cell.seed,
        id=cell.id,
        trainer=study.trainer,
        base=study.base.set if is_command else {},
        settings=arm.settings if is_command else {},
        resolved=arm.resolved,
        budget=arm.budget,
        images=images,
        protocol=planned.protocol,
        points=study.protocol.evaluate_at,
    )


def force(folder: StudyFolder, cells: Sequence[StudyCell], text: str) -> list[Path]:
    """Moves cells to the study's trash, so that they run anew.

    Args:
        folder: Of the study.
        cells: Among them.
        text: ``arm``, ``arm/seed`` or the 16 digits of a cell.

    Returns:
        Where the folders lie now.

    Raises:
        InputError: There is no such cell, or a process works on it.
    """
    from ganeval.ablation.cell_lock import is_worked_on

    arm, _, seed = text.rpartition("/")
    found = [
        cell
        for cell in cells
        if cell.job.id == text
        or cell.job.arm == text
        or (cell.job.arm == arm and str(cell.job.seed) == seed.removeprefix("seed-").lstrip("0"))
        or (cell.job.arm == arm and seed.strip("0") == "" and seed and cell.job.seed == 0)
    ]
    if not found:
        raise InputError(
            f"--force {text}: there is no such cell",
            hint="Give an arm, an arm and a seed (ring-half/3), or the digits of a cell.",
        )
    busy = [cell for cell in found if is_worked_on(cell.folder)]
    if busy:
        raise InputError(f"--force {text}: a process works on {busy[0].name}")
    return [folder.to_trash(cell.folder) for cell in found if cell.folder.exists()]
