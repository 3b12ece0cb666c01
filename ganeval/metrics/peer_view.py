"""Two sets as one other package sees them: its images, its order, its resize mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ganeval.errors import InputError
from ganeval.features.row_arrays import reordered
from ganeval.metrics.frechet import Side as FrechetSide
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.kernel import kid
from ganeval.metrics.needs import Need
from ganeval.metrics.peer_reading import Reader, Sight, old_root_note, sight
from ganeval.metrics.rows import Rows
from ganeval.metrics.samples import Sample
from ganeval.metrics.sides import Side
from ganeval.records import PeerNumber

EXTRACTOR = "inception-2015"
POOL, SPATIAL, LOGITS = "2048", "sfid", "logits"

Known = dict[tuple[str, str, str, bytes, bytes], float]


class Printed(NamedTuple):
    """What a package prints.

    Attributes:
        value: The number; None where it refuses.
        spread: What stands behind a ±.
        note: What to know about it.
    """

    value: float | None
    spread: float | None = None
    note: str = ""


@dataclass(frozen=True)
class View:
    """Both sets as a package sees them.

    Attributes:
        tool: The package and its version.
        reader: How it reads.
        mode: Its resize mode.
        real: The real set.
        fake: The fake set.
        known: Values that were computed for another package that sees the same.
    """

    tool: str
    reader: Reader
    mode: str
    real: Sample
    fake: Sample
    known: Known = field(repr=False)

    @cached_property
    def sights(self) -> tuple[Sight, Sight]:
        """What it finds of the reals and of the fakes."""
        return sight(self.real.side, self.reader), sight(self.fake.side, self.reader)

    def rows(self, layer: str = POOL) -> tuple[Rows, Rows]:
        """Returns the features of the reals and of the fakes, in its order of images.

        Raises:
            InputError: A side is saved statistics.
        """
        return self._in_order(0, layer), self.fake_rows(layer)

    def fake_rows(self, layer: str = POOL) -> Rows:
        """Returns the features of the fakes, in its order of images.

        Raises:
            InputError: The fakes are saved statistics.
        """
        return self._in_order(1, layer)

    def _in_order(self, which: int, layer: str) -> Rows:
        rows = self._side(which, layer).rows("this number")
        return reordered(rows, self.sights[which].rows.tolist())

    def _side(self, which: int, layer: str) -> Side:
        return (self.real, self.fake)[which].of(Need(EXTRACTOR, layer, self.mode))

    def frechet(self, layer: str = POOL) -> float:
        """Returns its Fréchet distance.

        Raises:
            InputError: It finds fewer than two images of a set.
        """
        return self._once(
            "frechet",
            layer,
            lambda: frechet_distance(self._frechet_side(0, layer), self._frechet_side(1, layer)),
        )

    def _frechet_side(self, which: int, layer: str) -> FrechetSide:
        """What it finds, in the order of digests as in ganeval's own distance."""
        side, found = self._side(which, layer), self.sights[which]
        if found.whole:
            return side.moments
        return reordered(side.rows("this number"), np.sort(found.rows).tolist())

    def kid_all_pairs(self) -> float:
        """Returns the KID over all pairs, the expectation of a mean over random subsets.

        Raises:
            InputError: It finds fewer than two images of a set.
        """

        def compute() -> float:
            value = kid(*self.rows(), permutations=0).estimate.value
            if value is None:  # it has a value wherever it has a result
                raise InputError("KID has no value")
            return value

        return self._once("kid", POOL, compute)

    def _once(self, what: str, layer: str, compute: Callable[[], float]) -> float:
        reals, fakes = (one.rows.tobytes() for one in self.sights)
        key = (what, layer, self.mode, reals, fakes)
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]

    def number(
        self, metric: str, compute: Callable[[], Printed], *, rooted: bool = False
    ) -> PeerNumber:
        """Returns one number of the package, or why there is none.

        Args:
            metric: What it is called there.
            compute: Makes it; what it refuses is the note of a number without value.
            rooted: It needs the root of a matrix.
        """
        try:
            printed = compute()
        except InputError as error:
            printed = Printed(None, note=error.message)
        notes = [printed.note, *(note for one in self.sights for note in one.notes)]
        if rooted:
            notes.append(old_root_note(self.reader))
        return PeerNumber(
            tool=self.tool,
            metric=metric,
            fake=self.fake.side.label,
            value=printed.value,
            spread=printed.spread,
            resize=self.mode,
            note="; ".join(dict.fromkeys(filter(None, notes))),
        )
