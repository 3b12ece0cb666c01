"""Progress over all cells of a study on stderr: a bar on a terminal, else a line per cell."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from ganeval.ablation.cell_state import CellStatus
    from ganeval.ablation.engine import StudyCell

_BAR: Final = 24  # characters
_LEAST: Final = 0.02  # cells behind an estimate of the time left


class StudyProgress:
    """Shows how a study gets on; a context manager, and an engine's observer.

    Args:
        quiet: Show nothing.
        console: Where; None: stderr.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("{task.fields[counted]}", markup=False),
            BarColumn(_BAR),
            TextColumn("{task.fields[text]}", markup=False),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._began: tuple[float, float] | None = None
        self._names: list[str] = []
        self._clocks: dict[str, float] = {}

    def started(self, cell: StudyCell) -> None:
        """Takes a cell among those that run."""
        self._names.append(cell.name)
        self._clocks[cell.name] = time.monotonic()

    def ended(self, cell: StudyCell, status: CellStatus) -> None:
        """Prints how a cell has ended."""
        if cell.name in self._names:
            self._names.remove(cell.name)
        began = self._clocks.pop(cell.name, None)
        took = "" if began is None else f" after {clock(time.monotonic() - began)}"
        why = f": {status.why}" if status.why and status.state != "stopped" else ""
        self.note(f"{cell.name}: {status.state}{took}{why}")

    def note(self, text: str) -> None:
        """Prints a line."""
        if not self._quiet:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def tick(self, done: float, total: int, running: int) -> None:
        """Moves the bar; the time left is that of the cells since the start, at their pace."""
        if self._task is None:
            self._task = self._bar.add_task("", total=total, counted="", text="")
        if self._began is None:
            self._began = (time.monotonic(), done)
        at, before = self._began
        gained = done - before
        left = ""
        if gained > _LEAST and done < total:
            seconds = (time.monotonic() - at) * (total - done) / gained
            left = f" · {clock(seconds)} left"
        shown = ", ".join(self._names[:2]) + (" ..." if len(self._names) > 2 else "")
        self._bar.update(
            self._task,
            completed=done,
            counted=f"{int(done)} of {total} cells",
            text=f"{shown}{left}" if running else "waiting",
        )

    def __enter__(self) -> StudyProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


def clock(seconds: float) -> str:
    """Returns a time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
