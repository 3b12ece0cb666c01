"""What would let a classifier win, or lose, without looking at content: images known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.group_table import ROLES
from ganeval.classifier.groups import Grouped
from ganeval.classifier.opening import Opened
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.stems import StemRule
from ganeval.errors import InputError
from ganeval.images.duplicates import Comparison, Signature, clusters
from ganeval.records.classify import Leak

_SHOWN: Final = 5  # examples of each kind

Mask = npt.NDArray[np.bool_]


class Leakage(NamedTuple):
    """What was found, and the images that are left.

    Attributes:
        examples: Without images that are in both sets.
        leaks: Every kind that was looked for, found or not.
        source_in_real: Fakes were made of images that are among the reals.
        generator_train: bool ``[n]`` per image left: a fake of an image that the generator was
            trained on.
    """

    examples: Examples
    leaks: list[Leak]
    source_in_real: bool
    generator_train: Mask


def find_leaks(opened: Opened, grouped: Grouped, settings: ClassifySettings) -> Leakage:
    """Looks for images that one part of a split would give away about another.

    Args:
        opened: Both sets.
        grouped: The same images in their groups.
        settings: The list of the generator's training images, if there is one.

    Raises:
        InputError: A set has no image that the other has not, or the list cannot be read or names
            the source of every fake.
    """
    examples = grouped.examples
    shared = _shared_contents(examples)
    kept = np.array([content not in shared for content in examples.contents])
    left = examples if kept.all() else examples.take(np.flatnonzero(kept))
    _require_images(examples, left)
    signatures = [opened.signatures[row] for row in np.flatnonzero(kept)]
    stems = [grouped.stems[row] for row in np.flatnonzero(kept)]
    sources = _Sources.found(left, stems, grouped)
    leaks = [
        _identical(examples, shared),
        _near(left, signatures),
        _sources(left, sources),
    ]
    train = np.zeros(len(left), bool)
    if settings.generator_train is not None:
        train = _listed(left, settings.generator_train, grouped.rule)
        leaks.append(_trained_on(left, train))
    leaks.append(_straddling(left, signatures, joined=grouped.by_picture))
    return Leakage(left, leaks, bool(sources.fakes.any()), train)


def _shared_contents(examples: Examples) -> set[str]:
    """Pixels that both sets hold."""
    reals, fakes = (
        {examples.contents[row] for row in np.flatnonzero(examples.labels == label)}
        for label in (REAL, FAKE)
    )
    return reals & fakes


def _require_images(examples: Examples, left: Examples) -> None:
    for label, name in enumerate(examples.names):
        if not (left.labels == label).any():
            other = examples.names[1 - label]
            raise InputError(
                f"every image of {name} is in {other} too, pixel for pixel: there is nothing to "
                "tell apart",
                hint="Give the folder of real images first, then that of generated ones.",
            )


def _identical(examples: Examples, shared: set[str]) -> Leak:
    first: list[dict[str, int]] = [{}, {}]
    for row, content in enumerate(examples.contents):
        if content in shared:
            first[int(examples.labels[row])].setdefault(content, row)
    shown = [
        f"{_name(examples, first[REAL][c])} = {_name(examples, first[FAKE][c])}" for c in shared
    ]
    rows = sum(content in shared for content in examples.contents)
    return Leak(
        kind="identical",
        display="Identical images in both sets",
        count=len(shared),
        examples=sorted(shown)[:_SHOWN],
        action=f"dropped from both sets, {rows:,} images in all" if shared else "",
    )


def _near(examples: Examples, signatures: Sequence[Signature]) -> Leak:
    """Fakes that look like a real."""
    reals = int((examples.labels == REAL).sum())
    comparison = Comparison(signatures[:reals], signatures[reals:])
    groups = examples.groups
    matches = sorted(
        comparison.first_matches(), key=lambda m: (groups[m.a] == groups[reals + m.b], m.b)
    )
    apart = sum(groups[m.a] != groups[reals + m.b] for m in matches)
    action = ""
    if matches:
        action = (
            "each in one group with its likeness, so never on two sides of the split; plain "
            "pictures can agree by chance"
        )
    if apart:
        action = f"{apart:,} in another group than the likeness: a split may part them"
    return Leak(
        kind="near",
        display="Fakes that nearly look like a real",
        count=len(matches),
        examples=[
            f"{_name(examples, m.a)} ~ {_name(examples, reals + m.b)}" for m in matches[:_SHOWN]
        ],
        action=action,
    )


@dataclass(frozen=True)
class _Sources:
    """Fakes and the reals they may have been made of.

    Args:
        fakes: bool ``[n]``, fakes whose source is among the reals.
        parted: bool ``[n]``, those of them in another group than their source.
        unproven: Fakes with the name or the group of a real that are not shown to be of its
            picture.
    """

    fakes: Mask
    parted: Mask
    unproven: int

    @classmethod
    def found(cls, examples: Examples, stems: Sequence[str], grouped: Grouped) -> _Sources:
        """Looks for reals of equal stem, and of equal group where groups were asked for."""
        is_fake = examples.labels == FAKE
        places = list(zip(stems, examples.groups, strict=True))
        reals = [place for place, fake in zip(places, is_fake.tolist(), strict=True) if not fake]
        real_stems, real_groups = ({place[i] for place in reals} for i in (0, 1))
        same = set(reals)
        by_stem = is_fake & np.array([stem in real_stems for stem, _ in places])
        by_group = np.zeros(len(examples), bool)
        if grouped.record.source == "option":
            by_group = is_fake & np.array([group in real_groups for _, group in places])
        proven = (by_stem & grouped.sources_confirmed) | (by_group & grouped.pairs_confirmed)
        together = by_group | np.array([place in same for place in places])
        return cls(proven, proven & ~together, int(((by_stem | by_group) & ~proven).sum()))


def _sources(examples: Examples, sources: _Sources) -> Leak:
    rows, parted = np.flatnonzero(sources.fakes), np.flatnonzero(sources.parted)
    action = ""
    if len(parted):
        action = (
            f"{len(parted):,} in another group than the source, so a split may part them: join "
            "them by --groups, or leave groups to be inferred"
        )
    elif len(rows):
        action = "source and fake stay on one side of the split and are compared in pairs"
    elif sources.unproven:
        action = (
            f"{sources.unproven:,} with the name or group of a real, but not shown to be of its "
            "picture"
        )
    return Leak(
        kind="source_in_real",
        display="Fakes whose source is among the reals",
        count=len(rows),
        examples=[_name(examples, row) for row in (parted if len(parted) else rows)[:_SHOWN]],
        action=action,
    )


def _trained_on(examples: Examples, train: Mask) -> Leak:
    rows = np.flatnonzero(train)
    return Leak(
        kind="generator_train",
        display="Fakes of the generator's training images",
        count=len(rows),
        examples=[_name(examples, row) for row in rows[:_SHOWN]],
        action="left out of the test part and scored apart" if len(rows) else "",
    )


def _straddling(examples: Examples, signatures: Sequence[Signature], *, joined: bool) -> Leak:
    """Images that look alike but are in several groups."""
    parted = []
    if not joined:
        for members in clusters(len(examples), Comparison(signatures).links()):
            if len({examples.groups[row] for row in members}) > 1:
                parted.append(members)
    return Leak(
        kind="straddling",
        display="Near-duplicates in several groups",
        count=len(parted),
        examples=[
            " ~ ".join(_name(examples, row) for row in members[:_SHOWN])
            for members in parted[:_SHOWN]
        ],
        action="a split may part them: join them by --groups, or leave groups to be inferred"
        if parted
        else "",
    )


def _listed(examples: Examples, path: Path, rule: StemRule) -> Mask:
    """Which fakes have a stem that the list names."""
    lines = _lines(path)
    stems = {rule.stem(line) for line in lines}
    plain = StemRule(folders=False, copies=rule.copies)
    bare = {plain.stem(line) for line in lines if "/" not in line}
    found = np.array(
        [
            label == FAKE and (rule.stem(key) in stems or plain.stem(key) in bare)
            for label, key in zip(examples.labels.tolist(), examples.keys, strict=True)
        ],
        bool,
    )
    if found.sum() == (examples.labels == FAKE).sum():
        raise InputError(
            f"--generator-train {path}: names the source of every fake, so none is left to test",
            hint="Translate images that the generator was not trained on, or test without the "
            "list.",
        )
    return found


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise InputError(f"--generator-train {path}: cannot be read: {reason}") from error
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise InputError(f"--generator-train {path}: names no image, one a line is needed")
    return lines


def _name(examples: Examples, row: int) -> str:
    return f"{ROLES[int(examples.labels[row])]}:{examples.keys[row]}"
