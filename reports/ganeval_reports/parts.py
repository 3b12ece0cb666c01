"""The parts every page is built from: what ``templates/parts.html.j2`` draws, as plain data.

Templates compute nothing; everything here is text ready to print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganeval.records import Role
from ganeval_reports.drawing import Drawing
from ganeval_reports.images import Picture
from ganeval_reports.palette import looks


@dataclass(frozen=True)
class Stat:
    """One number, large, with everything that belongs to it."""

    name: str
    direction: str
    value: str
    se: str
    notes: Sequence[str]
    missing: bool  # there is no number; the notes say why

    @property
    def size(self) -> str:
        """Class that sets the number small enough for one line, with a blank before it."""
        if self.missing:
            return " missing"
        letters = len(self.value) + len(self.se)
        return " longest" if letters > 11 else " long" if letters > 7 else ""


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

    There are no drawings where there is no number to draw.
    """

    title: str
    drawings: Sequence[Drawing]
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
    """One image of a tile.

    Args:
        role: Of its set.
        look: Classes of the mark of its set.
        end: What its end of a slider is called: its set.
        name: What it is called among the images of its set.
        alt: What stands for it where it is not seen.
        picture: None where it cannot be shown.
    """

    role: Role
    look: str
    end: str
    name: str
    alt: str
    picture: Picture | None


@dataclass(frozen=True)
class Lead:
    """A tile that also stands above its grid, large, its first two images under a slider.

    Args:
        tile: Its place in the grid.
        about: What is to be seen.
    """

    tile: int
    about: str


@dataclass(frozen=True)
class Tile:
    """Images that are looked at together, and the number that brought them here, if any."""

    shots: Sequence[Shot]
    number: str

    @property
    def comparable(self) -> bool:
        """Whether its first two images are of one shape, so that one can lie over the other."""
        pictures = [shot.picture for shot in self.shots[:2] if shot.picture]
        return len(pictures) == 2 and pictures[0].shape == pictures[1].shape


@dataclass(frozen=True)
class Grid:
    """Tiles under one heading.

    Args:
        title: The heading.
        role: Of a sample of one set; None for fakes beside a real image.
        look: Classes of the mark of that set.
        about: What is to be seen.
        tiles: What is shown.
        note: What is not shown and why.
        table: The numbers of the tiles, if they have any.
        lead: The tile that stands above the others, if one does.
    """

    title: str
    role: Role | None
    about: str
    tiles: Sequence[Tile]
    note: str = ""
    table: Table | None = None
    look: str = ""
    lead: Lead | None = None


@dataclass(frozen=True)
class Cell:
    """A value of a table of scores."""

    value: str
    se: str = ""
    best: bool = False


@dataclass(frozen=True)
class Score:
    """One metric in a table of scores.

    Args:
        name: Metric with its scale.
        arrow: Which way is better, as an arrow.
        direction: The same in words.
        part: It belongs to the row above.
        cells: One per set, in their order.
        more: What stands in the columns after the sets.
        note: Why there is no value.
    """

    name: str
    arrow: str
    direction: str
    part: bool
    cells: Sequence[Cell]
    more: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class Scores:
    """Metrics as rows, sets as columns.

    Args:
        caption: What the table holds.
        sets: Labels of the sets.
        more: Heads of the columns after the sets.
        families: Rows under the title of their family.
        legend: How to read it.
        unranked: Metrics that mark no best set, with the reason.
    """

    caption: str
    sets: Sequence[str]
    more: Sequence[str]
    families: Sequence[tuple[str, Sequence[Score]]]
    legend: Sequence[str]
    unranked: Sequence[Note] = ()

    @property
    def heads(self) -> Sequence[tuple[str, str]]:
        """Classes of the mark, and label, of each set."""
        return [(look.css, label) for label, look in looks(self.sets).items()]


@dataclass(frozen=True)
class PlotGroup:
    """Plots under one heading; an empty heading is not shown."""

    title: str
    about: str
    plots: Sequence[Plot]
    table: Table | None = None
