"""One registry for everything that is chosen by name: extractors now, maps and trainers later."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from ganeval.errors import GanevalError, unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """Names mapped to ``"module:object"`` strings that are imported on first use.

    Args:
        kind: What is registered, as a user calls it ("extractor").
        builtin: Name to ``"module:object"``.
        group: Entry-point group through which other packages add names.
        listing: Command that lists the names, for error messages.
    """

    def __init__(self, kind: str, builtin: dict[str, str], group: str, listing: str) -> None:
        self.kind = kind
        self._builtin = builtin
        self._group = group
        self._listing = listing

    def _targets(self) -> dict[str, str]:
        targets = dict(self._builtin)
        owner = dict.fromkeys(targets, "ganeval")
        for point in entry_points(group=self._group):
            name = point.dist.name if point.dist else point.value
            if point.name in targets:
                raise GanevalError(
                    f"{self.kind} {point.name!r} is offered by both {owner[point.name]} and {name}",
                    hint="Uninstall one of them.",
                )
            targets[point.name], owner[point.name] = point.value, name
        return targets

    def names(self) -> list[str]:
        """All names, sorted; imports nothing."""
        return sorted(self._targets())

    def get(self, name: str) -> T:
        """Imports and returns the object called ``name``.

        Raises:
            InputError: Nobody offers that name; near matches are in the message.
            GanevalError: The object cannot be imported, or two packages offer the name.
        """
        targets = self._targets()
        if name not in targets:
            raise unknown_name(self.kind, name, targets, listing=self._listing)
        module, _, attribute = targets[name].partition(":")
        try:
            return cast(T, getattr(importlib.import_module(module), attribute))
        except (ImportError, AttributeError) as error:
            raise GanevalError(
                f"{self.kind} {name!r} cannot be loaded from {targets[name]}: {error}"
            ) from error
