"""Histograms hold every value, one set a strip, or two populations over each other."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ganeval_reports.histograms import Strip, histograms, score_histogram
from ganeval_reports.palette import REAL, SETS

EDGES = [0.0, 0.25, 0.5, 0.75, 1.0]


def corners(path: ElementTree.Element) -> list[tuple[float, float]]:
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", path.attrib["d"])]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def written(svg: ElementTree.Element) -> set[str | None]:
    return {text.text for text in svg.iter("text")}


def test_a_histogram_holds_every_value() -> None:
    values = [0.0, 0.0, 1.0, 2.0, 10.0]
    strips = [
        Strip("a < b", "2.6 ± 4.2", values, 1.0, REAL),
        Strip("none", "–", [], None, SETS[0]),
    ]
    svg = ElementTree.fromstring(histograms(strips, axis="bytes per pixel", prefix="p").svg)
    assert {"a < b", "2.6 ± 4.2", "bytes per pixel", "10"} <= written(svg)
    assert "a < b: 2.6 ± 4.2" in svg.attrib["aria-label"]
    bars = next(one for one in svg.iter("path") if one.attrib.get("fill") == "var(--real)")
    drawn = corners(bars)  # four corners a bar
    tops = [drawn[at + 1][1] for at in range(0, len(drawn), 4)]
    # Two of five values are in the tallest bar, which is as high as can be: 40; the others half.
    assert [64 - top for top in tops] == [40, 20, 20, 20]
    # 40 bins over 0 to 10 on 380 pixels: the last bar ends at the right edge less half a pixel.
    assert drawn[-1][0] == pytest.approx(379.5, abs=0.01)


def test_equal_values_can_be_drawn() -> None:
    strip = Strip("a", "1", [3.0, 3.0], 3.0, REAL)
    assert ElementTree.fromstring(histograms([strip], axis="x", prefix="p").svg) is not None


def test_two_populations_are_told_apart_without_colour() -> None:
    drawing = score_histogram(
        [0, 10, 20, 70],
        [30, 10, 6, 4],
        EDGES,
        0.5,
        ("paintings", "fakes"),
        axis="score",
        prefix="p",
    )
    svg = ElementTree.fromstring(drawing.svg)
    assert {"paintings", "fakes", "n = 100", "n = 50", "threshold 0.5"} <= written(svg)
    assert svg.attrib["aria-label"] == (
        "paintings: 100 images, 90\u00a0% in bins from 0.5 up; "
        "fakes: 50 images, 20\u00a0% in bins from 0.5 up"
    )
    assert len(list(svg.iter("pattern"))) == 1  # hatching of the fakes alone
    dashed = [one for one in svg.iter("path") if "stroke-dasharray" in one.attrib]
    assert [one.attrib["stroke"] for one in dashed] == ["var(--set-1)"]


def test_populations_of_unequal_size_share_a_scale_of_shares() -> None:
    """70 of 100 and 35 of 50 are equally tall."""
    one = score_histogram(
        [30, 0, 0, 70], [15, 0, 0, 35], EDGES, None, ("a", "b"), axis="s", prefix="p"
    )
    svg = ElementTree.fromstring(one.svg)
    outlines = [
        min(y for _, y in corners(path))
        for path in svg.iter("path")
        if path.attrib.get("stroke") in ("var(--real)", "var(--set-1)")
        and path.attrib.get("fill") == "none"
        and path.attrib.get("stroke-width") == "2"
    ]
    assert len(outlines) == 2
    assert outlines[0] == outlines[1]
    assert not any(text and text.startswith("threshold") for text in written(svg))


def test_an_empty_population_is_flat_not_an_error() -> None:
    svg = score_histogram([0] * 4, [0] * 4, EDGES, 0.5, ("a", "b"), axis="s", prefix="p").svg
    assert "0 images" in svg
