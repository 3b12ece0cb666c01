"""Precision, recall, density and coverage: which images lie in the balls of the other set.

Around every image lies a ball that reaches to its k-th nearest neighbour of its own set. Together
the balls of a set are its manifold. All four numbers depend on the numbers of images of both sides.

Source: Kynkäänniemi et al., arXiv 1904.06991 (precision and recall); Naeem et al., arXiv 2002.09797
(density and coverage).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.manifold_distances import (
    Flags,
    balls,
    check_neighbours,
    check_sides,
    pairs,
    within,
)
from ganeval.metrics.manifold_jackknife import manifold_jackknife as manifold_jackknife
from ganeval.metrics.rows import Rows, check_rows, digest_order
from ganeval.statistics.streams import generator


@dataclass(frozen=True)
class ManifoldPreset:
    """The choices that a published form of these metrics makes.

    Attributes:
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.
        extractor: What it is defined on; None: the extractor of the run.
        layer: The layer of that extractor; None: its own.
        note: What else is particular to it, in one line.
    """

    k: int
    inclusive: bool
    extractor: str | None
    layer: str | None
    note: str


PRESETS: Mapping[str, ManifoldPreset] = {
    "prdc": ManifoldPreset(5, False, None, None, "all four numbers, as the package prdc"),
    "kynkaanniemi": ManifoldPreset(
        3,
        True,
        "vgg16-fc2",
        None,
        "the original has a VGG16 file of its own, so its numbers match in kind only",
    ),
    "torch-fidelity": ManifoldPreset(
        3, True, "vgg16-fc2", None, "takes (generated, real); before 0.4.0 it swapped the two"
    ),
    "adm": ManifoldPreset(
        3,
        True,
        "inception-2015",
        "2048",
        "computes distances in half precision; its published references hold 10,000 images",
    ),
    "stylegan3": ManifoldPreset(
        3, True, "vgg16-fc2", None, "computes features and radii in half precision"
    ),
}
"""Named choices; distances here are float64 in all of them."""


@dataclass(frozen=True)
class Manifold:
    """Precision, recall, density and coverage; higher is better in all of them.

    Attributes:
        precision: Share of fakes in the manifold of the reals, 0 .. 1: fidelity.
        recall: Share of reals in the manifold of the fakes, 0 .. 1: variety.
        density: Balls of reals that a fake lies in, over k, on average; 0 .. n/k, 1 where both
            sets share one distribution.
        coverage: Share of reals with a fake in their ball, 0 .. 1; see `coverage_null`.
        zero_radii_real: Reals whose k nearest neighbours are copies, so that their ball is a point.
        zero_radii_fake: The same of the fakes.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    zero_radii_real: int
    zero_radii_fake: int


@dataclass(frozen=True)
class Membership:
    """Which images lie in whose balls.

    Attributes:
        in_real_manifold: bool ``[m]``, fakes in the ball of at least one real.
        in_fake_manifold: bool ``[n]``, reals in the ball of at least one fake.
        covered: bool ``[n]``, reals with at least one fake in their own ball.
        balls_of_reals: int64 ``[m]``, number of reals in whose ball a fake lies.
        zero_radii_real: Reals whose ball is a point.
        zero_radii_fake: Fakes whose ball is a point.
    """

    in_real_manifold: Flags
    in_fake_manifold: Flags
    covered: Flags
    balls_of_reals: npt.NDArray[np.int64]
    zero_radii_real: int
    zero_radii_fake: int


def manifold(real: Rows, fake: Rows, *, k: int = 5, inclusive: bool = False) -> Manifold:
    """Returns precision, recall, density and coverage.

    Arithmetic is float64; memory beside the features is bounded by blocks, time grows with the
    square of the number of images.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``; m need not equal n, but then no value compares with another.
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.

    Raises:
        InputError: k < 1, a side has no more than k images, dimensions differ, or values are not
            finite.
    """
    found = membership(real, fake, k=k, inclusive=inclusive)
    return Manifold(
        precision=float(found.in_real_manifold.mean()),
        recall=float(found.in_fake_manifold.mean()),
        density=float(found.balls_of_reals.sum() / (k * len(fake))),
        coverage=float(found.covered.mean()),
        zero_radii_real=found.zero_radii_real,
        zero_radii_fake=found.zero_radii_fake,
    )


