"""The pages of a classifier test and of its scores: what stands where; names stay names."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from PIL import Image
from reports.classification import (
    apply_record,
    bare_record,
    classify_pictures,
    classify_record,
)
from reports.classification_rungs import FAKE, ODD_KEYS, REAL, RUN, SCRIPT, SHOWN
from reports.test_page import Page

from ganeval.records import (
    ApplyRecord,
    ClassifyRecord,
    Estimate,
    FormatControl,
    ScoredGallery,
    VerdictName,
)
from ganeval_reports import Source, render, render_several
from ganeval_reports.classify_images import MAP, classify_images
from ganeval_reports.classify_ladder import auc_number, ladder, nulls_table
from ganeval_reports.classify_verdict import HEADLINES, scored_by, stats
from ganeval_reports.figure_files import figures

Pictures = dict[tuple[str, str], Image.Image]


@pytest.fixture(scope="module")
def record() -> ClassifyRecord:
    return classify_record()


@pytest.fixture(scope="module")
def drawn(record: ClassifyRecord) -> Pictures:
    return classify_pictures(record)


@pytest.fixture(scope="module")
def html(record: ClassifyRecord, drawn: Pictures) -> str:
    return render(record, lambda *image: drawn.get(image))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_parts_come_in_the_order_of_the_evidence(page: Page) -> None:
    headings = [" ".join(one.split()) for one in page.headings]
    titles = [
        f"{FAKE} against {REAL}",
        "The ladder",
        "As reported, and held out",
        "The test behind the verdict",
        "Leakage and null controls",
        "What gives fakes away",
        "Where in the image",
        "Which frequencies",
        "What the classifier leans on, and where it works",
        "What the classifier drew",
        "Are scores probabilities?",
        "The network",
        "How the files were stored",
        "Which images belong together",
        "What a careful reader should know",
        "Protocol",
        "Inputs",
        "Environment",
        "The command that made these numbers",
    ]
    assert [one for one in headings if one in titles] == titles


def test_the_verdict_comes_first_with_cause_interval_units_and_p(page: Page) -> None:
    opening = page.text[: page.text.index("The ladder")]
    for part in (
        "Distinguishable, in part by the file format",
        "Distinguishable, partly by format: raw AUC 1.00, matched .81 [.75, .86], p = 3e-12.",
        "Features of a <network> do as well (.79) as six convolutions (.81).",
        "AUC 0.5 is chance 0.81 95 % interval 0.75 to 0.87 90 + 90 units held out",
        "matched pixels",
        "3.2 × 10⁻¹² null: fakes score no higher than reals Mann-Whitney",
        "Accuracy 0.5 is chance 0.73 95 % interval 0.66 to 0.80 180 units",
        "Visible AUC at least 0.61 would have been seen in 80 % of such tests",
    ):
        assert part in opening, part


@pytest.mark.parametrize("name", get_args(VerdictName))
def test_every_verdict_has_words_and_a_sign_beside_its_colour(
    record: ClassifyRecord, name: VerdictName
) -> None:
    bare = bare_record().model_copy(update={"verdict_name": name})
    html = render(bare)
    headline = HEADLINES[name]
    assert f'<p class="headline {headline.tone}"' in html
    assert f"{headline.sign}</span>{headline.text}</p>" in html


def test_verdicts_of_different_meaning_have_different_signs() -> None:
    signs = {(one.tone, one.sign) for one in HEADLINES.values()}
    assert len(signs) == len({tone for tone, _ in signs}) == len({sign for _, sign in signs})
    assert len({one.text for one in HEADLINES.values()}) == len(get_args(VerdictName))


def test_the_ladder_has_rungs_probes_control_and_null_controls_on_one_axis(
    record: ClassifyRecord,
) -> None:
    (drawing,) = ladder(record).drawings
    for part in (
        "Colour histogram: 0.88 → 0.71",
        "Network of six convolutions: 0.997 → 0.81",
        "Traces of compression: 0.99",
        "format alone: 0.99 → 0.52",
        "Shuffled labels: 0.50",
        "Neighbours among the fakes: 0.63, alarm",
    ):
        assert part in drawing.description
    assert "chance" in drawing.svg


def test_every_number_of_the_ladder_stands_in_its_table(page: Page) -> None:
    for row in (
        "Colour histogram raw 0.870 0.880 0.820 to 0.940, 95 %",
        "Colour histogram matched 0.700 0.710 0.650 to 0.770, 95 %",
        "format alone matched – 0.520 0.460 to 0.580, 95 % – – – 90 fake, 90 real",
        "<kept> from the cache",
    ):
        assert row in page.text


def test_an_auc_is_never_rounded_up_to_one() -> None:
    assert [auc_number(value) for value in (0.994, 0.996, 0.9996, 1.0)] == [
        "0.99", "0.996", "1.000", "1.00",
    ]  # fmt: skip


def test_an_alarm_of_a_null_control_is_told_with_its_remedy(record: ClassifyRecord) -> None:
    table = nulls_table(record.nulls)
    assert table
    *quiet, alarm = table.rows
    assert {row[7] for row in quiet} == {"no alarm"}
    assert alarm[7:] == ("ALARM", "declare groups with --groups <file>")
    assert alarm[3] == "0.450 to 0.550"


def test_leakage_found_is_counted_with_examples_and_what_was_done(page: Page) -> None:
    assert "Of 4 kinds of leakage looked for, 2 were found" in page.text
    assert "Alarm of null controls: Neighbours among the fakes." in page.text
    assert f"Identical pixels in both sets 2 dropped from both {SCRIPT}" in page.text
    assert "fake-4.png and 2 more" in page.text


def test_formats_are_told_with_the_control_and_the_defence(page: Page) -> None:
    assert "container JPEG (100 %) PNG (100 %) 1.00" in page.text
    assert "1 other (20 %)" in page.text
    assert "Reals are JPEG of quality 90 to 94, fakes PNG." in page.text
    assert "0.990 (0.980 to 1.000, 95 %)" in page.text
    assert "match, chosen automatically" in page.text


def test_the_number_as_reported_stands_beside_the_honest_one(page: Page) -> None:
    start = page.text.index("As reported, and held out")
    part = page.text[start : page.text.index("The test behind the verdict", start)]
    assert "As reported 0.5 is chance 0.92" in part
    assert "Held out 0.5 is chance 0.73" in part
    assert "fakes of <training> images" in part


def test_a_gallery_shows_image_and_map_together(record: ClassifyRecord, drawn: Pictures) -> None:
    shown = classify_images(record, lambda *image: drawn.get(image), 10**9)
    assert [len(grid.tiles) for grid in shown.galleries] == [SHOWN] * 3
    tile = shown.galleries[0].tiles[0]
    assert tile.comparable  # one can be laid over the other
    assert [shot.end for shot in tile.shots] == [FAKE, MAP]
    assert tile.shots[0].name == ODD_KEYS[0]
    assert tile.number == "p fake 0.98"
    assert shown.galleries[2].tiles[0].shots[0].role == "real"
    assert shown.galleries[1].about.endswith("All are taken for real, p below 0.5.")
    assert shown.galleries[2].about.endswith("All are taken for fake, p 0.5 or more.")
    assert shown.scale
    assert shown.note == ""


@pytest.mark.parametrize(
    ("p_fake", "about"),
    [
        ((0.6, 0.7, 0.8), "None are taken for real"),
        ((0.4, 0.7, 0.8), "1 of these 3 is taken for real"),
        ((0.1, 0.2, 0.7), "2 of these 3 are taken for real"),
    ],
)
def test_a_convincing_fake_is_called_so_only_where_it_convinces(
    record: ClassifyRecord, p_fake: tuple[float, ...], about: str
) -> None:
    one = record.galleries[1]
    images = [
        image.model_copy(update={"p_fake": p})
        for image, p in zip(one.images[:3], p_fake, strict=True)
    ]
    few = record.model_copy(update={"galleries": [one.model_copy(update={"images": images})]})
    shown = classify_images(few, lambda _label, _key: None, 10**9)
    assert about in shown.galleries[0].about


def test_the_page_says_whose_scores_are_shown(record: ClassifyRecord) -> None:
    own = "Scores are those of the rung that the verdict rests on: "
    assert scored_by(record) == f"{own}Network of six convolutions on matched pixels."
    primary = record.primary.model_copy(update={"rung": "spectrum"})
    assert scored_by(record.model_copy(update={"primary": primary})) == (
        f"{own}Spectrum on matched pixels. Patch scores are the network's, AUC 0.81: they may "
        "disagree."
    )
    assert own in Page(render(record)).text
    assert own not in Page(render(bare_record())).text


def test_pictures_of_reals_and_fakes_stand_in_pairs(
    record: ClassifyRecord, drawn: Pictures
) -> None:
    shown = classify_images(record, lambda *image: drawn.get(image), 10**9)
    names = [
        [shot.name for shot in tile.shots]
        for part in (shown.maps, shown.spectrum, shown.drawn)
        for one in part
        for tile in one.grid.tiles
    ]
    assert names == [
        ["Mean over reals", "Mean over fakes"],
        ["Fakes less reals"],
        ["Most real, exaggerated", "Most fake, exaggerated"],
        ["Just real enough", "Just fake enough"],
        ["Saliency <of> the logit"],
    ]


def test_images_that_are_gone_are_counted_and_the_rest_is_shown(
    record: ClassifyRecord, drawn: Pictures
) -> None:
    caught = record.galleries[0].images
    lost = {(caught[0].label, caught[0].key), (RUN, caught[1].map), (RUN, record.pictures[1].file)}
    one_key = [image.key for image in record.galleries[1].images].count(caught[0].key)
    shown = classify_images(
        record, lambda *image: None if image in lost else drawn.get(image), 10**9
    )
    assert shown.note == f"{len(lost) + one_key} images could not be loaded."
    assert len(shown.galleries[0].tiles) == SHOWN  # the other of the two is still there
    assert shown.galleries[0].tiles[0].shots[0].picture is None
    assert shown.maps[0].grid.note == "1 of 2 could not be shown."


def test_what_the_budget_leaves_out_is_told(record: ClassifyRecord, drawn: Pictures) -> None:
    shown = classify_images(record, lambda *image: drawn.get(image), 0)
    assert [grid.note for grid in shown.galleries] == [f"{SHOWN} of {SHOWN} are not shown."] * 3


def test_without_images_all_numbers_remain(record: ClassifyRecord) -> None:
    page = Page(render(record))
    assert "No image is shown: this page was drawn from the record alone." in page.text
    assert f"{SCRIPT} {FAKE} 0.982 +4.00" in page.text
    assert "Where in the image" in page.text


def test_hostile_names_stay_text(html: str) -> None:
    for tag in ("<script>alert", "<img src=x", "<b>of", "<i>odd", "<network>", "<training>"):
        assert tag not in html
    page = Page(html)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    for key in ODD_KEYS:
        assert key in page.text


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in page.attributes("href") if href.startswith("#")} <= set(ids)


def test_a_record_without_network_defence_and_pictures_has_a_page_too() -> None:
    page = Page(render(bare_record()))
    text = page.text
    assert "Too few images to say" in text
    assert "no interval in cross-validation" in text
    assert "9 + 9 units in cross-validation" in text
    assert "no AUC below 1 is seen with 80 % power" in text
    assert "Leakage was not looked for." in text
    for absent in ("What gives fakes away", "The network", "Are scores", "As reported", "Hollow"):
        assert absent not in text
    ids = page.attributes("id")
    assert {href[1:] for href in page.attributes("href") if href.startswith("#")} <= set(ids)


def test_no_rung_has_a_value_and_the_page_still_says_why() -> None:
    bare = bare_record()
    failed = [
        one.model_copy(update={"test": Estimate(value=None, reason="NaN in features")})
        for one in bare.rungs
    ]
    nothing = bare.model_copy(
        update={
            "rungs": failed,
            "best_rung": None,
            "control": FormatControl(
                auc_raw=Estimate(value=None, reason="images under 64 px"),
                auc_defended=Estimate(value=None),
            ),
        }
    )
    text = Page(render(nothing)).text
    assert "NaN in features" in text
    assert "images under 64 px" in text


def test_an_empty_gallery_says_that_there_are_none(record: ClassifyRecord) -> None:
    empty = [ScoredGallery(name="mistaken", display="Reals taken for fakes", images=[])]
    bare = record.model_copy(update={"galleries": empty, "pictures": []})
    shown = classify_images(bare, lambda _label, _key: None, 10**9)
    assert [(grid.about, grid.table) for grid in shown.galleries] == [("There are none.", None)]


def test_p_is_printed_however_small_it_is(record: ClassifyRecord) -> None:
    def printed(p: float) -> str:
        primary = record.primary.model_copy(update={"p": p})
        return list(stats(record.model_copy(update={"primary": primary})))[1].value

    assert printed(0.0471) == "0.047"
    assert printed(1.0) == "1"
    assert printed(2.04e-16) == "2.0\u00a0×\u00a010⁻¹⁶"


def test_figures_are_those_of_the_page(record: ClassifyRecord, html: str) -> None:
    names = [one.name for one in figures(record)]
    assert names == [
        "ladder", "border-profile-real", "spectrum-difference", "bands", "peaks", "band-stop",
        "slices", "calibration", "training-loss", "training-auc",
    ]  # fmt: skip
    assert len(re.findall("<figure><svg", html)) == len(names)


def test_scores_of_a_saved_classifier_have_a_page(record: ClassifyRecord) -> None:
    applied = apply_record()
    html = render(applied, lambda _label, _key: Image.new("RGB", (96, 96)))
    page = Page(html)
    assert "<script>alert" not in html
    assert "<b>old" not in html
    for part in (
        "30 of 40 images of 'new' are called fake. Scores, no test.",
        "Scores of images from another pipeline are not calibrated.",
        "2 images are among those the classifier was trained on",
        "new & <b>old</b>: most fake",
        "The 12 lowest of 40 images.",
        "The 4 highest of 7 images.",
        "The 3 lowest of 7 images.",
        "Files are <PNG>, those of training JPEG.",
        f"{SCRIPT} photos",
    ):
        assert part in page.text, part
    assert sum(tag == "img" for tag, _ in page.elements) == 24 + 7
    assert len(list(figures(applied))) == len(re.findall("<figure><svg", html)) == 1


def test_scores_without_images_or_without_any_score_have_a_page_too() -> None:
    applied = apply_record()
    assert "No image is shown" in render(applied)
    (first, *_) = applied.sets
    empty = first.model_copy(update={"scores": [], "called_fake": 0})
    nothing: ApplyRecord = applied.model_copy(update={"sets": [empty]})
    assert "No warnings" not in Page(render(nothing)).text


def test_several_records_stand_on_one_page(record: ClassifyRecord, drawn: Pictures) -> None:
    page = Page(
        render_several(
            [
                Source(record, lambda *image: drawn.get(image), name="a.json"),
                Source(bare_record(), name="b.json"),
                Source(apply_record(), name="c.json"),
            ]
        )
    )
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {"r1-ladder", "r2-ladder", "r3-scores"} <= set(ids)
    assert {href[1:] for href in page.attributes("href") if href.startswith("#")} <= set(ids)
