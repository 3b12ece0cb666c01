"""What the verdict may claim."""

from __future__ import annotations

import pytest

from ganeval.metrics.verdict import ranking_verdict, verdict
from ganeval.records import Difference, Estimate, Floor, Metric, Notice, Test


def distance(excess_low: float | None) -> Metric:
    floor = None
    if excess_low is not None:
        excess = Estimate(value=excess_low + 1, se=0.5, low=excess_low, high=excess_low + 2)
        floor = Floor(half_size=50, splits=5, cross=9, floor_real=4, floor_fake=4, excess=excess)
    return Metric(
        name="fid",
        display="FID",
        fake="f",
        estimate=Estimate(value=60.0),
        direction="lower",
        floor=floor,
    )


def kid(p: float) -> Metric:
    test = Test(null="the sets share one distribution", p=p, method="permutation")
    estimate = Estimate(value=0.01)
    return Metric(
        name="kid", display="KID", fake="f", estimate=estimate, direction="lower", test=test
    )


@pytest.mark.parametrize(
    ("excess_low", "p", "said"),
    [
        (0.5, 0.001, "differ from the reals by more than chance"),
        (-0.5, 0.4, "No difference"),
        (0.5, 0.4, "mixed"),
        (-0.5, 0.001, "mixed"),
        (None, 0.001, "differ from the reals by more than chance"),
    ],
)
def test_a_difference_needs_excess_and_kid_to_agree(
    excess_low: float | None, p: float, said: str
) -> None:
    assert said in verdict([distance(excess_low), kid(p)], [])


def test_a_distance_alone_claims_nothing() -> None:
    assert "cannot tell" in verdict([distance(None)], [])


def test_identical_sets_are_called_so() -> None:
    notices = [Notice(code="identical_sets", text="")]
    assert "the same images" in verdict([distance(1.0), kid(0.001)], notices)


@pytest.mark.parametrize(("p", "said"), [(0.001, "differ from the reals"), (0.4, "No difference")])
def test_kid_alone_can_tell(p: float, said: str) -> None:
    assert said in verdict([kid(p)], [])


def difference(metric: str, a: str, b: str, better: str | None) -> Difference:
    return Difference(
        metric=metric,
        display=metric,
        a=a,
        b=b,
        estimate=Estimate(value=1.0),
        p=0.01,
        p_holm=0.01,
        better=better,
        paired=True,
    )


@pytest.mark.parametrize(
    ("excess", "kid", "said"),
    [
        ("a", "a", "a is closer to the reals than b"),
        ("b", "b", "b is closer to the reals than a"),
        ("a", "b", "The metrics disagree"),
        ("a", None, "is not resolved"),
        (None, None, "is not resolved"),
    ],
)
def test_one_of_two_sets_is_closer_only_where_both_metrics_say_so(
    excess: str | None, kid: str | None, said: str
) -> None:
    found = [difference("excess", "a", "b", excess), difference("kid", "a", "b", kid)]
    assert said in ranking_verdict(["a", "b"], found)


def test_of_three_sets_the_best_must_beat_all_others() -> None:
    def both(a: str, b: str, better: str | None) -> list[Difference]:
        return [difference(metric, a, b, better) for metric in ("excess", "kid")]

    found = both("a", "b", "b") + both("a", "c", "c") + both("b", "c", "b")
    assert ranking_verdict(["a", "b", "c"], found).startswith("b is closer to the reals than every")
    found = both("a", "b", "b") + both("a", "c", "c") + both("b", "c", None)
    text = ranking_verdict(["a", "b", "c"], found)
    assert text.startswith("No set is closer to the reals than all others")
    assert "b before a, c before a" in text


def test_without_the_deciding_metrics_no_set_is_called_closer() -> None:
    assert "--metrics fid,kid" in ranking_verdict(["a", "b"], [difference("mind", "a", "b", "a")])
