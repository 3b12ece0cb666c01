"""Standard errors by leaving groups out, by influence, and by drawing groups again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganeval.statistics.groups import Codes, group_count, group_members

Floats = npt.NDArray[np.float64]


def jackknife_standard_error(replicates: Floats) -> float:
    """Returns the delete-a-group jackknife's standard error, √((G-1)/G · Σ(θ_g - mean θ)²).

    Args:
        replicates: float ``[G]``, the estimate without group g.

    Source: Tukey, Annals of Mathematical Statistics 29 (1958) 614; Shao and Tu, The Jackknife and
    Bootstrap (1995), section 2.3.
    """
    count = len(replicates)
    return float(np.sqrt((count - 1) / count * np.square(replicates - replicates.mean()).sum()))


def jackknife_bias(value: float, replicates: Floats) -> float:
    """Returns the part of the bias that shrinks as 1/n, (G-1)(mean θ_g - θ).

    Args:
        value: The estimate from everything.
        replicates: float ``[G]``, the estimate without block g; blocks of nearly equal size.

    Source: Quenouille, Biometrika 43 (1956) 353.
    """
    return (len(replicates) - 1) * (float(replicates.mean()) - value)


def influence_standard_error(contributions: Floats, codes: Codes) -> float:
    """Returns √(G/(G-1) · Σ_g (Σ_{i in g} ψ_i)²), the infinitesimal jackknife over groups.

    Args:
        contributions: float ``[n]``, each item's influence divided by n; they sum to 0.
        codes: int ``[n]``, the group of every item; at least two groups.

    Source: Jaeckel, Bell Laboratories memorandum MM 72-1215-11 (1972); Hampel, Journal of the
    American Statistical Association 69 (1974) 383.
    """
    count = group_count(codes)
    sums = np.bincount(codes, weights=contributions, minlength=count)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum()))


def redrawn_groups(codes: Codes, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Returns the item indices of as many groups as there are, drawn with replacement.

    Source: Efron, Annals of Statistics 7 (1979) 1.
    """
    members = group_members(codes)
    return np.concatenate(
        [members[group] for group in rng.integers(len(members), size=len(members))]
    )


def redraw_counts(
    strata: npt.NDArray[np.int64], draws: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Returns how often each group is drawn when groups are redrawn within their strata.

    Args:
        strata: int ``[G]``, the stratum of every group; each keeps its number of groups.
        draws: Number of bootstrap draws B.
        rng: Source of the draws.

    Returns:
        int64 ``[B, G]``.
    """
    counts = np.empty((draws, len(strata)), dtype=np.int64)
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        shares = np.full(len(inside), 1 / len(inside))
        counts[:, inside] = rng.multinomial(len(inside), shares, size=draws)
    return counts
