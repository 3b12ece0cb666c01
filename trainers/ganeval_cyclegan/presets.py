"""Presets: named configurations, each written as its difference from ``reference``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from ganeval.errors import InputError, unknown_name
from ganeval_cyclegan.yaml_files import Document, parse_document

REFERENCE: Final = "reference"
ABOUT_KEYS: Final = frozenset({"about", "source", "assumptions"})
"""Keys of a preset's file that are no part of the configuration."""

_WARMUP = "warmup"  # presets of the other trainer, which lie in the same folder


@dataclass(frozen=True)
class Preset:
    """A named configuration.

    Attributes:
        name: Its name.
        about: What it trains, in a sentence.
        source: Where its values come from.
        assumptions: Values the source does not state, in words.
        content: Sections and values that differ from the defaults, or repeat them.
    """

    name: str
    about: str
    source: str
    assumptions: list[str]
    content: dict[str, Any]


def preset_names() -> list[str]:
    """Returns the names of all presets of the CycleGAN trainer, the reference first."""
    folder = resources.files("ganeval_cyclegan") / "presets"
    names = {
        entry.name.removesuffix(".yaml")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml") and not entry.name.startswith(_WARMUP)
    }
    return [REFERENCE, *sorted(names - {REFERENCE})]


def full_name(name: str) -> str:
    """Returns the preset that a name or the beginning of one stands for.

    Raises:
        InputError: No preset begins so, or several do.
    """
    names = preset_names()
    if name in names:
        return name
    found = [one for one in names if name and one.startswith(name)]
    if len(found) > 1:
        raise InputError(
            f"--preset {name!r} is short for {' and for '.join(found)}",
            hint="Type enough of the name to tell them apart.",
        )
    if not found:
        raise unknown_name("preset", name, names, listing="ganeval ls presets")
    return found[0]


def load_preset(name: str) -> Preset:
    """Reads a preset, by its name or an unmistakable beginning of it.

    Raises:
        InputError: There is none, or there are several.
    """
    name = full_name(name)
    file = resources.files("ganeval_cyclegan") / "presets" / f"{name}.yaml"
    return preset_of(name, parse_document(file.read_text("utf-8"), f"preset {name}"))


def preset_of(name: str, document: Document) -> Preset:
    """Takes apart what a file says about a configuration and the configuration itself.

    Raises:
        InputError: ``about`` or ``source`` is no text, or ``assumptions`` no list of texts.
    """
    content = document.content
    texts = {key: content.get(key, "") for key in ("about", "source")}
    assumptions = content.get("assumptions", [])
    for key, value in texts.items():
        if not isinstance(value, str):
            raise InputError(f"{name}: {key} is not text")
    if not isinstance(assumptions, list) or not all(isinstance(one, str) for one in assumptions):
        raise InputError(f"{name}: assumptions is not a list of texts")
    return Preset(
        name=name,
        about=texts["about"],
        source=texts["source"],
        assumptions=assumptions,
        content={key: value for key, value in content.items() if key not in ABOUT_KEYS},
    )
