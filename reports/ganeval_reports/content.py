"""What one record puts on a page, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganeval.records import Role


@dataclass(frozen=True)
class Content:
    """A record ready for its template.

    Args:
        template: Extends whatever ``layout`` names.
        title: The record in a few words, for the window and for labels.
        sets: Role and label of its sets, in the order to name them; an empty role has no mark.
        values: What the template prints.
    """

    template: str
    title: str
    sets: Sequence[tuple[Role, str]]
    values: Mapping[str, object]
