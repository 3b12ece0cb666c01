"""How a study stands, read from its folder, and how it is stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganeval.ablation.cell_lock import is_worked_on
from ganeval.ablation.cell_state import CellStatus, read_status
from ganeval.ablation.slurm import cancel_waiting, queued_job
from ganeval.ablation.study_folder import STUDY, StudyFolder
from ganeval.errors import InputError

_CELL: Final = re.compile(r"seed-(\d+)-([0-9a-f]{16})")


@dataclass(frozen=True)
class CellView:
    """One cell of a study.

    Attributes:
        arm: Name of the arm.
        seed: Of the run.
        id: Of the cell.
        folder: Where it lies.
        status: How it stands.
        working: A process works on it now.
    """

    arm: str
    seed: int
    id: str
    folder: Path
    status: CellStatus
    working: bool


def overview(path: Path, told: Callable[[str], None] = lambda text: None) -> list[CellView]:
    """Returns every cell that has a folder, by seed, then by arm.

    Args:
        path: Of the study.
        told: Gets a sentence about each damaged file.

    Raises:
        InputError: There is no study.
    """
    _require(path)
    found = []
    for folder in sorted((path / "cells").glob("*/seed-*")):
        named = _CELL.fullmatch(folder.name)
        if named is None:
            continue
        found.append(
            CellView(
                arm=folder.parent.name,
                seed=int(named[1]),
                id=named[2],
                folder=folder,
                status=read_status(folder, told),
                working=is_worked_on(folder),
            )
        )
    return sorted(found, key=lambda one: (one.seed, one.arm))


def stop_study(path: Path) -> int:
    """Asks every cell of a study to save and stop, and takes waiting jobs out of the queue.

    Returns:
        How many cells a process works on.

    Raises:
        InputError: There is no study.
    """
    _require(path)
    views = overview(path)
    StudyFolder(path).ask_to_stop()
    waiting = [queued_job(one.folder) for one in views if not one.working]
    if any(waiting):
        cancel_waiting([job for job in waiting if job])
    return sum(one.working for one in views)


def is_running(path: Path) -> bool:
    """Tells whether an ``ablate`` runs the study."""
    return StudyFolder(path).is_owned()


def _require(path: Path) -> None:
    if not (path / STUDY).is_file():
        raise InputError(f"{path}: holds no study", hint="Give the folder named by --out.")
