"""The page of an audit: everything of the record is on it, no name runs, no picture is lost."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reports.browsing import Open, unfold

from ganeval.audit.settings import AuditSettings
from ganeval.audit.suite import Audit, audit
from ganeval.records import AuditRecord
from ganeval_reports import Source, render, render_several

SCRIPT = "<img src=x onerror=alert(1)>.png"
VOID = {"meta", "link", "img", "br"}


class Nesting(HTMLParser):
    """Fails where tags do not nest; gathers text, ids and link targets."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.images = 0
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert "style" not in found
        assert not any(name.startswith("on") for name in found)
        self.ids += [found["id"]] if found.get("id") else []  # type: ignore[list-item]
        if tag == "a" and found.get("href"):
            self.targets.append(str(found["href"]))
        self.images += tag == "img"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += f" {data}"


def picture(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(60, 196, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((72, 72), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Two sets with copies, a leak, an outlier, a broken file and hostile names."""
    root = tmp_path_factory.mktemp("audit")
    for name, seeds in (("photos & <b>more", range(24)), ("fakes", range(100, 124))):
        (root / name).mkdir()
        for seed in seeds:
            picture(seed).save(root / name / f"{seed}.png")
    first, second = root / "photos & <b>more", root / "fakes"
    shutil.copy(first / "3.png", first / SCRIPT)
    shutil.copy(first / "4.png", second / "leaked.png")
    Image.new("RGB", (72, 72), (2, 2, 2)).save(second / "dark.png")
    (first / "broken.jpg").write_text("no image")
    lists = AuditSettings(extractor=None, cache=False, write_list=root / "lists")
    return audit([first, second], lists, argv=["ganeval", "audit", "it's"])


@pytest.fixture(scope="module")
def page(audited: Audit) -> Nesting:
    return Nesting(render(audited.record, audited.load_image))


def test_everything_that_was_found_is_on_it(audited: Audit, page: Nesting) -> None:
    text = " ".join(page.text.split())
    assert audited.record.verdict in text
    for notice in audited.record.warnings:
        assert notice.text in text
    for name in ("broken.jpg", "leaked.png", "dark.png", SCRIPT, "lists/fakes.txt"):
        assert name in text
    assert "same file" in text
    assert "ganeval audit 'it'\"'\"'s'" in text


def test_names_stay_text(audited: Audit) -> None:
    source = render(audited.record, audited.load_image)
    assert SCRIPT not in source
    assert "<b>more" not in source


def test_every_link_of_the_page_leads_somewhere(page: Nesting) -> None:
    assert page.targets
    assert {target.removeprefix("#") for target in page.targets} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_pairs_and_outliers_are_shown(audited: Audit, page: Nesting) -> None:
    singles = {(one.set, one.key) for one in audited.record.outliers}
    assert page.images == 2 * len(audited.record.duplicates) + len(singles)


def test_without_images_the_page_says_so(audited: Audit) -> None:
    page = Nesting(render(audited.record))
    assert page.images == 0
    assert "drawn from the record alone" in page.text


def test_images_that_are_gone_are_counted(audited: Audit) -> None:
    page = Nesting(render(audited.record, lambda label, key: None))
    assert re.search(r"1 of 1 are not shown", " ".join(page.text.split()))


def test_an_audit_stands_beside_other_records(audited: Audit, page: Nesting) -> None:
    both = [Source(audited.record, audited.load_image), Source(audited.record)]
    several = Nesting(render_several(both))
    assert {target.removeprefix("#") for target in several.targets} <= set(several.ids)
    assert len(several.ids) == len(set(several.ids)) > 2 * len(page.ids) - 20
    assert several.images == page.images
    assert " ".join(several.text.split()).count("ganeval audit · ") == 4


def test_a_record_read_from_disk_gives_the_same_page(audited: Audit) -> None:
    again = AuditRecord.model_validate_json(audited.record.to_json())
    assert render(again) == render(audited.record)


def test_a_single_sound_set_has_no_comparison(tmp_path: Path) -> None:
    for seed in range(3):
        picture(seed).save(tmp_path / f"{seed}.png")
    found = audit([tmp_path], AuditSettings(extractor=None, cache=False))
    text = " ".join(Nesting(render(found.record, found.load_image)).text.split())
    assert "Nothing was found." in text
    assert "AUC" not in text
    assert "None: no two images are equal" in text


@pytest.mark.browser
def test_the_page_fits_every_window_and_has_no_barrier(
    open_page: Open, audited: Audit, tmp_path: Path
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe is not installed")
    path = tmp_path / "audit.html"
    path.write_text(render(audited.record, audited.load_image), "utf-8")
    page = open_page(path.as_uri())
    unfold(page)
    for width in (360, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page)
    assert [rule["id"] for rule in found["violations"]] == []
    assert found["passes"]
