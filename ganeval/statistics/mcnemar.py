"""McNemar's test of two answers to the same questions."""

from __future__ import annotations

from scipy.special import bdtr


def mcnemar_exact(b: int, c: int) -> float:
    """Returns the two-sided p of "both are right equally often", min(1, 2 P(Bin(b+c, 1/2) <= min)).

    Args:
        b: Questions that the first alone answers rightly.
        c: Questions that the second alone answers rightly.

    Raises:
        ValueError: A count is negative.

    Source: McNemar, Psychometrika 12 (1947) 153, with the binomial distribution itself.
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts {b} and {c} are not both 0 or more")
    if b == c:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5)))
