from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib
import pytest

from ganeval_reports.drawing import Drawing
from ganeval_reports.forest_plot import Contrast, forest_plot
from ganeval_reports.interval_plot import Heading, Row, interval_plot
from ganeval_reports.palette import REAL, SETS, looks

ROWS = [
    Heading("At half size"),
    Row("FID, all images", "62.3 ± 1.8", 62.3, 58.7, 65.9, expected=0.0),
    Row("halves of the real", "43.8", 43.8, look=REAL),
    Row("corrected for bias", "no value"),
]


def parsed(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg)


@pytest.fixture
def svg() -> ElementTree.Element:
    return parsed(interval_plot(ROWS, axis="← lower", prefix="p"))


def test_labels_and_numbers_stay_text(svg: ElementTree.Element) -> None:
    written = {element.text for element in svg.iter("text")}
    assert {"At half size", "FID, all images", "62.3 ± 1.8", "no value", "← lower"} <= written


def test_nothing_in_it_needs_a_style_that_the_policy_blocks(svg: ElementTree.Element) -> None:
    assert all("style" not in element.attrib for element in svg.iter())
    assert {"style", "metadata", "script"}.isdisjoint(element.tag for element in svg.iter())


def test_all_colours_are_those_of_the_page(svg: ElementTree.Element) -> None:
    painted = {
        element.attrib[name]
        for element in svg.iter()
        for name in ("fill", "stroke")
        if name in element.attrib
    }
    assert {"currentColor", "var(--real)", "var(--line)"} <= painted
    assert all(colour == "none" or not colour.startswith("#") for colour in painted)


def test_ids_of_two_plots_never_meet() -> None:
    first, second = (
        set(re.findall(r' id="([^"]+)"', interval_plot(ROWS, axis="x", prefix=prefix).svg))
        for prefix in ("a", "b")
    )
    assert first
    assert first.isdisjoint(second)


def test_every_reference_inside_it_resolves(svg: ElementTree.Element) -> None:
    ids = {element.attrib["id"] for element in svg.iter() if "id" in element.attrib}
    used = {element.attrib["href"] for element in svg.iter("use")}
    assert used == {f"#{name}" for name in ids}


def test_a_screen_reader_hears_the_numbers(svg: ElementTree.Element) -> None:
    assert svg.attrib["role"] == "img"
    assert "FID, all images: 62.3 ± 1.8; " in svg.attrib["aria-label"]
    assert svg.attrib["aria-label"].endswith("corrected for bias: no value")


def test_a_hostile_label_is_neither_markup_nor_a_formula() -> None:
    label = "<b>$\\frac{a}{0}$</b> & \"'"
    text = interval_plot([Row(label, "1", 1.0)], axis="x", prefix="p").svg
    assert label in {element.text for element in ElementTree.fromstring(text).iter("text")}
    assert "<b>" not in text


def test_the_same_plot_is_drawn_whatever_the_users_settings() -> None:
    expected = interval_plot(ROWS, axis="x", prefix="p").svg
    own = {"axes.facecolor": "red", "font.size": 40, "svg.fonttype": "path"}
    with matplotlib.rc_context(own):
        assert interval_plot(ROWS, axis="x", prefix="p").svg == expected
        assert matplotlib.rcParams["font.size"] == 40


def test_marker_and_interval_stand_where_their_numbers_are() -> None:
    svg = parsed(interval_plot([Row("a", "5", 5.0, 0.0, 10.0)], axis="x", prefix="p"))
    marker = next(element for element in svg.iter("use"))
    interval = next(
        element for element in svg.iter("path") if element.attrib.get("stroke-width") == "3.5"
    )
    start, end = (float(x) for x in re.findall(r"[ML] ([\d.]+)", interval.attrib["d"]))
    # Coordinates are written with two decimals.
    assert start == pytest.approx(0, abs=0.01)
    assert float(marker.attrib["x"]) == pytest.approx((start + end) / 2, abs=0.02)


def test_a_difference_is_centred_on_zero_and_its_numbers_stay_text() -> None:
    rows = [
        Contrast("one set", "other set", "−4 ± 1, p < 0.001", -4.0, -6.0, -2.0, "left"),
        Contrast("one set", "third", "1.0", 1.0),
        Contrast("other set", "third", "no value"),
    ]
    svg = parsed(forest_plot(rows, axis="Δ FID", prefix="p"))
    written = [element.text for element in svg.iter("text")]
    assert written.count("← one set") == 2
    assert {"other set →", "third →", "−4 ± 1, p < 0.001", "no value", "0", "Δ FID"} <= set(written)
    won = next(element for element in svg.iter("text") if element.text == "← one set")
    lost = next(element for element in svg.iter("text") if element.text == "other set →")
    assert won.attrib["font-weight"] == "700"
    assert lost.attrib.get("font-weight") != "700"

    width = float(svg.attrib["viewBox"].split()[2])
    middle = width / 2
    marks = [float(element.attrib["x"]) for element in svg.iter("use")]
    assert len(marks) == 2
    # −4 and 1 on one scale, left and right of its middle; coordinates have two decimals.
    assert (marks[0] - middle) / (marks[1] - middle) == pytest.approx(-4, abs=0.01)
    assert svg.attrib["aria-label"].startswith(
        "one set or other set: −4 ± 1, p < 0.001, one set is better; "
    )


def test_what_is_not_told_apart_is_hollow_and_a_winner_has_its_own_look() -> None:
    first, second = looks(["a", "b"]).values()

    def fill(better: str | None) -> str:
        row = Contrast("a", "b", "1", 1.0, 0.5, 1.5, better, first, second)  # type: ignore[arg-type]
        uses = list(parsed(forest_plot([row], axis="Δ", prefix="p")).iter("use"))
        assert [one.attrib["fill"] for one in uses[:2]] == ["var(--set-1)", "var(--set-2)"]
        return uses[2].attrib["fill"]

    assert fill("left") == "var(--set-1)"
    assert fill("right") == "var(--set-2)"
    assert fill(None) == "var(--page)"


def test_names_share_a_line_and_only_those_too_long_for_it_are_shortened() -> None:
    def names(left: str, right: str) -> list[str]:
        svg = parsed(forest_plot([Contrast(left, right, "1", 1.0)], axis="Δ", prefix="p"))
        written = [one.text or "" for one in svg.iter("text")]
        return [text for text in written if text.startswith("← ") or text.endswith(" →")]

    assert names("a longer name of a set", "b") == ["← a longer name of a set", "b →"]
    left, right = names("first " * 20, "b")
    assert "…" in left
    assert right == "b →"
    assert all("…" in name for name in names("first " * 20, "second " * 20))


def test_sets_differ_by_marker_and_by_colour() -> None:
    rows = [Row(label, "1", 1.0, 0.5, 1.5, look=look) for label, look in looks("abcdefgh").items()]
    svg = parsed(interval_plot(rows, axis="x", prefix="p"))
    fills = [one.attrib["fill"] for one in svg.iter("use")]
    assert fills == [look.colour for look in SETS]
    shapes = {one.attrib["d"] for one in svg.iter("path") if "id" in one.attrib}
    assert len(shapes) >= 8


def test_a_hostile_name_of_a_set_is_neither_markup_nor_a_formula() -> None:
    name = "<b>$\\frac{a}{0}$</b>"
    text = forest_plot([Contrast(name, "b", "1", 1.0)], axis="Δ", prefix="p").svg
    assert "<b>" not in text
    assert f"← {name}" in {one.text for one in ElementTree.fromstring(text).iter("text")}
