"""Names of classes: where they come from, and which class a user means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganeval.errors import InputError, unknown_name


def read_labels(path: Path) -> tuple[str, ...]:
    """Reads the name of one class per line; empty lines at the end are left out.

    Raises:
        InputError: The file cannot be read, or a line within it is empty.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"--labels {path}: cannot be read: {reason}") from error
    names = [line.strip() for line in text.rstrip().splitlines()]
    if not names or not all(names):
        where = f"line {names.index('') + 1} is empty" if "" in names else "the file is empty"
        raise InputError(f"--labels {path}: {where}", hint="It holds one class name per line.")
    return tuple(names)


def class_index(text: str, classes: Sequence[str] | None, outputs: int) -> int:
    """Returns the class that a user names by its number or by its name.

    Args:
        text: Number from 0, or name in any case.
        classes: Names of all classes; None: not known.
        outputs: Number of classes.

    Raises:
        InputError: There is no such class, or several have that name.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        if int(text) < outputs:
            return int(text)
        raise InputError(f"class {text} is out of range: the model has classes 0 to {outputs - 1}")
    if classes is None:
        raise InputError(
            f"class {text!r}: the names of the model's {outputs} classes are not known",
            hint="Give the class by its number, or the names by --labels FILE.",
        )
    found = [i for i, name in enumerate(classes) if name.casefold() == text.casefold()]
    if len(found) > 1:
        numbers = ", ".join(str(i) for i in found)
        raise InputError(
            f"class {text!r}: {len(found)} classes have this name: {numbers}",
            hint="Give the class by its number.",
        )
    if not found:
        raise _unknown_class(text, classes)
    return found[0]


def _unknown_class(text: str, classes: Sequence[str]) -> InputError:
    """Near names include those that contain what was typed, such as tabby cat for cat."""
    within = [name for name in classes if text and text.casefold() in name.casefold()][:3]
    if within:
        return InputError(f"no class {text!r}; did you mean {' or '.join(within)}?")
    if len(classes) > 20:
        error = unknown_name("class", text, classes)
        if "did you mean" in error.message:
            return error
        return InputError(f"no class {text!r} among the model's {len(classes)}")
    return unknown_name("class", text, classes)
