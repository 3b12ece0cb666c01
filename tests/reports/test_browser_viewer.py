"""Images in a real browser: tiles, the viewer with slider, overlay and zoom, pairs in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reports.browsing import Open, focused

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

RANGE = "#viewer .blend input"
PAIRS = ".pairs .tile button"


def tiles(page: Page) -> Locator:
    return page.locator(".grid.real .tile button")


def opened(page: Page, mode: str = "Side by side") -> Locator:
    """The viewer at the first pair."""
    page.locator(PAIRS).first.click()
    viewer = page.locator("#viewer")
    viewer.get_by_role("button", name=mode).click()
    return viewer


def transforms(page: Page) -> list[list[float]]:
    """Scale and shift of each image of the viewer."""
    return page.evaluate(
        """[...document.querySelectorAll("#viewer img")].map((image) => {
            const matrix = new DOMMatrix(getComputedStyle(image).transform);
            return [matrix.a, matrix.e, matrix.f];
        })"""
    )


def style(page: Page, selector: str, name: str) -> str:
    return page.locator(selector).evaluate(f"one => getComputedStyle(one).{name}")


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_click_enlarges_and_escape_returns_to_the_image(open_page: Open) -> None:
    page = open_page()
    tile = tiles(page).nth(2)
    tile.click()
    viewer = page.locator("#viewer")
    assert viewer.is_visible()
    small = tile.locator("img").bounding_box()
    large = viewer.locator("img").bounding_box()
    assert small
    assert large
    assert large["width"] > 3 * small["width"]
    assert "96 × 64 px" in viewer.inner_text()
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    assert tile.evaluate("tile => tile === document.activeElement")


def test_the_keyboard_alone_opens_moves_and_closes(open_page: Open) -> None:
    page = open_page()
    tiles(page).first.focus()
    page.keyboard.press("Enter")
    place = page.locator("#viewer .place")
    assert place.inner_text() == "1 of 24"
    for key, expected in (
        ("ArrowRight", "2 of 24"),
        ("ArrowLeft", "1 of 24"),
        ("ArrowLeft", "24 of 24"),  # before the first comes the last
        ("Home", "1 of 24"),
        ("End", "24 of 24"),
        ("PageUp", "23 of 24"),
        ("PageDown", "24 of 24"),
    ):
        page.keyboard.press(key)
        assert place.inner_text() == expected
    page.locator("#viewer .next").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert place.inner_text() == "2 of 24"
    page.keyboard.press("Escape")
    assert tiles(page).nth(1).evaluate("tile => tile === document.activeElement")


def test_the_focus_stays_in_the_viewer(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address)
    viewer = opened(page, "Slider")
    controls = viewer.locator("button, input").count()
    seen = set()
    for _ in range(2 * controls):
        page.keyboard.press("Tab")
        # Between the last and the first control the browser has the focus itself.
        assert focused(page, "#viewer *, body, #viewer")
        seen.add(page.evaluate("document.activeElement.outerHTML"))
    assert len(seen) >= controls


def test_a_grid_is_one_stop_and_arrows_move_within_it(open_page: Open) -> None:
    page = open_page(viewport={"width": 1280, "height": 800})
    assert page.locator(".tiles").count() == page.locator(".tile button[tabindex='0']").count()
    tiles(page).first.focus()

    def at() -> int:
        return int(
            page.evaluate(
                "[...document.querySelectorAll('.grid.real .tile button')]"
                ".indexOf(document.activeElement)"
            )
        )

    for key, expected in (
        ("ArrowRight", 1),
        ("ArrowDown", 5),
        ("ArrowLeft", 4),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("End", 23),
        ("ArrowRight", 23),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert at() == expected
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert not focused(page, ".grid.real .tile button")
    page.keyboard.press("Shift+Tab")
    assert at() == 4  # the place is kept


def test_a_pair_opens_with_both_images_and_their_distance(open_page: Open) -> None:
    page = open_page()
    page.locator(PAIRS).first.click()
    viewer = page.locator("#viewer")
    assert viewer.locator("img").count() == 2
    assert "distance 7.3" in viewer.inner_text()
    # A square image and a wide one have no point in common.
    assert not viewer.get_by_role("button", name="Slider").is_visible()
    page.keyboard.press("2")
    assert viewer.locator(".frame").count() == 2
    viewer.locator(".close").click()
    assert not viewer.is_visible()


def test_the_divider_follows_keys_and_pointer(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address)
    viewer = opened(page, "Slider")
    upper = "#viewer .layer + .layer"
    assert viewer.locator(".frame").count() == 1
    assert style(page, upper, "clipPath") == "inset(0px 0px 0px 50%)"
    slider = page.get_by_role("slider", name="Divider between darker and real")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert style(page, upper, "clipPath") == "inset(0px 0px 0px 51%)"
    assert slider.get_attribute("aria-valuetext") == "51 % darker"
    page.keyboard.press("End")  # of the range, not of the tiles
    assert slider.input_value() == "100"
    assert viewer.locator(".place").inner_text().startswith("1 of")
    box = viewer.locator(".frame").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60)  # not held any more
    assert abs(int(slider.input_value()) - 25) <= 1
    page.keyboard.press("PageDown")  # in the range still
    page.locator("#viewer .next").click()
    assert style(page, "#viewer .divider", "display") == "block"  # the mode stays


def test_the_upper_image_is_as_opaque_as_asked(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address)
    opened(page, "Overlay")
    upper = "#viewer .layer + .layer"
    assert style(page, upper, "opacity") == "0.5"
    page.get_by_role("slider", name="Opacity of real over darker").focus()
    page.keyboard.press("Home")
    assert style(page, upper, "opacity") == "0"
    page.keyboard.press("ArrowRight")
    assert style(page, upper, "opacity") == "0.01"
    page.keyboard.press("2")
    assert page.locator(RANGE).input_value() == "50"  # the divider has a place of its own
    page.keyboard.press("1")
    assert page.locator("#viewer .frame").count() == 2
    assert not page.locator(RANGE).is_visible()
    pressed = page.locator("#viewer .modes [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["Side by side"]


def test_zoom_and_pan_move_both_images_alike(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address)
    viewer = opened(page)
    scale = viewer.locator("output")
    assert transforms(page) == [[1, 0, 0]] * 2
    for _ in range(2):
        page.keyboard.press("+")
    assert scale.inner_text() == "2×"
    first, second = transforms(page)
    assert first == second
    assert first[0] == pytest.approx(2)
    page.keyboard.press("ArrowRight")  # moves the image, not to the next one
    assert transforms(page) == [pytest.approx([2, -60, 0])] * 2
    x, y = middle(viewer.locator(".frame").nth(1))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y + 30, steps=3)
    page.mouse.up()
    assert transforms(page) == [pytest.approx([2, 40, 30])] * 2
    for _ in range(40):
        page.keyboard.press("ArrowDown")  # the edge of the image is the end
    box = viewer.locator(".frame").first.bounding_box()
    assert box
    assert transforms(page)[0][2] == pytest.approx(-box["height"] / 2, abs=1)
    page.keyboard.press("0")
    assert transforms(page) == [[1, 0, 0]] * 2
    page.keyboard.press("-")
    assert scale.inner_text() == "1×"
    viewer.get_by_role("button", name="Zoom in").click()
    assert scale.inner_text() == "1.4×"
    viewer.get_by_role("button", name="Fit").click()
    assert scale.inner_text() == "1×"


def test_the_wheel_zooms_to_the_pointer(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address)
    viewer = opened(page)
    frame = viewer.locator(".frame").first
    x, y = middle(frame)
    box = frame.bounding_box()
    assert box
    offset = box["width"] / 4
    page.mouse.move(x + offset, y)
    page.mouse.wheel(0, -200)
    viewer.get_by_text("1×", exact=True).wait_for(state="detached")
    scale, shift, _ = transforms(page)[0]
    assert scale > 1.3
    # The point under the pointer is where it was.
    assert shift + offset * scale == pytest.approx(offset, abs=0.5)
    page.mouse.dblclick(x, y)
    assert viewer.locator("output").inner_text() == "1×"


def test_two_fingers_zoom_and_one_moves(open_page: Open, measured_address: str) -> None:
    page = open_page(measured_address, has_touch=True)
    viewer = opened(page)
    x, y = middle(viewer.locator(".frame").first)
    hands = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": a, "y": b, "id": index} for index, (a, b) in enumerate(points)]
        hands.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x - 40, y), (x + 40, y))
    touch("touchMove", (x - 80, y), (x + 80, y))
    touch("touchEnd")
    scale, *_ = transforms(page)[0]
    assert scale == pytest.approx(2, rel=0.05)
    before = transforms(page)[0]
    touch("touchStart", (x, y))
    touch("touchMove", (x + 20, y))
    touch("touchMove", (x + 50, y))
    touch("touchEnd")
    assert transforms(page)[0][1] - before[1] == pytest.approx(50, abs=1)


def test_pixels_are_shown_of_small_images_and_on_demand(open_page: Open) -> None:
    page = open_page()
    page.locator(PAIRS).first.click()  # 28 × 28 beside 96 × 64
    image = "#viewer .frame:first-child img"
    assert style(page, image, "imageRendering") == "pixelated"
    page.keyboard.press("p")
    assert style(page, image, "imageRendering") == "auto"
    page.keyboard.press("Escape")
    tiles(page).first.click()
    assert style(page, image, "imageRendering") == "auto"
    button = page.get_by_role("button", name="Pixels")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert style(page, image, "imageRendering") == "pixelated"


def test_one_switch_of_the_page_shows_pixels_or_smooth_images(open_page: Open) -> None:
    page = open_page()
    switch = page.get_by_label("Show the pixels of small images")
    assert switch.count() == 1
    small = ".grid.fake .tile:first-child img"
    large = ".grid.real .tile:first-child img"
    assert [style(page, one, "imageRendering") for one in (small, large)] == ["pixelated", "auto"]
    switch.uncheck()
    assert style(page, small, "imageRendering") == "auto"
    page.locator(".grid.fake .tile button").first.click()
    assert style(page, "#viewer img", "imageRendering") == "auto"


def test_a_pair_stands_in_the_page_under_a_slider(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address, reduced_motion="reduce")
    pair = page.locator(".comparison").first
    first, second = (one.bounding_box() for one in pair.locator("img").all())
    assert first == second  # on top of each other
    slider = pair.get_by_role("slider")
    assert (slider.get_attribute("aria-label") or "").startswith("Divider between 100%_of #resnet")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    upper = ".comparison .layer + .layer"
    assert style(page, upper, "clipPath") == "inset(0px 0px 0px 49%)"
    first = pair.locator("img").first.bounding_box()  # the focus has scrolled
    assert first
    page.mouse.click(first["x"] + 0.8 * first["width"], first["y"] + 10)
    assert abs(int(slider.input_value()) - 80) <= 1


def test_each_set_keeps_its_mark_from_table_to_viewer(
    open_page: Open, evaluation_address: str
) -> None:
    page = open_page(evaluation_address)
    looks = [f"mark set-{number}" for number in (1, 2, 3)]
    heads = page.locator(".scores thead .mark")
    assert [one.get_attribute("class") for one in heads.all()] == looks
    samples = page.locator(".samples .fake h3 .mark")
    assert [one.get_attribute("class") for one in samples.all()] == looks
    colours = {one.evaluate("one => getComputedStyle(one).backgroundColor") for one in heads.all()}
    assert len(colours) == 3
    page.locator(".grid.fake").nth(1).locator(".tile button").first.click()
    mark = page.locator("#viewer .caption .mark")
    assert mark.get_attribute("class") == looks[1]
