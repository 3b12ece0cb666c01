"""``ganeval-arm.yaml``: what a folder of images made elsewhere says of its making."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import yaml

from ganeval.errors import InputError, unknown_name
from ganeval.images.failures import printable
from ganeval.records.comparison import Direction
from ganeval.records.model import Param

ARM_FILE: Final = "ganeval-arm.yaml"

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "direction": (str,),
    "images": (str,),
    "name_rule": (str,),
    "seed": (int,),
    "updates": (int,),
    "batch": (int,),
    "lambda_identity": (int, float),
    "checkpoint": (str,),
    "device_hours": (int, float),
    "paired": (bool,),
    "note": (str,),
}
_LOCATES: Final = ("images", "name_rule", "direction", "paired", "note")
"""Fields that say where images are, or that need not be stated."""


@dataclass(frozen=True)
class ArmFile:
    """What is stated; every field may be missing.

    Args:
        direction: Which way images were translated.
        images: Pattern of the images, relative to the folder.
        name_rule: Regular expression whose first group is the stem.
        seed: Of the run.
        paired: Seeds belong to those of other arms.
        stated: Everything stated.
        not_stated: Fields of training that are missing.
    """

    direction: Direction | None = None
    images: str | None = None
    name_rule: re.Pattern[str] | None = None
    seed: int | None = None
    paired: bool = False
    stated: Mapping[str, Param] = field(default_factory=dict)
    not_stated: tuple[str, ...] = tuple(name for name in _TYPES if name not in _LOCATES)

    def named(self, files: Iterable[Path], root: Path) -> dict[str, list[Path]]:
        """Returns the files of each stem by the rule.

        Raises:
            InputError: A name does not match it.
        """
        assert self.name_rule is not None
        found: dict[str, list[Path]] = {}
        for path in files:
            match = self.name_rule.search(path.stem)
            if match is None or not match[1]:
                raise InputError(
                    f"{root / ARM_FILE}: name_rule {self.name_rule.pattern!r} does not match "
                    f"{printable(path.stem)}"
                )
            found.setdefault(match[1].lower(), []).append(path)
        return found


def read_arm_file(folder: Path) -> ArmFile:
    """Reads ``ganeval-arm.yaml`` of a folder; without one nothing is stated.

    Raises:
        InputError: It cannot be read, or a field is unknown or of the wrong type.
    """
    path = folder / ARM_FILE
    if not path.exists():
        return ArmFile()
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise InputError(f"{path}: holds no fields, for example updates: 100000")
    for name, value in raw.items():
        _check(path, name, value)
    direction: Direction | None = raw.get("direction")
    return ArmFile(
        direction,
        raw.get("images"),
        _rule(path, raw.get("name_rule")),
        raw.get("seed"),
        raw.get("paired", False),
        dict(raw),
        tuple(name for name in _TYPES if name not in _LOCATES and name not in raw),
    )


def _check(path: Path, name: object, value: Any) -> None:
    if not isinstance(name, str) or name not in _TYPES:
        error = unknown_name("field", str(name), _TYPES)
        raise InputError(f"{path}: {error.message}")
    wanted = _TYPES[name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        words = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
        raise InputError(f"{path}: {name}: {value!r} is not {words[wanted[-1]]}")
    if name == "direction" and value not in get_args(Direction):
        raise InputError(f"{path}: direction: {value!r} is neither AtoB nor BtoA")


def _rule(path: Path, text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        rule = re.compile(text)
    except re.error as error:
        raise InputError(
            f"{path}: name_rule: {text!r} is no regular expression: {error}"
        ) from error
    if rule.groups < 1:
        raise InputError(f"{path}: name_rule: {text!r} has no group that is the stem")
    return rule
