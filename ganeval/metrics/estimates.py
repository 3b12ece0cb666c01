"""From a value and its spread to the `Estimate` that a record holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ganeval.records import Estimate, Role
from ganeval.statistics.groups import Codes, group_count
from ganeval.statistics.intervals import share_interval, t_interval

FEWEST_GROUPS = 5  # on a side, for the standard error of a Fréchet distance


@dataclass(frozen=True)
class Spread:
    """A standard error with its degrees of freedom and method, or the reason for none."""

    se: float | None = None
    df: int = 0
    method: str = ""
    reason: str | None = None


def too_few_groups(codes: Mapping[Role, Codes], least: int) -> Spread | None:
    """Returns the reason why there is no standard error where a side has too few groups.

    Args:
        codes: Group of every image, per side that contributes to the standard error.
        least: Fewest groups a side must have.
    """
    for role, side in codes.items():
        if group_count(side) < least:
            return Spread(
                reason=f"a standard error needs at least {least} independent groups of images per "
                f"side; the {role} side has {group_count(side)}"
            )
    return None


def degrees_of_freedom(codes: Mapping[Role, Codes]) -> int:
    """Returns the groups of the side that has fewest, less one."""
    return min(group_count(side) for side in codes.values()) - 1


def estimate_of(
    value: float,
    spread: Spread,
    *,
    n: Mapping[str, int | None],
    method: str,
    covers: str,
    level: float,
    lower_bound: float = -math.inf,
    upper_bound: float = math.inf,
    share_of: int | None = None,
) -> Estimate:
    """Returns the estimate with its t interval, or with the reason why it has none.

    Args:
        value: The estimate.
        spread: Its standard error.
        n: Images per side; None: unknown, left out.
        method: How the value was computed; the spread's method is added.
        covers: What the interval is an interval for.
        level: Confidence level.
        lower_bound: Smallest value the quantity can have.
        upper_bound: Largest value the quantity can have.
        share_of: Number of independent units where the value is a share of images; None: it is
            none.
    """
    known = {role: count for role, count in n.items() if count is not None}
    if spread.se is None:
        return Estimate(value=value, n=known, level=level, method=method, reason=spread.reason)
    if share_of is None:
        kind = "value ± t·SE"
        low, high = t_interval(value, spread.se, spread.df, level, lower_bound, upper_bound)
    else:
        kind = "Wilson's interval with t·SE"
        low, high = share_interval(value, spread.se, spread.df, share_of, level)
    return Estimate(
        value=value,
        se=spread.se,
        low=low,
        high=high,
        level=level,
        n=known,
        method=f"{method}; SE: {spread.method}; {kind}, {spread.df} degrees of freedom",
        covers=covers,
    )
