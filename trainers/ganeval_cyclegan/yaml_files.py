"""YAML as people write it: configuration files and values, with the line of every key."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ganeval.errors import InputError, MissingFileError

# YAML 1.1, which PyYAML speaks, takes on and off for truth values, 2e-4 for text, 1:30 for ninety
# and 2017-01-01 for a date; YAML 1.2 and the people who write configurations do not.
_SCALARS = (
    ("bool", r"true|false|True|False|TRUE|FALSE", "tf"),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
        r"|[0-9]+[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", "~nN"),
)


class _Loader(yaml.SafeLoader):
    """Safe loader with the scalars of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("^<<$"), ["<"])
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"^(?:{_pattern})$"),
        [*_first.upper(), *_first] + ([""] if _tag == "null" else []),
    )


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    # Base ten always: 010 is ten, not eight.
    return int(str(loader.construct_scalar(node)).replace("_", ""))


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    special = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
    return special[text] if text in special else float(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


@dataclass(frozen=True)
class Document:
    """A mapping read from YAML.

    Attributes:
        content: Keys and values.
        lines: 1-based line of every key, by its dotted name.
    """

    content: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)


def parse_value(text: str) -> Any:
    """Reads one value as it stands after ``key=``; text that is no YAML stands for itself."""
    try:
        return yaml.load(text, _Loader)  # a safe loader
    except yaml.YAMLError:
        return text


def read_document(path: Path) -> Document:
    """Reads a file that holds one mapping.

    Raises:
        MissingFileError: There is no such file.
        InputError: It cannot be read, is no mapping, or names a key twice; the line is told.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(f"{path}: cannot be read: {reason}") from error
    return parse_document(text, str(path))


def parse_document(text: str, name: str) -> Document:
    """Reads text that holds one mapping; see `read_document`.

    Args:
        text: YAML.
        name: What to call it in errors.
    """
    try:
        node = yaml.compose(text, _Loader)
        lines: dict[str, int] = {}
        if node is not None:
            _walk(node, "", lines, name)
        content = yaml.load(text, _Loader)  # a safe loader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{name}{line}: is not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{name}: is not valid YAML: {error}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise InputError(f"{name}: holds a {type(content).__name__}, not keys with values")
    return Document(content, lines)


def _walk(node: yaml.Node, prefix: str, lines: dict[str, int], name: str) -> None:
    """Notes the line of every key below a node and refuses keys that stand twice."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            where = f"{name}, line {key.start_mark.line + 1}"
            raise InputError(f"{where}: {key.value!r} is no name of a key")
        dotted = f"{prefix}{key.value}"
        line = key.start_mark.line + 1
        if dotted in lines:
            raise InputError(f"{name}, line {line}: {dotted} stands on line {lines[dotted]} too")
        lines[dotted] = line
        _walk(value, f"{dotted}.", lines, name)
