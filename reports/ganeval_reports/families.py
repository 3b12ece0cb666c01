"""Metrics that answer one kind of question stand together, in the same order all over the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Family:
    """Metrics of one kind.

    Args:
        title: Heading over them.
        about: What they have in common.
        names: Their names, without a choice after a colon.
    """

    title: str
    about: str
    names: tuple[str, ...]


FAMILIES = (
    Family(
        "Distances",
        "How far the features of the fakes lie from those of the reals, as distributions.",
        ("fid", "fd", "sfid", "fid_infinity", "mind"),
    ),
    Family(
        "Kernels",
        "The same question by pairs of images: how alike are fakes and reals, compared with how "
        "alike each are among themselves?",
        ("kid", "kid_subsets", "cmmd"),
    ),
    Family(
        "Neighbours",
        "Fidelity (precision, density) apart from variety (recall, coverage), image by image.",
        ("precision", "recall", "density", "coverage"),
    ),
    Family(
        "Memory",
        "Are the fakes new images, or the training images again?",
        ("mifid", "memorisation", "authenticity"),
    ),
    Family("Class score", "What a classifier names, without a look at the reals.", ("is",)),
)
_OTHERS = Family("Others", "", ())

Item = TypeVar("Item")


def family_of(name: str) -> Family:
    """Returns the family of a metric or of a distance's excess."""
    base = name.partition(":")[0]
    if base.partition(" ")[0] == "excess":
        return FAMILIES[0]
    return next((family for family in FAMILIES if base in family.names), _OTHERS)


def by_family(
    items: Iterable[Item], name: Callable[[Item], str]
) -> list[tuple[Family, Sequence[Item]]]:
    """Sorts items into families; empty families are left out, the order within one is kept.

    Args:
        items: What belongs to a metric.
        name: Tells an item's metric.
    """
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(family_of(name(item)).title, []).append(item)
    return [
        (family, groups[family.title]) for family in (*FAMILIES, _OTHERS) if family.title in groups
    ]
