"""A warm-up run: updates, pictures and histograms after each epoch, and every way it ends."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ganeval.environment import environment
from ganeval.records import GridImage, TrainingRecord
from ganeval_cyclegan.book import Book
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.continuation import allowed_changes, check_images
from ganeval_cyclegan.memory import peak_memory
from ganeval_cyclegan.meters import Meters, measured_line
from ganeval_cyclegan.metrics_log import MetricsLog
from ganeval_cyclegan.opening import Resume, check_resume
from ganeval_cyclegan.run_folder import RunFolder, RunState, Status
from ganeval_cyclegan.signals import StopRequest
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.tensorboard_log import TensorBoardLog
from ganeval_cyclegan.warmup.batches import Batches
from ganeval_cyclegan.warmup.grid import SIDE, draw_grid, fixed_noise
from ganeval_cyclegan.warmup.plan import WarmupPlan
from ganeval_cyclegan.warmup.record import write_warmup_record
from ganeval_cyclegan.warmup.scores import score_histogram, told
from ganeval_cyclegan.warmup.state import Step, create_state, right_calls, train_step

Progress = Callable[[Mapping[str, Any]], None]
_TELL_EVERY = 0.1  # seconds


def train_warmup(
    plan: WarmupPlan,
    run_folder: Path,
    *,
    progress: Progress,
    resume: Resume = "auto",
    argv: Sequence[str] = (),
) -> TrainingRecord:
    """Trains until the budget is spent, a signal comes, or training diverges.

    Args:
        plan: What to train.
        run_folder: Where; a run in it is taken up.
        progress: Told of what happens; see ``ganeval.training.trainers.Progress``.
        resume: What to do about a run that is there.
        argv: The command line, for the record.

    Raises:
        InputError: The folder holds another run, or another process works on it.
        GanevalError: The disk is full; what was saved before is whole.
    """
    folder = RunFolder(run_folder)
    check_resume(folder, resume, "warmup")
    with folder.lock():
        held = check_resume(folder, resume, "warmup")
        run = WarmupRun(plan, folder, progress, held=held, argv=argv)
        with StopRequest() as stop:
            run.train(stop)
        return write_warmup_record(folder)


class WarmupRun:
    """A run in progress, at its first update or where it was left."""

    def __init__(
        self,
        plan: WarmupPlan,
        folder: RunFolder,
        progress: Progress,
        *,
        held: bool,
        argv: Sequence[str],
    ) -> None:
        self._plan, self._folder, self._progress = plan, folder, progress
        self._config = plan.resolved.config
        changes = self._compared() if held else []
        self._streams = Streams(self._config.seed)
        size = plan.images.pixels.shape
        self._state = create_state(self._config, size[1], size[2], self._streams, str(plan.device))
        self._noise = fixed_noise(self._streams, self._config.latent)
        self._meters, self._book = Meters(), Book()
        self._log, self._checkpoints = MetricsLog(folder.metrics), Checkpoints(folder.path)
        self._checkpoints.clear_parts()
        self._header = self._described(argv)
        if held:
            self._take_up(changes)
        self._write_start()
        self._board = (
            TensorBoardLog(folder.path / "tensorboard", self._state.update)
            if plan.tensorboard
            else None
        )
        self._began = time.perf_counter() - self._book.seconds
        self._first, self._first_at = self._state.update, self._book.seconds
        self._line_at, self._line_from = self._book.seconds, self._state.update
        self._told = 0.0

    def train(self, stop: StopRequest) -> Status:
        """Trains and returns how it ended."""
        try:
            status = self._train(stop)
        finally:
            if self._board is not None:
                self._board.close()
        return status

    def _train(self, stop: StopRequest) -> Status:
        budget, state = self._plan.budget, self._state
        self._tell(
            "start",
            planned=budget.updates,
            seconds=self._book.seconds,
            budget_seconds=budget.seconds,
        )
        if state.update == 0:
            self._draw()
        batches = Batches(
            self._plan.images.pixels, self._config.batch, self._streams, str(self._plan.device)
        ).starting_at(state.update * (self._config.d_steps or 1))
        step = None
        while not budget.is_spent(state.update, self._book.seconds):
            if stop.name is not None:
                text = f"Stopped by {stop.name} after update {state.update}."
                self._book.note("stopped", text, signal=stop.name, update=state.update)
                return self._save("stopped")
            step = train_step(state, self._config, self._streams, lambda: next(batches))
            self._meters.add(state.update, {**step.losses, **right_calls(self._config, step)})
            if (broken := self._meters.settle()) is not None:
                return self._diverged(*broken)
            if self._after(step) == "diverged":
                return "diverged"
        if step is not None and state.update % self._plan.updates_per_epoch:
            self._end_epoch(step)  # the part of one that is left
        return self._save("finished")

    def _after(self, step: Step) -> Status:
        """Does what follows from the number of the update; tells how the run stands."""
        state, per_epoch = self._state, self._plan.updates_per_epoch
        self._clock()
        if state.update % self._config.run.log_every == 0:
            self._write_step()
        self._tell_step()
        if state.update % per_epoch == 0:
            self._end_epoch(step)
            every = self._config.checkpoint.every
            if every and state.update // per_epoch % every == 0:
                return self._save("running")
        return "running"

    def _end_epoch(self, step: Step) -> None:
        """Writes means, histogram and picture, and tells the overlap."""
        means = self._meters.means("epoch")
        self._write("epoch", measured_line(means))
        found = score_histogram(self._config.gan, step, self._state.update)
        content = {"scores": [], "histograms": [found.model_dump(mode="json")], "gaps": {}}
        self._write("eval", content)
        self._draw()
        self._tell("epoch", epoch=self._epoch, losses=means)
        self._tell("score", epoch=self._epoch, text=told(found))

    def _draw(self) -> None:
        name = f"samples/grid-e{self._epoch:04d}-u{self._state.update:06d}.png"
        path = self._folder.path / name
        path.parent.mkdir(exist_ok=True)
        draw_grid(self._state.generator, self._noise).save(path)
        grid = GridImage(
            update=self._state.update, epoch=self._epoch, path=name, rows=SIDE, columns=SIDE
        )
        self._write("grid", {"grid": grid.model_dump(mode="json")})
        self._clock()

    def _diverged(self, update: int, what: str) -> Status:
        last = self._checkpoints.paths()
        good = last[-1].relative_to(self._folder.path).as_posix() if last else None
        text = f"Training diverged: {what} is not finite at update {update}; "
        text += f"the last good checkpoint is {good}." if good else "nothing was saved before."
        self._book.note("diverged", text, update=update, checkpoint=good)
        self._clock()
        self._write("note", {"code": "diverged", "text": text})
        return self._write_header("diverged")

    def _save(self, status: Status) -> Status:
        """Saves, unless the last step has spoiled a weight; tells how the run stands."""
        networks = self._state.generator, self._state.discriminator
        weights = [one for network in networks for one in network.parameters()]
        if not all(bool(torch.isfinite(one).all()) for one in weights):
            return self._diverged(self._state.update, "a weight")
        self._clock()
        self._checkpoints.save(
            self._state.update,
            {
                **self._state.state(),
                "streams": self._streams.state(),
                "meters": self._meters.state(),
                "book": self._book.state(),
                "offset": self._log.offset(),
                "config": self._config.model_dump(mode="json"),
            },
        )
        self._checkpoints.prune(self._config.checkpoint.keep_last, [])
        return self._write_header(status)

    def _write_header(self, status: Status) -> Status:
        self._header = self._header.model_copy(
            update={
                "status": status,
                "update": self._state.update,
                "seconds": self._book.seconds,
                "peak_memory": self._book.peak,
                "checkpoints": self._checkpoints.listed(),
                "warnings": list(self._book.notices),
            }
        )
        self._folder.write_state(self._header)
        write_warmup_record(self._folder)
        return status

    # How it begins

    def _compared(self) -> list[tuple[str, Any, Any]]:
        folder = self._folder
        new = self._config.model_dump(mode="json")
        changes = allowed_changes(str(folder.path), folder.read_config(), new)
        check_images(str(folder.path), folder.read_json("manifest.json") or {}, self._plan.manifest)
        return changes

    def _take_up(self, changes: list[tuple[str, Any, Any]]) -> None:
        """Goes back to the newest checkpoint; without one the run begins anew."""
        old = self._folder.read_state()
        damaged: list[str] = []
        found = self._checkpoints.newest_good(damaged.append)
        if found is None:
            self._log.cut(0)
        else:
            content = found[1]
            self._state.load(content, content["update"])
            self._streams.load(content["streams"])
            self._meters.load(content["meters"])
            self._book.load(content["book"])
            self._log.cut(content["offset"])
        for text in damaged:
            self._book.note("damaged_checkpoint", text)
        if changes:
            words = ", ".join(f"{key} from {was} to {now}" for key, was, now in changes)
            self._book.note("continued", f"Continued at update {self._state.update} with {words}.")
        self._header = self._header.model_copy(
            update={"started": old.started, "argv": old.argv, "resumed": old.resumed + 1}
        )

    def _described(self, argv: Sequence[str]) -> RunState:
        resolved = self._plan.resolved
        return RunState(
            trainer="warmup",
            preset=resolved.preset,
            argv=list(argv),
            started=dt.datetime.now().astimezone().isoformat(timespec="seconds"),
            status="running",
            seed=self._config.seed,
            config_sha256=resolved.sha256,
            changed=resolved.changed,
            assumptions=resolved.assumptions,
            device=str(self._plan.device),
            precision="fp32",
            threads=torch.get_num_threads(),
            networks=self._plan.networks,
            updates_per_epoch=self._plan.updates_per_epoch,
            planned_updates=self._plan.budget.updates,
            domains=[self._plan.domain],
        )

    def _write_start(self) -> None:
        """Writes what describes the run; ``state.json`` last, since it makes the folder a run's."""
        folder = self._folder
        folder.write_config(self._config.model_dump(mode="json"))
        folder.write_json("manifest.json", self._plan.manifest)
        parts = folder.read_json("environment.json") or []
        where = {"from_update": self._state.update, "device": str(self._plan.device)}
        folder.write_json("environment.json", [*parts, {**where, **environment().model_dump()}])
        started = {
            "update": self._state.update,
            "seconds": self._book.seconds,
            "checkpoints": self._checkpoints.listed(),
            "warnings": list(self._book.notices),
        }
        folder.write_state(self._header.model_copy(update=started))

    # What it says

    @property
    def _epoch(self) -> int:
        return -(-self._state.update // self._plan.updates_per_epoch)

    def _write_step(self) -> None:
        done = self._state.update - self._line_from
        seconds = (self._book.seconds - self._line_at) / done if done else 0.0
        self._line_at, self._line_from = self._book.seconds, self._state.update
        rates = {"lr_G": self._config.lr_G, "lr_D": self._config.lr_D}
        content = measured_line(self._meters.means("step")) | rates
        self._write("step", content, {"s_per_update": round(seconds, 6)})

    def _write(
        self, kind: str, content: Mapping[str, Any], clock: Mapping[str, Any] | None = None
    ) -> None:
        images = self._state.update * self._plan.batch * (self._config.d_steps or 1)
        line = {
            "kind": kind,
            "update": self._state.update,
            "epoch": self._epoch,
            "images": images,
            **content,
            "elapsed_s": round(self._book.seconds, 3),
            **(clock or {}),
        }
        self._log.append(line)
        if self._board is not None:
            self._board.append(line)

    def _clock(self) -> None:
        self._book.seconds = time.perf_counter() - self._began
        self._book.peak = max(self._book.peak or 0, peak_memory(self._plan.device)) or None

    def _tell(self, kind: str, **facts: Any) -> None:
        self._progress({"kind": kind, "update": self._state.update, **facts})

    def _tell_step(self) -> None:
        seconds, done = self._book.seconds, self._state.update - self._first
        if seconds - self._told < _TELL_EVERY:
            return
        self._told = seconds
        per_update = (seconds - self._first_at) / done
        self._tell(
            "step",
            epoch=self._epoch,
            losses=self._meters.latest,
            rate=1 / per_update,
            left=self._plan.budget.left(self._state.update, seconds, per_update),
            seconds=seconds,
        )
