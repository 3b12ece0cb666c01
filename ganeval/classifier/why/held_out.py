"""The test part as the pages about "why" see it: rows, scores, and how well a number separates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from ganeval.classifier.examples import FAKE, REAL, Examples, Labels, Rows, Scores, Split
from ganeval.classifier.units import test_units, unit_scores
from ganeval.images.decoding import Pixels
from ganeval.records.model import Estimate


@dataclass(frozen=True)
class Separation:
    """How well a number tells the fakes from the reals.

    Args:
        auc: By units; null with a reason where there are too few of them.
        p: One-sided p-value of "no higher in fakes"; None without an AUC.
        p_below: The same of "no lower in fakes".
    """

    auc: Estimate
    p: float | None = None
    p_below: float | None = None

    @property
    def two_sided(self) -> float:
        """The p-value of "no different"; 1 without an AUC."""
        if self.p is None or self.p_below is None:
            return 1.0
        return min(1.0, 2 * min(self.p, self.p_below))


@dataclass(frozen=True)
class HeldOut:
    """The images of the test part.

    Args:
        examples: All images.
        rows: Those of the test part, ascending, ``[n]``.
        scores: float64 ``[n]``, of those rows; higher is more fake.
        p_fake: float64 ``[n]``, the scores as probabilities.
        pairs_confirmed: Groups that hold both classes are pairs of one picture.
        seed: Seed of every random choice.
        level: Confidence level.
        threshold: Score from which on an image is called fake, chosen on the validation part;
            None where there is none. It bounds an AUC without a standard error.
    """

    examples: Examples
    rows: Rows
    scores: Scores
    p_fake: Scores
    pairs_confirmed: bool = False
    seed: int = 0
    level: float = 0.95
    threshold: float | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> Labels:
        """int64 ``[n]``, 0 real and 1 fake."""
        return self.examples.labels[self.rows]

    @property
    def groups(self) -> list[str]:
        """The group of each image, ``[n]``."""
        return [self.examples.groups[row] for row in self.rows]

    @property
    def has_both(self) -> bool:
        """Whether there are reals and fakes."""
        return bool((self.labels == REAL).any() and (self.labels == FAKE).any())

    def pixels(self, index: int) -> Pixels:
        """Returns the pixels of one image of the test part, uint8 ``[H, W, 3]``."""
        return self.examples.pixels[int(self.rows[index])]

    def separation(
        self,
        values: Scores,
        rows: Rows | None = None,
        *,
        fewest: int = 2,
        threshold: float | None = None,
    ) -> Separation:
        """Returns how well a number per image tells the classes apart, by units.

        Args:
            values: float64 ``[k]``; the AUC is above 0.5 where those of fakes are higher.
            rows: int64 ``[k]``, the images they are of, among all; None: the test part.
            fewest: With fewer groups in a class there is no AUC.
            threshold: Value from which on an image is called fake.
        """
        rows = self.rows if rows is None else rows
        labels = self.examples.labels[rows]
        groups = [self.examples.groups[row] for row in rows]
        counts = {
            name: len({group for group, own in zip(groups, labels, strict=True) if own == label})
            for name, label in (("real", REAL), ("fake", FAKE))
        }
        if min(counts.values()) < fewest:
            few = " and ".join(f"{count} {name}" for name, count in counts.items())
            reason = f"too few groups: {few}; at least {fewest} of each are needed"
            return Separation(Estimate(value=None, level=self.level, n=counts, reason=reason))
        units = unit_scores(
            np.asarray(values, np.float64),
            labels,
            groups,
            pairs_confirmed=self.pairs_confirmed,
            seed=self.seed,
        )
        tested = test_units(units, level=self.level, threshold=threshold, seed=self.seed)
        return Separation(tested.estimate, tested.p, tested.p_below)


def hold_out(
    examples: Examples,
    split: Split,
    scores: Scores,
    *,
    temperature: float = 1.0,
    pairs_confirmed: bool = False,
    seed: int = 0,
    level: float = 0.95,
    threshold: float | None = None,
) -> HeldOut:
    """Takes the test part out of all images.

    Args:
        examples: All images.
        split: Which of them are the test part.
        scores: float64 ``[n]`` of all images; only those of the test part are read.
        temperature: What scores are divided by before they are probabilities.
        pairs_confirmed: Groups that hold both classes are pairs of one picture.
        seed: Seed of every random choice.
        level: Confidence level.
        threshold: Score from which on an image is called fake.
    """
    rows = split.rows("test")
    own = np.asarray(scores, np.float64)[rows]
    p_fake: Scores = expit(own / temperature)
    return HeldOut(examples, rows, own, p_fake, pairs_confirmed, seed, level, threshold)


def class_places(labels: Labels, label: int) -> npt.NDArray[np.int64]:
    """Returns the places of one class, ascending."""
    places: npt.NDArray[np.int64] = np.flatnonzero(labels == label)
    return places
