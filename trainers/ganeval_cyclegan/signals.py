"""Signals that ask a run to stop: noted at once, obeyed when the state is whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")
"""Names of the signals that ask a run to stop."""


class StopNow(BaseException):
    """Leaves a stretch of work that changes nothing of the training state."""


class StopRequest:
    """Takes over SIGINT, SIGTERM and SIGUSR1 while it is entered.

    The first one is noted in `name`; the loop looks there between updates. A second SIGINT raises
    KeyboardInterrupt at once. Outside the main thread, where Python lets nobody set handlers, it
    notes nothing.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._interruptible = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for name in SIGNALS:
                number = getattr(signal, name, None)  # Windows has no SIGUSR1
                if number is not None:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Lets a signal end the block by `StopNow`, also one that came before the block."""
        self._interruptible = True
        try:
            if self.name is not None:
                raise StopNow
            yield
        finally:
            self._interruptible = False

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.name is not None:
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            return
        self.name = signal.Signals(number).name
        if self._interruptible:
            raise StopNow
