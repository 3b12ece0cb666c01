"""One registry for everything that is chosen by name: extractors now, maps and trainers later."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from ganeval.errors import GanevalError, InputError, unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """Names mapped to ``"module:object"`` strings that are imported on first use.

    Args:
        kind: What is registered, as a user calls it ("extractor").
        builtin: Name to ``"module:object"``.
        group: Entry-point group through which other packages add names.
        listing: Command that lists the names, for error messages.
        families: Name in front of a colon to the ``"module:object"`` that is called with what
            follows it, as in ``timm:resnet18``.
    """

    def __init__(
        self,
        kind: str,
        builtin: dict[str, str],
        group: str,
        listing: str,
        families: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self._builtin = builtin
        self._group = group
        self._listing = listing
        self._families = dict(families or {})

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
        """All names, sorted, without those of families; imports nothing."""
        return sorted(self._targets())

    def families(self) -> list[str]:
        """What may stand in front of a colon, sorted; imports nothing."""
        return sorted(self._families)

    def get(self, name: str) -> T:
        """Imports and returns the object called ``name``.

        Of ``family:member`` it is the object of the family, with ``member`` as its first argument.

        Raises:
            InputError: Nobody offers that name; near matches are in the message.
            GanevalError: The object cannot be imported, or two packages offer the name.
        """
        targets = self._targets()
        family, colon, member = name.partition(":")
        if name in targets:
            return cast(T, self._load(name, targets[name]))
        if colon and family in self._families:
            if not member:
                raise InputError(f"{self.kind} {name!r}: nothing follows the colon")
            found: Any = self._load(name, self._families[family])
            return cast(T, functools.partial(found, member))
        known = [*targets, *(f"{family}:NAME" for family in self._families)]
        raise unknown_name(self.kind, name, known, listing=self._listing)

    def _load(self, name: str, target: str) -> object:
        module, _, attribute = target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise GanevalError(
                f"{self.kind} {name!r} cannot be loaded from {target}: {error}"
            ) from error
