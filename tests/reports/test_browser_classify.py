"""The page of a classifier test in a real browser: maps over images, and no barrier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reports.browsing import Open, unfold
from reports.classification_rungs import FAKE, SHOWN
from reports.test_browser_pages import barriers_in_both_schemes

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser


def test_a_score_map_can_be_laid_over_its_image(open_page: Open, classify_address: str) -> None:
    page = open_page(classify_address)
    page.locator("#why .tile button").first.click()
    viewer = page.locator("#viewer")
    viewer.get_by_role("button", name="Overlay").click()
    assert viewer.locator(".frame .layer").count() == 2
    assert viewer.locator(".frame").count() == 1
    ends = [text.strip() for text in viewer.locator(".blend .end").all_inner_texts()]
    assert ends == [FAKE, "patch scores"]
    page.keyboard.press("ArrowRight")
    assert f"2 of {SHOWN}" in viewer.locator(".place").inner_text()


def test_every_picture_is_shown_and_no_name_runs(open_page: Open, classify_address: str) -> None:
    page = open_page(classify_address)
    widths = page.evaluate(
        """async () => {
            const images = [...document.querySelectorAll("img")];
            for (const image of images) image.loading = "eager";
            await Promise.all(images.map((image) => image.decode()));
            return images.map((image) => image.naturalWidth);
        }"""
    )
    assert len(widths) == 3 * 2 * SHOWN + 9
    assert min(widths) > 0


def test_the_ladder_has_its_legend_beside_it_where_there_is_room(
    open_page: Open, classify_address: str
) -> None:
    page = open_page(classify_address, viewport={"width": 1280, "height": 900})
    figure, notes = page.locator("#ladder figure"), page.locator("#ladder .notes").first
    assert _left(notes) >= _left(figure) + _width(figure)
    page.set_viewport_size({"width": 390, "height": 800})
    assert _left(notes) == pytest.approx(_left(figure), abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_of_the_verdict_stands_out_from_the_page(
    open_page: Open, classify_address: str, scheme: str
) -> None:
    page = open_page(classify_address, color_scheme=scheme)
    sign, paper = page.locator(".sign"), page.locator("body")
    background = "one => getComputedStyle(one).backgroundColor"
    assert sign.evaluate(background) != paper.evaluate(background)
    assert sign.evaluate("one => getComputedStyle(one).color") == paper.evaluate(background)
    assert sign.get_attribute("aria-hidden") == "true"


def test_the_page_prints_whole(open_page: Open, classify_address: str) -> None:
    page = open_page(classify_address)
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 690


def test_axe_finds_no_barrier_in_a_bare_test(open_page: Open, bare_classify_address: str) -> None:
    page = open_page(bare_classify_address)
    unfold(page)
    assert barriers_in_both_schemes(page) == []


def _left(one: Locator) -> float:
    box = one.bounding_box()
    assert box
    return box["x"]


def _width(one: Locator) -> float:
    box = one.bounding_box()
    assert box
    return box["width"]
