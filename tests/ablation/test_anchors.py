"""Published numbers: every row can be read, and is comparable only where all is known and equal."""

from __future__ import annotations

import math

import pytest

from ganeval.ablation.anchors import CHECK, FIELDS, Row, anchor_rows, anchors_for, mismatches


def test_every_row_is_whole() -> None:
    rows = anchor_rows()
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert None not in row.values()
        assert math.isfinite(float(row["value"]))
        assert row["status"] in ("read", "check", "spread")
        assert row["source"]
        assert row["direction"] in ("AtoB", "BtoA", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cut-table1/h2z", 77.2),
        ("mmgen-official/h2z", 62.111),
        ("ugatit-table3/h2z", 8.05),
        ("kaggle-monet/report-58", 58.8495),
        ("unsb-table/h2z-kid", 1.957),
    ],
)
def test_figures_are_those_of_their_source(name: str, value: float) -> None:
    assert [float(row["value"]) for row in anchor_rows() if row["id"] == name] == [value]


def test_recalled_numbers_say_so() -> None:
    found = [one for one in anchors_for("cat2dog", {}) if one.status == "check"]
    assert found
    assert all(CHECK in one.note for one in found)


def test_none_of_the_published_numbers_states_all_of_its_protocol() -> None:
    """What makes rankings across papers worth little."""
    for row in anchor_rows():
        assert mismatches(row, {field: row[field] for field in FIELDS})


def _whole() -> Row:
    row = next(row for row in anchor_rows() if row["id"] == "cut-table1/h2z")
    return {**row, **{field: row[field] or "stated" for field in FIELDS}}


def test_an_equal_protocol_is_comparable() -> None:
    row = _whole()
    assert mismatches(row, {field: row[field] for field in FIELDS}) == []


@pytest.mark.parametrize("field", FIELDS)
def test_one_field_that_differs_or_is_unknown_is_enough(field: str) -> None:
    row = _whole()
    equal = {name: row[name] for name in FIELDS}
    (other,) = mismatches(row, {**equal, field: "other"})
    assert "other here" in other
    (unknown,) = mismatches(row, {name: equal[name] for name in FIELDS if name != field})
    assert "ours is unknown" in unknown
    (theirs,) = mismatches({**row, field: ""}, equal)
    assert "theirs is unknown" in theirs


def test_what_users_met_with_is_never_comparable() -> None:
    spread = [one for one in anchors_for("horse2zebra", {}) if one.status == "spread"]
    assert spread
    assert not any(one.comparable for one in spread)
