"""How a training run is shown on stderr: a line with a bar on a terminal, else a line per epoch."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

_SHOWN: Final = 3  # losses in the line
_BAR: Final = 16  # characters


class TrainingProgress:
    """Shows what a trainer tells; a context manager and the trainer's ``progress``.

    Args:
        quiet: Show nothing.
        console: Where; None: stderr.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._live = not quiet and self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.fields[counted]}", markup=False),
            BarColumn(_BAR),
            TextColumn("{task.fields[text]}", markup=False),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task: TaskID | None = None
        self._planned: int | None = None
        self._seconds: float | None = None
        self._held: str | None = None
        self._rate = ""

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Takes what happened; see ``ganeval.training.trainers.Progress``."""
        show = getattr(self, f"_{event['kind']}", None)
        if show is not None and not self._quiet:
            show(event)

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._print_held()
        self._bar.stop()

    def _start(self, event: Mapping[str, Any]) -> None:
        self._planned, self._seconds = event["planned"], event["budget_seconds"]
        self._task = self._bar.add_task(
            "", total=self._planned or self._seconds, counted="", text="starting"
        )
        self._advance(event["update"], event["seconds"])

    def _step(self, event: Mapping[str, Any]) -> None:
        self._print_held()
        self._rate = _rate(event["rate"])
        left = "" if event["left"] is None else f" · {_clock(event['left'])} left"
        text = f"epoch {event['epoch']} · {losses_text(event['losses'])} · {self._rate}{left}"
        self._advance(event["update"], event.get("seconds", 0.0), text=text)

    def _epoch(self, event: Mapping[str, Any]) -> None:
        self._print_held()
        parts = [
            f"epoch {event['epoch']}",
            self._counted(event["update"]),
            losses_text(event["losses"]),
            self._rate,
        ]
        self._held = " · ".join(part for part in parts if part)

    def _doing(self, event: Mapping[str, Any]) -> None:
        if self._task is not None:
            self._bar.update(self._task, text=f"{event['text']} ...")
            self._bar.refresh()

    def _score(self, event: Mapping[str, Any]) -> None:
        line = self._held or f"epoch {event['epoch']}"
        self._held = None
        self._print(f"{line} · {event['text']}")

    def _note(self, event: Mapping[str, Any]) -> None:
        self._print(event["text"])

    def _advance(self, update: int, seconds: float, **fields: Any) -> None:
        if self._task is not None:
            done = update if self._planned is not None else min(seconds, self._seconds or seconds)
            counted = self._counted(update)
            self._bar.update(self._task, completed=done, counted=counted, **fields)

    def _counted(self, update: int) -> str:
        return f"{update:,}/{self._planned:,}" if self._planned is not None else f"{update:,}"

    def _print_held(self) -> None:
        """Prints the line of an epoch that was waiting for its scores; a terminal has the bar."""
        if self._held is not None and not self._live:
            self._print(self._held)
        self._held = None

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def losses_text(losses: Mapping[str, float]) -> str:
    """Returns the first few kinds of losses: the mean of both domains for ``G_A`` and ``G_B``."""
    kinds: dict[str, list[float]] = {}
    for name, value in losses.items():
        kind, _, domain = name.rpartition("_")
        if domain not in ("A", "B"):
            kind = name
        if "_" not in kind:
            kinds.setdefault(kind, []).append(value)
    first = sorted(kinds, key=lambda kind: kind not in ("G", "D", "cycle"))[:_SHOWN]
    return " ".join(f"{kind} {sum(kinds[kind]) / len(kinds[kind]):.3g}" for kind in first)


def _rate(per_second: float) -> str:
    return f"{per_second:.1f} it/s" if per_second >= 1 else f"{1 / per_second:.1f} s/it"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
