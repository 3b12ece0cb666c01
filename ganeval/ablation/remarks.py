"""What a reader must know beside a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.ablation.judged import Diverged, Judged
from ganeval.ablation.sentences import p_text


def remarks(judged: Judged, aa: Sequence[float | None] | None, lost: Sequence[int]) -> list[str]:
    """Returns the notes of a comparison, the gravest first.

    Args:
        judged: The comparison.
        aa: Values of the base with other seeds, None among them where a run diverged; None
            without such an arm.
        lost: Seeds that only one of the two arms has.
    """
    notes = [*_of_noise(judged, aa), *map(_of_diverged, judged.diverged)]
    if lost:
        seeds = ", ".join(map(str, lost))
        notes.append(f"left out, since only one of the two arms has them: seeds {seeds}")
    if judged.effect and judged.effect.range and judged.seed_interval:
        low, high = (value * judged.scale for value in judged.effect.range)
        notes.append(f"the differences of the {judged.n} seeds range from {low:.3g} to {high:.3g}")
    if judged.pairing_gain is not None and judged.pairing_gain < 0:
        notes.append(
            "pairs of equal seeds vary more than independent runs would "
            f"(pairing gain {judged.pairing_gain:.2f}): usual for chaotic training"
        )
    return [*notes, *_of_interval(judged)]


def _of_noise(judged: Judged, aa: Sequence[float | None] | None) -> list[str]:
    if judged.noise is None:
        if aa is None:
            return ["no A/A arm: the noise floor of this study is unknown"]
        return ["too few runs of the A/A arm: the noise floor of this study is unknown"]
    notes = []
    noise = judged.noise
    if noise.differs:
        notes.append(
            f"the noise arm itself differs: {judged.against} against itself with other seeds "
            f"has p {p_text(noise.p)}"
        )
    if not noise.ok:
        notes.append(
            f"defect of this study: its test rejects in {100 * noise.rejections:.0f} % of the "
            f"pairings of equal runs, where {100 * noise.alpha:g} % was meant"
        )
    gone = sum(value is None for value in aa or ())
    if gone:
        notes.append(
            f"{gone} of {len(aa or ())} runs of the A/A arm diverged and are left out of it"
        )
    return notes


def _of_diverged(arm: Diverged) -> str:
    return (
        f"{len(arm.seeds)} of {arm.runs} runs of {arm.arm} diverged "
        f"(95 % interval {100 * arm.low:.0f} % to {100 * arm.high:.0f} %): each counts as the "
        "worst value observed; the analysis without those pairs stands beside"
    )


def _of_interval(judged: Judged) -> list[str]:
    """Where test and interval over seeds do not say the same; never before a verdict by test."""
    interval = judged.seed_interval
    if interval is None or judged.p is None:
        return []
    beyond = interval.low > 0 or interval.high < 0
    if beyond == (judged.p <= judged.alpha):
        return []
    said = "excludes 0 while the test" if beyond else "holds 0 while the test rejects"
    return [
        f"the interval over seeds {said}{' does not reject' if beyond else ''}; "
        "the verdict follows the test"
    ]
