"""Several records on one page: an index, sections that do not get in each other's way."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reports.browsing import Open, unfold
from reports.test_page import Page, changed

from ganeval.errors import InputError
from ganeval.records import MetricsRecord
from ganeval_reports import Source, render, render_several, write_page
from ganeval_reports.nested import nested
from ganeval_reports.page import Page as Drawn
from ganeval_reports.page import draw, fair_shares

Load = Callable[[str, str], Image.Image | None]
HOSTILE = '<script>alert(1)</script> "it\'s" \u202egnp.json'


@pytest.fixture(scope="module")
def load(pictures: dict[tuple[str, str], Image.Image]) -> Load:
    return lambda label, key: pictures.get((label, key))


@pytest.fixture(scope="module")
def short(record: MetricsRecord) -> MetricsRecord:
    """Every kind of part, but few images: axe's time grows with their number."""
    (gallery,) = record.galleries
    few = {name: getattr(gallery, name)[:3] for name in ("real_sample", "fake_sample", "nearest")}
    few |= {"farthest": [], "raising": gallery.raising[:3]}
    return changed(record, galleries=[gallery.model_copy(update=few)])


@pytest.fixture(scope="module")
def source(record: MetricsRecord, evaluation: MetricsRecord, load: Load) -> str:
    """One record twice, and one of several fake sets between."""
    return render_several(
        [Source(record, load, name=HOSTILE), Source(evaluation, load), Source(record)],
        title="Monday & <i>Tuesday</i>",
    )


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def levels(source: str) -> list[int]:
    return [int(level) for level in re.findall(r"<h([1-6])[ >]", source)]


def test_the_index_names_each_record_and_leads_to_it(
    page: Page, record: MetricsRecord, evaluation: MetricsRecord
) -> None:
    opening = page.text[: page.text.index("Result Differences")]
    assert "Monday & <i>Tuesday</i>" in opening
    assert opening.count("ganeval fid · 2026-11-22 05:30 UTC") >= 2
    assert HOSTILE in opening
    assert "2 warnings" in opening
    assert "fake & <b>unet</b> against paintings" in opening
    for one in (record, evaluation):
        assert one.verdict in opening
    assert {"#r1", "#r2", "#r3"} <= set(page.attributes("href"))


