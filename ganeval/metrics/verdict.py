"""One sentence a reader may quote: what the numbers say, and what they cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ganeval.records import Difference, Metric, Notice

_ALPHA = 0.05
_NAMES = {"excess": "the distance above its floor", "fid": "the Fréchet distance"}
_SCOPE = "This covers the choice of images, not the random seed of training."


def verdict(metrics: Sequence[Metric], warnings: Sequence[Notice]) -> str:
    """Says whether these images show a difference between fakes and reals.

    A difference is claimed only where all that can tell one from chance agrees: the excess over the
    sampling floor (its whole interval above 0) and the permutation test of KID (p < 0.05). The
    distance alone never claims one, because at few images it is mostly sampling floor.
    """
    if any(notice.code == "identical_sets" for notice in warnings):
        return "Both sets hold the same images, so nothing tells them apart."
    answers = [x for metric in metrics for x in _answers(metric)]
    if not answers and not {metric.name for metric in metrics} & {"fid", "fd", "kid"}:
        return "Whether the fakes differ from the reals is told by --metrics fid,kid, not by these."
    if not answers:
        return (
            f"{metrics[0].display} alone cannot tell whether the fakes differ from the reals by "
            "more than chance: that takes KID's permutation test or the sampling floor, which need "
            "the features of both sides."
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


def _answers(metric: Metric) -> Iterator[bool]:
    """What a metric says on whether there is a difference beyond chance."""
    if metric.floor is not None and metric.floor.excess.low is not None:
        yield metric.floor.excess.low > 0.0
    if metric.test is not None:
        yield metric.test.p < _ALPHA


def ranking_verdict(labels: Sequence[str], differences: Sequence[Difference]) -> str:
    """Says which of several fake sets is closer to the reals, where the evidence says it.

    One set is called closer than another only where the excess over the sampling floor (the
    Fréchet distance itself, where there are so many images that it has no floor) and KID both name
    it the better one, after Holm's correction over all pairs of sets.

    Args:
        labels: The fake sets.
        differences: Their differences by every metric.
    """
    if not differences:
        return "No two of these fake sets can be compared; what stands against it is told below."
    measured = {one.metric for one in differences}
    distance = "excess" if "excess" in measured else "fid"
    if not {distance, "kid"} <= measured:
        return (
            "No set is called closer to the reals: that takes the Fréchet distance and KID, with "
            "the features of all sets (--metrics fid,kid)."
        )
    closer = {
        pair: _closer(pair, [one for one in differences if one.metric in (distance, "kid")])
        for pair in combinations(labels, 2)
    }
    if len(labels) == 2:
        pair = labels[0], labels[1]
        return _of_two(*pair, closer[pair], _NAMES[distance])
    for label in labels:
        if all(found == label for pair, found in closer.items() if label in pair):
            return (
                f"{label} is closer to the reals than every other set: {_NAMES[distance]} and KID "
                f"agree. {_SCOPE}"
            )
    resolved = [
        f"{found} before {pair[0] if found == pair[1] else pair[1]}"
        for pair, found in closer.items()
        if found in pair
    ]
    told = f" Resolved: {', '.join(resolved)}." if resolved else ""
    return f"No set is closer to the reals than all others beyond chance.{told} {_SCOPE}"


_DISAGREE = ""  # no label is empty


def _closer(pair: tuple[str, str], differences: Sequence[Difference]) -> str | None:
    """The closer set of two, ``disagree``, or None where nothing is resolved."""
    named = [one.better for one in differences if {one.a, one.b} == set(pair)]
    if len(named) == 2 and None not in named and len(set(named)) == 1:
        return named[0]
    return _DISAGREE if len(set(named) - {None}) == 2 else None


def _of_two(a: str, b: str, closer: str | None, distance: str) -> str:
    if closer == _DISAGREE:
        return (
            f"The metrics disagree: {distance} and KID name different sets, so neither {a} nor {b} "
            "is called closer to the reals."
        )
    if closer is None:
        return (
            f"Which of {a} and {b} is closer to the reals is not resolved by these images. {_SCOPE}"
        )
    other = a if closer == b else b
    return f"{closer} is closer to the reals than {other}: {distance} and KID agree. {_SCOPE}"
