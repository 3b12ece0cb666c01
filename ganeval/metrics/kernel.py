"""The kernel inception distance (KID): squared maximum mean discrepancy with a cubic kernel.

The U-statistic over all pairs is unbiased at every number of images and may be negative.

Source: Bińkowski et al., arXiv 1801.01401; Gretton et al., Journal of Machine Learning Research 13
(2012) 723.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from ganeval.metrics.cubic_kernel import cubic_kernel, u_statistic
from ganeval.metrics.estimates import Spread, degrees_of_freedom, estimate_of, too_few_groups
from ganeval.metrics.kernel_subsets import kid_subsets as kid_subsets
from ganeval.metrics.rows import Floats, Rows, check_rows, check_same_dimension, in_digest_order
from ganeval.records import Estimate, Role, Test
from ganeval.statistics.groups import Codes, group_codes, group_count, group_members
from ganeval.statistics.permutation import Labels, can_be_permuted, permutation_p, permuted_labels
from ganeval.statistics.resampling import jackknife_standard_error
from ganeval.statistics.streams import generator

_IN_MEMORY = 4000  # images of both sides whose kernel matrix is held in float64 (128 MB)
_BLOCK = 1000  # rows per block beyond that, and permutations per matrix product
_FEWEST_GROUPS = 3  # of which the jackknife leaves one out; two images are still a pair
_TIE = 1e-12  # of the mean kernel value: statistics closer than this differ by rounding


@dataclass(frozen=True)
class KidResult:
    """A KID and the test of its null.

    Attributes:
        estimate: Value, standard error and interval.
        test: One-sided permutation test of "both sets share one distribution"; None when it was
            not asked for, or when no group of one side has the size of a group of the other, so
            that labels cannot be exchanged.
        replicates: float64 ``[G]`` per side, the KID without each group in turn; groups are
            numbered by first appearance in digest order. None where a side has too few.
    """

    estimate: Estimate
    test: Test | None
    replicates: tuple[Floats, Floats] | None = None


@dataclass(frozen=True)
class _Side:
    """One side in digest order.

    Attributes:
        rows: Features ``[n, d]``.
        codes: Group of every row.
    """

    rows: Rows
    codes: Codes

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.rows)


@dataclass(frozen=True)
class _Sums:
    """Kernel sums of every row of one side: over the rest of its own side, over the other."""

    own: Floats
    cross: Floats

    def over(self, same_side: bool) -> Floats:
        """The sums over the own side or over the other."""
        return self.own if same_side else self.cross


def kid(
    real: Rows,
    fake: Rows,
    *,
    real_groups: Sequence[str] | None = None,
    fake_groups: Sequence[str] | None = None,
    real_digests: Sequence[str] | None = None,
    fake_digests: Sequence[str] | None = None,
    permutations: int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> KidResult:
    """Returns the KID over all pairs with standard error, interval and permutation p-value.

    Arithmetic is float64 up to 4000 images of both sides together; above, products are float32
    with float64 sums (error up to 1e-6 of the mean kernel value) and the test uses a seeded
    subsample of 4000.

    Args:
        real: Features ``[n, d]``.
        fake: Features ``[m, d]``; m need not equal n.
        real_groups: Group label of each real image; None: each image is its own group.
        fake_groups: The same of the fake images.
        real_digests: Content digest of each real image, the order in which seeded draws see them;
            None: digests of the features stand in.
        fake_digests: The same of the fake images.
        permutations: Number of permutations of labels over groups; 0: no test.
        seed: Seed of the permutations.
        level: Confidence level of the interval.

    Raises:
        InputError: Fewer than 2 images on a side, different dimensions, non-finite features, or
            groups or digests that do not fit.
    """
    check_rows(real, "real", at_least=2)
    check_rows(fake, "fake", at_least=2)
    check_same_dimension(real.shape[1], fake.shape[1])
    first = _Side(*in_digest_order(real, group_codes(real_groups, len(real)), real_digests))
    second = _Side(*in_digest_order(fake, group_codes(fake_groups, len(fake)), fake_digests))
    if first.n + second.n <= _IN_MEMORY:
        matrix = _kernel_matrix(first, second)
        sums = _sums_of_matrix(matrix, first.n)
        test = _permutation_test(matrix, first, second, permutations, seed)
    else:
        sums = _sums_by_blocks(first.rows, second.rows)
        test = _subsampled_test(first, second, permutations, seed)
    value = u_statistic(
        sums[0].own.sum(), sums[1].own.sum(), sums[0].cross.sum(), first.n, second.n
    )
    codes: dict[Role, Codes] = {"real": first.codes, "fake": second.codes}
    few = too_few_groups(codes, _FEWEST_GROUPS)
    replicates = None if few else _replicates((first, second), sums)
    estimate = estimate_of(
        float(value),
        few or _spread(codes, replicates or ()),
        n={"real": first.n, "fake": second.n},
        method="all pairs of images, kernel (xᵀy/d + 1)³",
        covers="the value in the limit of many images, over the choice of images",
        level=level,
    )
    return KidResult(estimate, test, replicates)


def _kernel_matrix(first: _Side, second: _Side) -> Floats:
    """Kernel of all pairs of both sides together in float64, zero on the diagonal."""
    pooled = np.concatenate([first.rows, second.rows]).astype(np.float64)
    matrix = cubic_kernel(pooled, pooled).astype(np.float64, copy=False)
    np.fill_diagonal(matrix, 0)
    return matrix


def _sums_of_matrix(matrix: Floats, n: int) -> tuple[_Sums, _Sums]:
    cross = matrix[:n, n:]
    return (
        _Sums(matrix[:n, :n].sum(axis=1), cross.sum(axis=1)),
        _Sums(matrix[n:, n:].sum(axis=1), cross.sum(axis=0)),
    )


def _sums_by_blocks(first: Rows, second: Rows) -> tuple[_Sums, _Sums]:
    """The same sums without holding the matrix: float32 products, float64 sums."""
    rows = [side.astype(np.float32, copy=False) for side in (first, second)]
    sums = [_Sums(np.zeros(len(side)), np.zeros(len(side))) for side in rows]
    blocks = [
        (side, slice(start, start + _BLOCK))
        for side in (0, 1)
        for start in range(0, len(rows[side]), _BLOCK)
    ]
    for (one, block), (other, columns) in combinations_with_replacement(blocks, 2):
        values = cubic_kernel(rows[one][block], rows[other][columns])
        diagonal = (one, block) == (other, columns)
        if diagonal:
            np.fill_diagonal(values, 0)
        sums[one].over(other == one)[block] += values.sum(axis=1, dtype=np.float64)
        if not diagonal:
            sums[other].over(other == one)[columns] += values.sum(axis=0, dtype=np.float64)
    return sums[0], sums[1]


def _spread(codes: Mapping[Role, Codes], replicates: Sequence[Floats]) -> Spread:
    error = math.hypot(*map(jackknife_standard_error, replicates))
    return Spread(error, degrees_of_freedom(codes), "delete-a-group jackknife")


def _replicates(sides: tuple[_Side, _Side], sums: tuple[_Sums, _Sums]) -> tuple[Floats, Floats]:
    """The KID without each group of a side in turn, from the sums alone."""
    replicates = []
    for index in (0, 1):
        side, own, cross = sides[index], sums[index].own, sums[index].cross
        other, other_own = sides[1 - index], sums[1 - index].own
        left = side.n - np.bincount(side.codes)
        own_of_group = np.bincount(side.codes, weights=own)
        without = own.sum() - 2 * own_of_group + _inner_sums(side)
        crossing = cross.sum() - np.bincount(side.codes, weights=cross)
        replicates.append(u_statistic(without, other_own.sum(), crossing, left, other.n))
    return replicates[0], replicates[1]


def _inner_sums(side: _Side) -> Floats:
    """Σ_{i≠j} k(x_i, x_j) within each group; 0 for images on their own."""
    inner = np.zeros(group_count(side.codes))
    for code, members in enumerate(group_members(side.codes)):
        if len(members) < 2:
            continue
        blocks = [members[start : start + _BLOCK] for start in range(0, len(members), _BLOCK)]
        for i, one in enumerate(blocks):
            rows = side.rows[one].astype(np.float64)
            for j, other in enumerate(blocks):
                values = cubic_kernel(rows, side.rows[other].astype(np.float64))
                inner[code] += values.sum() - (np.trace(values) if i == j else 0.0)
    return inner


def _subsampled_test(first: _Side, second: _Side, permutations: int, seed: int) -> Test | None:
    """The test on whole groups drawn until the kernel matrix has its largest size."""
    if not permutations:
        return None
    rng = generator(seed, "kid subsample")
    share = _IN_MEMORY / (first.n + second.n)
    first, second = _subsample(first, share, rng), _subsample(second, share, rng)
    if min(first.n, second.n) < 2:
        return None
    return _permutation_test(_kernel_matrix(first, second), first, second, permutations, seed)


def _subsample(side: _Side, share: float, rng: np.random.Generator) -> _Side:
    members = group_members(side.codes)
    order = rng.permutation(len(members))
    sizes = np.array([len(members[code]) for code in order])
    drawn = order[np.cumsum(sizes) <= share * side.n]
    kept = np.sort(np.concatenate([members[code] for code in drawn] or [np.empty(0, np.int64)]))
    return _Side(side.rows[kept], group_codes(side.codes[kept].tolist(), len(kept)))


def _permutation_test(
    matrix: Floats, first: _Side, second: _Side, permutations: int, seed: int
) -> Test | None:
    """Exchanges labels among groups of equal size; the kernel matrix is that of both sides."""
    groups = group_count(first.codes)
    units = np.concatenate([first.codes, second.codes + groups])
    is_real, sizes = np.arange(group_count(units)) < groups, np.bincount(units)
    if not permutations or not can_be_permuted(is_real, sizes):
        return None
    rng = generator(seed, "kid permutations")
    observed = _kid_of_labels(matrix, is_real[None, units])[0]
    permuted = np.concatenate(
        [
            _kid_of_labels(matrix, permuted_labels(is_real, sizes, count, rng)[:, units])
            for count in _chunks(permutations, _BLOCK)
        ]
    )
    p = permutation_p(observed, permuted, _TIE * float(matrix.mean()))
    return Test(
        null="both sets share one distribution",
        p=p,
        method=f"{permutations} permutations of labels over groups of {len(units)} images, "
        f"one-sided, seed {seed}",
    )


def _chunks(total: int, size: int) -> Iterator[int]:
    for start in range(0, total, size):
        yield min(size, total - start)


def _kid_of_labels(matrix: Floats, is_real: Labels) -> Floats:
    """KID ``[B]`` under B labellings ``[B, N]`` that all call equally many images real."""
    labels = is_real.T.astype(np.float64)
    n = int(is_real[0].sum())
    own = np.einsum("ib,ib->b", labels, matrix @ labels)
    cross = matrix.sum(axis=1) @ labels - own
    other = matrix.sum() - own - 2 * cross
    return u_statistic(own, other, cross, n, is_real.shape[1] - n)
