"""What one record puts on a page, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class NamedSet(NamedTuple):
    """A set in the name of a record: the classes of its mark, and what stands after it."""

    look: str
    label: str
    joint: str = ""


@dataclass(frozen=True)
class Content:
    """A record ready for its template.

    Args:
        template: Extends whatever ``layout`` names.
        sets: Its sets in the order to name them.
        values: What the template prints.
    """

    template: str
    sets: Sequence[NamedSet]
    values: Mapping[str, object]

    @property
    def title(self) -> str:
        """The record in a few words."""
        return "".join(one.label + one.joint for one in self.sets)
