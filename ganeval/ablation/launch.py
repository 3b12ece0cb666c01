"""Where cells run: processes of this machine, this process, or a list of command lines."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from ganeval.ablation.cell_lock import is_worked_on
from ganeval.errors import ExitCode

_THREADS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Running(Protocol):
    """A cell that a launcher has started."""

    folder: Path

    def poll(self) -> int | None:
        """Returns the exit code of the cell's process; None: it goes on."""

    def stop(self) -> None:
        """Asks it to save and stop; it may go on elsewhere without this process."""


class Launcher(Protocol):
    """Starts cells, as many at a time as there is room for.

    Attributes:
        survives: Cells go on when this process ends.
    """

    survives: bool

    def room(self) -> int:
        """Returns how many more cells may be started now."""

    def start(self, folders: Sequence[Path]) -> list[Running]:
        """Starts cells."""

    def knows(self, job: str) -> bool:
        """Tells whether a job is waiting or running."""


def cell_words(folder: Path) -> list[str]:
    """Returns the command line that runs a cell."""
    return [sys.executable, "-m", "ganeval.ablation.cell_run", str(folder)]


def visible_devices() -> list[str]:
    """Returns what CUDA_VISIBLE_DEVICES may hold for one accelerator each; empty: a CPU alone."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [one.strip() for one in named.split(",") if one.strip() not in ("", "-1")]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=False)
    count = sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
    return [str(i) for i in range(count)]


def cores() -> int:
    """Returns the number of cores that this process may use."""
    with contextlib.suppress(AttributeError):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class LocalCell:
    """A process with a group of its own, so that what it started ends with it."""

    folder: Path
    slot: int
    process: subprocess.Popen[bytes]
    free: list[int]
    _code: int | None = None

    def poll(self) -> int | None:
        """Returns the exit code, once; the slot is free then."""
        if self._code is None and (code := self.process.poll()) is not None:
            self._code = code
            # What is left of a cell that was killed: its trainer, which nobody would hear of.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.free.append(self.slot)
        return self._code

    def stop(self) -> None:
        """Asks the cell to stop, which passes it on to its trainer."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


@dataclass
class LocalLauncher:
    """Processes of this machine, each with its share of cores and an accelerator.

    Args:
        jobs: At a time; None: as many as there are accelerators, else one.
        threads: Of each; None: cores / jobs.
        words: Command line of a cell.
    """

    jobs: int | None = None
    threads: int | None = None
    words: Callable[[Path], list[str]] = cell_words
    survives: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._devices = visible_devices()
        self.jobs = self.jobs or max(1, len(self._devices))
        self.threads = self.threads or max(1, cores() // self.jobs)
        self._free = list(reversed(range(self.jobs)))

    def room(self) -> int:
        """Returns the number of free slots."""
        return len(self._free)

    def start(self, folders: Sequence[Path]) -> list[Running]:
        """Starts processes; each must have a slot."""
        started: list[Running] = []
        for folder in folders:
            slot = self._free.pop()
            with (folder / "process.txt").open("wb") as out:
                process = subprocess.Popen(
                    self.words(folder),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=self.environment(slot),
                    start_new_session=True,
                )
            started.append(LocalCell(folder, slot, process, self._free))
        return started

    def environment(self, slot: int) -> dict[str, str]:
        """Returns the environment of a slot: threads, and one accelerator where there are any."""
        changed = dict.fromkeys(_THREADS, str(self.threads))
        if self._devices:
            changed["CUDA_VISIBLE_DEVICES"] = self._devices[slot % len(self._devices)]
        return {**os.environ, **changed}

    def knows(self, job: str) -> bool:
        """Tells nothing of schedulers."""
        return False


@dataclass
class EndedCell:
    """A cell that is through."""

    folder: Path
    code: int

    def poll(self) -> int | None:
        """Returns the exit code."""
        return self.code

    def stop(self) -> None:
        """Does nothing any more."""


@dataclass
class DebugLauncher:
    """Cells in this very process, one after the other, for a debugger."""

    survives: bool = field(default=False, init=False)

    def room(self) -> int:
        """Returns one: a cell is through when it has been started."""
        return 1

    def start(self, folders: Sequence[Path]) -> list[Running]:
        """Runs a cell."""
        from ganeval.ablation.cell_run import run_cell

        return [EndedCell(folder, run_cell(folder)) for folder in folders]

    def knows(self, job: str) -> bool:
        """Tells nothing of schedulers."""
        return False


@dataclass
class AdoptedCell:
    """A cell that an earlier ``ablate`` started and that goes on.

    Args:
        folder: Of the cell.
        launcher: That may know its job.
        job: Of a scheduler; empty: none.
    """

    folder: Path
    launcher: Launcher
    job: str = ""

    def poll(self) -> int | None:
        """Returns how the cell stands once nobody works on it any more."""
        from ganeval.ablation.cell_state import read_status

        if is_worked_on(self.folder) or (self.job and self.launcher.knows(self.job)):
            return None
        status = read_status(self.folder)
        return int(ExitCode.STOPPED) if status.exit_code is None else status.exit_code

    def stop(self) -> None:
        """Relies on the study's request to stop, which every cell reads."""


def command_lines(folders: Sequence[Path]) -> list[str]:
    """Returns one line per cell, for any scheduler."""
    return [shlex.join(cell_words(folder)) for folder in folders]
