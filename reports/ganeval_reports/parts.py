"""The parts every page is built from: what ``templates/parts.html.j2`` draws, as plain data.

Templates compute nothing; everything here is text ready to print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ganeval.records import Role
from ganeval_reports.images import Picture


@dataclass(frozen=True)
class Stat:
    """One number, large, with everything that belongs to it."""

    name: str
    direction: str
    value: str
    se: str
    notes: Sequence[str]
    missing: bool  # there is no number; the notes say why


@dataclass(frozen=True)
class Note:
    """A term and a sentence."""

    term: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Plot:
    """A drawing with its numbers, what they mean, and how they were computed.

    ``drawing`` is None where there is no number to draw.
    """

    title: str
    drawing: Markup | None
    table: Table
    meaning: Sequence[Note]
    methods: Sequence[Note]


@dataclass(frozen=True)
class Fact:
    """A term and what holds for it; ``code`` sets it as typed text."""

    term: str
    text: str
    code: bool = False


@dataclass(frozen=True)
class Facts:
    """Facts under one heading; an empty heading is not shown."""

    heading: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Shot:
    """One image of a tile; ``picture`` is None where it cannot be shown."""

    role: Role
    name: str
    alt: str
    picture: Picture | None


@dataclass(frozen=True)
class Tile:
    """Images that are looked at together, and the number that brought them here, if any."""

    shots: Sequence[Shot]
    number: str


@dataclass(frozen=True)
class Grid:
    """Tiles under one heading.

    Args:
        title: The heading.
        role: Of a sample of one set; None for fakes beside a real image.
        about: What is to be seen.
        tiles: What is shown.
        note: What is not shown and why.
        table: The numbers of the tiles, if they have any.
    """

    title: str
    role: Role | None
    about: str
    tiles: Sequence[Tile]
    note: str = ""
    table: Table | None = None
