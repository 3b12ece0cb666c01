"""When a difference is called one, and how it is written."""

from __future__ import annotations

import math
from typing import Final, Literal

Change = Literal["rose", "fell", "unchanged", "undecided"]

LEVEL: Final = 0.05

MARGINS: Final = {
    "gini": 0.03,
    "hoyer": 0.03,
    "effective_area": 0.03,
    "spread": 0.03,
    "ssim": 0.03,
    "iou10": 0.03,
    "sim": 0.03,
    "shift": 0.03,
    "mass": 0.03,
    "rank_acc": 0.03,
    "pointing": 0.03,
    "lift": 0.1,
    "spearman": 0.05,
    "kappa": 0.1,
    "probability": 0.03,
    "grad_l1": math.log(1.1),
}
"""Differences within these are called none; of ``grad_l1``, of the logarithms of the ratios."""

LOGIT_MARGIN: Final = 0.1
"""Margin of the logit, as a share of the standard deviation of the logits before."""


def margin_of(name: str, logit_sd: float | None = None) -> float:
    """Returns the margin within which a difference is called none.

    Args:
        name: A measure.
        logit_sd: Standard deviation of the logits before; ``logit`` needs it.

    Raises:
        ValueError: The measure has no margin, or ``logit`` comes without its standard deviation.
    """
    if name == "logit":
        if logit_sd is None:
            raise ValueError("the margin of the logit needs the standard deviation before")
        return LOGIT_MARGIN * logit_sd
    if name not in MARGINS:
        raise ValueError(f"{name} has no margin")
    return MARGINS[name]


def direction(
    name: str,
    shift: float,
    low: float,
    high: float,
    p_holm: float | None,
    margin: float | None = None,
) -> Change:
    """Returns what may be said of a difference.

    It rose or fell when the adjusted p is below .05 and the shift beyond the margin; it is
    unchanged when the whole interval lies within the margin; else it is undecided.

    Args:
        name: The measure; its margin is taken where none is given.
        shift: Typical difference, after less before.
        low: Lower end of its interval.
        high: Upper end.
        p_holm: Adjusted for all tests of the run; None: no test was made.
        margin: Above or equal to 0.

    Raises:
        ValueError: No margin is given and the measure has none.
    """
    margin = margin_of(name) if margin is None else margin
    if p_holm is not None and p_holm < LEVEL and abs(shift) > margin:
        return "rose" if shift > 0 else "fell"
    return "unchanged" if -margin <= low and high <= margin else "undecided"


def number(value: float) -> str:
    """Writes a number with two digits that mean something, at least two behind the point."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    places = max(2, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(places, 4)}f}" if abs(value) >= 1e-4 else f"{value:.1e}"


def signed(value: float) -> str:
    """Writes a difference with its sign."""
    text = number(value)
    return text if text.startswith("-") or value == 0 else f"+{text}"


def with_interval(value: float, low: float, high: float) -> str:
    """Writes a difference with its interval, as -0.99 [-1.40, -0.60]."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return signed(value)
    return f"{signed(value)} [{signed(low)}, {signed(high)}]"


def change_text(
    name: str, change: Change, shift: float, low: float, high: float, margin: float
) -> str:
    """Writes what became of a measure, as "gini unchanged within 0.03" or "logit fell (...)".

    Args:
        name: As a reader knows the measure.
        change: What `direction` returns.
        shift: Typical difference, after less before.
        low: Lower end of its interval.
        high: Upper end.
        margin: Within which a difference is called none.
    """
    if change == "unchanged":
        return f"{name} unchanged within {margin:.2g}"
    return f"{name} {change} ({with_interval(shift, low, high)})"
