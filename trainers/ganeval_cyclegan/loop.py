"""The training loop: updates, what is done between them, and every way in which it ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import torch

from ganeval.errors import GanevalError
from ganeval.records import TrainingRecord
from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.book import Work
from ganeval_cyclegan.epoch_end import do_work, due_after, end_epoch, note_done
from ganeval_cyclegan.evaluation import Evaluate
from ganeval_cyclegan.line_writer import LineWriter
from ganeval_cyclegan.memory import peak_memory
from ganeval_cyclegan.opening import Resume, Run, open_run
from ganeval_cyclegan.record import write_record
from ganeval_cyclegan.run_folder import RunFolder, Status
from ganeval_cyclegan.saving import (
    export_networks,
    mark_kept,
    save,
    weights_are_finite,
    write_header,
)
from ganeval_cyclegan.signals import StopNow, StopRequest
from ganeval_cyclegan.step import update
from ganeval_cyclegan.training_state import set_rates

if TYPE_CHECKING:
    from ganeval_cyclegan.plan import TrainPlan

Progress = Callable[[Mapping[str, Any]], None]

_TELL_EVERY: Final = 0.1  # seconds
_PACED: Final = 20  # updates behind the rate that is shown


def train(
    plan: TrainPlan,
    run_folder: Path,
    *,
    evaluate: Evaluate | None,
    progress: Progress,
    resume: Resume = "auto",
    argv: Sequence[str] = (),
) -> TrainingRecord:
    """Trains in a run folder until the budget is spent, a signal comes, or training diverges.

    Args:
        plan: What to train.
        run_folder: Where; a run in it is taken up.
        evaluate: Metrics of generated against real images; None: none of these.
        progress: Told of what happens; see ``ganeval.training.trainers.Progress``.
        resume: What to do about a run that is there.
        argv: The command line, for the record.

    Raises:
        InputError: The folder holds another run, or another process works on it.
        GanevalError: The disk is full or memory ran out; what was saved before is whole.
    """
    folder, world = RunFolder(run_folder), plan.world
    with ExitStack() as stack:
        world.by_first(lambda: _lock(folder, stack))
        run = open_run(plan, folder, resume=resume, evaluate=evaluate, argv=argv)
        with StopRequest() as stop, LineWriter(run) as lines:
            status = Loop(run, stop, lines, progress if world.is_first else _silence).run()
        record = world.by_first(lambda: _finished(run, status))
    world.end()
    return TrainingRecord.model_validate_json(record)


def _lock(folder: RunFolder, stack: ExitStack) -> None:
    folder.holds_run()  # before anything, even a lock, is written to what is somebody else's
    stack.enter_context(folder.lock())


def _finished(run: Run, status: Status) -> str:
    if status == "finished":
        export_networks(run)
    return write_record(run.folder).to_json()


def _silence(event: Mapping[str, Any]) -> None:
    """Is told of what happens in processes but the first."""


class Diverged(Exception):
    """A loss or a weight is not finite.

    Args:
        update: The first such.
        what: Which loss, or that it is a weight.
    """

    def __init__(self, update: int, what: str) -> None:
        super().__init__(f"{what} at update {update}")
        self.update = update
        self.what = what


class Loop:
    """Goes through the updates of a run."""

    def __init__(self, run: Run, stop: StopRequest, lines: LineWriter, progress: Progress) -> None:
        self._run = run
        self._stop = stop
        self._lines = lines
        self._progress = progress
        self._world = run.world
        self._state = run.state
        self._config = run.plan.config
        self._per_epoch = run.plan.data.updates_per_epoch
        self._began = time.perf_counter() - run.book.seconds
        self._first = run.state.update
        self._first_at = run.book.seconds
        self._told = 0.0
        self._signal: str | None = None
        self._paces: deque[float] = deque(maxlen=_PACED)
        # Of a run that was taken up, the state is on disk as it is.
        self._saved = _mark(run) if run.checkpoints.path(run.state.update).exists() else None

    def run(self) -> Status:
        """Trains and returns how it ended; the state is saved, unless training diverged."""
        budget = self._run.budget
        self._tell(
            "start",
            planned=budget.updates,
            seconds=self._run.book.seconds,
            budget_seconds=budget.seconds,
        )
        first = self._state.update * self._config.optim.d_steps
        # A generator; closing it ends its threads.
        source = cast(
            Generator[Batch, None, None], self._run.plan.data.batches(self._run.streams, first)
        )
        with closing(source) as batches:
            try:
                return self._train_or_stop(batches)
            except Diverged as end:
                return self._diverged(end)

    def _train_or_stop(self, batches: Iterator[Batch]) -> Status:
        try:
            return self._train(batches)
        except StopNow:
            return self._stopped()

    def _train(self, batches: Iterator[Batch]) -> Status:
        while True:
            if self._work() or self._is_time_to_save():
                self._save("running")
            # All processes stop after the same update, whichever of them was told to.
            self._signal, seconds = self._world.agree(self._stop.name, self._run.book.seconds)
            if self._run.budget.is_spent(self._state.update, seconds):
                break
            if self._signal is not None:
                raise StopNow
            self._update(batches)
        if self._run.meters.has("step"):
            self._lines.step()
        self._run.book.due = due_after(self._run, final=True)
        self._work()
        self._save("finished")
        return "finished"

    def _update(self, batches: Iterator[Batch]) -> None:
        """Does one update and what follows from its number.

        Raises:
            Diverged: A loss is not finite.
        """
        run, state = self._run, self._state
        state.epoch = state.update // self._per_epoch + 1
        set_rates(
            state,
            self._config,
            planned_updates=run.budget.updates,
            updates_per_epoch=self._per_epoch,
        )
        started = time.perf_counter()
        with _memory_errors(run):
            measured = update(
                state,
                next(batches),
                self._config,
                run.streams,
                more=lambda: next(batches),
                share=self._world.share,
            )
        run.meters.add(state.update, self._world.averaged(measured))
        at_line = state.update % self._config.run.log_every == 0
        at_epoch = state.update % self._per_epoch == 0
        if at_line or at_epoch or state.choices.device.type == "cpu":
            self._settle()
        self._clock()
        self._paces.append(time.perf_counter() - started)
        if at_line:
            self._lines.step()
        self._tell_step()
        if at_epoch:
            self._tell("epoch", epoch=state.epoch, losses=end_epoch(run, self._lines))
            run.book.due = due_after(run)

    def _work(self) -> bool:
        """Does what is due; tells whether the networks are the best so far.

        Raises:
            StopNow: A signal came; what was due still is.
        """
        if not self._run.book.due:
            return False
        with self._lines.pause():
            try:
                improved = self._world.by_first(self._do_work)
            finally:
                self._clock()
        note_done(self._run, improved=improved)
        return improved

    def _do_work(self) -> bool:
        run = self._run
        offset, scores = run.log.offset(), run.evaluations.state()
        try:
            with _memory_errors(run), self._stop.interruptible():
                return do_work(run, self._lines, self._tell)
        except StopNow:
            run.log.cut(offset)
            run.evaluations.load(scores)
            raise

    def _is_time_to_save(self) -> bool:
        rule, done = self._config.checkpoint, self._state.update
        if done == self._first:
            return False
        epoch, within = divmod(done, self._per_epoch)
        whole = [rule.every] if rule.keep_every is None else [rule.every, rule.keep_every]
        by_epoch = within == 0 and any(every > 0 and epoch % every == 0 for every in whole)
        return by_epoch or (rule.updates is not None and done % rule.updates == 0)

    def _save(self, status: Status) -> None:
        with self._lines.pause():
            run, world = self._run, self._world
            self._settle()
            if not world.by_first(lambda: weights_are_finite(self._state.nets)):
                raise Diverged(self._state.update, "a weight")
            self._tell("doing", text="saving")
            self._clock()
            content = None
            if world.by_first(lambda: _mark(run) != self._saved):
                mark_kept(run)
                content = run.content()
            world.by_first(lambda: save(run, status, content))
            self._saved = _mark(run)
            self._clock()

    def _settle(self) -> None:
        broken = self._run.meters.settle()
        if broken is not None:
            raise Diverged(*broken)

    def _stopped(self) -> Status:
        run, name = self._run, self._signal or self._stop.name
        run.book.note(
            "stopped",
            f"Stopped by {name} after update {self._state.update}.",
            signal=name,
            update=self._state.update,
        )
        self._save("stopped")
        return "stopped"

    def _diverged(self, end: Diverged) -> Status:
        run, last = self._run, self._run.checkpoints.paths()
        good = last[-1].relative_to(run.folder.path).as_posix() if last else None
        text = f"Training diverged: {end.what} is not finite at update {end.update}; "
        text += f"the last good checkpoint is {good}." if good else "nothing was saved before."
        run.book.note("diverged", text, update=end.update, checkpoint=good)
        self._clock()
        self._lines.write("note", {"code": "diverged", "text": text}, {})
        self._world.by_first(lambda: write_header(run, "diverged"))
        return "diverged"

    def _clock(self) -> None:
        book, device = self._run.book, self._state.choices.device
        if self._state.update == 0:  # looking at untrained networks is no training
            self._began = time.perf_counter()
        book.seconds = time.perf_counter() - self._began if self._state.update else 0.0
        book.peak = max(book.peak or 0, peak_memory(device)) or None

    def _tell(self, kind: str, **facts: Any) -> None:
        self._progress({"kind": kind, "update": self._state.update, **facts})

    def _tell_step(self) -> None:
        seconds, done = self._run.book.seconds, self._state.update - self._first
        if seconds - self._told < _TELL_EVERY:
            return
        self._told = seconds
        # What is left holds evaluations and the like too, the rate does not.
        per_update = (seconds - self._first_at) / done
        self._tell(
            "step",
            epoch=self._state.epoch,
            losses=self._run.meters.latest,
            rate=len(self._paces) / sum(self._paces),
            left=self._run.budget.left(self._state.update, seconds, per_update),
            seconds=seconds,
        )


def _mark(run: Run) -> tuple[int, tuple[Work, ...], int | None, int, bool]:
    """What tells two states of a run apart on disk."""
    book = run.book
    # A state saved just before its time was up would let a finished run go on.
    ended = run.budget.is_spent(run.state.update, book.seconds)
    return run.state.update, tuple(book.due), book.best, len(book.notices), ended


@contextmanager
def _memory_errors(run: Run) -> Iterator[None]:
    """Turns a lack of memory into what to do about it."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        lacking = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not lacking and "allocate memory" not in str(error):
            raise
        last = run.checkpoints.paths()
        saved = f"the last checkpoint is {last[-1]}" if last else "nothing was saved before"
        raise GanevalError(
            f"out of memory after update {run.state.update}; {saved}.",
            hint="Try --set run.low_memory=true, --precision bf16, a smaller optim.batch or "
            "--size, in a new --out.",
        ) from error