def test_ids_are_unique_and_every_reference_resolves(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    wanted = {href[1:] for href in page.attributes("href") if href.startswith("#")}
    for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
        wanted |= {one for value in page.attributes(name) for one in value.split()}
    for _, attributes in page.elements:
        wanted |= {
            one for value in attributes.values() for one in re.findall(r"url\(#(.+?)\)", value)
        }
    assert wanted <= set(ids)
    assert {"r1-result", "r2-result", "r3-result"} <= set(ids)


def test_headings_nest_below_one(source: str) -> None:
    found = levels(source)
    assert found.count(1) == 1
    assert found.count(2) == 3
    assert all(below - above <= 1 for above, below in pairwise(found))


def test_landmarks_can_be_told_apart(page: Page) -> None:
    labels = [
        attributes["aria-label"]
        for tag, attributes in page.elements
        if "aria-label" in attributes
        and (tag in ("nav", "section") or attributes.get("role") == "region")
    ]
    own = [label for label in labels if label.endswith(", record 1")]
    others = [label for label in labels if label.endswith(", record 3")]
    assert {label.removesuffix("1") for label in own} >= {
        label.removesuffix("3") for label in others
    }
    assert "On this page, record 2" in labels


def test_names_stay_names(page: Page) -> None:
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert all("alert" not in text for text in page.raw.values())


def test_one_record_is_a_page_of_its_own(record: MetricsRecord, load: Load) -> None:
    assert render_several([Source(record, load)]) == render(record, load)
    assert "<title>Mine &lt;1&gt;</title>" in render_several([Source(record)], title="Mine <1>")


def test_a_record_without_a_page_is_refused(record: MetricsRecord) -> None:
    class Other(MetricsRecord):
        pass

    with pytest.raises(InputError, match=r"no page for records of schema ganeval\.metrics/1"):
        render(Other.model_validate(record.model_dump(by_alias=True)))


def test_remarks_stand_with_the_result_they_bear_on(record: MetricsRecord) -> None:
    text = Page(render_several([Source(record), Source(record, remarks=["No <b>."])])).text
    assert text.count("No <b>.") == 1
    assert "differ</i> from them. No <b>." in text


def test_shares_of_a_budget_are_fair() -> None:
    assert fair_shares([10, 10, 10], 100) == [10, 10, 10]
    assert fair_shares([100, 100], 90) == [45, 45]
    # The small one gets what it wants, the others halve the rest.
    assert fair_shares([100, 10, 100], 90) == [40, 10, 40]
    assert fair_shares([50, 60], 0) == [0, 0]


def test_the_budget_is_for_the_whole_page(
    record: MetricsRecord, short: MetricsRecord, load: Load
) -> None:
    both = [Source(record, load), Source(short, load), Source(record, load)]
    alone = [draw([one]) for one in both]
    every = draw(both)
    assert every.characters == sum(one.characters for one in alone)
    assert every.left_out == 0

    def shown(drawn: Drawn) -> int:
        return len(re.findall("<img ", drawn.html))

    budget = every.characters // 2
    some = draw(both, budget=budget)
    assert alone[1].characters < some.characters <= budget
    assert some.left_out
    assert f"{some.left_out} images are left out, to keep the page small." in some.html
    sections = some.html.split('<article class="record"')[1:]
    counted = [section.count("<img ") for section in sections]
    # The short record wants less than a third; the equal ones share the rest equally.
    assert counted[1] == shown(alone[1])
    assert counted[0] == counted[2] < shown(alone[0])


def test_markup_moves_and_text_does_not() -> None:
    markup = (
        '<h1 class="a">x id=&#34;b&#34; &lt;h2&gt;</h1><h6>y</h6>'
        '<nav aria-label="On &#34;it&#34;"><a href="#b">b</a><a href="data:,#b">c</a></nav>'
        '<i id="b" aria-labelledby="c d" data-id="b"></i><label for="z"></label>'
        '<svg aria-label="url(#b)"><g clip-path="url(#b)"><text>h2 id="b" &gt;</text></g></svg>'
        '<input name="q" type="radio"><button name="q" hidden></button>'
    )
    assert nested(markup, prefix="r1", name='one "<>"') == (
        '<h2 class="a">x id=&#34;b&#34; &lt;h2&gt;</h2><h6>y</h6>'
        '<nav aria-label="On &#34;it&#34;, one &#34;&lt;&gt;&#34;">'
        '<a href="#r1-b">b</a><a href="data:,#b">c</a></nav>'
        '<i id="r1-b" aria-labelledby="r1-c r1-d" data-id="b"></i><label for="r1-z"></label>'
        '<svg aria-label="url(#b)"><g clip-path="url(#r1-b)"><text>h2 id="b" &gt;</text></g></svg>'
        '<input name="r1-q" type="radio"><button name="q" hidden></button>'
    )


@pytest.fixture
def two(short: MetricsRecord, load: Load, tmp_path: Path) -> str:
    """Address of a page of two records with hostile names."""
    path = tmp_path / "both.html"
    both = [Source(short, load, name=HOSTILE), Source(short, load, ["It's <gone>."], "b" * 200)]
    path.write_text(render_several(both, title="a title without a break " + "x" * 200), "utf-8")
    return path.as_uri()


@pytest.mark.browser
def test_several_records_fit_every_window(open_page: Open, two: str) -> None:
    page = open_page(two)
    unfold(page)
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.browser
def test_several_records_have_no_barrier(open_page: Open, two: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe is not installed")
    page = open_page(two)
    unfold(page)
    found = axe.Axe().run(page)
    assert [(rule["id"], rule["nodes"]) for rule in found["violations"]] == []
    assert found["passes"]


@pytest.mark.browser
def test_the_index_leads_to_each_record_and_its_parts_work(
    open_page: Open, short: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "both.html"
    path.write_text(render_several([Source(short, load), Source(short, load)]), "utf-8")
    page = open_page(path.as_uri(), reduced_motion="reduce")
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    page.locator(".index a").nth(1).click()
    assert page.url.endswith("#r2")
    assert abs(page.evaluate(top, "r2")) < 2
    page.locator("#r2 nav a", has_text="Protocol").click()
    assert 0 <= page.evaluate(top, "r2-protocol") < 200
    page.locator("#r2 .tile button").first.click()
    assert page.locator("#viewer").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").is_visible()
    page.locator("#r2-command .copy").click()
    page.locator("#r2-command .copy", has_text=re.compile("Copied|Selected")).wait_for()


@pytest.mark.browser
def test_images_beside_the_page_are_shown_and_nothing_else_can_be(
    open_page: Open, short: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "a <b> #1 %41.html"
    drawn = write_page(path, [Source(short, load), Source(short, load)], budget=9000)
    assert drawn.beside
    assert drawn.embedded
    page = open_page(path.as_uri())
    widths = page.evaluate(
        """async () => {
            const images = [...document.images];
            for (const image of images) image.loading = "eager";
            await Promise.all(images.map((image) => image.decode()));
            return images.map((image) => image.naturalWidth);
        }"""
    )
    assert set(widths) == {96, 28}


@pytest.mark.browser
def test_a_page_with_images_beside_it_can_fetch_nothing(
    browser: Any, short: MetricsRecord, load: Load, tmp_path: Path
) -> None:
    """What the policy would stop, had a name become markup."""
    path = tmp_path / "e.html"
    assert write_page(path, [Source(short, load)], budget=0).beside
    page = browser.new_page()
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url))
    page.goto(path.as_uri())
    stopped = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => {
                resolve([event.effectiveDirective, event.blockedURI]);
            });
            new Image().src = "https://example.org/x.png";
        })"""
    )
    assert stopped == ["img-src", "https://example.org/x.png"]
    assert not any(url.startswith("http") for url in asked)
    page.close()


@pytest.mark.browser
def test_two_thousand_thumbnails_are_all_there_and_the_page_does_not_wait_for_them(
    open_page: Open, record: MetricsRecord, tmp_path: Path
) -> None:
    keys = [f"{number:04d}.png" for number in range(1000)]
    (gallery,) = record.galleries
    few = {"nearest": [], "farthest": [], "raising": []}
    many = gallery.model_copy(update={"real_sample": keys, "fake_sample": keys, **few})

    def load(label: str, key: str) -> Image.Image:
        number = int(key[:-4])
        return Image.new("RGB", (8, 8), (number % 256, number // 256, len(label)))

    path = tmp_path / "many.html"
    write_page(path, [Source(changed(record, galleries=[many]), load)])
    loaded = "[...document.images].filter((one) => one.complete && one.naturalWidth).length"
    page = open_page(
        path.as_uri(), script=f"addEventListener('load', () => {{ atLoad = {loaded}; }})"
    )
    assert page.locator(".tile button img").count() == 2000
    assert page.evaluate("atLoad") < 1000
    page.locator(".tile img").last.scroll_into_view_if_needed()
    page.evaluate("[...document.querySelectorAll('.tile img')].at(-1).decode()")
