"""The groups of two sets as a table gives them, and everything in which it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ganeval.classifier.examples import Examples
from ganeval.errors import InputError
from ganeval.images.groups import first_few, read_table

ROLES: Final = ("real", "fake")

_Place = tuple[int, str]  # label, key


def groups_from_table(examples: Examples, path: Path) -> list[str]:
    """Returns the group of every image; equal groups in both sets are one group.

    A row speaks of one set where its path is prefixed by ``real:`` or ``fake:``, else of each set
    that has an image of that path.

    Args:
        examples: The images.
        path: Table with the columns path and group.

    Raises:
        InputError: The table cannot be read, names images that neither set has, leaves some out
            or puts one in two groups; the first five of each kind are listed.
    """
    known = [set(images.source.keys) for images in examples.images]
    groups: dict[_Place, str] = {}
    unknown: list[str] = []
    twice: dict[str, None] = {}
    for _, text, group in read_table(path):
        places = _places(text, known)
        if not places:
            unknown.append(text)
        for place in places:
            if groups.setdefault(place, group) != group:
                twice[f"{_name(place)} in {groups[place]!r} and {group!r}"] = None
    places = list(zip(examples.labels.tolist(), examples.keys, strict=True))
    missing = [_name(place) for place in places if not groups.get(place)]
    complaints = []
    if unknown:
        complaints.append(f"{len(unknown)} rows name images in neither set: {first_few(unknown)}")
    if missing:
        complaints.append(f"no group for {len(missing)} of {len(places)}: {first_few(missing)}")
    if twice:
        complaints.append(f"{len(twice)} contradictions: {first_few(list(twice))}")
    if complaints:
        raise InputError(
            f"--groups {path} does not fit the images:" + "".join(f"\n  {c}" for c in complaints),
            hint="Paths are relative to their set; real: or fake: before a path tells which set is "
            "meant where both have it.",
        )
    return [groups[place] for place in places]


def _places(text: str, known: list[set[str]]) -> list[_Place]:
    """The images that a path of the table means."""
    places = [(label, text) for label, keys in enumerate(known) if text in keys]
    role, colon, key = text.partition(":")
    if places or not colon or role.lower() not in ROLES:
        return places
    label = ROLES.index(role.lower())
    return [(label, key)] if key in known[label] else []


def _name(place: _Place) -> str:
    return f"{ROLES[place[0]]}:{place[1]}"
