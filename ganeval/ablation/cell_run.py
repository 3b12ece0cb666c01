"""What one process does for a cell: trains or goes on, translates the inputs, evaluates.

``python -m ganeval.ablation.cell_run FOLDER`` is all that any scheduler has to start; the same
line again goes on where the cell was left.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from ganeval.ablation.cell_job import LOG, RUN, CellJob, read_job
from ganeval.ablation.cell_lock import CellBusyError, CellLock
from ganeval.ablation.cell_state import CellStatus, read_status, write_status
from ganeval.ablation.command_trainer import StoppedError
from ganeval.ablation.process import Surroundings, tail
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.study_folder import StudyFolder, now
from ganeval.ablation.study_protocol import point_protocol
from ganeval.ablation.trainers import CellTrainer, Translated, trainer_of
from ganeval.errors import ExitCode, GanevalError, InputError
from ganeval.records.comparison import Direction

EVAL: Final = "eval"
POINTS: Final = "points"
RESULT: Final = "result.json"
TRAINED: Final = ".trained"
"""A file that stays when ``state.json`` is lost, so that nothing is trained twice."""
_FACTS: Final = ("device", "seconds", "peak_memory", "updates")


@dataclass(frozen=True)
class TranslatedCell:
    """A cell that is ready to be evaluated.

    Attributes:
        folder: Of the cell.
        job: What it is.
        protocol: How it is evaluated; of a point of the curves another than the job's.
        out: Where ``result.json`` goes.
        images: Pictures of each direction.
        update: Updates behind the checkpoint; None: unknown.
        checkpoint: Its file; None: unknown.
    """

    folder: Path
    job: CellJob
    protocol: ProtocolSettings
    out: Path
    images: Mapping[Direction, Translated]
    update: int | None = None
    checkpoint: Path | None = None


Evaluation = Callable[[TranslatedCell, Callable[..., None]], object]
"""What evaluates a cell and writes its result; told of progress it may be left by an exception."""


@dataclass
class _Cell:
    """A cell at work."""

    folder: Path
    job: CellJob
    status: CellStatus
    around: Surroundings

    def note(self, **facts: Any) -> None:
        """Changes what is known and writes it."""
        self.status = self.status.model_copy(update=facts)
        write_status(self.folder, self.status)

    def progress(self, label: str, done: int, total: int, unit: str = "images") -> None:
        """Is told how far an evaluation is, and leaves it when the study stops."""
        if self.around.is_to_stop():
            raise StoppedError


def run_cell(folder: Path, evaluate: Evaluation | None = None) -> int:
    """Brings a cell as far as it goes, and returns an exit code.

    Args:
        folder: Of the cell, with its ``job.json``.
        evaluate: What evaluates; None: ``evaluate_cell``.

    Returns:
        0 evaluated, 85 stopped, 86 diverged, else failed; ``state.json`` says the same.

    Raises:
        InputError: There is no cell in the folder.
        CellBusyError: Another process works on it.
    """
    job = read_job(folder)
    study = StudyFolder(job.study)
    with CellLock(folder) as lock, _signals() as asked:
        around = Surroundings(
            log=folder / LOG,
            is_to_stop=lambda: bool(asked) or study.is_to_stop(),
            descriptor=lock.descriptor,
        )
        before = read_status(folder)
        cell = _Cell(folder, job, before, around)
        if before.state == "diverged" or is_evaluated(folder, job.protocol):
            if before.state not in ("diverged", "evaluated"):
                cell.note(state="evaluated", protocol_id=job.protocol.id, why="")
            return int(ExitCode.DIVERGED if before.state == "diverged" else ExitCode.DONE)
        try:
            code = _advance(cell, study, evaluate or _evaluate)
        except StoppedError:
            code = int(ExitCode.STOPPED)
            cell.note(state="stopped", exit_code=code, ended=now(), why="asked to stop")
        except GanevalError as error:
            code = int(error.exit_code)
            _failed(cell, code, str(error))
        except Exception as error:  # whatever it is stays in this cell
            code = int(ExitCode.FAILED)
            with (folder / LOG).open("a", encoding="utf-8") as log:
                traceback.print_exc(file=log)
            _failed(cell, code, f"{type(error).__name__}: {error}")
        study.event("ended", arm=job.arm, seed=job.seed, state=cell.status.state, exit_code=code)
        return code


def is_evaluated(folder: Path, protocol: ProtocolSettings) -> bool:
    """Tells whether a cell has its result under a protocol."""
    return (folder / EVAL / protocol.id / RESULT).is_file()


def _advance(cell: _Cell, study: StudyFolder, evaluate: Evaluation) -> int:
    if cell.around.is_to_stop():
        raise StoppedError
    trainer = trainer_of(cell.job)
    trained = (cell.folder / TRAINED).exists()
    cell.note(
        state="trained" if trained else "running",
        attempt=cell.status.attempt + 1,
        started=now(),
        ended="",
        exit_code=None,
        host=socket.gethostname(),
        why="",
        job=scheduler_job() or cell.status.job,
    )
    study.event("started", arm=cell.job.arm, seed=cell.job.seed, attempt=cell.status.attempt)
    if not trained:
        code = trainer.train(cell.job, cell.folder, cell.around)
        cell.note(**_facts(cell.folder / RUN))
        if code != 0:
            return _unfinished(cell, code)
        (cell.folder / TRAINED).touch()
        cell.note(state="trained")
        study.event("trained", arm=cell.job.arm, seed=cell.job.seed)
    _judge(cell, trainer, evaluate)
    cell.note(
        state="evaluated",
        exit_code=0,
        ended=now(),
        failures=0,
        protocol_id=cell.job.protocol.id,
    )
    return int(ExitCode.DONE)


def _unfinished(cell: _Cell, code: int) -> int:
    """Notes how a training ended that is not done."""
    if code == ExitCode.STOPPED:
        cell.note(state="stopped", exit_code=code, ended=now(), why="asked to stop")
    elif code == ExitCode.DIVERGED:
        why = _verdict(cell.folder / RUN) or "training diverged"
        cell.note(state="diverged", exit_code=code, ended=now(), why=why)
    else:
        ended = f"signal {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        lines = tail(cell.folder / LOG)
        last = next((line for line in reversed(lines) if line.startswith("Error: ")), "")
        _failed(cell, code, f"training ended with {ended}" + (f": {last[7:]}" if last else ""))
    return code


def _failed(cell: _Cell, code: int, why: str) -> None:
    failures = cell.status.failures + 1
    cell.note(state="failed", exit_code=code, ended=now(), why=why, failures=failures)


def _judge(cell: _Cell, trainer: CellTrainer, evaluate: Evaluation) -> None:
    """Translates and evaluates at the points of the curves, then as the protocol wants it."""
    protocol, place = cell.job.protocol, cell.folder / EVAL / cell.job.protocol.id
    for update in cell.job.points:
        out = place / POINTS / f"u{update:08d}"
        if update != cell.job.budget.updates and not (out / RESULT).is_file():
            _evaluated_at(cell, trainer, evaluate, point_protocol(protocol, update), out)
    _evaluated_at(cell, trainer, evaluate, protocol, place)


def _evaluated_at(
    cell: _Cell, trainer: CellTrainer, evaluate: Evaluation, protocol: ProtocolSettings, out: Path
) -> None:
    chosen = trainer.choose(cell.folder, protocol.checkpoint)
    images = {
        direction: trainer.translate(
            cell.job, cell.folder, chosen, direction, cell.around, cell.progress
        )
        for direction in protocol.directions
    }
    update = chosen.update if chosen.update is not None else cell.status.update
    ready = TranslatedCell(cell.folder, cell.job, protocol, out, images, update, chosen.path)
    evaluate(ready, cell.progress)


def _evaluate(ready: TranslatedCell, progress: Callable[..., None]) -> object:
    # Much of the evaluation is slow to import, and not needed where training failed.
    from ganeval.ablation.evaluation import EvaluationJob, evaluate_cell
    from ganeval.ablation.suite.part import ImagesOf

    job = ready.job
    images = {
        direction: ImagesOf(
            stems=tuple(sorted(found.fake)),
            fake=found.fake,
            real=job.images.real[direction],
            source=found.source,
            recovered=found.recovered,
            identity=found.identity,
            train=job.images.trained_on.get(direction),
        )
        for direction, found in ready.images.items()
    }
    asked = EvaluationJob(
        arm=job.arm,
        seed=job.seed,
        images=images,
        protocol=ready.protocol,
        out=ready.out,
        cell_id=job.id,
        update=ready.update,
        checkpoint=ready.checkpoint,
        run=ready.folder / RUN,
    )
    return evaluate_cell(asked, progress)


def _facts(run: Path) -> dict[str, Any]:
    """What the record of a run tells about its cost; nothing where there is none."""
    try:
        record = json.loads((run / "record.json").read_text("utf-8"))
        device, seconds, memory, updates = (record.get(name) for name in _FACTS)
    except (OSError, ValueError, AttributeError):
        return {}
    return {
        "device": str(device or ""),
        "device_seconds": seconds,
        "peak_memory": memory,
        "update": updates,
    }


def _verdict(run: Path) -> str:
    try:
        return str(json.loads((run / "record.json").read_text("utf-8"))["verdict"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def scheduler_job() -> str:
    """Returns the number of this job at Slurm; empty outside of it."""
    array, task = (os.environ.get(f"SLURM_ARRAY_{name}", "") for name in ("JOB_ID", "TASK_ID"))
    return f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID", "")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects the signals that ask to stop."""
    import threading

    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def main() -> int:
    """Runs the cell whose folder is the only argument."""
    if len(sys.argv) != 2:
        print("Usage: python -m ganeval.ablation.cell_run FOLDER", file=sys.stderr)
        return int(ExitCode.USAGE)
    try:
        return run_cell(Path(sys.argv[1]).absolute())
    except (InputError, CellBusyError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
