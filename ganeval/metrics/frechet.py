"""The Fréchet distance between two sets of features or moments, exact at every number of images.

d² = |μ1 - μ2|² + tr Σ1 + tr Σ2 - 2·tr((Σ1 Σ2)^½), and with any factors Σ = F Fᵀ the last trace is
the sum of the singular values of F1ᵀ F2. Factors exist in three kinds, so no square root of a
matrix is ever taken: centred feature rows themselves (n <= d), a Cholesky factor, and, where a
covariance is deficient, its eigenvectors. Singular values come from LAPACK's SVD and not from
eigenvalues of a product, which would lose half of the digits of the small ones.

Source: Dowson and Landau, Journal of Multivariate Analysis 12 (1982) 450; Heusel et al.,
arXiv 1706.08500; for the nuclear norm, Bhatia, Jain and Lim, arXiv 1712.01504.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganeval.errors import GanevalError, InputError
from ganeval.metrics.moments import Moments
from ganeval.metrics.rows import (
    Floats,
    Rows,
    centred,
    check_rows,
    check_same_dimension,
    hold_same_rows,
)
from ganeval.records import Role

Side = Rows | Moments
Kind = Literal["rows", "cholesky", "eigen"]
Form = Literal["cross-gram", "one-sided", "full", "deficient"]

_BLOCK = 2048  # rows multiplied at once when a side has more images than features
_EPS = float(np.finfo(np.float64).eps)
_SAFE_PIVOT = 1e-10  # of the largest squared pivot: the square root of a smaller one may be noise
_SMALL_D = 64  # below it, rounding in a covariance no longer shrinks with d
_ROUNDING = 1e-9  # of the traces: a distance this far below zero is rounding


@dataclass(frozen=True)
class Factored:
    """One side made ready: Σ = F Fᵀ, whatever it came from.

    Attributes:
        mean: float64 ``[d]``.
        factor: float64 ``[d, r]``, F.
        trace: tr Σ.
        kind: What F is made of.
        rows: The features ``[n, d]``, where they are at hand.
    """

    mean: Floats
    factor: Floats
    trace: float
    kind: Kind
    rows: Rows | None


def check_side(side: Side, role: Role | None = None) -> None:
    """Checks that one side can enter a Fréchet distance.

    Raises:
        InputError: Fewer than 2 images, wrong shape or dtype, moments that are not finite.
        NonFiniteFeaturesError: A row of features holds NaN or infinity; it names side and row.
    """
    if not isinstance(side, Moments):
        check_rows(side, role, at_least=2)
        return
    name = f" {role}" if role else ""
    if side.n is not None and side.n < 2:
        raise InputError(f"needs at least 2 images per side, got {side.n}{name}")
    if not (np.isfinite(side.mean).all() and np.isfinite(side.scatter).all()):
        raise InputError(f"the{name} moments hold NaN or infinity")


def check_sides(real: Side, fake: Side) -> None:
    """Checks that both sides can enter a Fréchet distance together.

    Raises:
        InputError: As `check_side`, or the dimensions differ.
    """
    check_side(real, "real")
    check_side(fake, "fake")
    check_same_dimension(dimension(real), dimension(fake))


def dimension(side: Side) -> int:
    """Returns d, the number of features per image."""
    return side.d if isinstance(side, Moments) else side.shape[1]


def are_identical(real: Side, fake: Side) -> bool:
    """Tells whether both sides hold the same rows, in whatever order, or the same moments."""
    if isinstance(real, Moments) and isinstance(fake, Moments):
        return real.equals(fake)
    if isinstance(real, Moments) or isinstance(fake, Moments):
        return False
    return hold_same_rows(real, fake)


def factored(side: Side, ddof: int = 1, kind: Literal["rows", "eigen"] | None = None) -> Factored:
    """Makes one side ready; the cost of a reference shared by many distances is paid once.

    Args:
        side: Features ``[n, d]`` with n >= 2, or moments; checked by the caller.
        ddof: Covariances are divided by n - ddof.
        kind: Forces a kind of factor; by default rows where n <= d, else Cholesky where the
            covariance is positive definite, else eigenvectors.

    Raises:
        InputError: Rows are asked of moments.
    """
    rows = None if isinstance(side, Moments) else side
    if kind is None and rows is not None and len(rows) <= rows.shape[1]:
        kind = "rows"
    if kind == "rows":
        if rows is None:
            raise InputError("saved statistics hold no rows of features")
        mean = rows.mean(axis=0, dtype=np.float64)
        factor = (centred(rows, mean) / np.sqrt(len(rows) - ddof)).T
        return Factored(mean, factor, float(np.square(factor).sum()), "rows", rows)
    moments = _moments(side)
    covariance = moments.covariance(ddof)
    trace = float(np.trace(covariance))
    cholesky = None if kind == "eigen" else _cholesky(covariance)
    if cholesky is not None:
        return Factored(moments.mean, cholesky, trace, "cholesky", rows)
    return Factored(moments.mean, _eigenfactor(covariance), trace, "eigen", rows)


def form_of(real: Factored, fake: Factored) -> Form:
    """Returns the name of the form two sides are computed in."""
    from_rows = (real.kind == "rows") + (fake.kind == "rows")
    if from_rows:
        return "cross-gram" if from_rows == 2 else "one-sided"
    return "full" if "cholesky" in (real.kind, fake.kind) else "deficient"


def distance_between(real: Factored, fake: Factored) -> float:
    """Returns the distance of two sides made ready; see `frechet_distance`."""
    singular = np.linalg.svd(real.factor.T @ fake.factor, compute_uv=False)
    return _distance(real, fake, singular.astype(np.float64, copy=False))


def influence_between(real: Factored, fake: Factored) -> tuple[float, Floats | None, Floats | None]:
    """Returns distance and influences of two sides made ready; see `frechet_influence`."""
    left, singular, right = np.linalg.svd(real.factor.T @ fake.factor, full_matrices=False)
    shift = real.mean - fake.mean
    influence_real = _influence(real, fake, left, right.T, singular, shift)
    influence_fake = _influence(fake, real, right.T, left, singular, -shift)
    return _distance(real, fake, singular), influence_real, influence_fake


def frechet_distance(real: Side, fake: Side, *, ddof: int = 1, form: Form | None = None) -> float:
    """Returns the squared Fréchet distance between Gaussians fitted to two sets of features.

    It is real, never negative, symmetric, and exactly 0.0 when both sides hold the same rows.

    Args:
        real: Features ``[n, d]`` or moments.
        fake: The same of the other set.
        ddof: Covariances are divided by n - ddof; 1 is the field's convention.
        form: Forces one way of computing it (they agree to 1e-9); by default the shape decides:
            cross-gram when both sides are features with n <= d, one-sided when one is, else full,
            or deficient when no covariance is positive definite.

    Raises:
        InputError: Fewer than 2 images on a side, different dimensions, non-finite values.
    """
    check_sides(real, fake)
    if are_identical(real, fake):
        return 0.0
    if form is None:
        return distance_between(factored(real, ddof), factored(fake, ddof))
    first, second = (factored(side, ddof, kind) for side, kind in _forced(form, real, fake))
    return distance_between(first, second)


def frechet_influence(real: Side, fake: Side) -> tuple[float, Floats | None, Floats | None]:
    """Returns the distance and how much each image moves it.

    The influence of an image is the derivative of the distance, times n, when its weight among
    the n images of its side grows at the cost of all. Influences of a side sum to 0; leaving fake
    image j out changes the distance by about -influence[j] / (n - 1), up to an offset that all
    images share because the sample gets smaller.

    Args:
        real: Features ``[n, d]`` or moments.
        fake: The same of the other set.

    Returns:
        The distance, and per side float64 ``[n]`` or None where the side is moments.

    Raises:
        InputError: As `frechet_distance`.

    Source: Hampel, Journal of the American Statistical Association 69 (1974) 383, applied to the
    distance; derivative of the trace term through the optimal transport map of Gaussians.
    """
    check_sides(real, fake)
    if are_identical(real, fake):
        still = [
            None if isinstance(side, Moments) else np.zeros(len(side)) for side in (real, fake)
        ]
        return 0.0, still[0], still[1]
    return influence_between(factored(real), factored(fake))


def _distance(real: Factored, fake: Factored, singular: Floats) -> float:
    shift = real.mean - fake.mean
    value = float(shift @ shift) + real.trace + fake.trace - 2 * float(singular.sum())
    if value < -_ROUNDING * (real.trace + fake.trace):
        raise GanevalError(f"internal error: a Fréchet distance of {value}; please report this")
    return max(value, 0.0)


def _influence(
    side: Factored, other: Factored, own: Floats, others: Floats, singular: Floats, shift: Floats
) -> Floats | None:
    """Influence of a side's rows; own and others are its and the other's singular vectors."""
    if side.rows is None:
        return None
    n = len(side.rows)
    if side.kind == "rows":
        squares = np.einsum("dn,dn->n", side.factor, side.factor)
        roots = np.square(own) @ singular
        along = (side.factor.T @ shift) * np.sqrt(n - 1)
    else:
        rank = max(side.factor.shape[1], other.factor.shape[1])
        kept = singular > rank * _EPS * singular[0]
        maps = (other.factor @ others[:, kept]) / np.sqrt(singular[kept])
        squares, roots, along = _projected(side.rows, side.mean, maps, shift)
    parts = squares - roots
    influence: Floats = 2 * along + n * parts - parts.sum()
    return influence


def _projected(
    rows: Rows, mean: Floats, maps: Floats, shift: Floats
) -> tuple[Floats, Floats, Floats]:
    """|a|², the diagonal of the matrix root and the part along the shift, a = (x - μ)/√(n-1)."""
    n = len(rows)
    squares, roots, along = np.empty(n), np.empty(n), np.empty(n)
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        deviations = centred(rows[block], mean)
        squares[block] = np.square(deviations).sum(axis=1) / (n - 1)
        roots[block] = np.square(deviations @ maps).sum(axis=1) / (n - 1)
        along[block] = deviations @ shift
    return squares, roots, along


def _cholesky(covariance: Floats) -> Floats | None:
    """The Cholesky factor, or None where the covariance is not safely positive definite."""
    try:
        factor = np.linalg.cholesky(covariance).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    pivots = np.square(np.diag(factor))
    return factor if pivots.min() > _SAFE_PIVOT * pivots.max() else None


def _eigenfactor(covariance: Floats) -> Floats:
    """V √e over the eigenvalues above rounding, ``[d, rank]``."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > max(len(values), _SMALL_D) * _EPS * values[-1]
    kept[-1] = True  # a factor of identical images is a column of zeros, not an empty array
    factor: Floats = vectors[:, kept] * np.sqrt(values[kept].clip(min=0))
    return factor


def _forced(
    form: Form, real: Side, fake: Side
) -> tuple[tuple[Side, Literal["rows", "eigen"] | None], ...]:
    """Both sides with the kinds of factor that a form asks for."""
    if form == "cross-gram":
        return (real, "rows"), (fake, "rows")
    if form == "deficient":
        return (real, "eigen"), (fake, "eigen")
    if form == "full":
        return (_moments(real), None), (_moments(fake), None)
    if isinstance(real, Moments):
        return (real, None), (fake, "rows")
    return (real, "rows"), (_moments(fake), None)


def _moments(side: Side) -> Moments:
    return side if isinstance(side, Moments) else Moments.of(side)
