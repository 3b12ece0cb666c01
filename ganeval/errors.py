"""The exceptions a user can meet, and the exit code that belongs to each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; a number never means two things."""

    DONE = 0
    FAILED = 1  # the work could not be finished
    USAGE = 2  # wrong usage or input
    MISSING = 3  # a needed file (weights, data) is not there
    CONDITION = 4  # finished, but a condition that was asked for does not hold
    STOPPED = 85  # stopped, saved, wants to go on
    DIVERGED = 86  # training diverged
    INTERRUPTED = 130


class GanevalError(Exception):
    """The work could not be finished; base of every error meant for a user.

    Args:
        message: One clear sentence (more lines may list files) that names the file or option and
            the reason.
        hint: What to do about it; shown after the message.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class InputError(GanevalError):
    """Wrong usage or input: a path, an option, a file's content."""

    exit_code = ExitCode.USAGE


class MissingFileError(GanevalError):
    """A needed file (weights, data) is not there and cannot be had."""

    exit_code = ExitCode.MISSING


class ConditionError(GanevalError):
    """The work is done, but a condition that was asked for does not hold."""

    exit_code = ExitCode.CONDITION


class ToldElsewhere(GanevalError):
    """Ends one of several processes of a command without a word, since another one tells why.

    Args:
        exit_code: What that other process ends with.
    """

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__("another process of this command tells why it ended")
        self.exit_code = exit_code


def unknown_name(kind: str, name: str, known: Iterable[str], *, listing: str = "") -> InputError:
    """Builds the error for a name nobody knows, with near matches or the whole list.

    Args:
        kind: What was asked for, as a user calls it ("extractor").
        name: The name as typed.
        known: All valid names.
        listing: A command that lists them, for the hint.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    text = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}."
    return InputError(
        f"no {kind} {name!r}; {text}", hint=f"{listing} shows all." if listing else None
    )
