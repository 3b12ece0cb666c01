"""One sentence a reader may quote: what the numbers say, and what they cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganeval.records import Metric, Notice

_ALPHA = 0.05


def verdict(metrics: Sequence[Metric], warnings: Sequence[Notice]) -> str:
    """Says whether these images show a difference between fakes and reals.

    A difference is claimed only where all that can tell one from chance agrees: the excess over the
    sampling floor (its whole interval above 0) and the permutation test of KID (p < 0.05). The
    distance alone never claims one, because at few images it is mostly sampling floor.
    """
    if any(notice.code == "identical_sets" for notice in warnings):
        return "Both sets hold the same images, so nothing tells them apart."
    answers = [x for metric in metrics for x in _answers(metric)]
    if not answers:
        return (
            f"{metrics[0].display} alone cannot tell whether the fakes differ from the reals by "
            "more than chance: KID and the sampling floor need the features of both sides."
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
