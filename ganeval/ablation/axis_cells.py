"""The cross product of axes, each of its cells named after the values it has."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def axis_cells(axes: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Goes through all combinations, the last axis fastest.

    Args:
        axes: Dotted key to its values.

    Yields:
        The name, ``key=value,key=value``, and the settings.
    """
    if not axes:
        return
    for values in itertools.product(*axes.values()):
        settings = dict(zip(axes, values, strict=True))
        yield ",".join(f"{key}={words(value)}" for key, value in settings.items()), settings


def words(value: Any) -> str:
    """Returns a value as it stands in a name or a table: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
