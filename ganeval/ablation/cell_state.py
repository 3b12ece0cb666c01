"""What is known of one cell while it runs: ``state.json`` in its folder, changed by rename only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from ganeval.records.ablation import CellState
from ganeval.records.files import write_text
from ganeval.records.model import Model

STATE_SCHEMA: Final = "ganeval.cell-state/1"
STATE: Final = "state.json"


class CellStatus(Model):
    """Where a cell stands."""

    schema_: Annotated[Literal["ganeval.cell-state/1"], Field(alias="schema")] = STATE_SCHEMA
    state: CellState = "pending"
    attempt: int = Field(default=0, description="times it was started")
    failures: int = Field(default=0, description="in a row")
    exit_code: int | None = Field(default=None, description="of the last process; below 0: signal")
    started: str = Field(default="", description="ISO 8601 time with zone, of the last start")
    ended: str = ""
    host: str = ""
    device: str = Field(default="", description="in words")
    device_seconds: float | None = Field(default=None, description="of training, all parts")
    peak_memory: int | None = Field(default=None, description="bytes")
    update: int | None = Field(default=None, description="updates done")
    why: str = Field(default="", description="of failed and diverged runs, in a sentence")
    job: str = Field(default="", description="of the cluster's scheduler")
    protocol_id: str = Field(default="", description="that it was last evaluated under")

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


def read_status(cell_folder: Path, told: Callable[[str], None] = lambda text: None) -> CellStatus:
    """Reads where a cell stands; one without a readable ``state.json`` is pending.

    Args:
        cell_folder: Of the cell; it need not exist.
        told: Gets a sentence about a file that is damaged.
    """
    path = cell_folder / STATE
    try:
        return CellStatus.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return CellStatus()
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        told(f"{path}: cannot be read: {reason}; the cell counts as pending")
        return CellStatus()


def write_status(cell_folder: Path, status: CellStatus) -> None:
    """Writes where a cell stands, whole or not at all.

    Raises:
        GanevalError: The folder is not writable or the disk is full.
    """
    cell_folder.mkdir(parents=True, exist_ok=True)
    write_text(cell_folder / STATE, status.model_dump_json(by_alias=True, indent=2) + "\n")
