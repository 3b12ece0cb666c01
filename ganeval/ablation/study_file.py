"""The YAML of a study file: values as YAML 1.2 reads them, and the line each of them stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from ganeval.errors import InputError, MissingFileError

# PyYAML follows YAML 1.1, to which 1e-4 is text, 010 eight, 1:30 ninety and "on" true.
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


@dataclass(frozen=True)
class Places:
    """Where the values of a study stand.

    Attributes:
        file: What to call the file in errors.
        lines: Dotted name of a key or list item to its 1-based line.
    """

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """Returns the file, and the line of a dotted name or of what it is part of, if known."""
        while name and name not in self.lines:
            name = name.rpartition(".")[0]
        return f"{self.file}, line {self.lines[name]}" if name else self.file

    def error(self, name: str, reason: str, hint: str | None = None) -> InputError:
        """Builds the error about a dotted name.

        Args:
            name: Of the field; empty: of the whole file.
            reason: What was seen and wanted.
            hint: What to do about it.
        """
        shown = f"{name}: " if name else ""
        return InputError(f"{self.place(name)}: {shown}{reason}", hint=hint)


@dataclass(frozen=True)
class StudyDocument:
    """A study file as it was read.

    Attributes:
        content: Keys and values.
        places: Their lines.
    """

    content: dict[str, Any]
    places: Places


def read_study_file(path: Path) -> StudyDocument:
    """Reads a file that holds one mapping.

    Raises:
        MissingFileError: There is no such file.
        InputError: It cannot be read, is no mapping, names a key twice or holds a number that is
            not finite; the line is told.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(f"{path}: cannot be read: {reason}") from error
    return parse_study(text, str(path))


def parse_study(text: str, name: str) -> StudyDocument:
    """Reads text that holds one mapping; see `read_study_file`.

    Args:
        text: YAML.
        name: What to call it in errors.
    """
    try:
        # Without implicit tags: the plain scalars are read below.
        node = yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{name}{line}: is not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{name}: is not valid YAML: {error}") from error
    reader = _Reader(name)
    content = {} if node is None else reader.value(node, "")
    if not isinstance(content, dict):
        raise InputError(
            f"{name}: holds no keys with values", hint="`ganeval ablate --show buffer` is a study."
        )
    return StudyDocument(content, Places(name, reader.lines))


class _Reader:
    """Turns nodes into values and notes the line of each.

    Args:
        name: Of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[str, int] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node, at: str) -> Any:
        """Returns the value of a node whose dotted name is ``at``."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, at)
        if id(node) in self._open:
            raise self._error(node, f"{at}: holds itself")
        self._open.add(id(node))
        inside = f"{at}." if at else ""
        if isinstance(node, yaml.SequenceNode):
            values: Any = []
            for i, item in enumerate(node.value):
                self.lines[f"{inside}{i}"] = item.start_mark.line + 1
                values.append(self.value(item, f"{inside}{i}"))
        else:
            values = self._mapping(node, inside)
        self._open.discard(id(node))
        return values

    def _mapping(self, node: yaml.Node, inside: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key has to be a name")
            dotted = f"{inside}{key.value}"
            if dotted in self.lines:
                raise self._error(key, f"{dotted}: stands on line {self.lines[dotted]} too")
            self.lines[dotted] = key.start_mark.line + 1
            values[key.value] = self.value(value, dotted)
        return values

    def _scalar(self, node: yaml.ScalarNode, at: str) -> Any:
        text = node.value
        if node.style is not None:  # quoted
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            value = float(text)
            if value in (float("inf"), float("-inf")):
                raise self._error(node, f"{at}: {text} is too large for a number")
            return value
        if _NOT_FINITE.fullmatch(text):
            raise self._error(node, f"{at}: {text} is not finite", "Write a finite number.")
        return text

    def _error(self, node: yaml.Node, reason: str, hint: str | None = None) -> InputError:
        return InputError(f"{self.name}, line {node.start_mark.line + 1}: {reason}", hint=hint)
