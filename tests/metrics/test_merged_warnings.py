"""Notices of several fake sets, said once where they are the same."""

from __future__ import annotations

from ganeval.metrics.merged_warnings import merged_warnings
from ganeval.records import Notice


def notice(code: str, text: str) -> Notice:
    return Notice(code=code, text=text)


def test_what_holds_for_all_sets_is_said_once_and_the_rest_by_set() -> None:
    few = notice("n_below_d", "Few images.")
    found = merged_warnings(
        ["a", "b"],
        [
            [few, notice("mixed_formats", "JPEG against PNG.")],
            [notice("shared_images", "One is shared."), few],
        ],
    )
    assert [one.text for one in found] == [
        "b: One is shared.",
        "Few images.",
        "a: JPEG against PNG.",
    ]


def test_of_one_set_nothing_is_named() -> None:
    found = [notice("mixed_formats", "JPEG against PNG.")]
    assert merged_warnings(["a"], [found]) == found
