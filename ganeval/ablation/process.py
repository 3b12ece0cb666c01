"""One program that a cell runs: its output in the log, asked to stop when the study is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganeval.errors import ExitCode, InputError

_PAUSE: Final = 0.1
_GRACE: Final = 300.0  # seconds to save in
_TAIL: Final = 20
_TAIL_BYTES: Final = 16384


@dataclass(frozen=True)
class Surroundings:
    """What a cell's programs share.

    Attributes:
        log: Gets everything they print.
        is_to_stop: Asked again and again; once true, the program is told to save and stop.
        descriptor: Of the cell's lock, which the program keeps too; below 0: none.
        grace: Seconds between the request to stop and a kill.
    """

    log: Path
    is_to_stop: Callable[[], bool] = lambda: False
    descriptor: int = -1
    grace: float = _GRACE


def run_program(
    words: Sequence[str],
    around: Surroundings,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Runs a program without a shell and returns its exit code; below 0: minus a signal.

    One that was asked to stop returns `ExitCode.STOPPED`, whatever it says itself.

    Args:
        words: Program and arguments.
        around: Log, lock, and when to stop.
        folder: Where it runs.
        environment: In place of this process's.

    Raises:
        InputError: There is no such program.
    """
    asked: float | None = None
    with around.log.open("ab") as log:
        try:
            process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                pass_fds=[around.descriptor] if around.descriptor >= 0 else [],
            )
        except OSError as error:
            raise InputError(
                f"{words[0]}: cannot be started: {error.strerror}",
                hint="Programs are looked up on PATH, files beside the study file.",
            ) from error
        try:
            while (code := process.poll()) is None:
                if asked is None and around.is_to_stop():
                    asked = time.monotonic()
                    _signal(process, signal.SIGTERM)
                elif asked is not None and time.monotonic() - asked > around.grace:
                    _signal(process, signal.SIGKILL)
                time.sleep(_PAUSE)
        except BaseException:
            _signal(process, signal.SIGKILL)
            process.wait()
            raise
    # Asked to stop, it may have saved half of the work and ended with 0: going on finds out.
    if asked is not None or code in (ExitCode.STOPPED, ExitCode.INTERRUPTED):
        return int(ExitCode.STOPPED)
    return code


def tail(log: Path) -> list[str]:
    """Returns the last lines of a log, without those of progress bars that were drawn over."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    lines = [line.rpartition("\r")[2].rstrip() for line in text.splitlines()]
    return [line for line in lines if line][-_TAIL:]


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
