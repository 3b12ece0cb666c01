"""One set as it streams in: its features while they are few, then their moments alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ganeval.errors import InputError
from ganeval.images.arrays import index_keys
from ganeval.metrics.frechet import Side as FrechetSide
from ganeval.metrics.moments import Moments
from ganeval.metrics.needs import Need
from ganeval.metrics.rows import Rows
from ganeval.metrics.sides import Side
from ganeval.records import FeatureRun, InputInfo, Role

BLOCK = 4096
"""Rows that become moments at once: those of `Moments.of`, so that both give the same bits."""

SEEN = ("formats", "sizes", "modes", "decoded")
"""What is counted of the images themselves, by its name in `InputInfo`."""


@dataclass(frozen=True)
class Batch:
    """Some images of a set.

    Attributes:
        rows: Features ``[b, d]`` by what they are.
        digests: One digest per image; a set that holds no rows needs none.
        seen: What was counted of the images, by the names of `SEEN`.
        runs: The extractions; empty for features that were handed over.
    """

    rows: Mapping[Need, Rows]
    digests: list[str]
    seen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    runs: Mapping[Need, FeatureRun] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.rows.values())))


@dataclass
class StreamedSet:
    """Features of a set that grows batch by batch.

    The result depends on the images alone while their rows are held, and to rounding on their
    order afterwards; on the size of the batches it never depends.

    Attributes:
        keep: Hold all rows; otherwise a set that grows beyond `BLOCK` images becomes moments.
        n: Number of images.
        moments: Moments of the images whose rows are not held; empty while all are.
        rows: Features ``[n, d]`` of the others, in pieces.
        digests: One digest per image while all rows are held; else empty.
        seen: What was counted of the images.
        runs: How the features were extracted.
        given: Images whose features were handed over instead.
    """

    keep: bool
    n: int = 0
    moments: dict[Need, Moments] = field(default_factory=dict)
    rows: dict[Need, list[Rows]] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    runs: dict[Need, FeatureRun] = field(default_factory=dict)
    given: int = 0

    @property
    def holds_rows(self) -> bool:
        """Tells whether the features of every image are at hand."""
        return not self.moments

    def add(self, batch: Batch) -> None:
        """Adds a batch.

        Raises:
            InputError: Its features are of another length than those before.
        """
        count = len(batch)
        if not count:
            return
        self._check_dimensions({need: rows.shape[1] for need, rows in batch.rows.items()})
        self.n += count
        self.given += 0 if batch.runs else count
        self._count(batch.seen, batch.runs)
        if self.holds_rows:
            self.digests += batch.digests
        for need, rows in batch.rows.items():
            self.rows.setdefault(need, []).append(rows)
        self._fold()

    def check_fits(self, other: StreamedSet) -> None:
        """Checks that another set can be merged.

        Raises:
            InputError: Its features are of another length, or were not kept and are needed.
        """
        self._check_dimensions(other.dimensions())
        if self.keep and not other.holds_rows:
            raise InputError(
                "features of the other one were not kept, and they are needed here",
                hint="Make both with keep_features=True.",
            )

    def merge(self, other: StreamedSet) -> None:
        """Adds another set, which stays as it is.

        Raises:
            InputError: It does not fit; see `check_fits`.
        """
        if not other.n:
            return
        self.check_fits(other)
        both_hold = self.holds_rows and other.holds_rows
        self.n += other.n
        self.given += other.given
        self._count(other.seen, other.runs)
        if both_hold:
            self.digests += other.digests
            for need, pieces in other.rows.items():
                self.rows.setdefault(need, []).extend(pieces)
            self._fold()
            return
        needs = other.dimensions()
        self.moments = {
            need: self.moments_of(need, d).merge(other.moments_of(need, d))
            for need, d in needs.items()
        }
        self.rows, self.digests = {}, []

    def dimensions(self) -> dict[Need, int]:
        """Returns the length of the features, of those that there are."""
        lengths = {need: moments.d for need, moments in self.moments.items()}
        return lengths | {need: pieces[0].shape[1] for need, pieces in self.rows.items() if pieces}

    def moments_of(self, need: Need, d: int) -> Moments:
        """Returns number, mean and scatter of all images, whether or not rows are held."""
        moments = self.moments.get(need) or Moments.empty(d)
        pieces = self.rows.get(need)
        return moments.update(np.concatenate(pieces)) if pieces else moments

    def sides(self, role: Role) -> dict[Need, Side]:
        """Returns the set as metrics take it, rows in the order of digests.

        Raises:
            InputError: There are fewer than 2 images.
        """
        if self.n < 2:
            raise InputError(
                f"needs at least 2 images per side, got {self.n} {role}",
                hint=f"Call update(images, real={role == 'real'}) first.",
            )
        order = sorted(range(len(self.digests)), key=lambda i: (self.digests[i], i))
        names = index_keys(len(order)) if order else []
        keys, digests = [names[i] for i in order], [self.digests[i] for i in order]
        info = self._info(role, digests)
        sides = {}
        for need, d in self.dimensions().items():
            values = None
            if self.holds_rows:
                # In one piece from now on, so that the rows are not held twice.
                self.rows[need] = [np.concatenate(self.rows[need])]
                values = self.rows[need][0][order]
            taken: FrechetSide = self.moments_of(need, d) if values is None else values
            sides[need] = Side(
                role=role,
                label=role,
                info=info,
                values=values,
                keys=keys,
                digests=digests,
                groups=digests,  # copies of an image are one independent unit
                moments=taken,
                run=None if self.given else self.runs.get(need),
                images=None,
            )
        return sides

    def _info(self, role: Role, digests: list[str]) -> InputInfo:
        lines = "".join(f"{digest}\n" for digest in digests)
        counts = {name: dict(sorted(counter.items())) for name, counter in self.seen.items()}
        return InputInfo(
            role=role,
            label=role,
            kind="memory",
            path="memory",
            n=self.n,
            n_groups=len(set(digests)) if digests else None,
            fingerprint=None,
            content_fingerprint=hashlib.sha256(lines.encode()).hexdigest() if digests else None,
            **counts,
        )

    def _check_dimensions(self, lengths: Mapping[Need, int]) -> None:
        for need, d in self.dimensions().items():
            if need in lengths and lengths[need] != d:
                raise InputError(
                    f"features of length {lengths[need]} cannot join features of length {d}",
                    hint="Both need the same extractor and layer.",
                )

    def _count(
        self, seen: Mapping[str, Mapping[str, int]], runs: Mapping[Need, FeatureRun]
    ) -> None:
        for name, counts in seen.items():
            self.seen.setdefault(name, Counter()).update(counts)
        for need, run in runs.items():
            known = self.runs.get(need)
            self.runs[need] = run if known is None else _together(known, run)

    def _fold(self) -> None:
        """Turns rows into moments, whole blocks at a time, once they are too many to be held."""
        if self.keep or (self.holds_rows and self.n <= BLOCK):
            return
        self.digests = []
        for need, pieces in self.rows.items():
            if sum(map(len, pieces)) < BLOCK:
                continue
            rows = np.concatenate(pieces)
            moments = self.moments.get(need) or Moments.empty(rows.shape[1])
            while len(rows) >= BLOCK:
                moments, rows = moments.update(rows[:BLOCK]), rows[BLOCK:]
            self.moments[need] = moments
            self.rows[need] = [rows.copy()] if len(rows) else []  # so that the block can go


def _together(one: FeatureRun, other: FeatureRun) -> FeatureRun:
    return one.model_copy(
        update={
            "backend": one.backend or other.backend,
            "cache_misses": one.cache_misses + other.cache_misses,
            "seconds": one.seconds + other.seconds,
        }
    )
