"""Line charts: what is drawn where, what is left out, and that all numbers can be read."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from xml.etree import ElementTree

import pytest

from ganeval_reports.drawing import Drawing
from ganeval_reports.line_chart import (
    Line,
    LineChart,
    VerticalMark,
    chart_csv,
    chart_table,
    line_chart,
)
from ganeval_reports.palette import REAL, SETS
from ganeval_reports.placement import rows_without_overlap, spread_out

SHORT = Line("FID", [1, 2, 3, 4], [90.0, None, 70.0, 60.0])
LONG = Line("loss", list(range(20_000)), [math.sin(i) for i in range(20_000)])


def chart(*lines: Line, **more: object) -> LineChart:
    return LineChart("FID by epoch", "epoch", "FID", lines, **more)  # type: ignore[arg-type]


def parsed(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg)


def written(drawing: Drawing) -> list[str]:
    return [text.text or "" for text in parsed(drawing).iter("text")]


def paths(drawing: Drawing, width: str, stroke: str = "var(--set-1)") -> list[ElementTree.Element]:
    return [
        path
        for path in parsed(drawing).iter("path")
        if path.attrib.get("stroke-width") == width and path.attrib.get("stroke") == stroke
    ]


def corners(path: ElementTree.Element) -> list[tuple[float, float]]:
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", path.attrib["d"])]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_axes_names_marks_and_baseline_are_written_and_stay_text() -> None:
    drawing = line_chart(
        chart(
            Line("generator", [0, 10_000, 20_000], [3.0, 2.0, 1.0]),
            Line("$x$ <b>", [0, 20_000], [2.0, 2.5]),
            baseline=0.5,
            baseline_label="floor",
            marks=[VerticalMark(10_000, "best")],
        ),
        prefix="p",
    )
    found = written(drawing)
    assert {"FID", "epoch", "generator", "$x$ <b>", "floor", "best", "20,000"} <= set(found)
    assert "<b>" not in drawing.svg
    assert drawing.name == "fid-by-epoch"


def test_a_gap_is_a_gap() -> None:
    """4 numbers of which the second is missing: a point, and a line of two."""
    drawing = line_chart(chart(SHORT), prefix="p")
    (run,) = paths(drawing, "2.2")
    assert len(corners(run)) == 2
    whole = Line("FID", SHORT.x, [90.0, 80.0, 70.0, 60.0])
    (run,) = paths(line_chart(chart(whole), prefix="p"), "2.2")
    assert len(corners(run)) == 4


def test_a_moving_average_is_strong_over_the_pale_series_and_dashed_while_its_window_grows() -> (
    None
):
    line = Line("FID", [1, 2, 3, 4], [90.0, 80.0, 70.0, 60.0], [90.0, 85.0, 80.0, 70.0], 2)
    drawing = line_chart(chart(line), prefix="p")
    (raw,) = paths(drawing, "0.9")
    assert float(raw.attrib["stroke-opacity"]) == pytest.approx(0.4)
    early, late = paths(drawing, "2.2")
    assert "stroke-dasharray" in early.attrib
    assert "stroke-dasharray" not in late.attrib
    assert (len(corners(early)), len(corners(late))) == (3, 2)
    assert corners(early)[-1] == corners(late)[0]  # index 2, the first full window


def test_points_stand_where_their_numbers_are() -> None:
    line = Line("a", [0, 5, 10], [0.0, 50.0, 100.0])
    (path,) = paths(line_chart(chart(line), prefix="p"), "2.2")
    (x0, y0), (x1, y1), (x2, y2) = corners(path)
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.01)
    assert y1 == pytest.approx((y0 + y2) / 2, abs=0.01)
    assert y0 > y2  # upwards


def test_a_logarithmic_axis_has_equal_steps_for_equal_ratios_and_gaps_at_zero() -> None:
    line = Line("a", [0, 1, 2, 3, 4, 5], [1.0, 10.0, 100.0, 0.0, -1.0, 10.0])
    drawing = line_chart(chart(line, log_y=True), prefix="p")
    (path,) = paths(drawing, "2.2")
    heights = [y for _, y in corners(path)]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.02)
    assert {"1", "10", "100"} <= set(written(drawing))


def test_an_interval_is_a_pale_band_with_the_same_gaps() -> None:
    line = Line("a", [0, 1, 2, 3], [1.0, 2.0, None, 4.0], low=[0, 1, None, 3], high=[2, 3, None, 5])
    drawing = line_chart(chart(line), prefix="p")
    bands = [one for one in parsed(drawing).iter("path") if one.attrib.get("opacity") == "0.16"]
    assert len(bands) == 1
    assert len(corners(bands[0])) == 4
    assert len(paths(drawing, "3")) == 1  # a lone point has a lone interval


def test_what_a_logarithmic_axis_cannot_show_ends_with_the_axis() -> None:
    """An interval down to 0 is a band down to the axis; a reference at 0 is not drawn."""
    line = Line("a", [0, 1, 2], [1.0, 10.0, 100.0], low=[-1.0, 1.0, 0.0], high=[2.0, 20.0, 200.0])
    drawing = line_chart(chart(line, log_y=True, baseline=0.0, baseline_label="none"), prefix="p")
    (band,) = [one for one in parsed(drawing).iter("path") if one.attrib.get("opacity") == "0.16"]
    assert len(corners(band)) == 6
    assert "none" not in written(drawing)


def test_a_line_of_20_000_points_keeps_its_extremes_in_a_small_drawing() -> None:
    y = [0.0] * 20_000
    y[7_777], y[12_345] = 5.0, -3.0
    drawing = line_chart(chart(Line("loss", list(range(20_000)), y)), prefix="p")
    assert len(drawing.svg) < 30_000
    (path,) = paths(drawing, "2.2")
    heights = [height for _, height in corners(path)]
    rest = heights[0]
    # One axis: 5 above and 3 below what all others are.
    assert (rest - min(heights)) / (max(heights) - rest) == pytest.approx(5 / 3, abs=0.01)


def test_lines_are_told_apart_by_markers_or_dashes_not_colour_alone() -> None:
    few = line_chart(chart(*(Line(n, [1, 2], [1.0, 2.0]) for n in "abcdefgh")), prefix="p")
    shapes = {one.attrib["d"] for one in parsed(few).iter("path") if "id" in one.attrib}
    assert len(shapes) >= 8
    many = [Line(name, LONG.x, LONG.y) for name in "abc"]
    drawn = line_chart(chart(*many), prefix="p")
    dashes = {
        paths(drawn, "2.2", look.colour)[0].attrib.get("stroke-dasharray") for look in SETS[:3]
    }
    assert len(dashes) == 3


def test_a_line_of_a_set_takes_the_look_it_has_elsewhere() -> None:
    drawing = line_chart(chart(SHORT, looks=[REAL]), prefix="p")
    assert paths(drawing, "2.2", "var(--real)")
    assert "var(--set-1)" not in drawing.svg


@pytest.mark.parametrize("count", [2, 8, 25])
def test_names_never_overlap_nor_leave_the_drawing(count: int) -> None:
    lines = [Line(f"arm {i}", [0, 1], [1.0, 1.0 + i * 1e-4]) for i in range(count)]
    drawing = line_chart(chart(*lines, baseline=1.0, baseline_label="floor"), prefix="p")
    heights = sorted(
        float(text.attrib["y"])
        for text in parsed(drawing).iter("text")
        if (text.text or "").startswith(("arm", "floor"))
    )
    assert len(heights) == count + 1
    assert all(below - above >= 16.9 for above, below in itertools.pairwise(heights))
    assert heights[0] > 0
    assert heights[-1] < drawing.height


def test_labels_of_marks_that_are_near_each_other_stand_in_rows() -> None:
    marks = [VerticalMark(2, "best checkpoint"), VerticalMark(2.1, "learning rate decays")]
    drawing = line_chart(chart(SHORT, marks=marks), prefix="p")
    heights = {
        text.attrib["y"]
        for text in parsed(drawing).iter("text")
        if text.text in ("best checkpoint", "learning rate decays")
    }
    assert len(heights) == 2


@pytest.mark.parametrize(
    "lines",
    [(), (Line("a", [], []),), (Line("a", [1, 2], [None, math.nan]),), (Line("a", [3], [7.0]),)],
)
@pytest.mark.parametrize("log", [False, True])
def test_little_or_nothing_to_draw_is_no_error(lines: tuple[Line, ...], log: bool) -> None:
    drawing = line_chart(chart(*lines, log_y=log), prefix="p")
    assert ("no value" in written(drawing)) == (not lines or lines[0].y != [7.0])
    assert "nan" not in drawing.svg


def test_a_wide_chart_has_the_same_text_and_twice_the_width() -> None:
    narrow, wide = (line_chart(chart(SHORT), prefix="p", wide=wide) for wide in (False, True))
    assert wide.width == 2 * narrow.width
    assert [parsed(one).attrib.get("class") for one in (narrow, wide)] == [None, "wide"]
    sizes = [
        {text.attrib["font-size"] for text in parsed(one).iter("text")} for one in (narrow, wide)
    ]
    assert sizes[0] == sizes[1]


def test_a_screen_reader_hears_where_each_line_starts_ends_and_turns() -> None:
    drawing = line_chart(chart(SHORT, marks=[VerticalMark(4, "best")]), prefix="p")
    assert parsed(drawing).attrib["aria-label"] == (
        "FID by epoch, FID by epoch. FID: 90.00 to 60.00, lowest 60.00 at 4, "
        "highest 90.00 at 1; best: epoch 4"
    )


def test_the_table_has_every_series_and_few_rows_and_says_so() -> None:
    both = Line("b", [2, 3], [5.0, 6.0], [5.0, 5.5], 1, [4.0, 5.0], [6.0, 7.0])
    table = chart_table(chart(SHORT, both))
    assert table.head == ("epoch", "FID", "b", "b, moving average", "b, low", "b, high")
    assert table.rows[0] == ("1", "90.00", "–", "–", "–", "–")
    assert table.rows[1] == ("2", "–", "5.000", "5.000", "4.000", "6.000")
    long = chart_table(chart(LONG))
    assert len(long.rows) == 50
    assert (long.rows[0][0], long.rows[-1][0]) == ("0", "19,999")
    assert "50 of 20,000 rows" in long.caption


def test_csv_holds_every_number_exactly() -> None:
    rows = list(csv.reader(io.StringIO(chart_csv(chart(LONG, SHORT)))))
    assert rows[0] == ["epoch", "loss", "FID"]
    assert len(rows) == 20_001
    assert [float(row[1]) for row in rows[1:]] == list(LONG.y)
    assert [row[2] for row in rows[1:6]] == ["", "90.0", "", "70.0", "60.0"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([50.0, 10.0], [50.0, 10.0]),  # far apart: as wanted, in any order
        ([50.0, 50.0], [45.0, 55.0]),  # the same: half a gap to either side
        ([50.0, 50.0, 50.0, 52.0], [35.5, 45.5, 55.5, 65.5]),  # around their mean, 50.5
        ([0.0, 1.0], [0.0, 10.0]),  # held at the end
        ([99.0, 100.0], [90.0, 100.0]),
    ],
)
def test_labels_move_apart_as_little_as_needed(wanted: list[float], found: list[float]) -> None:
    assert spread_out(wanted, gap=10, low=0, high=100) == pytest.approx(found)


def test_spans_share_a_row_where_they_can() -> None:
    assert rows_without_overlap([(0, 10), (5, 15), (20, 30)], gap=5) == [0, 1, 0]