def membership(real: Rows, fake: Rows, *, k: int = 5, inclusive: bool = False) -> Membership:
    """Returns which images lie in whose balls: `manifold` image by image.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``.
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.

    Raises:
        InputError: As `manifold`.
    """
    check_sides(real, fake, k)
    real_balls, fake_balls = balls(real, k), balls(fake, k)
    in_real, counts = np.zeros(len(fake), np.bool_), np.zeros(len(fake), np.int64)
    in_fake, covered = np.zeros(len(real), np.bool_), np.zeros(len(real), np.bool_)
    for rows, columns, squared in pairs(real, fake, real_balls, fake_balls):
        inside = within(squared, real_balls.radii[rows, None], inclusive)
        in_real[columns] |= inside.any(axis=0)
        counts[columns] += inside.sum(axis=0)
        covered[rows] |= inside.any(axis=1)
        in_fake[rows] |= within(squared, fake_balls.radii[columns], inclusive).any(axis=1)
    return Membership(in_real, in_fake, covered, counts, real_balls.points, fake_balls.points)


def in_real_manifold(real: Rows, fake: Rows, *, k: int = 5, inclusive: bool = False) -> Flags:
    """Returns for every fake whether it lies in the ball of at least one real, bool ``[m]``.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``, m > k as in `manifold`.
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.

    Raises:
        InputError: As `manifold`.
    """
    return membership(real, fake, k=k, inclusive=inclusive).in_real_manifold


def coverage_null(n_real: int, n_fake: int, k: int) -> float:
    """Returns the coverage to expect where both sets share one distribution.

    A real is not covered when its k nearest images of both sets together are reals. The density to
    expect is 1; `manifold_null` estimates precision and recall.

    Args:
        n_real: Number of reals, more than k.
        n_fake: Number of fakes.
        k: The ball of an image reaches to its k-th nearest neighbour.

    Raises:
        InputError: k < 1, or there are no more than k reals or no fakes.

    Source: Naeem et al., arXiv 2002.09797, lemma 2, for finite numbers of images.
    """
    check_neighbours(n_real, k, "real")
    if n_fake < 1:
        raise InputError(f"coverage needs at least 1 fake image, got {n_fake}")
    return 1 - math.prod((n_real - i) / (n_real + n_fake - i) for i in range(1, k + 1))


@dataclass(frozen=True)
class ManifoldNull:
    """Precision and recall that real images reach against each other.

    Attributes:
        precision: Mean over splits.
        recall: Mean over splits; halves of one set make it expect the same as precision.
        n: Images in each half.
        splits: Number of random splits into halves.
    """

    precision: float
    recall: float
    n: int
    splits: int


def manifold_null(
    real: Rows,
    *,
    k: int = 5,
    inclusive: bool = False,
    seed: int = 0,
    splits: int = 5,
    digests: Sequence[str] | None = None,
) -> ManifoldNull:
    """Returns precision and recall between two random halves of the reals.

    It is what perfect fakes would reach at half as many images per side; there is no closed form.

    Args:
        real: Features ``[n, d]``, n >= 2(k + 1).
        k: The ball of an image reaches to its k-th nearest neighbour.
        inclusive: An image at exactly the radius is inside.
        seed: Seed of the splits.
        splits: Number of splits, 1 or more.
        digests: Content digest of each image, the order in which seeded draws see them; None:
            digests of the features stand in.

    Raises:
        InputError: Too few images, values that are not finite, or digests that do not fit.
    """
    check_rows(real, "real")
    half = len(real) // 2
    check_neighbours(half, k, "real")
    if splits < 1:
        raise InputError(f"the number of splits must be 1 or more, got {splits}")
    order, rng = digest_order(real, digests), generator(seed, "manifold halves")
    found = []
    for _ in range(splits):
        drawn = order[rng.permutation(len(real))]
        halves = real[drawn[:half]], real[drawn[half : 2 * half]]
        found.append(manifold(*halves, k=k, inclusive=inclusive))
    precision, recall = (
        float(np.mean([getattr(one, name) for one in found])) for name in ("precision", "recall")
    )
    return ManifoldNull(precision, recall, half, splits)
