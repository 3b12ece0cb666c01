"""The page of an ablation in a real browser: a seed at a time, wide parts, and no barrier."""

from __future__ import annotations

import pytest
from reports.ablation_records import ablation_pictures, external_record, study_record
from reports.browsing import Open, unfold
from reports.test_browser_pages import barriers_in_both_schemes

from ganeval_reports import render

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ablation_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    pictures = ablation_pictures()
    path = tmp_path_factory.mktemp("ablation") / "report.html"
    path.write_text(render(study_record(), lambda *image: pictures.get(image)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def external_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("external") / "report.html"
    path.write_text(render(external_record()), "utf-8")
    return path.as_uri()


def test_a_seed_is_chosen_without_a_script(open_page: Open, ablation_address: str) -> None:
    page = open_page(ablation_address, java_script_enabled=False)
    switch = page.locator("#samples .switch").first
    panels = switch.locator("> .panel")
    assert [panels.nth(at).is_visible() for at in (0, 1)] == [True, False]
    switch.locator("label").nth(1).click()
    assert [panels.nth(at).is_visible() for at in (0, 1)] == [False, True]


def test_a_row_is_enlarged_with_all_its_arms(open_page: Open, ablation_address: str) -> None:
    page = open_page(ablation_address)
    page.locator("#failures .tile button").first.click()
    viewer = page.locator("#viewer")
    assert viewer.locator(".frame").count() == 6
    assert "ring-half & <b>noise</b>" in viewer.locator(".caption").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(
    open_page: Open, ablation_address: str, width: int
) -> None:
    page = open_page(ablation_address, viewport={"width": width, "height": 900})
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow  # it looks at every node of some forty figures
def test_axe_finds_no_barrier_in_a_study(open_page: Open, ablation_address: str) -> None:
    page = open_page(ablation_address)
    unfold(page)
    assert barriers_in_both_schemes(page) == []


def test_axe_finds_no_barrier_in_single_runs(open_page: Open, external_address: str) -> None:
    page = open_page(external_address)
    unfold(page)
    assert barriers_in_both_schemes(page) == []
