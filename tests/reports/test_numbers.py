from __future__ import annotations

import pytest

from ganeval.records import Estimate
from ganeval_reports.numbers import (
    counts,
    decimals_for,
    duration,
    fixed,
    moment,
    p_value,
    printed,
    significant,
    unbroken,
)


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (62.3181, 1.8372, "62.3 ± 1.8"),
        (62.3181, 18.372, "62 ± 18"),
        (1234.5, 183.0, "1230 ± 180"),
        (0.0270412, 0.00131, "0.0270 ± 0.0013"),
        (5.0, 0.0996, "5.00 ± 0.10"),  # the SE gains a digit when it is rounded
        (-0.0012, 0.5, "0.00 ± 0.50"),  # never −0.00
        (-3.21, 0.5, "−3.21 ± 0.50"),
        (0.0, 0.0, "0.0 ± 0.0"),
        (0.0, 1e-12, "0.000000 ± 1.0e-12"),
        (62.3181, None, "62.32"),
    ],
)
def test_numbers_are_rounded_to_two_digits_of_their_standard_error(
    value: float, se: float | None, shown: str
) -> None:
    assert printed(Estimate(value=value, se=se)).value_and_se == shown


def test_interval_has_the_decimals_of_its_value_and_the_scale_of_its_metric() -> None:
    kid = Estimate(value=0.02704, se=0.00131, low=-0.00047, high=0.0296, level=0.9)
    number = printed(kid, power=3)
    assert (number.value, number.interval, number.level) == ("27.0", "−0.5 to 29.6", "90\u00a0%")


def test_a_missing_number_gives_its_reason_and_no_digits() -> None:
    number = printed(Estimate(value=None, reason="fewer than 5 groups"))
    assert (number.value, number.se, number.interval) == ("no value", "", "")
    assert number.reason == "fewer than 5 groups"
    assert printed(Estimate(value=None)).reason


def test_counts_are_ranked_and_bounded() -> None:
    assert counts({"PNG": 2, "JPEG": 1298}) == "JPEG (1,298), PNG (2)"
    assert counts({str(side): 1 for side in range(9)}, most=2) == "0 (1), 1 (1), 7 others (7)"
    assert counts({}) == ""


def test_rounding_to_tens_and_hundreds() -> None:
    assert decimals_for(183.0, 2) == -1
    assert fixed(-1234.5, -2) == "−1200"
    assert significant(0.012345, 3) == "0.0123"


def test_small_words_of_time_and_chance() -> None:
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.001) == "p = 0.001"
    assert p_value(0.0314) == "p = 0.031"
    assert [duration(seconds) for seconds in (0.04, 44.2, 59.6, 200)] == [
        "0.0 s",
        "44 s",
        "1 min 0 s",
        "3 min 20 s",
    ]
    assert moment("2026-11-22T05:30:12+01:00") == "2026-11-22 05:30 UTC+01:00"
    assert moment("yesterday") == "yesterday"


def test_a_number_stays_with_its_error_and_its_percent_sign() -> None:
    text = unbroken("FID 62.3 ± 1.8 (95 % CI 59 to 66)")
    assert text.split(" ") == ["FID", "62.3\u00a0±\u00a01.8", "(95\u00a0%", "CI", "59", "to", "66)"]
