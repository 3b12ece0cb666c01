"""Progress on stderr: a bar with rate and time left, nothing where stderr is no terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ganeval.metrics.settings import Unit


class _Count(ProgressColumn):
    """How much of how much, in the unit of the task."""

    def render(self, task: Task) -> Text:
        done, total = int(task.completed), int(task.total or 0)
        if task.fields["unit"] == "bytes":
            return Text(f"{decimal(done)} of {decimal(total)}")
        if task.fields["unit"] == "rounds":
            return Text(f"{done} of {total}")
        return Text(f"{done} of {total} images")


class _Rate(ProgressColumn):
    """How fast, in the unit of the task."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        by_bytes = task.fields["unit"] == "bytes"
        return Text(f"{decimal(int(task.speed))}/s" if by_bytes else f"{task.speed:.1f}/s")


class Bars:
    """One bar per labelled piece of work; a context manager.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True)
        self._quiet = quiet
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _Count(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, label: str, done: int, total: int, unit: Unit = "images") -> None:
        """Reports that ``done`` of ``total`` of the piece called ``label`` are done."""
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(label, total=total, unit=unit)
        self._progress.update(self._tasks[label], completed=done, total=total)

    def announce(self, text: str) -> None:
        """Tells on stderr what a person should know while the work goes on."""
        if not self._quiet:
            self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
