"""Mean and scatter of a set of features, which merge and can be taken apart again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganeval.errors import InputError
from ganeval.metrics.rows import Floats, Rows, centred, check_rows

_BLOCK = 4096  # rows centred at once: 64 MB in float64 at d = 2048


@dataclass(frozen=True, eq=False)
class Moments:
    """Number, mean and scatter of feature vectors, in float64.

    Merging in any order or split agrees to rounding (1e-12 relative), so a set can be streamed in
    batches or spread over processes.

    Attributes:
        n: Number of images; None for statistics that do not tell it.
        mean: float64 ``[d]``.
        scatter: float64 ``[d, d]``, Σ(x - mean)(x - mean)ᵀ; the covariance itself when n is None.

    Source: Chan, Golub and LeVeque, The American Statistician 37 (1983) 242.
    """

    n: int | None
    mean: Floats
    scatter: Floats

    @classmethod
    def empty(cls, d: int) -> Moments:
        """Returns the moments of no images with d features."""
        return cls(0, np.zeros(d), np.zeros((d, d)))

    @classmethod
    def of(cls, features: Rows) -> Moments:
        """Returns the moments of float ``[n, d]`` features; memory beside them is bounded.

        Raises:
            InputError: The array is not finite or not two-dimensional.
        """
        check_rows(features)
        moments = _of_block(features[:_BLOCK])
        for start in range(_BLOCK, len(features), _BLOCK):
            moments = moments.merge(_of_block(features[start : start + _BLOCK]))
        return moments

    @classmethod
    def from_statistics(cls, mu: Floats, sigma: Floats, n: int | None = None) -> Moments:
        """Returns the moments behind a mean ``[d]`` and a covariance ``[d, d]`` of divisor n - 1.

        Raises:
            InputError: The shapes do not fit together, or n is below 2.
        """
        if mu.ndim != 1 or sigma.shape != (len(mu), len(mu)):
            raise InputError(f"mean {mu.shape} and covariance {sigma.shape} do not fit together")
        if n is not None and n < 2:
            raise InputError(f"a covariance needs at least 2 images, got n = {n}")
        mean, covariance = mu.astype(np.float64), sigma.astype(np.float64)
        return cls(n, mean, covariance if n is None else covariance * (n - 1))

    @property
    def d(self) -> int:
        """Number of features per image."""
        return len(self.mean)

    def update(self, batch: Rows) -> Moments:
        """Returns the moments with a batch ``[b, d]`` of further features."""
        return self.merge(Moments.of(batch)) if len(batch) else self

    def merge(self, other: Moments) -> Moments:
        """Returns the moments of both sets together.

        Raises:
            InputError: The dimensions differ, or a side does not know its number of images.
        """
        n_self, n_other = self._counts(other)
        n = n_self + n_other
        if n == 0:
            return self
        shift = other.mean - self.mean
        mean = self.mean + shift * (n_other / n)
        between = np.outer(shift, shift) * (n_self * n_other / n)
        return Moments(n, mean, self.scatter + other.scatter + between)

    def remove(self, part: Moments) -> Moments:
        """Returns the moments without a part that went into them.

        Raises:
            InputError: The dimensions differ, the part is larger than the whole, or a side does
                not know its number of images.
        """
        n_self, n_part = self._counts(part)
        n = n_self - n_part
        if n < 0:
            raise InputError(f"{n_part} images cannot be removed from {n_self}")
        if n == 0:
            return Moments.empty(self.d)
        mean = (n_self * self.mean - n_part * part.mean) / n
        shift = part.mean - mean
        between = np.outer(shift, shift) * (n * n_part / n_self)
        return Moments(n, mean, self.scatter - part.scatter - between)

    def covariance(self, ddof: int = 1) -> Floats:
        """Returns the covariance ``[d, d]``, scatter / (n - ddof).

        Raises:
            InputError: There are too few images, or another divisor is asked of statistics that
                do not tell their n.
        """
        if self.n is None:
            if ddof != 1:
                raise InputError(f"statistics without n cannot be given ddof {ddof}")
            return self.scatter
        if self.n < 2:
            raise InputError(f"needs at least 2 images per side, got {self.n}")
        return self.scatter / (self.n - ddof)

    def equals(self, other: Moments) -> bool:
        """Tells whether both are identical to the last bit."""
        return (
            self.n == other.n
            and np.array_equal(self.mean, other.mean)
            and np.array_equal(self.scatter, other.scatter)
        )

    def _counts(self, other: Moments) -> tuple[int, int]:
        if self.d != other.d:
            raise InputError(f"moments of {self.d} and of {other.d} features cannot be combined")
        if self.n is None or other.n is None:
            raise InputError(
                "statistics that do not tell their number of images cannot be combined"
            )
        return self.n, other.n


def _of_block(rows: Rows) -> Moments:
    mean = rows.mean(axis=0, dtype=np.float64)
    deviations = centred(rows, mean)
    return Moments(len(rows), mean, deviations.T @ deviations)
