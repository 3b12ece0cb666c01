"""What the verdict may claim."""

from __future__ import annotations

import pytest

from ganeval.metrics.verdict import verdict
from ganeval.records import Estimate, Floor, Metric, Notice, Test


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
