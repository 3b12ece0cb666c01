"""The pages of saliency and of class models in a real browser: maps sort and open, no barrier."""

from __future__ import annotations

import pytest
from PIL import Image
from reports.browsing import Open, unfold
from reports.saliency_records import (
    PAIRS,
    class_model_record,
    saliency_pictures,
    saliency_record,
)
from reports.test_browser_pages import barriers_in_both_schemes

from ganeval_reports import render

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def saliency_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    record = saliency_record()
    pictures = saliency_pictures(record)
    path = tmp_path_factory.mktemp("saliency") / "report.html"
    path.write_text(render(record, lambda *image: pictures.get(image)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def class_model_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    image = Image.new("RGB", (96, 96), "teal")
    path = tmp_path_factory.mktemp("class-model") / "report.html"
    path.write_text(render(class_model_record(), lambda _label, _key: image), "utf-8")
    return path.as_uri()


def test_maps_sort_by_any_column_and_lie_over_their_image(
    open_page: Open, saliency_address: str
) -> None:
    page = open_page(saliency_address, viewport={"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    table = page.locator("table.maps").first
    table.get_by_role("button", name="Rank after").click()
    table.get_by_role("button", name="Rank after").click()
    ranks = [int(one.split("\t")[-3]) for one in table.locator("tbody tr").all_inner_texts()]
    assert ranks == sorted(ranks, reverse=True)
    assert len(ranks) == PAIRS
    table.locator("td.tile button").first.click()
    viewer = page.locator("#viewer")
    viewer.get_by_role("button", name="Overlay").click()
    ends = [text.strip() for text in viewer.locator(".blend .end").all_inner_texts()]
    assert ends == ["before", "map before"]


@pytest.mark.slow
@pytest.mark.parametrize("address", ["saliency_address", "class_model_address"])
def test_the_pages_have_no_barrier(
    open_page: Open, address: str, request: pytest.FixtureRequest
) -> None:
    page = open_page(request.getfixturevalue(address))
    unfold(page)
    assert barriers_in_both_schemes(page) == []


@pytest.mark.slow
def test_the_pages_print_whole(open_page: Open, saliency_address: str) -> None:
    page = open_page(saliency_address)
    assert page.pdf(format="A4").startswith(b"%PDF")
