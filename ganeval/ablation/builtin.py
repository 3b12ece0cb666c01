"""The studies that come with ganeval."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from ganeval.ablation.study_file import parse_study
from ganeval.errors import unknown_name


def study_names() -> list[str]:
    """Returns the names of all built-in studies, sorted."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in _folder().iterdir()
        if entry.name.endswith(".yaml")
    )


def list_studies() -> list[tuple[str, str]]:
    """Returns name and title of every built-in study, sorted by name."""
    return [
        (name, str(parse_study(study_text(name), name).content["title"])) for name in study_names()
    ]


def study_text(name: str) -> str:
    """Returns the file of a built-in study as it is written.

    Raises:
        InputError: There is none of that name.
    """
    names = study_names()
    if name not in names:
        raise unknown_name("study", name, names, listing="ganeval ablate --list")
    return (_folder() / f"{name}.yaml").read_text("utf-8")


def _folder() -> Traversable:
    return resources.files("ganeval.ablation") / "studies"
