"""How numbers are printed: rounded to their standard error, with a real minus sign."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from ganeval.records import Estimate

MISSING = "–"
_SMALLEST_SE = 1e-6
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Printed:
    """An `Estimate` as text; a part without a number is empty."""

    value: str
    se: str = ""
    interval: str = ""  # "58.6 to 65.9"
    level: str = ""  # "95 %"
    n: str = ""
    reason: str = ""

    @property
    def value_and_se(self) -> str:
        """Value with its standard error, for example ``62.3 ± 1.8``."""
        return f"{self.value} ± {self.se}" if self.se else self.value


def printed(estimate: Estimate, power: int = 0) -> Printed:
    """Rounds value, SE and interval to two significant digits of the SE.

    Args:
        estimate: What to print.
        power: The numbers are multiplied by ``10**power`` first.
    """
    scale = 10.0**power
    reason = estimate.reason or ""
    level = percent(estimate.level)
    n = ", ".join(f"{count:,} {side}" for side, count in estimate.n.items())
    if estimate.value is None:
        return Printed("no value", "", "", level, n, reason or "no reason was recorded")
    se = None if estimate.se is None else estimate.se * scale
    decimals = decimals_for(estimate.value * scale if se is None else se, 4 if se is None else 2)
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        low, high = (fixed(end * scale, decimals) for end in (estimate.low, estimate.high))
        interval = f"{low} to {high}"
    unit = f" {estimate.unit}" if estimate.unit else ""
    value = fixed(estimate.value * scale, decimals) + unit
    return Printed(value, "" if se is None else spread(se), interval, level, n, reason)


def decimals_for(number: float, digits: int) -> int:
    """Decimals that show ``digits`` significant digits; negative: rounded to tens, hundreds.

    At most 6, and 1 for a number that is exactly 0.
    """
    if number == 0:
        return 1
    # The exponent after rounding: 0.0996 with two digits is 0.10, not 0.100.
    exponent = int(f"{number:.{digits - 1}e}".partition("e")[2])
    return min(digits - 1 - exponent, 6)


def fixed(number: float, decimals: int) -> str:
    """Prints with that many decimals; never ``-0``."""
    rounded = round(number, decimals)
    text = f"{abs(rounded):.{max(decimals, 0)}f}"
    return f"−{text}" if rounded < 0 else text


def significant(number: float, digits: int) -> str:
    """Prints with that many significant digits."""
    return fixed(number, decimals_for(number, digits))


def spread(se: float) -> str:
    """Prints a standard error with two significant digits."""
    return f"{se:.1e}" if 0 < se < _SMALLEST_SE else significant(se, 2)


def p_value(p: float) -> str:
    """Prints a p-value; below 0.001 only that."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def exact_p(p: float) -> str:
    """Prints a p-value with two digits, however small: ``0.24``, ``3.1 × 10⁻¹²``."""
    if p >= 0.001:
        return f"{p:.2g}"
    digits, _, exponent = f"{p:.1e}".partition("e")
    return f"{digits}\u00a0×\u00a010{str(int(exponent)).translate(_SUPERSCRIPT)}" if p else "0"


def percent(level: float) -> str:
    """Prints a confidence level, for example ``95 %`` (with a no-break space)."""
    return f"{level * 100:g}\u00a0%"


def counts(numbers: dict[str, int], most: int = 5) -> str:
    """Prints counts per kind, largest first: ``JPEG (298), PNG (2)``; empty if there are none."""
    ranked = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{kind} ({count:,})" for kind, count in ranked[:most]]
    rest = sum(count for _, count in ranked[most:])
    if rest:
        shown.append(f"{len(ranked) - most} others ({rest:,})")
    return ", ".join(shown)


def duration(seconds: float) -> str:
    """Prints a wall time: ``0.8 s``, ``12 s``, ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(math.floor(seconds + 0.5), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(iso: str) -> str:
    """Prints an ISO 8601 time to the minute; text that is none stays as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return iso


def unbroken(text: str) -> str:
    """Keeps a number on one line with its standard error or percent sign."""
    return text.replace(" ± ", "\u00a0±\u00a0").replace(" %", "\u00a0%")


def short_digest(digest: str | None) -> str:
    """Returns the first 12 hex digits; a record holds all. Empty where there is none."""
    return digest[:12] if digest else ""


def written(value: object) -> str:
    """Prints a choice as people write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(written(one) for one in value) or "none"
    return str(value) or MISSING
