"""The sentence of every verdict; what it may say is decided by the verdict alone."""

from __future__ import annotations

import math

from ganeval.ablation.judged import Judged


def sentence(judged: Judged) -> str:
    """Returns the verdict of a comparison in words, with its numbers.

    Args:
        judged: The comparison; its ``kind`` chooses the sentence.
    """
    said = {
        "invalid": _invalid,
        "single_run": _single_run,
        "underpowered": _underpowered,
        "difference": _difference,
        "equivalent": _equivalent,
        "undecided": _undecided,
    }[judged.kind](judged)
    return f"Exploratory, not declared in advance. {said}" if judged.exploratory else said


def p_text(p: float, digits: int = 2) -> str:
    """Returns a p-value without exponent: 0.0625 with three digits, 0.063 with two."""
    decimals = max(0, digits - 1 - math.floor(math.log10(p)))
    text = f"{p:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Values:
    """Values of one comparison as text: scaled, all with the same number of decimals.

    Two digits of the interval's half width are shown, or of the difference where there is none.
    """

    def __init__(self, judged: Judged) -> None:
        self._scale = judged.scale
        size = abs(judged.mean or 0.0)
        if judged.interval and judged.interval.high > judged.interval.low:
            size = (judged.interval.high - judged.interval.low) / 2
        size *= judged.scale
        self._decimals = min(8, max(0, 1 - math.floor(math.log10(size)))) if size > 0 else 2

    def signed(self, value: float) -> str:
        text = f"{value * self._scale:+.{self._decimals}f}"
        return text if float(text) else text[1:]

    def plain(self, value: float) -> str:
        text = f"{value * self._scale:.{self._decimals}f}"
        return text if float(text) or not text.startswith("-") else text[1:]

    def size(self, value: float) -> str:
        """A size that is never rounded to 0."""
        text = self.plain(abs(value))
        return text if float(text) or not value else f"{abs(value) * self._scale:.1g}"

    def bracket(self, judged: Judged) -> str:
        if judged.interval is None:
            return ""
        return f" [{self.plain(judged.interval.low)}, {self.plain(judged.interval.high)}]"


def _mean(judged: Judged) -> float:
    return judged.effect.mean if judged.effect else 0.0


def _better_or_worse(judged: Judged) -> str:
    return "better" if (_mean(judged) < 0) == (judged.better == "lower") else "worse"


def _runs(judged: Judged) -> str:
    """How many runs there were, as "8 seeds" or "5 and 6 seeds, unpaired"."""
    if judged.paired:
        return f"{judged.n} seeds"
    if judged.n == judged.n_base:
        return f"{judged.n} seeds per arm, unpaired"
    return f"{judged.n} and {judged.n_base} seeds, unpaired"


def _comparisons(judged: Judged) -> str:
    if judged.family_size == 1:
        return "this comparison"
    return f"these {judged.family_size} comparisons"


def _invalid(judged: Judged) -> str:
    reason = judged.reason or "the two arms cannot be compared"
    return f"No conclusion: {reason.rstrip('.')}."


def _single_run(judged: Judged) -> str:
    values = _Values(judged)
    by = f"{judged.label} {values.signed(_mean(judged))}{values.bracket(judged)}"
    how = " (images resampled)" if judged.interval else " (spread over images not known)"
    return (
        f"{judged.variant} and {judged.against}: these two image sets differ by {by}{how}; "
        "one training run each, so this says nothing about the methods."
    )


def _underpowered(judged: Judged) -> str:
    smallest, holm = judged.smallest_p or 1.0, judged.smallest_holm or 1.0
    adjusted = f" (Holm: {p_text(holm)})" if judged.family_size > 1 else ""
    if judged.paired:
        seeds = f"n = {judged.n} paired seeds"
    elif judged.n == judged.n_base:
        seeds = f"n = {judged.n} unpaired seeds per arm"
    else:
        seeds = f"{judged.n} and {judged.n_base} unpaired seeds"
    parts = [
        f"Underpowered by design: with {seeds} the smallest possible p is "
        f"{p_text(smallest, 3)}{adjusted}, so no difference could have been declared.",
        f"Observed: {_observed(judged)}.",
    ]
    if judged.needed_seeds is not None:
        per_arm = "" if judged.paired else " per arm"
        needed = f"{judged.needed_seeds} seeds{per_arm} would be needed"
        parts.append(f"{needed} for {_comparisons(judged)}{_still_invisible(judged)}.")
    return " ".join(parts)


def _observed(judged: Judged) -> str:
    mean = _mean(judged)
    direction = "lower" if mean < 0 else "higher"
    what = f"{judged.label} {_Values(judged).size(mean)} {direction}"
    if not mean:
        what = f"{judged.label} equal on average"
    poi = judged.poi if judged.poi is not None else 0.5
    if not judged.paired:
        return f"{what} (better in {100 * poi:.0f} % of all pairs of a run of each)"
    sign = -1 if judged.better == "lower" else 1
    gains = [sign * d for d in judged.diffs]
    ties = sum(gain == 0 for gain in gains)
    equal = f", {ties} equal" if ties else ""
    return f"{what} ({sum(gain > 0 for gain in gains)} of {judged.n} seeds better{equal})"


def _still_invisible(judged: Judged) -> str:
    if not judged.mde_at_needed or math.isinf(judged.mde_at_needed):
        return ""
    return f"; effects below {_Values(judged).size(judged.mde_at_needed)} stay invisible even then"


def _difference(judged: Judged) -> str:
    values = _Values(judged)
    p = judged.p_holm if judged.p_holm is not None else judged.p
    name = "Holm p" if judged.p_holm is not None and judged.family_size > 1 else "p"
    band = "no A/A arm to compare with"
    if judged.noise is not None:
        outside = abs(_mean(judged)) > judged.noise.half_width
        side = "outside" if outside else "but inside"
        band = f"{side} the A/A band ±{values.size(judged.noise.half_width)}"
    return (
        f"{judged.variant} is {_better_or_worse(judged)}: {judged.label} "
        f"{values.signed(_mean(judged))}{values.bracket(judged)} over {_runs(judged)}, "
        f"{name} {p_text(p or 1.0)}, {band}."
    )


def _equivalent(judged: Judged) -> str:
    values = _Values(judged)
    margin, p = values.size(judged.margin or 0.0), max(judged.equivalence_p or 0.0, 1e-6)
    return (
        f"{judged.variant} and {judged.against} are equal within ±{margin}: {judged.label} "
        f"{values.signed(_mean(judged))}{values.bracket(judged)} over {_runs(judged)}, "
        f"p {p_text(p)} by two one-sided t tests."
    )


def _undecided(judged: Judged) -> str:
    values = _Values(judged)
    finds = "what this design finds is not known"
    if judged.mde and not math.isinf(judged.mde):
        finds = (
            f"this design finds differences of {values.size(judged.mde)} or more "
            f"with {100 * judged.power:.0f} % power"
        )
    return (
        f"Undecided: {judged.label} {values.signed(_mean(judged))}{values.bracket(judged)} "
        f"over {_runs(judged)}; {finds}."
    )
