"""Distributions that sets of features are drawn from, with what is known of them exactly.

All are mixtures of Gaussians with diagonal covariances. That covers spectra that fall off as those
of networks do, classes of images, and heavy tails, and leaves closed forms for means of the kernel
and for mean and covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.moments import Moments

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """A mixture of Gaussians with diagonal covariances.

    Args:
        weights: float64 ``[K]``, they sum to 1.
        means: float64 ``[K, d]``.
        variances: float64 ``[K, d]``.
    """

    weights: Floats
    means: Floats
    variances: Floats

    @property
    def d(self) -> int:
        """Number of features."""
        return self.means.shape[1]

    def changed(self, scale: float, shift: float) -> Mixture:
        """Returns the mixture with larger deviations, and the mean moved along each feature.

        Args:
            scale: Deviations within a part are multiplied by it.
            shift: In standard deviations of each feature within a part.
        """
        moved = self.means + shift * np.sqrt(self.variances)
        return Mixture(self.weights, moved, self.variances * scale**2)

    def place(self, parts: npt.NDArray[np.int64], noise: Floats) -> npt.NDArray[np.float32]:
        """Returns rows ``[n, d]`` made of the parts ``[n]`` and of standard noise ``[n, d]``."""
        rows = self.means[parts] + np.sqrt(self.variances[parts]) * noise
        return rows.astype(np.float32)

    def moments(self) -> Moments:
        """Returns mean and covariance of the mixture."""
        mean = self.weights @ self.means
        centred = self.means - mean
        covariance = np.diag(self.weights @ self.variances)
        covariance += (centred * self.weights[:, None]).T @ centred
        return Moments.from_statistics(mean, covariance)


def mean_kernel(one: Mixture, other: Mixture) -> float:
    """Returns E (xᵀy/d + 1)³ of independent x and y.

    For Gaussian x and y, E z, E z² and E z³ of z = xᵀy follow from y given x being normal with
    mean xᵀν and variance xᵀTx.
    """
    total = 0.0
    for p, mu, s in zip(one.weights, one.means, one.variances, strict=True):
        for q, nu, t in zip(other.weights, other.means, other.variances, strict=True):
            first = float(mu @ nu)
            spread = float(nu @ (s * nu))  # variance of xᵀν
            width = float(s @ t + mu @ (t * mu))  # E xᵀTx
            second = first**2 + spread + width
            third = first**3 + 3 * first * (spread + width) + 6 * float(mu @ (s * t * nu))
            d = one.d
            total += p * q * (1 + 3 * first / d + 3 * second / d**2 + third / d**3)
    return total


def true_kid(real: Mixture, fake: Mixture) -> float:
    """Returns the KID of infinitely many images."""
    return mean_kernel(real, real) + mean_kernel(fake, fake) - 2 * mean_kernel(real, fake)


def true_distance(real: Mixture, fake: Mixture) -> float:
    """Returns the Fréchet distance of infinitely many images."""
    return frechet_distance(real.moments(), fake.moments())


def spectrum(d: int) -> Floats:
    """Returns variances that fall off as 1/i."""
    return 1 / np.arange(1, d + 1)


def gaussian(d: int) -> Mixture:
    """Returns one Gaussian; features have means, as those of networks do."""
    variances = spectrum(d)
    return Mixture(np.ones(1), np.sqrt(variances)[None], variances[None])


def classes(d: int, count: int = 10) -> Mixture:
    """Returns several Gaussians of unequal weight, two deviations apart on average."""
    rng = np.random.default_rng(7)
    variances = np.tile(spectrum(d), (count, 1)) * rng.uniform(0.3, 1.2, (count, 1))
    means = np.sqrt(spectrum(d)) * (1 + 1.4 * rng.normal(size=(count, d)))
    weights = rng.uniform(0.3, 1.0, count)
    return Mixture(weights / weights.sum(), means, variances)


def heavy_tailed(d: int) -> Mixture:
    """Returns a Gaussian whose deviations are three times as large in one image of ten."""
    variances = np.stack([spectrum(d) * 0.6, spectrum(d) * 5.4])
    means = np.tile(np.sqrt(spectrum(d)), (2, 1))
    return Mixture(np.array([0.9, 0.1]), means, variances)
