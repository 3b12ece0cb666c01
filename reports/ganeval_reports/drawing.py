"""A figure that stands on a page as SVG and goes into a paper as PDF or PNG; matplotlib draws both.

Lengths are pixels of the page; one is 1/72 inch in a file, so that text and lines have the same
sizes in every figure.
"""

from __future__ import annotations

import contextlib
import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any, Literal

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganeval_reports.axes import INK, MUTED, PAPER, TRACK, WIDTH
from ganeval_reports.palette import page_colours
from ganeval_reports.svg import inline

Format = Literal["pdf", "png"]

_UNITS = 72  # per inch
_MARGIN = 10  # around a figure in a file; on a page markers may reach over the edge
_PNG_RESOLUTION = 300
_COLOURS = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    TRACK: "var(--line)",
    PAPER: "var(--page)",
    **page_colours(),
}


@dataclass(frozen=True)
class Drawing:
    """One figure, drawn when it is asked for.

    Args:
        name: What a file of it is called, without an ending.
        description: Read out instead of the picture.
        width: In pixels.
        height: In pixels.
        prefix: Put before each id; unique within the page.
        draw: Draws on axes that fill the figure, in units of one pixel, y downwards.
    """

    name: str
    description: str
    width: float
    height: float
    prefix: str
    draw: Callable[[Axes], None] = field(repr=False, compare=False)

    @cached_property
    def svg(self) -> Markup:
        """The figure as one inline element in the colours of the page."""
        with _own_settings():
            figure = self._figure(margin=0)
            figure.patch.set_visible(False)
            stream = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(stream, format="svg", metadata=nothing)
        return inline(
            stream.getvalue(),
            prefix=self.prefix,
            colours=_COLOURS,
            description=self.description,
            css="wide" if self.width > WIDTH else "",
        )

    def __html__(self) -> str:
        """What Jinja2 puts on the page."""
        return str(self.svg)

    def write(self, stream: IO[bytes], kind: Format) -> None:
        """Writes the figure on white paper; the same figure gives the same bytes.

        Args:
            stream: Where it goes.
            kind: pdf, with its fonts embedded as TrueType, or png, at 300 dots per inch.
        """
        metadata: dict[str, Any] = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        with _own_settings(), warnings.catch_warnings():
            # A name in a script that the font lacks is drawn as boxes; the page shows it.
            warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
            figure = self._figure(margin=_MARGIN)
            figure.savefig(
                stream, format=kind, dpi=_PNG_RESOLUTION, facecolor="white", metadata=metadata
            )

    def _figure(self, margin: float) -> Figure:
        width, height = self.width + 2 * margin, self.height + 2 * margin
        figure = Figure(figsize=(width / _UNITS, height / _UNITS), dpi=_UNITS)
        inner = (margin / width, margin / height, self.width / width, self.height / height)
        self.draw(figure.add_axes(inner))
        return figure


def slug(text: str) -> str:
    """Returns a text as part of a file name: small letters and digits, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "unnamed"


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    """Whatever matplotlibrc the user has, figures look the same."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": ["DejaVu Sans"],  # comes with matplotlib; pages use their own
                "svg.fonttype": "none",
                "svg.hashsalt": "ganeval",
                "pdf.fonttype": 42,
                "hatch.linewidth": 0.7,
            }
        )
        yield
