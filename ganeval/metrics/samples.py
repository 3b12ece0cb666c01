"""Sets as metrics see them: features by need, and the units and blocks that errors are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.features.signature import signatures_of_rows
from ganeval.images.duplicates import Signature
from ganeval.metrics.needs import SIGNATURE, Need
from ganeval.metrics.sides import Side
from ganeval.metrics.units import Units, shared_units
from ganeval.statistics.groups import Codes, deal_groups, group_codes, group_count
from ganeval.statistics.streams import generator

BLOCKS = 20
"""Blocks of units that are left out in turn where leaving out single units would take too long."""


@dataclass(frozen=True)
class Sample:
    """One set.

    Attributes:
        sides: The set by what its features are; all with the same images in the same order.
        main: The features that describe the set.
        units: Independent unit of every image, int ``[n]``, numbered over all fake sets.
        unit_count: Number of units over all fake sets.
        block_of_unit: Block of every unit, int ``[unit_count]``.
        block_count: Number of blocks.
        draw_digests: One digest per image, the order in which seeded draws see the images.
    """

    sides: Mapping[Need, Side]
    main: Need
    units: Codes
    unit_count: int
    block_of_unit: npt.NDArray[np.int64]
    block_count: int
    draw_digests: list[str]

    @property
    def side(self) -> Side:
        """The set with its main features."""
        return self.sides[self.main]

    @property
    def unit_labels(self) -> list[str]:
        """The unit of every image as a group label."""
        return [str(unit) for unit in self.units]

    def of(self, need: Need) -> Side:
        """Returns the set with these features.

        Raises:
            InputError: The set is saved statistics of other features.
        """
        if need not in self.sides:
            raise InputError(
                f"{self.side.info.path}: holds statistics of {self.main.extractor} "
                f"{self.main.layer}, resize {self.main.resize}, only; features of "
                f"{need.extractor} {need.layer}, resize {need.resize}, are needed",
                hint="Give the images.",
            )
        return self.sides[need]

    def blocks(self) -> list[npt.NDArray[np.int64]]:
        """Returns the rows of every block; one that this set has no image of is empty."""
        block = self.block_of_unit[self.units]
        return [np.flatnonzero(block == one) for one in range(self.block_count)]

    @cached_property
    def signatures(self) -> list[Signature]:
        """What the images are recognised by: their digests alone, unless more was extracted."""
        if SIGNATURE in self.sides:
            side = self.sides[SIGNATURE]
            return signatures_of_rows(side.rows("near copies"), side.digests)
        return [Signature(digest, digest, None) for digest in self.side.digests]

    def take(self, rows: npt.NDArray[np.int64]) -> Sample:
        """Returns the sample with some of its images."""
        return replace(
            self,
            sides={n: s.take(rows) for n, s in self.sides.items() if s.values is not None},
            units=self.units[rows],
            draw_digests=[self.draw_digests[i] for i in rows],
        )


def real_sample(sides: Mapping[Need, Side], main: Need, seed: int) -> Sample:
    """Returns the real set; its groups are its units."""
    side = sides[main]
    units = group_codes(side.groups, len(side.groups))
    count = group_count(units)
    blocks, block_count = _deal(units, count, seed, "real")
    return Sample(sides, main, units, count, blocks, block_count, side.digests)


def fake_samples(
    sets: Sequence[Mapping[Need, Side]], main: Need, seed: int
) -> tuple[list[Sample], Units]:
    """Returns the fake sets with units and blocks that partners share."""
    mains = [sides[main] for sides in sets]
    units = shared_units(
        [side.keys for side in mains],
        [side.digests for side in mains],
        [side.groups for side in mains],
    )
    everyone = np.concatenate(units.codes)
    blocks, count = _deal(everyone, units.count, seed, "fake")
    samples = [
        Sample(sides, main, codes, units.count, blocks, count, digests)
        for sides, codes, digests in zip(sets, units.codes, units.digests, strict=True)
    ]
    return samples, units


def _deal(units: Codes, count: int, seed: int, role: str) -> tuple[npt.NDArray[np.int64], int]:
    """Deals units into blocks of nearly equal numbers of images."""
    blocks = min(BLOCKS, count)
    block_of_unit = np.zeros(count, dtype=np.int64)
    for block, rows in enumerate(deal_groups(units, blocks, generator(seed, f"blocks {role}"))):
        block_of_unit[units[rows]] = block
    return block_of_unit, blocks
