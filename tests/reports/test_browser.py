"""The page in a real browser: nothing blocked, nothing fetched, all of it within reach."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from ganeval.records import MetricsRecord
from ganeval_reports import render

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
UNFOLD = "document.querySelectorAll('details').forEach(part => { part.open = true; })"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]

Open = Callable[..., "playwright.Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(
    pictures: dict[tuple[str, str], Image.Image], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[MetricsRecord], str]:
    """Writes the page of a record and returns its address."""

    def write(record: MetricsRecord) -> str:
        path = tmp_path_factory.mktemp("page") / "report.html"
        path.write_text(render(record, lambda *image: pictures.get(image)), "utf-8")
        return path.as_uri()

    return write


@pytest.fixture(scope="module")
def address(written: Callable[[MetricsRecord], str], record: MetricsRecord) -> str:
    return written(record)


@pytest.fixture(scope="module")
def short_address(written: Callable[[MetricsRecord], str], record: MetricsRecord) -> str:
    """Every kind of part, but few images: axe's time grows with their number."""
    (gallery,) = record.galleries
    few = {name: getattr(gallery, name)[:3] for name in ("real_sample", "fake_sample", "nearest")}
    few |= {"farthest": [], "raising": gallery.raising[:3]}
    return written(record.model_copy(update={"galleries": [gallery.model_copy(update=few)]}))


@pytest.fixture(scope="module")
def evaluation_address(written: Callable[[MetricsRecord], str], evaluation: MetricsRecord) -> str:
    return written(evaluation)


@pytest.fixture
def open_page(browser: playwright.Browser, address: str) -> Iterator[Open]:
    """Opens a page; afterwards the console must be empty and nothing may have been fetched."""
    contexts, complaints = [], []

    def opened(url: str = address, **options: object) -> playwright.Page:
        def note(request: playwright.Request) -> None:
            if request.url.partition("#")[0] != url and not request.url.startswith("data:"):
                complaints.append(f"fetched {request.url}")

        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def tiles(page: playwright.Page) -> playwright.Locator:
    return page.locator(".grid.real .tile button")


def test_every_image_is_decoded_and_no_name_runs(open_page: Open) -> None:
    page = open_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a name ran: {dialog.message}"))
    loaded = page.evaluate(
        """async () => {
            const images = [...document.querySelectorAll("img")];
            for (const image of images) image.loading = "eager";
            await Promise.all(images.map((image) => image.decode()));
            return images.map((image) => image.naturalWidth);
        }"""
    )
    assert set(loaded) == {96, 28}


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
    for key, expected in (("ArrowRight", "2 of 24"), ("ArrowLeft", "1 of 24")):
        page.keyboard.press(key)
        assert place.inner_text() == expected
    page.keyboard.press("ArrowLeft")  # before the first comes the last
    assert place.inner_text() == "24 of 24"
    page.locator("#viewer .next").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert place.inner_text() == "2 of 24"
    page.keyboard.press("Escape")
    assert tiles(page).nth(1).evaluate("tile => tile === document.activeElement")


def test_a_pair_opens_with_both_images_and_their_distance(open_page: Open) -> None:
    page = open_page()
    page.locator(".pairs .tile button").first.click()
    viewer = page.locator("#viewer")
    assert viewer.locator("img").count() == 2
    assert "distance 7.3" in viewer.inner_text()
    assert viewer.locator("img").first.evaluate(
        "image => getComputedStyle(image).imageRendering"
    ) == ("pixelated")
    page.locator("#viewer .close").click()
    assert not viewer.is_visible()


def test_the_command_is_copied_as_it_can_be_pasted(open_page: Open, record: MetricsRecord) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("#command .copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert shlex.split(copied) == record.argv


def test_a_refused_clipboard_leaves_the_command_selected(open_page: Open) -> None:
    page = open_page()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("#command .copy").click()
    page.get_by_role("button", name="Selected").wait_for()
    assert page.evaluate("getSelection().toString()").startswith("ganeval fid data/paintings")


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
    page.evaluate(UNFOLD)
    for width in (360, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_evaluation_fits_every_window(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address)
    for unfold in ("0", UNFOLD):
        page.evaluate(unfold)
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


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


def test_the_tables_for_papers_can_be_copied(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address, permissions=["clipboard-read", "clipboard-write"])
    for summary, start in (("As LaTeX", "% ganeval"), ("As CSV", "kind,metric,name")):
        part = page.locator(f"details:has(summary:has-text('{summary}'))")
        part.locator("summary").click()
        part.locator(".copy").click()
        part.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(start)
        assert copied.count("\n") > 20


def test_paper_has_the_tables_whole(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address)
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    scores = page.locator(".scores").bounding_box()
    assert scores
    assert scores["width"] <= 690
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


def test_the_page_can_be_read_without_script(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator(".grid.real img").first.is_visible()
    assert page.get_by_role("button").count() == 0
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()


def test_nothing_moves_for_those_who_ask_for_stillness(open_page: Open) -> None:
    moving = "getComputedStyle(document.querySelector('.pictures img')).transitionDuration"
    assert open_page(reduced_motion="reduce").evaluate(moving) == "0s"
    assert open_page(reduced_motion="no-preference").evaluate(moving) != "0s"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(open_page: Open, short_address: str, scheme: str) -> None:
    page = open_page(short_address, color_scheme=scheme)
    page.evaluate(UNFOLD)
    assert barriers(axe.Axe().run(page)) == []
    tiles(page).first.click()
    assert barriers(axe.Axe().run(page, context="#viewer")) == []


@pytest.mark.slow
def test_axe_finds_no_barrier_in_an_evaluation(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address)
    page.evaluate(UNFOLD)
    assert barriers(axe.Axe().run(page)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_a_short_evaluation(
    open_page: Open,
    written: Callable[[MetricsRecord], str],
    evaluation: MetricsRecord,
    scheme: str,
) -> None:
    """Every kind of part of the page, with few metrics: axe's time grows with their number."""
    names = {"fid", "excess", "recall", "kid", "fid_infinity"}
    few = {
        "metrics": [one for one in evaluation.metrics if one.name in names],
        "differences": [one for one in evaluation.differences if one.metric in names],
    }
    page = open_page(written(evaluation.model_copy(update=few)), color_scheme=scheme)
    page.evaluate(UNFOLD)
    assert barriers(axe.Axe().run(page)) == []


def barriers(found: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    assert found["passes"]  # it has looked at something
    return [(rule["id"], rule["nodes"]) for rule in found["violations"]]
