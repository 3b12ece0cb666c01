"""How much of a map lies on an object, and what an uninformed map would reach."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from ganeval.saliency.measures import Measures, highest, prepared

LOCALISATION: Final = ("mass", "lift", "rank_acc", "pointing")

TOLERANCE: Final = 15 / 224
"""How far beside the object the highest pixel still counts as a hit, as a share of the side."""

Mask = npt.NDArray[np.bool_]


def localise(values: npt.NDArray[Any], mask: Mask) -> Measures:
    """Compares a map with the region of an object.

    ``mass``: share of the map's sum that lies in the region; by chance the region's share of the
    image. ``lift``: that share divided by the region's; by chance 1. ``rank_acc``: of as many of
    the highest pixels as the region has, the share that lies in it; by chance the region's share.
    ``pointing``: 1 where the highest pixel lies in the region or within 15 px of it at a side of
    224 px, else 0; by chance `random_pointing`.

    Args:
        values: float ``[S, S]`` of any sign.
        mask: bool ``[S, S]``, True on the object.

    Returns:
        By the names of `LOCALISATION`; all None where the map has no measures or the region is
        empty.

    Raises:
        ValueError: The shapes differ, or are no squares.

    Source: ``mass`` and ``rank_acc``: Arras et al., arXiv 2003.07258; ``pointing``: Zhang et al.,
    arXiv 1608.00507.
    """
    if values.shape != mask.shape:
        raise ValueError(f"a mask of {mask.shape} does not fit a map of {values.shape}")
    ready = prepared(values)
    size = int(mask.sum())
    if ready is None or size == 0:
        return dict.fromkeys(LOCALISATION)
    mass = min(1.0, float(ready.shares[mask].sum()))
    inside = highest(ready.values, size) & mask.ravel()
    row, column = divmod(int(ready.values.argmax()), len(mask))
    return {
        "mass": mass,
        "lift": mass * mask.size / size,
        "rank_acc": int(inside.sum()) / size,
        "pointing": _hit(mask, row, column),
    }


def centre_pointing(mask: Mask) -> float | None:
    """Returns 1 where the middle of the image would be a hit of ``pointing``, else 0.

    Args:
        mask: bool ``[S, S]``.

    Returns:
        None: The region is empty.
    """
    middle = (len(mask) - 1) / 2
    return _hit(mask, middle, middle) if mask.any() else None


def random_pointing(mask: Mask) -> float | None:
    """Returns the share of all pixels that would be a hit of ``pointing``.

    Args:
        mask: bool ``[S, S]``.

    Returns:
        None: The region is empty.
    """
    if not mask.any():
        return None
    distances = distance_transform_edt(~mask)
    return float((distances <= _reach(mask)).mean())


def _hit(mask: Mask, row: float, column: float) -> float:
    rows, columns = np.nonzero(mask)
    nearest = float(np.min((rows - row) ** 2 + (columns - column) ** 2))
    return float(nearest <= _reach(mask) ** 2)


def _reach(mask: Mask) -> float:
    return TOLERANCE * len(mask)
