"""How each set looks: a colour for light and one for dark pages, a marker and a dash pattern.

Colour is never the only cue: marker and dash pattern say the same again. Hues start from the
palette of Okabe and Ito (2008, Color Universal Design), to which wine, olive and mauve are added
and whose sky blue, yellow and orange are darkened until they stand out from white paper by 3:1
(WCAG 2.2, success criterion 1.4.11). ``assets/plots.css`` repeats the colours as ``--set-1`` and
so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a set is drawn.

    Args:
        css: Classes of its mark on a page; the first one is that of its colour.
        marker: Matplotlib's name of the marker.
        dash: Lengths of dash and gap in line widths; empty is a solid line.
        light: Colour on white paper, as hex.
        dark: Colour on a dark page, as hex.
    """

    css: str
    marker: str
    dash: tuple[float, ...]
    light: str
    dark: str

    @property
    def colour(self) -> str:
        """The colour of the page, as a CSS value."""
        return f"var(--{self.css.partition(' ')[0]})"


REAL = Look("real", "s", (), "#0a66b0", "#6cb4f3")

SETS = (
    Look("set-1", "D", (), "#b4470e", "#f4a06a"),  # vermilion
    Look("set-2", "^", (5, 1.6), "#2f8a5a", "#3f8f63"),  # bluish green
    Look("set-3", "o", (1.4, 1.2), "#8d1649", "#cc4a9c"),  # wine, pink in the dark
    Look("set-4", "v", (5, 1.4, 1.4, 1.4), "#0e96d7", "#b9ecff"),  # sky blue
    Look("set-5", "P", (9, 2), "#c57e1c", "#ffd23a"),  # amber
    Look("set-6", "X", (2.6, 1.2), "#8f8d90", "#9fb0ab"),  # grey
    Look("set-7", "h", (9, 1.6, 1.4, 1.6), "#4f3c11", "#94801c"),  # olive
    Look("set-8", "*", (5, 1.4, 1.4, 1.4, 1.4, 1.4), "#9b5a7d", "#7a78f5"),  # mauve, violet
)

# Markers differ in area at the same nominal size; these look alike, in pixels.
MARKER_SIZE = {
    "s": 8.5, "D": 8.0, "^": 10.5, "o": 9.5, "v": 10.5, "P": 10.5, "X": 10.5, "h": 10.5, "*": 14.0,
}  # fmt: skip


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """Returns the look of each fake set, by label, in the order given.

    From the ninth on colours come again with other markers; no look repeats before the 65th.
    """
    return {label: _look(index) for index, label in enumerate(dict.fromkeys(labels))}


def _look(index: int) -> Look:
    turn, place = divmod(index, len(SETS))
    own = SETS[place]
    if turn == 0:
        return own
    shape = (place + turn) % len(SETS)
    other = SETS[shape]
    return Look(f"{own.css} shape-{shape + 1}", other.marker, other.dash, own.light, own.dark)


def page_colours(used: Sequence[Look] = (REAL, *SETS)) -> dict[str, str]:
    """Returns the CSS value of the page that stands for each colour of paper."""
    return {look.light: look.colour for look in used}
