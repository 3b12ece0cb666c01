"""Several records on one page: an index, sections that do not get in each other's way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reports.test_page import Page, changed

from ganeval.errors import InputError
from ganeval.records import MetricsRecord
from ganeval_reports import Source, render, render_several
from ganeval_reports.document import document
from ganeval_reports.images import encode
from ganeval_reports.nested import nested
from ganeval_reports.page import Page as Drawn
from ganeval_reports.page import draw, fair_shares
from ganeval_reports.parts import Grid, Shot, Tile

CHROMIUM = Path("/usr/bin/chromium")
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
    assert all(below - above <= 1 for above, below in zip(found, found[1:], strict=False))


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


def thousands(count: int) -> str:
    """A page with one grid of that many thumbnails, each another picture."""
    tiles = []
    for number in range(count):
        colours = [(number * step % 256, number // 8 % 256, step * 40) for step in range(1, 5)]
        image = Image.new("RGB", (2, 2))
        image.putdata(colours)
        picture = encode(image.resize((32, 32), Image.Resampling.BICUBIC))
        tiles.append(Tile([Shot("real", f"{number}.png", f"real: {number}.png", picture)], ""))
    return document(
        "grid.html.j2", window="grid", foot=[], grid=Grid("Many", "real", f"{count}", tiles)
    )
