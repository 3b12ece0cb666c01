"""Can these two arrays be the mean and covariance of something?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.metrics.rows import Floats

_ASYMMETRY = 1e-6  # of the largest entry
_NEGATIVE = 1e-6  # of the largest eigenvalue


def checked_covariance(
    mu: npt.NDArray[Any],
    sigma: npt.NDArray[Any],
    name: str,
    labels: tuple[str, str] = ("mu", "sigma"),
) -> tuple[Floats, Floats]:
    """Returns a mean ``[d]`` and covariance ``[d, d]`` in float64, the latter made symmetric.

    Args:
        mu: The mean.
        sigma: The covariance, symmetric to 1e-6 of its largest entry, its smallest eigenvalue not
            below -1e-6 of the largest.
        name: What holds them, for messages.
        labels: What the two are called there.

    Raises:
        InputError: They cannot be a mean and a covariance; the message says why.
    """
    for label, array in zip(labels, (mu, sigma), strict=True):
        if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
            raise InputError(f"{name}: {label} holds {array.dtype}, not real numbers")
    if mu.ndim != 1 or len(mu) == 0 or sigma.shape != (len(mu), len(mu)):
        raise InputError(
            f"{name}: {labels[0]} {mu.shape} and {labels[1]} {sigma.shape} are not of shapes "
            "[d] and [d, d]"
        )
    for label, array in zip(labels, (mu, sigma), strict=True):
        if not np.isfinite(array).all():
            raise InputError(f"{name}: {label} holds NaN or infinity")
    covariance = sigma.astype(np.float64)
    if np.abs(covariance - covariance.T).max() > _ASYMMETRY * np.abs(covariance).max():
        raise InputError(f"{name}: {labels[1]} is not symmetric, so it is no covariance")
    covariance = (covariance + covariance.T) / 2
    if not _is_semidefinite(covariance):
        raise InputError(f"{name}: {labels[1]} has a negative eigenvalue, so it is no covariance")
    return mu.astype(np.float64), covariance


def _is_semidefinite(covariance: Floats) -> bool:
    """Tries a Cholesky factor first, which is several times faster than eigenvalues."""
    margin = _NEGATIVE * float(np.diag(covariance).max())
    try:
        np.linalg.cholesky(covariance + margin * np.eye(len(covariance)))
    except np.linalg.LinAlgError:
        values = np.linalg.eigvalsh(covariance)
        return bool(values[0] >= -_NEGATIVE * values[-1])
    return True
