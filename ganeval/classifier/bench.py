"""What is settled before anything learns: images, groups, parts, and which rungs are climbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.classifier.examples import Examples, Split
from ganeval.classifier.groups import Grouped, group_examples
from ganeval.classifier.ladder import further_splits
from ganeval.classifier.leakage import find_leaks
from ganeval.classifier.matrices import SPECTRUM_FROM
from ganeval.classifier.opening import Opened, open_examples
from ganeval.classifier.settings import PROBES, ClassifySettings
from ganeval.classifier.split import (
    AS_ASKED,
    HOLDOUT,
    cross_validation_folds,
    smaller_class_groups,
    split_examples,
)
from ganeval.errors import InputError
from ganeval.metrics.settings import Progress
from ganeval.records import Leak, Notice
from ganeval.records.classify import RungName

FOLDS: Final = 5
SMALL_RUNGS: Final[tuple[RungName, ...]] = ("features", "colour")
"""Rungs of a test by cross-validation, the one it rests on first."""


@dataclass(frozen=True)
class Bench:
    """Everything a ladder needs.

    Args:
        opened: Both sets as they were opened.
        grouped: Which images belong together.
        examples: The images that take part.
        leaks: What was looked for.
        source_in_real: Fakes were made of images that are among the reals.
        generator_train: bool ``[n]``, fakes of images the generator was trained on.
        split: The split; of a cross-validation the first fold.
        folds: All folds of a cross-validation; empty with a hold-out.
        splits: Further seeds with their splits.
        rungs: What is climbed.
        notices: Why rungs were left out, and what else to know.
    """

    opened: Opened
    grouped: Grouped
    examples: Examples
    leaks: list[Leak]
    source_in_real: bool
    generator_train: npt.NDArray[np.bool_]
    split: Split
    folds: list[Split]
    splits: list[tuple[int, Split]]
    rungs: tuple[RungName, ...]
    notices: list[Notice]

    @property
    def pairs_confirmed(self) -> bool:
        """Groups with both classes hold versions of one picture."""
        return self.grouped.pairs_confirmed

    @property
    def grey(self) -> bool:
        """Both sets are compared in grey."""
        return any(notice.code == "compared_in_grey" for notice in self.opened.notices)


def set_up(real: object, fake: object, settings: ClassifySettings, progress: Progress) -> Bench:
    """Opens both sets, groups them, looks for leaks, and splits them.

    Raises:
        InputError: A source or an option does not fit.
        GanevalError: Groups are too few.
    """
    opened = open_examples(real, fake, settings, progress)
    grouped = group_examples(opened, settings)
    left, leaks, source_in_real, train = find_leaks(opened, grouped, settings)
    apart = train if train.any() else None
    groups = smaller_class_groups(left.take(np.flatnonzero(~train)))
    seed = settings.seed
    folds: list[Split] = []
    splits: list[tuple[int, Split]] = []
    if groups < HOLDOUT:
        folds = cross_validation_folds(left, FOLDS, seed, generator_train=apart)
        split = folds[0]
    else:
        split = split_examples(left, settings.split, seed, generator_train=apart)
        splits = further_splits(left, settings, apart)
    rungs, notices = _rungs(settings, groups, left)
    return Bench(
        opened=opened,
        grouped=grouped,
        examples=left,
        leaks=leaks,
        source_in_real=source_in_real,
        generator_train=train,
        split=split,
        folds=folds,
        splits=splits,
        rungs=rungs,
        notices=[*opened.notices, *grouped.warnings, *notices],
    )


def _rungs(
    settings: ClassifySettings, groups: int, examples: Examples
) -> tuple[tuple[RungName, ...], list[Notice]]:
    """Which rungs can be climbed with so many groups and images so large."""
    asked: Sequence[RungName] = settings.rungs
    if settings.preset == "quick":
        asked = [name for name in asked if name != "cnn"]
    if groups < HOLDOUT:
        kept = tuple(name for name in SMALL_RUNGS if name in asked)
        why = f"{groups} groups are too few to hold a part out; only {' and '.join(SMALL_RUNGS)}"
        return _some(kept, why), []
    dropped: dict[RungName, str] = {}
    if groups < AS_ASKED and "cnn" in asked:
        dropped["cnn"] = (
            f"The CNN was left out: it needs {AS_ASKED} independent groups of each set, and there "
            f"are {groups}."
        )
    shortest = min(min(pixels.shape[:2]) for pixels in examples.pixels)
    if shortest < SPECTRUM_FROM:
        displays: dict[RungName, str] = {"spectrum": "The spectrum", "cnn": "The CNN"}
        for name, display in displays.items():
            if name in asked:
                dropped[name] = (
                    f"{display} was left out: it needs images of {SPECTRUM_FROM} px, and these "
                    f"have {shortest} px."
                )
    kept = tuple(name for name in asked if name not in dropped)
    notices = [Notice(code="rung_left_out", text=text) for text in dropped.values()]
    return _some(kept, " ".join(dropped.values())), notices


def _some(kept: tuple[RungName, ...], why: str) -> tuple[RungName, ...]:
    if set(kept) <= PROBES:
        raise InputError(
            f"--rungs leaves nothing to test content by{': ' if why else ''}{why}",
            hint="Add features or colour.",
        )
    return kept
