from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from PIL import Image

from ganeval.records import Estimate, Metric, MetricsRecord
from ganeval_reports import ImageLoader, render
from ganeval_reports.galleries import galleries

VOID = {"meta", "link", "img", "br", "input"}


class Page(HTMLParser):
    """Elements, text and attributes of a page; fails where tags do not nest."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.headings: list[str] = []
        self.raw: dict[str, str] = {}
        self.pieces: list[str] = []
        self.feed(source)
        assert not self.open
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute given twice: {tag} {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[123]", tag):
            self.headings.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            self.raw[self.open[-1]] = data
            return
        self.pieces.append(data)
        if any(re.fullmatch("h[123]", tag) for tag in self.open):
            self.headings[-1] += data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def changed(record: MetricsRecord, **fields: object) -> MetricsRecord:
    return record.model_copy(update=fields)


@pytest.fixture(scope="module")
def page(record: MetricsRecord, pictures: dict[tuple[str, str], Image.Image]) -> Page:
    return Page(render(record, lambda *image: pictures.get(image)))


def test_parts_come_in_the_order_a_reader_needs_them(page: Page) -> None:
    titles = [
        "How sure these numbers are",
        "What a careful reader should know",
        "Protocol",
        "The images",
        "Fakes beside their nearest real image",
        "Nearest to the real set",
        "Farthest from the real set",
        "Raising the distance most",
        "Inputs",
        "Environment",
        "The command that made these numbers",
    ]
    headings = [" ".join(heading.split()) for heading in page.headings]
    assert headings[0] == "fake & <b>unet</b> against paintings"
    assert [heading for heading in headings if heading in titles] == titles


def test_verdict_number_error_interval_and_size_come_first(page: Page) -> None:
    opening = page.text[: page.text.index("How sure")]
    for part in (
        "The fakes are at FID 62.3 ± 1.8 from the paintings & <i>differ</i> from them.",
        "FID lower is better 62.3 ± 1.8 95 % interval 58.6 to 66.0 60 real, 60 fake",
        "FID, excess over floor lower is better 32.0 ± 1.5 95 % interval 28.9 to 35.0",
        "KID ×10³ lower is better 27.0 ± 1.3 95 % interval 24.4 to 29.7 60 real, 60 fake",
        "p < 0.001, null: one distribution",
    ):
        assert part in opening


def test_every_number_of_the_plots_stands_in_a_table(page: Page) -> None:
    for row in (
        "FID, all images 62.3 ± 1.8 58.6 to 66.0, 95 % 60 real, 60 fake",
        "corrected for bias no value (small_n: fewer than 2d images) – –",
        "half the real, half the fake 75.9 – 30 a side, 5 splits",
        "two halves of the real: floor 43.8 – 30 a side, 5 splits",
        "two halves of the fake: floor 44.0 – 30 a side, 5 splits",
        "excess over floor 32.0 ± 1.5 28.9 to 35.0, 95 % 60 real, 60 fake",
        "KID, all images 27.0 ± 1.3 24.4 to 29.7, 95 % 60 real, 60 fake",
    ):
        assert row in page.text
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 2


def test_warnings_keep_their_rank_and_show_their_code(page: Page) -> None:
    first = page.text.index("60 images are fewer than 2048 features. n_below_d")
    assert first < page.text.index("One fake is <JPEG>. mixed_formats")


def test_protocol_names_every_choice(page: Page) -> None:
    for fact in (
        "Extractor inception-2015",
        "Layer 2048, 2,048 numbers per image",
        "Resize pytorch-fid, to 299 × 299 px",
        "Weights pt_inception.pth, sha256 6726825d6726, verified, the published file",
        "Precision f32",
        "Ran on nothing, all features came from the cache; openvino 2025.4, CPU, 2 threads",
        "Feature cache 60 of 120 images were in it",
        "Floor 5 random splits into halves of 30",
        "Settings of FID ddof 1 seed 0 floor_splits 5 streamed no",
    ):
        assert fact in page.text


def test_inputs_skipped_files_and_command_are_written_out(page: Page) -> None:
    for part in (
        "Formats PNG (60) PNG (59), JPEG (1)",
        "Sizes 96 × 64 (60) 28 × 28 (60)",
        "Fingerprint 0123456789ab 001122334455",
        "Ignored files – .txt (2)",
        "<u>broken</u>.png truncated",
        """ganeval fid data/paintings 'out/it'"'"'s & <b>mine</b>' --html r.html""",
    ):
        assert part in page.text


def test_every_metric_is_explained(page: Page) -> None:
    assert page.text.count("What it is") == page.text.count("Blind to") == 2
    assert "Bias reads high below n = d" in page.text


def test_hostile_names_stay_names(page: Page) -> None:
    from_here = {"alert(1)", "onerror", "onmouseover"}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert all(word not in text for word in from_here for text in page.raw.values())
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    alts = set(page.attributes("alt"))
    assert "real, paintings: <script>alert(1)</script>.png" in alts
    assert "fake, fake & <b>unet</b>: $\\frac{a}{0}$ {{ 7 * 7 }}.png" in alts


def test_one_file_that_points_nowhere_else(page: Page) -> None:
    for name in ("src", "href", "srcset", "action", "poster", "data", "background"):
        assert all(value.startswith(("data:", "#")) for value in page.attributes(name))
    assert "url(" not in page.raw["style"]
    assert "@import" not in page.raw["style"]
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|import", page.raw["script"])


def test_policy_allows_exactly_the_inlined_style_and_script(page: Page) -> None:
    (policy,) = (
        attributes["content"]
        for _, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for kind in ("style", "script"):
        digest = hashlib.sha256(page.raw[kind].encode()).digest()
        assert rules[f"{kind}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert not page.attributes("style")


def test_images_have_size_text_and_patience(page: Page) -> None:
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(images) == 2 * 24 + 3 * 8 * 2
    for image in images:
        assert {"src", "width", "height", "alt", "loading"} <= image.keys()
        assert image["loading"] == "lazy"
        assert image["alt"]


def test_ids_are_unique_and_links_resolve(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    targets = {href[1:] for href in page.attributes("href") if href.startswith("#")}
    assert targets <= set(ids)


def test_no_number_is_nan_and_no_name_of_python_leaks(page: Page) -> None:
    assert not re.search(r"\b(nan|inf|None|True|False)\b", page.text)


def test_the_same_record_gives_the_same_page(record: MetricsRecord, load: ImageLoader) -> None:
    assert render(record, load) == render(record, load)


def test_without_images_the_page_says_so_and_keeps_the_numbers(record: MetricsRecord) -> None:
    page = Page(render(record))
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert page.text.count("No image is shown: this page was drawn from the record alone.") == 1
    assert "Fake Nearest real Distance Influence <script>" in page.text
    assert page.text.count("7.3 +31.4") == 3


def test_images_that_are_gone_are_named(
    record: MetricsRecord, load: Callable[[str, str], Image.Image | None]
) -> None:
    gone = "real-0000.png"
    page = Page(render(record, lambda label, key: None if key == gone else load(label, key)))
    assert "24 of 60 images 1 could not be loaded: real-0000.png." in page.text
    # Its place in the pair is kept, so that its fake can still be seen.
    assert page.text.count("not available") == 3
    assert len([tag for tag, _ in page.elements if tag == "img"]) == 96 - 1 - 3


def test_a_page_over_its_budget_says_how_many_are_shown(
    record: MetricsRecord, load: ImageLoader
) -> None:
    some = galleries(record, load, budget=60_000)
    grids = [*some.samples, *some.fakes[0].grids]
    assert 0 < len(some.samples[0].tiles) < 24
    assert some.samples[0].note == (
        f"Only {len(some.samples[0].tiles)} of 24 are shown, to keep the page small."
    )
    spent = sum(
        len(shot.picture.source)
        for grid in grids
        for tile in grid.tiles
        for shot in tile.shots
        if shot.picture
    )
    assert spent <= 60_000


def test_a_side_given_as_statistics_has_no_images_and_an_unknown_n(
    record: MetricsRecord, load: ImageLoader
) -> None:
    reals = record.input("real").model_copy(
        update={"kind": "statistics", "n": None, "formats": {}, "sizes": {}, "n_groups": None}
    )
    fid = record.metrics[0].model_copy(
        update={
            "estimate": Estimate(value=62.3, n={"fake": 60}, reason="fake side only, no SE"),
            "floor": None,
        }
    )
    page = Page(
        render(
            changed(
                record,
                inputs=[reals, record.inputs[1]],
                metrics=[fid],
                galleries=[],
                features=record.features[1:],
            ),
            load,
        )
    )
    assert "Given as saved statistics, which hold no images." in page.text
    assert "The record names no images of this set." in page.text
    assert "Images unknown 60" in page.text
    assert "62.30 fake side only, no SE 60 fake" in page.text


def test_a_metric_without_any_value_is_a_reason_not_a_plot(record: MetricsRecord) -> None:
    kid = record.metrics[1].model_copy(
        update={"estimate": Estimate(value=None, reason="KID needs features"), "test": None}
    )
    page = Page(render(changed(record, metrics=[kid], warnings=[])))
    assert "no value KID needs features" in page.text
    assert not [tag for tag, _ in page.elements if tag == "svg"]
    assert "No warnings." in page.text


def test_several_fakes_share_the_reals_and_each_plot(
    record: MetricsRecord, load: ImageLoader
) -> None:
    label = "second"

    def twin(metric: Metric) -> Metric:
        return metric.model_copy(update={"fake": label})

    both = changed(
        record,
        inputs=[*record.inputs, record.inputs[1].model_copy(update={"label": label})],
        metrics=[*record.metrics, *map(twin, record.metrics)],
        galleries=[
            *record.galleries,
            record.galleries[0].model_copy(update={"fake_label": label, "fake_sample": []}),
        ],
    )
    page = Page(render(both, load))
    headings = [" ".join(heading.split()) for heading in page.headings]
    assert headings.count("paintings real") == 1
    assert "Fakes of second beside their nearest real image" in headings
    # FID, its excess on an axis of its own, KID.
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 3
    assert "second: FID, all images 62.3 ± 1.8" in page.text
    assert page.text.count("0, expected if both sets shared one distribution.") == 1


def test_an_unknown_metric_is_shown_without_an_explanation(record: MetricsRecord) -> None:
    other = record.metrics[1].model_copy(
        update={"name": "new", "display": "New", "direction": "higher"}
    )
    page = Page(render(changed(record, metrics=[other])))
    assert "What it is Higher is better." in page.text
    assert "higher New is better →" in page.text
    assert "0.0270 ± 0.0013" in page.text
