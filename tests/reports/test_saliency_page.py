"""The page of a saliency comparison: panels, maps, what is greyed, what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from reports.saliency_records import (
    METHODS,
    PAIRS,
    REASON,
    SCRIPT,
    saliency_pictures,
    saliency_record,
)

from ganeval.images.recorded import drawn_pictures, find_images
from ganeval.records import SaliencyRecord
from ganeval_reports import Source, render, render_several
from ganeval_reports.figure_files import figures
from ganeval_reports.images import NO_IMAGES
from ganeval_reports.saliency_panels import similarity_plots
from ganeval_reports.saliency_tiles import saliency_images


@pytest.fixture(scope="module")
def record() -> SaliencyRecord:
    return saliency_record()


@pytest.fixture(scope="module")
def page(record: SaliencyRecord) -> str:
    pictures = saliency_pictures(record)
    return render(record, lambda *image: pictures.get(image))


def test_the_verdict_stands_before_the_panels_in_their_order(page: str) -> None:
    parts = ("score", "structure", "similarity", "trust", "maps", "warnings", "protocol")
    places = [page.index("Score fell"), *(page.index(f'id="{part}"') for part in parts)]
    assert places == sorted(places)


def test_names_stay_names(page: str) -> None:
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(1)" in page


def test_every_map_of_every_method_is_shown_with_its_scale(page: str) -> None:
    assert page.count("<img") == PAIRS * 2 + len(METHODS) * PAIRS * 5
    assert page.count("map: 0 to 0.213 logits per unit of the image") == len(METHODS)
    assert page.count("1.01\u00a0% of pixels lie beyond the scale") == len(METHODS)
    assert "33 of 33 nonlinearities guided" in page


def test_the_largest_change_stands_first(record: SaliencyRecord) -> None:
    pictures = saliency_pictures(record)
    shown = saliency_images(record, lambda *image: pictures.get(image), 10**8)
    first = shown.tables[0]
    similarities = [float(row.numbers[0]) for row in first.rows]
    assert similarities == sorted(similarities)
    cells = [[shot.name for shot in cell.shots] for cell in first.rows[0].cells]
    assert cells == [["before", "map before"], ["after", "map after"], ["difference"]]


def test_a_flagged_map_says_why(record: SaliencyRecord) -> None:
    tables = saliency_images(record, None, 0).tables
    flagged = [row for row in tables[1].rows if row.flags]
    assert [(row.name, list(row.flags)) for row in flagged] == [
        ("photos/003", ["after: no positive evidence"])
    ]
    assert flagged[0].numbers[0] == "–"


def test_a_method_that_fails_trust_is_greyed_with_its_reason(
    record: SaliencyRecord, page: str
) -> None:
    assert page.count(REASON) >= 2
    assert page.count('class="flag">not to be read') == 1
    (plot,) = similarity_plots(record)
    described = plot.drawings[0].description
    assert described.count("not to be read") == 1
    assert "null 0.20, noise 0.34, colour 0.63, transfer 0.45, ceiling 0.70" in described


def test_one_set_alone_has_no_word_of_change() -> None:
    alone = saliency_record(compared=False)
    pictures = saliency_pictures(alone)
    html = render(alone, lambda *image: pictures.get(image))
    body = html[html.index("<main>") : html.index("</main>")]
    text = re.sub("<[^>]*>", " ", body)
    # The colour bar and the rule of the target are no change.
    for word in ("before", "after", "fell", "rose", "unchanged", "moved", "difference", "κ"):
        assert not re.search(rf"\b{word}\b", text), word
    assert body.count("<img") == len(METHODS) * PAIRS * 2


def test_without_pictures_the_numbers_are_there_and_the_page_says_so(
    record: SaliencyRecord,
) -> None:
    bare = render(record)
    assert "<img" not in bare
    assert NO_IMAGES in bare
    assert bare.count('class="maps"') == len(METHODS)
    lost = render(record, lambda _label, _key: None)
    count = PAIRS * 2 + len(METHODS) * PAIRS * 5
    assert f"{count:,} pictures of the record&#39;s folder could not be loaded." in lost


def test_pictures_are_found_in_the_folder_of_the_record(
    record: SaliencyRecord, tmp_path: Path
) -> None:
    files = drawn_pictures(record)
    assert len(files) == PAIRS * 2 + len(METHODS) * PAIRS * 3
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8), "teal").save(tmp_path / "images" / "2-before.png")
    found = find_images(record, folders=[tmp_path])
    shown = found.load("run", "images/2-before.png")
    assert shown is not None
    assert shown.size == (8, 8)
    assert found.load("run", "images/3-before.png") is None
    assert found.load("run", "../secret.png") is None


def test_ids_differ_and_figures_have_names(record: SaliencyRecord, page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    names = [one.name for one in figures(record)]
    assert names[0] == "score-logit"
    assert len(names) == len(set(names))


def test_it_stands_beside_another_record(record: SaliencyRecord) -> None:
    html = render_several([Source(record), Source(saliency_record(compared=False))])
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_maps_of_their_own_scales_are_called_not_comparable(record: SaliencyRecord) -> None:
    methods = [one.model_copy(update={"scale": None}) for one in record.methods]
    html = render(record.model_copy(update={"methods": methods}))
    assert html.count("own scale, not comparable") == len(METHODS) * PAIRS
    assert "map: 0 to" not in html
