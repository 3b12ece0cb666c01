"""How far fakes keep from the images a generator was trained on.

The memorisation distance, MiFID, authenticity and a list of near copies. In all of them the reals
stand for the training images; with other reals they say nothing of memorisation.

Source: Bai et al., arXiv 2106.03062 (MiFID and its memorisation distance); Alaa et al., arXiv
2102.08921 (authenticity).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.nearest import Indices, nearest_rows
from ganeval.metrics.rows import Floats, Rows, check_rows, check_same_dimension
from ganeval.metrics.unequal_blocks import block_codes, block_sizes, level
from ganeval.records import Role

Orientation = Literal["original", "torchmetrics"]

THRESHOLD = 0.1
"""Memorisation distances from here on are not penalised."""

_EPSILON = 1e-14  # keeps the penalty of pure copies finite
_NO_DISTANCE = 1e-8  # a FID up to here is 0, and so is its MiFID
_SUSPICIOUS = 1.0  # per cent of the reals' own distances: fakes nearer than that are near copies


@dataclass(frozen=True)
class Memorisation:
    """The memorisation distance and what it is the mean of.

    Attributes:
        value: The memorisation distance m, 0 .. 1; small where fakes repeat reals.
        index: int64 ``[m]``, the nearest real of every fake, the smallest index of equally near
            ones; -1 for a fake that was dropped.
        distance: float64 ``[m]``, its cosine distance 1 - |cos|; NaN for a dropped fake.
        dropped_real: Reals left out because their features sum to 0.
        dropped_fake: Fakes left out for the same reason.
    """

    value: float
    index: Indices
    distance: Floats
    dropped_real: int
    dropped_fake: int


class NearCopy(NamedTuple):
    """A fake that is nearer to a real than reals are to each other.

    Attributes:
        fake: Row of the fake.
        real: Row of its nearest real.
        distance: Their cosine distance.
    """

    fake: int
    real: int
    distance: float


def memorisation_distance(
    real: Rows, fake: Rows, *, orientation: Orientation = "original"
) -> Memorisation:
    """Returns the mean cosine distance of fakes to their nearest real; higher is less copied.

    The cosine distance is 1 - |cos|. Rows that sum to 0 have no part in it. The value falls with
    the number of reals, because a nearest of more is nearer. For other real images it is what
    generalisation looks like, not 0.

    Args:
        real: Features of the training images ``[n, d]``.
        fake: Features of the generated images ``[m, d]``.
        orientation: ``original``, the mean over fakes of the least distance to a real;
            ``torchmetrics``, the mean over reals of the least distance to a fake, which copies of
            a few training images escape.

    Raises:
        InputError: A side has no image whose features do not sum to 0, dimensions differ, values
            are not finite, or there is no such orientation.

    Source: Bai et al., arXiv 2106.03062; torchmetrics 1.9.0 for the other orientation.
    """
    if orientation not in ("original", "torchmetrics"):
        raise InputError(
            f"no orientation {orientation!r} of the memorisation distance; known: original, "
            "torchmetrics"
        )
    reals, fakes = _kept(real, "real"), _kept(fake, "fake")
    check_same_dimension(real.shape[1], fake.shape[1])
    found = nearest_rows(_take(fake, fakes), _take(real, reals), "cosine")
    index, distance = np.full(len(fake), -1, dtype=np.int64), np.full(len(fake), np.nan)
    index[fakes], distance[fakes] = reals[found.index[:, 0]], found.distance[:, 0]
    mean_over = found.distance
    if orientation == "torchmetrics":
        mean_over = nearest_rows(_take(real, reals), _take(fake, fakes), "cosine").distance
    return Memorisation(
        float(mean_over[:, 0].mean()),
        index,
        distance,
        len(real) - len(reals),
        len(fake) - len(fakes),
    )


def memorisation_jackknife(
    real: Rows, fake: Rows, real_blocks: Blocks, fake_blocks: Blocks
) -> Jackknifed:
    """Returns the memorisation distance, original orientation, without each block in turn.

    Replicates are levelled, see `ganeval.metrics.unequal_blocks.level`; the value stands for one
    where nothing would be left.

    Args:
        real: Features of the training images ``[n, d]``.
        fake: Features of the generated images ``[m, d]``.
        real_blocks: Rows of each block of reals.
        fake_blocks: Rows of each block of fakes.

    Raises:
        InputError: As `memorisation_distance`.
    """
    reals, fakes = _kept(real, "real"), _kept(fake, "fake")
    check_same_dimension(real.shape[1], fake.shape[1])
    real_codes = block_codes(real_blocks, len(real))[reals]
    fake_codes = block_codes(fake_blocks, len(fake))[fakes]
    found = nearest_rows(_take(fake, fakes), _take(real, reals), "cosine", _blocks(real_codes))
    return _jackknife(
        found.distance[:, 0],
        lambda block: found.without(block)[1],
        (real_codes, len(real_blocks)),
        (fake_codes, len(fake_blocks)),
    )


def mifid(distance: float, m: float) -> float:
    """Returns the memorisation-informed FID: the FID divided by m where m < 0.1; lower is better.

    It jumps tenfold where m crosses 0.1, so m belongs beside it. Its bias is that of the FID.

    Args:
        distance: The FID.
        m: The memorisation distance.

    Source: Bai et al., arXiv 2106.03062, with the constants of torchmetrics 1.9.0.
    """
    if distance <= _NO_DISTANCE:
        return 0.0
    return distance / ((m if m < THRESHOLD else 1.0) + _EPSILON)


def authenticity(real: Rows, fake: Rows) -> float:
    """Returns the share of fakes that are no copies in kind, 0 .. 1; higher is better.

    A fake is authentic when it is farther from its nearest real than that real is from its own
    nearest other real (Euclidean distance of features); at equal distance it is not. Fakes of the
    reals' own distribution reach about 1/2, or more in many dimensions; fakes that are far from
    all reals reach 1, so a high value alone says nothing good.

    Args:
        real: Features of the training images ``[n, d]``, n >= 2.
        fake: Features of the generated images ``[m, d]``.

    Raises:
        InputError: Too few images, different dimensions, or values that are not finite.

    Source: Alaa et al., arXiv 2102.08921, as dgm-eval and fls compute it.
    """
    _check(real, fake)
    found = nearest_rows(fake, real, "euclidean")
    own = nearest_rows(real, real, "euclidean", within=True)
    return float(_authentic(found.index[:, 0], found.distance[:, 0], own.distance[:, 0]).mean())


def authenticity_jackknife(
    real: Rows, fake: Rows, real_blocks: Blocks, fake_blocks: Blocks
) -> Jackknifed:
    """Returns the authenticity without each block in turn.

    Without a block of reals, both the nearest real and that one's own neighbour may be others.
    Replicates are levelled, see `ganeval.metrics.unequal_blocks.level`; the value stands for one
    where fewer than two reals, or no fake, would be left.

    Args:
        real: Features of the training images ``[n, d]``, n >= 2.
        fake: Features of the generated images ``[m, d]``.
        real_blocks: Rows of each block of reals.
        fake_blocks: Rows of each block of fakes.

    Raises:
        InputError: As `authenticity`.
    """
    _check(real, fake)
    real_codes, fake_codes = (
        block_codes(real_blocks, len(real)),
        block_codes(fake_blocks, len(fake)),
    )
    blocks = _blocks(real_codes)
    found = nearest_rows(fake, real, "euclidean", blocks)
    own = nearest_rows(real, real, "euclidean", blocks, within=True)

    def without(block: int) -> Floats:
        index, distance = found.without(block)
        return _authentic(index, distance, own.without(block)[1])

    return _jackknife(
        _authentic(found.index[:, 0], found.distance[:, 0], own.distance[:, 0]),
        without,
        (real_codes, len(real_blocks)),
        (fake_codes, len(fake_blocks)),
        fewest=2,
    )


def near_copies(real: Rows, fake: Rows) -> list[NearCopy]:
    """Returns the fakes that are suspiciously near to a real, the nearest first.

    Suspicious is a cosine distance below the 1st percentile of the distances of reals to their
    nearest other real, and a distance of 0 in any case. Of fakes that copy nothing about one in a
    hundred is listed too. Rows that sum to 0 have no part in it.

    Args:
        real: Features of the training images ``[n, d]``.
        fake: Features of the generated images ``[m, d]``.

    Returns:
        Fake, its nearest real and their distance; with equal distances, the smaller fake first.

    Raises:
        InputError: As `memorisation_distance`.
    """
    told = memorisation_distance(real, fake)
    reals = _take(real, _kept(real, "real"))
    limit = 0.0
    if len(reals) > 1:
        own = nearest_rows(reals, reals, "cosine", within=True)
        limit = float(np.percentile(own.distance[:, 0], _SUSPICIOUS))
    listed = np.flatnonzero((told.distance < limit) | (told.distance == 0))
    order = listed[np.argsort(told.distance[listed], kind="stable")]
    return [NearCopy(int(i), int(told.index[i]), float(told.distance[i])) for i in order]


def _jackknife(
    of_fakes: Floats,
    without: Callable[[int], Floats],
    real: tuple[Indices, int],
    fake: tuple[Indices, int],
    *,
    fewest: int = 1,
) -> Jackknifed:
    """Replicates of a mean over fakes.

    Args:
        of_fakes: What is averaged.
        without: The same without a block of reals.
        real: Block of every real, and the number of blocks.
        fake: Block of every fake, and the number of blocks.
        fewest: Reals that must be left.
    """
    value = float(of_fakes.mean())
    (real_codes, real_count), (fake_codes, fake_count) = real, fake
    removed = block_sizes(real_codes, real_count)
    replicates = np.full(real_count, value)
    for block in range(real_count):
        if 0 < removed[block] <= len(real_codes) - fewest:
            replicates[block] = without(block).mean()
    held = fake_codes >= 0
    dropped = block_sizes(fake_codes, fake_count)
    sums = np.bincount(fake_codes[held], weights=of_fakes[held], minlength=fake_count)
    left = len(of_fakes) - dropped
    means = np.where(left > 0, (of_fakes.sum() - sums) / np.maximum(left, 1), value)
    return Jackknifed(
        value,
        level(value, replicates, removed, len(real_codes)),
        level(value, means, dropped, len(fake_codes)),
    )


def _authentic(index: Indices, distance: Floats, own: Floats) -> Floats:
    """1.0 where a fake is farther from its nearest real than that one from its own neighbour."""
    return (distance > own[index]).astype(np.float64)


def _blocks(codes: Indices) -> Blocks:
    """Rows of every block, and last those of none."""
    count = int(codes.max(initial=-1)) + 1
    return [np.flatnonzero(codes == block) for block in [*range(count), -1]]


def _check(real: Rows, fake: Rows) -> None:
    check_rows(real, "real", at_least=2)
    check_rows(fake, "fake", at_least=1)
    check_same_dimension(real.shape[1], fake.shape[1])


def _kept(rows: Rows, side: Role) -> Indices:
    """Rows whose features do not sum to 0, of which there must be one."""
    check_rows(rows, side, at_least=1)
    kept = np.flatnonzero(rows.sum(axis=1, dtype=np.float64) != 0)
    if not len(kept):
        raise InputError(
            f"the features of every {side} image sum to 0, so they have no cosine distance",
            hint="Look at the images and at the weights of the extractor.",
        )
    return kept.astype(np.int64)


def _take(rows: Rows, kept: Indices) -> Rows:
    return rows if len(kept) == len(rows) else rows[kept]
