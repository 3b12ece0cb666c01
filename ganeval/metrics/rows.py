"""Feature rows: the checks every metric makes, and orders that do not depend on file names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.records import Role
from ganeval.statistics.groups import Codes, group_codes

Rows = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]

_SLICE = 4096  # rows handled at once where the whole set would not fit


class NonFiniteFeaturesError(InputError):
    """A feature vector holds NaN or infinity.

    Args:
        row: Index of the first such row.
        side: Which set it belongs to, where that is known.
    """

    def __init__(self, row: int, side: Role | None = None) -> None:
        name = "features" if side is None else f"{side} features"
        super().__init__(
            f"row {row} of the {name} holds NaN or infinity",
            hint="Look at that image and at the weights of the extractor.",
        )
        self.row = row
        self.side = side


def check_rows(rows: Rows, side: Role | None = None, *, at_least: int = 1) -> None:
    """Checks that features are a finite float ``[n, d]`` array with enough rows.

    Args:
        rows: The features.
        side: Which set they belong to, for the message.
        at_least: Smallest n the metric can work with.

    Raises:
        InputError: Wrong shape or dtype, or too few rows.
        NonFiniteFeaturesError: A row holds NaN or infinity.
    """
    name = "features" if side is None else f"{side} features"
    if rows.ndim != 2 or rows.shape[1] == 0 or not np.issubdtype(rows.dtype, np.floating):
        raise InputError(f"{name} must be a float array [n, d], got {rows.dtype} {rows.shape}")
    if len(rows) < at_least:
        got = len(rows) if side is None else f"{len(rows)} {side}"
        raise InputError(f"needs at least {at_least} images per side, got {got}")
    for start in range(0, len(rows), _SLICE):
        finite = np.isfinite(rows[start : start + _SLICE]).all(axis=1)
        if not finite.all():
            raise NonFiniteFeaturesError(start + int(np.argmin(finite)), side)


def check_same_dimension(real: int, fake: int) -> None:
    """Checks that both sides have features of one length d.

    Raises:
        InputError: They differ.
    """
    if real != fake:
        raise InputError(
            f"the real side has {real} features per image, the fake side {fake}",
            hint="Both sides need the same extractor and layer.",
        )


def centred(rows: Rows, mean: Floats) -> Floats:
    """Returns float64 rows minus a mean ``[d]``."""
    return np.subtract(rows, mean, dtype=np.float64)


def row_digests(rows: Rows) -> list[str]:
    """Returns one digest per row: names for images of which only the features are known."""
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in rows]


def in_digest_order(
    rows: Rows, codes: Codes, digests: Sequence[str] | None = None
) -> tuple[Rows, Codes]:
    """Orders rows by the digest of their image, so that seeded draws ignore names and file order.

    Args:
        rows: Features ``[n, d]``.
        codes: Group of each row, int ``[n]``.
        digests: Content digest of each image; None: the digest of its features stands in.

    Returns:
        The rows in that order, and their groups numbered anew by first appearance.

    Raises:
        InputError: There is not exactly one digest per row.
    """
    order = digest_order(rows, digests)
    if np.array_equal(order, np.arange(len(rows))):  # spares large sets a copy
        return rows, codes
    return rows[order], group_codes(codes[order].tolist(), len(rows))


def digest_order(rows: Rows, digests: Sequence[str] | None = None) -> npt.NDArray[np.int64]:
    """Returns the order of rows by digest, equal ones as they stand, int64 ``[n]``.

    Args:
        rows: Features ``[n, d]``.
        digests: Content digest of each image; None: the digest of its features stands in.

    Raises:
        InputError: There is not exactly one digest per row.
    """
    names = row_digests(rows) if digests is None else digests
    if len(names) != len(rows):
        raise InputError(f"{len(names)} digests were given for {len(rows)} rows of features")
    return np.array(sorted(range(len(rows)), key=names.__getitem__), dtype=np.int64)


def hold_same_rows(real: Rows, fake: Rows) -> bool:
    """Tells whether two sets hold exactly the same rows, in whatever order."""
    if real.shape != fake.shape or real.dtype != fake.dtype:
        return False
    if not np.array_equal(np.sort(real[:, 0]), np.sort(fake[:, 0])):  # spares most sets the rest
        return False
    return sorted(row_digests(real)) == sorted(row_digests(fake))
