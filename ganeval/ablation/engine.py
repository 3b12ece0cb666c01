"""Runs what is left of a study: decides cell by cell, starts, waits, retries, stops."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal, Protocol

from ganeval.ablation.cell_job import LOG, RUN, CellJob, write_job
from ganeval.ablation.cell_lock import is_worked_on
from ganeval.ablation.cell_run import is_evaluated
from ganeval.ablation.cell_state import CellStatus, read_status, write_status
from ganeval.ablation.launch import AdoptedCell, Launcher, Running
from ganeval.ablation.process import tail
from ganeval.ablation.slurm import queued_job
from ganeval.ablation.study_folder import StudyFolder, now
from ganeval.errors import ExitCode, InputError

RETRY_DELAYS: Final = (60.0, 600.0)
"""Seconds before the first and the second retry of a cell that failed."""

_PAUSE: Final = 0.1
_WRONG_INPUT: Final = (ExitCode.USAGE, ExitCode.MISSING)
_LAST_LINE: Final = 8192  # bytes in which the last line of a log of metrics lies

Action = Literal["skip", "run", "adopt", "leave"]


@dataclass(frozen=True)
class StudyCell:
    """A cell and where it lies.

    Attributes:
        folder: Its folder.
        job: What its process needs.
    """

    folder: Path
    job: CellJob

    @property
    def name(self) -> str:
        """Arm and seed, for people."""
        return f"{self.job.arm} seed {self.job.seed}"


class Observer(Protocol):
    """Is told how a study gets on."""

    def started(self, cell: StudyCell) -> None:
        """A cell has been started."""

    def ended(self, cell: StudyCell, status: CellStatus) -> None:
        """A cell has ended, for now."""

    def note(self, text: str) -> None:
        """Something a user should read."""

    def tick(self, done: float, total: int, running: int) -> None:
        """How many cells are through, parts of those that run included."""


class Unobserved:
    """Shows nothing."""

    def started(self, cell: StudyCell) -> None:
        """Ignores it."""

    def ended(self, cell: StudyCell, status: CellStatus) -> None:
        """Ignores it."""

    def note(self, text: str) -> None:
        """Ignores it."""

    def tick(self, done: float, total: int, running: int) -> None:
        """Ignores it."""


@dataclass
class Outcome:
    """How the cells of a study stand when an engine ends.

    Attributes:
        evaluated: By this engine.
        skipped: Evaluated before.
        failed: And left so.
        diverged: A result, not a mistake.
        waiting: Stopped, or never begun.
        paused: Why the engine stopped by itself; empty: it did not.
        stopped: It was asked to stop.
        elsewhere: Cells that go on without it.
    """

    evaluated: list[StudyCell] = field(default_factory=list)
    skipped: list[StudyCell] = field(default_factory=list)
    failed: list[StudyCell] = field(default_factory=list)
    diverged: list[StudyCell] = field(default_factory=list)
    waiting: list[StudyCell] = field(default_factory=list)
    paused: str = ""
    stopped: bool = False
    elsewhere: int = 0


def action_for(
    cell: StudyCell,
    status: CellStatus,
    *,
    retry_failed: bool = False,
    knows: Callable[[str], bool] = lambda job: False,
) -> Action:
    """Decides what becomes of a cell when a study is started.

    Args:
        cell: Of the study.
        status: How it stands.
        retry_failed: Failed cells get all their tries again.
        knows: Whether a scheduler has a job.
    """
    if status.state == "diverged":
        return "skip"  # a result
    if is_worked_on(cell.folder):
        return "adopt"
    if is_evaluated(cell.folder, cell.job.protocol):
        return "skip"
    job = queued_job(cell.folder)
    if job and knows(job):
        return "adopt"
    if status.state != "failed" or retry_failed:
        return "run"
    final = status.exit_code in _WRONG_INPUT or status.failures > len(RETRY_DELAYS)
    return "leave" if final else "run"


class Engine:
    """Brings all cells of a study as far as they go.

    Args:
        folder: Of the study; this process holds it.
        cells: In the order in which they are to run.
        launcher: Where.
        observer: Is told.
        delays: Seconds before each retry of a failed cell.
        retry_failed: Cells that failed for good are tried again.
    """

    def __init__(
        self,
        folder: StudyFolder,
        cells: Sequence[StudyCell],
        launcher: Launcher,
        observer: Observer | None = None,
        *,
        delays: Sequence[float] = RETRY_DELAYS,
        retry_failed: bool = False,
    ) -> None:
        self._folder = folder
        self._cells = list(cells)
        self._launcher = launcher
        self._observer: Observer = observer or Unobserved()
        self._delays = tuple(delays)
        self._retry_failed = retry_failed
        self._running: list[tuple[StudyCell, Running]] = []
        self._queue: list[tuple[float, StudyCell]] = []
        self._outcome = Outcome()
        self._broken: InputError | None = None
        self._stopping = False

    def run(self) -> Outcome:
        """Runs until nothing is left to do, or somebody asks to stop.

        Raises:
            InputError: The first cell shows that what was asked for cannot work.
        """
        with _signals() as asked:
            self._decide()
            while (self._queue and not self._stopping) or self._running:
                if not self._stopping and (asked or self._folder.is_to_stop()):
                    self._stop(by_signal=bool(asked))
                self._fill()
                self._collect()
                self._tick()
                if self._queue or self._running:
                    time.sleep(_PAUSE)
        self._outcome.waiting += [cell for _, cell in self._queue]
        if self._broken is not None:
            raise self._broken
        return self._outcome

    def _decide(self) -> None:
        for cell in self._cells:
            status = read_status(cell.folder, self._observer.note)
            action = action_for(
                cell, status, retry_failed=self._retry_failed, knows=self._launcher.knows
            )
            if action == "skip":
                done = self._outcome.diverged if status.state == "diverged" else None
                (self._outcome.skipped if done is None else done).append(cell)
            elif action == "leave":
                self._outcome.failed.append(cell)
            elif action == "adopt":
                job = queued_job(cell.folder)
                self._running.append((cell, AdoptedCell(cell.folder, self._launcher, job)))
                self._observer.note(f"{cell.name}: goes on since an earlier start; waiting for it")
            else:
                if self._retry_failed and status.failures:
                    write_status(cell.folder, status.model_copy(update={"failures": 0}))
                self._queue.append((0.0, cell))

    def _fill(self) -> None:
        """Starts cells that are due, as many as there is room for."""
        if self._stopping:
            return
        adopted = sum(isinstance(running, AdoptedCell) for _, running in self._running)
        room = self._launcher.room() - adopted
        due = [pair for pair in self._queue if pair[0] <= time.monotonic()][: max(room, 0)]
        if not due:
            return
        cells = [cell for _, cell in due]
        for cell in cells:
            write_job(cell.folder, cell.job)
            self._observer.started(cell)
        started = self._launcher.start([cell.folder for cell in cells])
        taken = set(map(id, due))
        self._queue = [pair for pair in self._queue if id(pair) not in taken]
        for cell, running in zip(cells, started, strict=True):
            self._running.append((cell, running))

    def _collect(self) -> None:
        """Takes note of the cells that have ended."""
        for pair in list(self._running):
            cell, running = pair
            code = running.poll()
            if code is None:
                continue
            self._running.remove(pair)
            status = self._settled(cell, running, code)
            self._observer.ended(cell, status)
            self._file(cell, status)

    def _settled(self, cell: StudyCell, running: Running, code: int) -> CellStatus:
        """Returns how a cell stands, with what its process could not say any more."""
        status = read_status(cell.folder, self._observer.note)
        if is_evaluated(cell.folder, cell.job.protocol) and status.state != "evaluated":
            ended: dict[str, Any] = {"state": "evaluated", "failures": 0, "why": ""}
            ended["protocol_id"] = cell.job.protocol.id
        elif status.state in ("running", "trained", "pending") or (
            status.state == "stopped" and code not in (ExitCode.STOPPED, ExitCode.DONE)
        ):
            if isinstance(running, AdoptedCell):
                return status.model_copy(update={"state": "stopped"})  # goes on from here
            ended = {
                "state": "failed",
                "failures": status.failures + 1,
                "exit_code": code,
                "why": _words(code, cell.folder),
            }
        else:
            return status
        status = status.model_copy(update={**ended, "ended": now()})
        write_status(cell.folder, status)
        self._folder.event("ended", arm=cell.job.arm, seed=cell.job.seed, state=status.state)
        return status

    def _file(self, cell: StudyCell, status: CellStatus) -> None:
        """Decides what follows from how a cell has ended."""
        if status.state == "evaluated":
            self._outcome.evaluated.append(cell)
        elif status.state == "diverged":
            self._outcome.diverged.append(cell)
        elif status.state != "failed":
            self._queue.append((0.0, cell))  # only if nobody asked to stop is it taken up again
        elif self._is_full(cell, status):
            self._outcome.paused = f"no space is left for {cell.name}"
            self._queue.append((0.0, cell))
            self._stop(by_signal=False)
        elif status.exit_code in _WRONG_INPUT:
            self._outcome.failed.append(cell)
            self._check_first(cell, status)
        elif status.failures > len(self._delays):
            self._outcome.failed.append(cell)
            self._observer.note(f"{cell.name}: failed {status.failures} times and is left")
        else:
            delay = self._delays[status.failures - 1]
            self._queue.append((time.monotonic() + delay, cell))
            self._observer.note(f"{cell.name}: is tried again in {delay:.0f} s")

    def _check_first(self, cell: StudyCell, status: CellStatus) -> None:
        """Ends a study whose first cell shows that none can work."""
        found = self._outcome
        if found.evaluated or found.skipped or found.diverged or self._broken:
            return
        lines = tail(cell.folder / LOG)
        self._broken = InputError(
            f"{cell.name}: {status.why}",
            hint="\n".join(["The study stops, since other cells would fail alike.", *lines[-5:]])
            + f"\nLog: {cell.folder / LOG}",
        )
        self._stop(by_signal=False)

    def _stop(self, *, by_signal: bool) -> None:
        self._stopping = True
        self._outcome.stopped = True
        if by_signal and self._launcher.survives:
            self._outcome.elsewhere = len(self._running)
            self._running.clear()
            return
        for _, running in self._running:
            running.stop()
        if self._running:
            self._observer.note(f"stopping: {len(self._running)} cells save first")

    def _is_full(self, cell: StudyCell, status: CellStatus) -> bool:
        said = [status.why, *tail(cell.folder / LOG)]
        return any("no space left" in line.lower() for line in said)

    def _tick(self) -> None:
        found = self._outcome
        ended = len(found.evaluated) + len(found.skipped) + len(found.diverged) + len(found.failed)
        parts = sum(progress_of(cell) for cell, _ in self._running)
        self._observer.tick(ended + parts, len(self._cells), len(self._running))


def progress_of(cell: StudyCell) -> float:
    """Returns how much of a cell is done, 0..1, as far as its log of metrics tells."""
    planned = cell.job.budget.updates
    if planned is None:
        return 0.0
    try:
        with (cell.folder / RUN / "metrics.jsonl").open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_LINE))
            lines = [one for one in file.read().split(b"\n") if one.startswith(b"{")]
        update = json.loads(lines[-1]).get("update", 0) if lines else 0
        # What is left then is the evaluation.
        return min(0.95, 0.95 * float(update) / planned)
    except (OSError, ValueError, TypeError):
        return 0.0


def _words(code: int, folder: Path) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        memory = "; memory may have run out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{memory}"
    try:
        said = (folder / "process.txt").read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        said = []
    return f"its process ended with exit code {code}" + (f": {said[-1]}" if said else "")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects the signals that ask to stop; a second Ctrl-C does not wait any more."""
    import threading

    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
