"""Where the images of both domains lie: in two sources, or in one folder with trainA and trainB."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ganeval.errors import InputError
from ganeval_cyclegan.data.named_sets import NAMED_SETS

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Sources:
    """The sources of one domain.

    Attributes:
        train: Path or name of a data set.
        val: Folder of images for evaluation, where the layout has one.
        test: The same for the test.
    """

    train: str
    val: str | None = None
    test: str | None = None


def find_sources(a: str, b: str | None) -> dict[str, Sources]:
    """Returns the sources of the domains A and B.

    Args:
        a: Source of A; or, without b, a folder that holds trainA and trainB.
        b: Source of B. Where both are called trainA and trainB and lie in one folder, the folders
            valA, valB, testA and testB beside them belong to the data.

    Raises:
        InputError: A folder of the layout is missing, or both domains are one source.
    """
    if b is None:
        return _of_root(Path(a))
    for source in (a, b):
        if not source:
            raise InputError("the path of a domain is empty")
    if _same(a, b):
        raise InputError(
            f"{a} and {b}: domain A and domain B are the same", hint="Give two sets of images."
        )
    first, second = Path(a), Path(b)
    if (first.name, second.name) == ("trainA", "trainB") and first.parent == second.parent:
        return _of_root(first.parent)
    return {"A": Sources(a), "B": Sources(b)}


def is_named(source: str) -> bool:
    """Tells the name of a data set from a path; what is there as a path wins."""
    return source.lower() in NAMED_SETS and not Path(source).exists()


def _of_root(root: Path) -> dict[str, Sources]:
    if not root.exists():
        raise InputError(f"{root}: there is no such folder")
    if not root.is_dir():
        raise InputError(
            f"{root}: one source is a folder with trainA and trainB, and this is a file",
            hint="Give the sources of both domains: A B.",
        )
    found = {entry.name: str(entry) for entry in root.iterdir() if entry.is_dir()}
    for name in ("trainA", "trainB"):
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1, cutoff=0.6)
            also = f"; there is {near[0]}" if near else ""
            raise InputError(
                f"{root}: has no folder {name}{also}",
                hint="Give one folder with trainA and trainB, or the sources of both domains.",
            )
    for split in ("val", "test"):
        names = [f"{split}{domain}" for domain in "AB"]
        if (names[0] in found) != (names[1] in found):
            there, missing = sorted(names, key=lambda name: name not in found)
            raise InputError(f"{root}: has a folder {there} but none called {missing}")
    return {
        domain: Sources(
            found[f"train{domain}"], found.get(f"val{domain}"), found.get(f"test{domain}")
        )
        for domain in "AB"
    }


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    try:
        return Path(a).samefile(b)
    except OSError:
        return False
