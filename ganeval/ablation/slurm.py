"""Cells as jobs of a Slurm cluster, through submitit."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ganeval.ablation.cell_lock import is_worked_on
from ganeval.ablation.launch import Running, cell_words
from ganeval.ablation.study_folder import StudyFolder
from ganeval.ablation.study_form import SlurmOptions
from ganeval.errors import ExitCode, GanevalError, InputError, MissingFileError
from ganeval.records.files import write_text

_MINUTES: Final = 60
_PAUSE: Final = 0.2
_REQUEUES: Final = 1000  # a cell goes on where it was, however short a job may be
QUEUED: Final = "slurm.txt"
_LIVE: Final = frozenset({"PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "REQUEUED"}) | {
    "SUSPENDED",
    "REQUEUE_HOLD",
    "RESIZING",
}


@dataclass
class SlurmCell:
    """A job of submitit."""

    folder: Path
    job: Any
    launcher: SlurmLauncher
    _code: int | None = None

    def poll(self) -> int | None:
        """Returns the exit code of the cell, or 1 where Slurm ended the job."""
        if self._code is None and not self.launcher.knows(self.job.job_id):
            self._code = self.launcher.ended(self.job)
        return self._code

    def stop(self) -> None:
        """Leaves the job where it is: the cluster needs nobody who waits for it."""


class CellTask:
    """What a job does; submitit sends it to the node.

    Args:
        words: The command line of the cell.
        folder: Of the cell.
    """

    def __init__(self, words: list[str], folder: Path) -> None:
        self.words = words
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Runs the cell and returns its exit code."""
        # Slurm sends its warning to every process of the job; the cell is told by `checkpoint`.
        self.process = subprocess.Popen(
            self.words, start_new_session=True, preexec_fn=_ignore_warning
        )
        # No wait(): `checkpoint` interrupts this very thread, and would wait for its lock for ever.
        while (code := self.process.poll()) is None:
            time.sleep(_PAUSE)
        return code

    def checkpoint(self) -> Any:
        """Is called before the time is over or the node is taken: saves, and queues again."""
        import submitit

        if self.process is not None:
            os.kill(self.process.pid, signal.SIGTERM)
            while is_worked_on(self.folder):
                time.sleep(_PAUSE)
        return submitit.helpers.DelayedSubmission(CellTask(self.words, self.folder))

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the process behind."""
        return {"words": self.words, "folder": self.folder, "process": None}


@dataclass
class SlurmLauncher:
    """Submits cells as one array.

    Args:
        study: Whose folder, on a file system that nodes share, holds the logs.
        options: What a job asks for.
        jobs: Cells that run at a time; None: as many as Slurm lets.
        words: Command line of a cell.
    """

    study: StudyFolder
    options: SlurmOptions
    jobs: int | None = None
    words: Callable[[Path], list[str]] = cell_words
    survives: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        if importlib.util.find_spec("submitit") is None:
            raise MissingFileError(
                "--launcher slurm: the package submitit is not installed",
                hint=f'Install it: {sys.executable} -m pip install "ganeval[slurm]"',
            )
        if shutil.which("sbatch") is None:
            raise MissingFileError(
                "--launcher slurm: there is no sbatch here, so this machine submits to no Slurm",
                hint="Run it on a login node, or use --launcher local.",
            )
        self._logs = self.study.path / "slurm"
        self._known: set[str] = set()
        self._checked = -1.0

    def room(self) -> int:
        """Returns many: Slurm keeps the queue."""
        return 1 << 20

    def start(self, folders: Sequence[Path]) -> list[Running]:
        """Submits cells.

        Raises:
            GanevalError: Slurm refuses them; its own words are passed on.
        """
        import submitit

        self._check_logs()
        executor = submitit.SlurmExecutor(
            folder=self._logs, max_num_timeout=_REQUEUES, python=shlex.quote(sys.executable)
        )
        executor.update_parameters(**self._parameters(len(folders)))
        tasks = [CellTask(self.words(folder), folder) for folder in folders]
        try:
            with executor.batch():
                jobs = [executor.submit(task) for task in tasks]
        except submitit.core.utils.FailedJobError as error:
            raise GanevalError(f"Slurm refuses the jobs: {_plain(str(error))}") from error
        for folder, job in zip(folders, jobs, strict=True):
            write_text(folder / QUEUED, f"{job.job_id}\n")
        self._checked = -1.0
        return [SlurmCell(folder, job, self) for folder, job in zip(folders, jobs, strict=True)]

    def knows(self, job: str) -> bool:
        """Tells whether a job waits or runs; asks Slurm at most once a second."""
        if time.monotonic() - self._checked > 1.0:
            self._known = live_jobs()
            self._checked = time.monotonic()
        return job in self._known

    def ended(self, job: Any) -> int:
        """Returns the exit code of a job that Slurm knows no more."""
        try:
            return int(job.result())
        except Exception:  # killed, timed out, or its result was never written
            return int(ExitCode.FAILED)

    def _parameters(self, count: int) -> dict[str, Any]:
        asked = self.options
        chosen: dict[str, Any] = {
            "job_name": "ganeval",
            "time": 24 * _MINUTES if asked.time is None else minutes(asked.time),
            "signal_delay_s": 120,
        }
        if asked.partition is not None:
            chosen["partition"] = asked.partition
        if asked.gpus_per_node:
            chosen["gpus_per_node"] = asked.gpus_per_node
        if asked.mem_gb is not None:
            chosen["mem"] = f"{asked.mem_gb}GB"
        if self.jobs is not None:
            chosen["array_parallelism"] = min(self.jobs, count)
        return chosen

    def _check_logs(self) -> None:
        """Writes and reads back, since jobs that cannot write their logs end without a word."""
        self._logs.mkdir(parents=True, exist_ok=True)
        probe, text = self._logs / f".probe-{uuid.uuid4().hex}", "written"
        try:
            probe.write_text(text, "utf-8")
            if probe.read_text("utf-8") != text:
                raise InputError(f"{self._logs}: what is written there does not read back")
        except OSError as error:
            raise InputError(f"{self._logs}: cannot be written to: {error.strerror}") from error
        finally:
            probe.unlink(missing_ok=True)


def _ignore_warning() -> None:
    """Is inherited by the cell and its trainer, which the signal would end unsaved."""
    name = os.environ.get("SUBMITIT_PREEMPT_SIGNAL", "USR2")
    signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_IGN)


def queued_job(folder: Path) -> str:
    """Returns the number of the job that a cell was last submitted as; empty: never."""
    try:
        return (folder / QUEUED).read_text("utf-8").strip()
    except OSError:
        return ""


def cancel_waiting(jobs: Sequence[str]) -> None:
    """Takes jobs that have not begun out of the queue."""
    if jobs:
        subprocess.run(
            ["scancel", "--state=PENDING", *jobs], capture_output=True, text=True, check=False
        )


def live_jobs() -> set[str]:
    """Returns the numbers of this user's jobs that wait or run, array tasks one by one."""
    asked = subprocess.run(
        ["squeue", "--noheader", "--array", "--me", "--states=all", "--format=%i %T"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise GanevalError(f"squeue: {asked.stderr.strip() or asked.returncode}")
    rows = (line.split() for line in asked.stdout.splitlines())
    return {row[0] for row in rows if len(row) == 2 and row[1] in _LIVE}


def minutes(text: str) -> int:
    """Returns a time as Slurm writes it, ``days-hours:minutes:seconds``, in minutes."""
    days, _, rest = text.rpartition("-")
    parts = [int(one) for one in rest.split(":")]
    hours, mins = (parts[0], parts[1]) if len(parts) == 3 or days else (0, parts[0])
    return int(days or 0) * 24 * _MINUTES + hours * _MINUTES + mins


def _plain(text: str) -> str:
    """Leaves of submitit's message what Slurm said."""
    said = re.findall(r"sbatch: error: (.*)", text)
    return "; ".join(said) or text.strip().splitlines()[-1]
