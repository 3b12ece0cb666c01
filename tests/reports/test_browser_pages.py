"""The page in a real browser: nothing blocked, nothing fetched, all of it within reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from reports.browsing import Open, unfold

from ganeval.records import MetricsRecord

axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def short_address(written: Callable[[MetricsRecord], str], record: MetricsRecord) -> str:
    """Every kind of part, but few images: axe's time grows with their number."""
    (gallery,) = record.galleries
    few = {name: getattr(gallery, name)[:3] for name in ("real_sample", "fake_sample", "nearest")}
    few |= {"farthest": [], "raising": gallery.raising[:3]}
    return written(record.model_copy(update={"galleries": [gallery.model_copy(update=few)]}))


def test_every_image_is_decoded_and_no_name_runs(open_page: Open) -> None:
    page = open_page()
    loaded = page.evaluate(
        """async () => {
            const images = [...document.querySelectorAll("img")];
            for (const image of images) image.loading = "eager";
            await Promise.all(images.map((image) => image.decode()));
            return images.map((image) => image.naturalWidth);
        }"""
    )
    assert set(loaded) == {96, 28}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_and_page_follow_the_colour_scheme(open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    paper, ink, drawn, real = page.evaluate(
        """() => {
            const look = (selector) => getComputedStyle(document.querySelector(selector));
            const root = document.documentElement;
            const probe = document.createElement("i");
            probe.className = "mark real";
            document.body.append(probe);
            const real = getComputedStyle(probe).backgroundColor;
            probe.remove();
            const painted = [...document.querySelectorAll("svg [fill='var(--real)']")];
            return [
                look("body").backgroundColor,
                look("body").color,
                look("svg text[fill='currentColor']").fill,
                [getComputedStyle(painted[0]).fill, real],
            ];
        }"""
    )
    brightness = sum(int(part) for part in paper[4:-1].split(","))
    assert (brightness > 600) == (scheme == "light")
    assert drawn == ink != paper
    assert real[0] == real[1]


def test_nothing_is_wider_than_the_window(open_page: Open) -> None:
    page = open_page()
    unfold(page)
    for width in (360, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_evaluation_fits_every_window(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address)
    for opened in (False, True):
        if opened:
            unfold(page)
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    "fixture",
    ["measured_address", "audit_address", "training_address", "classify_address", "scores_address"],
)
def test_pages_of_every_kind_fit_every_window(
    open_page: Open, request: pytest.FixtureRequest, fixture: str
) -> None:
    page = open_page(request.getfixturevalue(fixture))
    unfold(page)
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("value", "se"), [(62.3, 1.8), (1234.5, 12.3), (123456.789, 0.0123)])
def test_a_large_number_and_its_error_stay_on_one_line(
    open_page: Open,
    written: Callable[[MetricsRecord], str],
    record: MetricsRecord,
    value: float,
    se: float,
) -> None:
    first, *more = record.metrics
    estimate = first.estimate.model_copy(update={"value": value, "se": se})
    metrics = [first.model_copy(update={"estimate": estimate}), *more]
    page = open_page(written(record.model_copy(update={"metrics": metrics, "galleries": []})))
    for width in (360, 900, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        for number in page.locator(".stat .number:has(.se)").all():
            lines, fits = number.evaluate(
                """number => {
                    const range = document.createRange();
                    range.selectNodeContents(number);
                    const line = parseFloat(getComputedStyle(number).lineHeight);
                    return [number.getBoundingClientRect().height / line,
                        range.getBoundingClientRect().width <= number.clientWidth + 1];
                }"""
            )
            assert lines < 1.5
            assert fits


def test_metrics_stay_in_sight_while_the_sets_scroll(
    open_page: Open, evaluation_address: str
) -> None:
    page = open_page(evaluation_address, viewport={"width": 360, "height": 800})
    area, name = page.locator(".scroll:has(.scores)"), page.locator(".scores tbody th").nth(1)
    before = name.bounding_box()
    last = page.locator(".scores thead th").last
    assert before
    assert last.bounding_box()["x"] > 360  # there is something to scroll to
    area.evaluate("area => area.scrollTo(area.scrollWidth, 0)")
    assert name.bounding_box()["x"] == before["x"]
    assert last.bounding_box()["x"] < 360
    # What scrolls beneath it does not shine through.
    colour = "name => getComputedStyle(name).backgroundColor"
    assert name.evaluate(colour) == page.locator("body").evaluate(colour)


def test_paper_has_the_tables_whole(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address)
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    scores = page.locator(".scores").bounding_box()
    assert scores
    assert scores["width"] <= 690
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert not page.locator(".copied").first.is_visible()
    assert set(
        page.evaluate(
            "[...document.querySelectorAll('.plot figure')]"
            ".map(figure => getComputedStyle(figure).breakInside)"
        )
    ) == {"avoid"}


def test_paper_has_every_folded_number_and_no_cut_plot(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tables = page.locator("details table")
    assert tables.count() == 6
    heights = [tables.nth(index).bounding_box() for index in range(tables.count())]
    assert all(box and box["height"] > 20 for box in heights)
    assert set(
        page.evaluate(
            "[...document.querySelectorAll('.plot figure')]"
            ".map(figure => getComputedStyle(figure).breakInside)"
        )
    ) == {"avoid"}


def test_paper_has_no_controls_and_both_images_of_a_pair(
    open_page: Open, evaluation_address: str
) -> None:
    page = open_page(evaluation_address)
    unfold(page)
    page.emulate_media(media="print")
    assert page.evaluate(
        """() => {
            const all = [...document.querySelectorAll("input, textarea, .copies, .copy, #viewer")];
            const arrows = [...document.querySelectorAll(".sort")].map((sort) =>
                getComputedStyle(sort, "::after").display);
            return [all.length > 20, all.filter((one) => one.checkVisibility()).length,
                arrows.length > 4, arrows.filter((display) => display !== "none").length];
        }"""
    ) == [True, 0, True, 0]
    first, second = (
        one.bounding_box() for one in page.locator(".comparison").first.locator("img").all()
    )
    assert first
    assert second
    assert first["x"] + first["width"] <= second["x"]
    assert set(
        page.evaluate(
            "[...document.querySelectorAll('.tile')].map(one => getComputedStyle(one).breakInside)"
        )
    ) == {"avoid"}


def test_paper_has_every_image(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("img[loading=lazy]").count() == 0
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    # A set of images that names share is stored once.
    assert page.pdf(format="A4").count(b"/Subtype /Image") >= 48


def test_the_head_of_a_long_table_comes_again_on_every_page(
    open_page: Open, audit_address: str
) -> None:
    page = open_page(audit_address)
    page.emulate_media(media="print")
    inside = "head => [getComputedStyle(head).breakInside, getComputedStyle(head).display]"
    heads = page.locator("thead")
    assert {tuple(one.evaluate(inside)) for one in heads.all()} == {("avoid", "table-header-group")}
    # Of a button Chromium repeats only the space that it takes.
    buttons = page.locator(".sort")
    assert buttons.count() > 4
    shown = "all => [...new Set(all.map((one) => getComputedStyle(one).display))]"
    assert buttons.evaluate_all(shown) == ["contents"]


def test_the_page_can_be_read_without_script(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address, java_script_enabled=False)
    first, second = page.locator("#copies .tile").first.locator("img").all()
    assert page.locator(".comparison").first.is_hidden()
    boxes = first.bounding_box(), second.bounding_box()
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert page.locator(".grid.real img").first.is_visible()
    assert page.get_by_role("button").count() == 0
    folded = page.locator("details:has(table)").first
    folded.locator("summary").click()
    assert folded.locator("table").is_visible()


def test_nothing_moves_for_those_who_ask_for_stillness(open_page: Open) -> None:
    moving = "getComputedStyle(document.querySelector('.pictures img')).transitionDuration"
    assert open_page(reduced_motion="reduce").evaluate(moving) == "0s"
    assert open_page(reduced_motion="no-preference").evaluate(moving) != "0s"


def test_axe_finds_no_barrier(open_page: Open, short_address: str) -> None:
    page = open_page(short_address)
    unfold(page)
    assert barriers_in_both_schemes(page) == []
    page.locator(".grid.real .tile button").first.click()
    assert barriers(page, "#viewer") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "fixture",
    [
        "evaluation_address",
        "measured_address",
        "audit_address",
        "training_address",
        "classify_address",
        "scores_address",
    ],
)
def test_axe_finds_no_barrier_in_whole_pages(
    open_page: Open, request: pytest.FixtureRequest, fixture: str
) -> None:
    page = open_page(request.getfixturevalue(fixture))
    unfold(page)
    assert barriers_in_both_schemes(page) == []


@pytest.mark.slow
def test_axe_finds_no_barrier_in_a_short_evaluation(
    open_page: Open,
    written: Callable[[MetricsRecord], str],
    evaluation: MetricsRecord,
) -> None:
    """Every kind of part of the page, with few metrics: axe's time grows with their number."""
    names = {"fid", "excess", "fid_infinity"}
    few = {
        "metrics": [one for one in evaluation.metrics if one.name in names],
        "differences": [one for one in evaluation.differences if one.metric in names],
        "galleries": evaluation.galleries[1:2],
        "peers": evaluation.peers[:6],
    }
    page = open_page(written(evaluation.model_copy(update=few)))
    unfold(page)
    assert barriers_in_both_schemes(page) == []
    page.locator("#copies .tile button").last.click()
    page.get_by_role("button", name="Slider").click()
    assert page.locator("#viewer").get_by_role("slider").is_visible()
    assert barriers(page, "#viewer") == []


def barriers_in_both_schemes(page: Page) -> list[tuple[object, object]]:
    """All barriers of the light page, and those of colour of the dark one."""
    page.emulate_media(color_scheme="light")
    found = barriers(page)
    page.emulate_media(color_scheme="dark")
    return found + barriers(page, runOnly=["color-contrast"])


def barriers(
    page: Page, context: str | None = None, **options: object
) -> list[tuple[object, object]]:
    found = axe.Axe().run(page, context=context, options=options or None)
    assert found["passes"]  # it has looked at something
    return [(rule["id"], rule["nodes"]) for rule in found["violations"]]
