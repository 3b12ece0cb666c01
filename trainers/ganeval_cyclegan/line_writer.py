"""Lines of ``metrics.jsonl``, and their copies for TensorBoard, with the fields that all have."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from math import ceil
from types import TracebackType
from typing import Any

from ganeval_cyclegan.meters import measured_line
from ganeval_cyclegan.opening import Run
from ganeval_cyclegan.tensorboard_log import TensorBoardLog


class LineWriter:
    """Writes what happens in a run; a context manager. Of several processes the first writes.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._board: TensorBoardLog | None = None
        self._since = time.perf_counter()
        self._paused = 0.0
        self._first = run.state.update

    def __enter__(self) -> LineWriter:
        if self._run.plan.tensorboard and self._run.world.is_first:
            folder = self._run.folder.path / "tensorboard"
            self._board = TensorBoardLog(folder, self._run.state.update)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._board is not None:
            self._board.close()

    def write(self, kind: str, content: Mapping[str, Any], clock: Mapping[str, Any]) -> None:
        """Writes one line: what it is, where in the run, the content, and what the clock says."""
        if not self._run.world.is_first:
            return
        run, draws = self._run, self._run.state.update * self._run.plan.config.optim.d_steps
        drawn = run.plan.data.drawn(draws)
        line = {
            "kind": kind,
            "update": run.state.update,
            "epoch": epochs_begun(run),
            "images_A": drawn["A"].images,
            "images_B": drawn["B"].images,
            **content,
            "elapsed_s": round(run.book.seconds, 3),
            **clock,
        }
        run.log.append(line)
        if self._board is not None:
            self._board.append(line)

    def step(self) -> None:
        """Writes the means since the line before, with the learning rates."""
        means = measured_line(self._run.meters.means("step"))
        clock: dict[str, Any] = {}
        done = self._run.state.update - self._first
        if done:
            now = time.perf_counter()
            clock["s_per_update"] = round((now - self._since - self._paused) / done, 6)
            self._since, self._paused, self._first = now, 0.0, self._run.state.update
        if self._run.book.peak is not None:
            clock["peak_mem_mb"] = round(self._run.book.peak / 2**20, 1)
        state = self._run.state
        rates = {
            "lr_G": state.optimizer_G.param_groups[0]["lr"],
            "lr_D": state.optimizer_D.param_groups[0]["lr"],
        }
        self.write("step", {**means, **rates}, clock)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Leaves the time of the block out of the seconds per update."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - before


def epochs_begun(run: Run) -> int:
    """Returns the number of the epoch of the last update; 0 before the first."""
    return ceil(run.state.update / run.plan.data.updates_per_epoch)
