"""One sentence a reader may quote: what the numbers say, and what they cannot."""

from __future__ import annotations

from ganeval.records import Metric, Notice

_ALPHA = 0.05


def verdict(distance: Metric, kid: Metric | None, warnings: list[Notice]) -> str:
    """Says whether these images show a difference between fakes and reals.

    A difference is claimed only where both the excess over the sampling floor (its whole interval
    above 0) and the permutation test of KID (p < 0.05) show it; the distance alone never claims
    one, because at few images it is mostly sampling floor.
    """
    if any(notice.code == "identical_sets" for notice in warnings):
        return "Both sets hold the same images, so their distance is exactly 0."
    excess = distance.floor.excess if distance.floor else None
    by_excess = None if excess is None or excess.low is None else excess.low > 0.0
    by_kid = None if kid is None or kid.test is None else kid.test.p < _ALPHA
    answers = [answer for answer in (by_excess, by_kid) if answer is not None]
    name = distance.display
    if not answers:
        return (
            f"{name} alone cannot tell whether the fakes differ from the reals by more than chance:"
            " KID and the sampling floor need the images or features of both sides."
        )
    if all(answers):
        return "The fakes differ from the reals by more than chance can explain."
    if not any(answers):
        return (
            "No difference between fakes and reals is shown beyond chance; "
            "with more images a smaller one could be."
        )
    return (
        "The evidence is mixed: the excess over the sampling floor and KID disagree on whether "
        "the fakes differ from the reals beyond chance."
    )
