"""The page of several fake sets: what stands where, what is marked, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PIL import Image
from reports.evaluation import FAKES, TRAIN
from reports.test_page import Page

from ganeval.records import Difference, Estimate, MetricsRecord
from ganeval_reports import ImageLoader, render
from ganeval_reports.comparison_table import comparison_table
from ganeval_reports.copies import copies
from ganeval_reports.differences import differences
from ganeval_reports.intervals import plots
from ganeval_reports.parts import Score


@pytest.fixture(scope="module")
def source(evaluation: MetricsRecord, pictures: dict[tuple[str, str], Image.Image]) -> str:
    return render(evaluation, lambda *image: pictures.get(image))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


@pytest.fixture
def alone(evaluation: MetricsRecord) -> MetricsRecord:
    """The first fake set of the evaluation, as if it had been the only one."""
    return evaluation.model_copy(
        update={
            "inputs": evaluation.inputs[:2],
            "metrics": [one for one in evaluation.metrics if one.fake == FAKES[0]],
            "differences": [],
            "peers": [],
            "copies": [],
            "train": None,
            "galleries": evaluation.galleries[:1],
        }
    )


def scores(record: MetricsRecord) -> dict[str, Score]:
    """Rows of the table by name; an excess by that of its metric."""
    found: dict[str, Score] = {}
    above = ""
    for _, rows in comparison_table(record).families:
        for row in rows:
            above = above if row.part else row.name
            found[f"{above}, excess" if row.part else row.name] = row
    return found


def test_sections_come_in_the_order_of_an_argument(page: Page) -> None:
    expected = [
        "Is one set better than another?",
        "How sure these numbers are",
        "6 near copies among the fakes",
        "What other packages would print",
        "What a careful reader should know",
        "Protocol",
        "The images",
        "Inputs",
        "Environment",
        "The command that made these numbers",
    ]
    headings = [" ".join(heading.split()) for heading in page.headings]
    assert [heading for heading in headings if heading in expected] == expected
    assert page.text.index("is closer to the reals") < page.text.index("Is one set better")


def test_every_metric_of_every_set_is_in_one_table(evaluation: MetricsRecord) -> None:
    rows = scores(evaluation)
    assert len(rows) == 15 + 4
    kid = rows["KID ×10³"]
    assert [(cell.value, cell.se) for cell in kid.cells] == [
        ("27.0", "1.3"),
        ("32.6", "1.3"),
        ("28.6", "1.3"),
    ]
    assert (kid.arrow, rows["recall"].arrow) == ("↓", "↑")
    assert rows["FD(inception:0a1b2c3d), excess"].part


def test_only_what_beats_every_other_set_is_marked(evaluation: MetricsRecord) -> None:
    marked = {
        name: [cell.best for cell in row.cells]
        for name, row in scores(evaluation).items()
        if any(cell.best for cell in row.cells)
    }
    assert marked == {
        "FD(inception:0a1b2c3d), excess": [True, False, False],
        "FD(dinov2-vits14), excess": [True, False, False],
        "precision": [True, False, False],
        "recall": [False, False, True],
        "density": [True, False, False],
        "coverage": [True, False, False],
    }


def test_a_mark_is_a_symbol_and_a_word_not_bold_alone(source: str, page: Page) -> None:
    assert source.count("<strong>") == source.count('aria-hidden="true">★</span>') == 6
    assert page.text.count("best: ") == 6
    assert "★ and bold: better than every other set by more than chance" in page.text


def test_a_difference_that_ranks_nothing_is_explained(evaluation: MetricsRecord) -> None:
    told = {note.term: note.text for note in comparison_table(evaluation).unranked}
    assert told == {
        "FD(inception:0a1b2c3d), FD(dinov2-vits14), MiFD(inception:0a1b2c3d)": (
            "Sets differ by more than chance, yet none is marked: fewer images than features: the "
            "excess ranks, this does not."
        ),
        "IS, memorisation distance, authenticity": (
            "Sets differ by more than chance, yet none is marked: tells something else than which "
            "set is closer."
        ),
    }


def test_a_table_without_a_best_set_says_so(evaluation: MetricsRecord) -> None:
    even = [one.model_copy(update={"better": None}) for one in evaluation.differences]
    table = comparison_table(evaluation.model_copy(update={"differences": even}))
    assert "No value is marked, because no set is better" in table.legend[1]
    assert not any(cell.best for _, rows in table.families for row in rows for cell in row.cells)


def test_a_metric_without_a_value_gives_its_reason_once(page: Page) -> None:
    opening = page.text[: page.text.index("Is one set better")]
    assert opening.count("FD∞ ↓ , lower is better needs at least 4,096 images a side – – –") == 1
    assert "No value needs at least 4,096 images a side" in page.text


def test_reasons_that_differ_name_their_set(evaluation: MetricsRecord) -> None:
    kids = [one for one in evaluation.metrics if one.name == "kid"]
    gone = kids[1].model_copy(update={"estimate": Estimate(value=None, reason="no features")})
    record = evaluation.model_copy(update={"metrics": [kids[0], gone, kids[2]]})
    row = scores(record)["KID ×10³"]
    assert [cell.value for cell in row.cells] == ["27.0", "–", "28.6"]
    assert row.note == f"{FAKES[1]}: no features"


def test_one_set_has_three_large_numbers_and_the_rest_in_a_table(alone: MetricsRecord) -> None:
    text = render(alone)
    page = Page(text)
    assert text.count('class="stat"') == 3
    opening = page.text[: page.text.index("Every metric")]
    for part in ("62.3 ± 1.8", "18.42 ± 0.74", "KID ×10³ lower is better 27.0 ± 1.3"):
        assert part in opening
    assert "density ↑ , higher is better 0.412 ± 0.052 0.308 to 0.516 1.00" in page.text
    assert not re.search('id="(differences|copies|peers)"', text)
    assert "best: " not in page.text


def test_what_the_large_numbers_say_is_not_said_again_in_a_table(record: MetricsRecord) -> None:
    assert "Every metric" not in render(record)


def test_the_better_set_stands_on_the_side_of_its_interval(evaluation: MetricsRecord) -> None:
    """Lower KID of the first set: left. Higher precision of the first set: right."""
    drawn = {
        plot.title: "".join(drawing.svg for drawing in plot.drawings)
        for group in differences(evaluation).groups
        for plot in group.plots
    }
    first, second = "fake &amp; &lt;b&gt;unet&lt;/b&gt;", "100%_of #resnet"
    assert f">← {first}<" in drawn["KID ×10³"]
    assert f">{second} →<" in drawn["KID ×10³"]
    assert f">← {second}<" in drawn["precision"]
    assert f">{first} →<" in drawn["precision"]
    assert f"{first} is better" in drawn["KID ×10³"]


def test_every_difference_stands_in_a_table_with_both_p_values(
    page: Page, evaluation: MetricsRecord
) -> None:
    rows = [
        row for group in differences(evaluation).groups if group.table for row in group.table.rows
    ]
    assert len(rows) == len(evaluation.differences)
    assert (
        f"KID ×10³ {FAKES[0]} − {FAKES[1]} −5.51 ± 0.66 −6.82 to −4.20 < 0.001 0.0012 {FAKES[0]}"
        in page.text
    )
    assert f"{FAKES[0]} and {FAKES[1]}: 60 pairs of images with equal names" in page.text
    assert "no pairs, taken as independent sets" in page.text


def test_a_difference_without_an_error_is_shown_without_an_interval(
    evaluation: MetricsRecord,
) -> None:
    one = Difference(
        metric="kid",
        display="KID",
        a=FAKES[0],
        b=FAKES[1],
        estimate=Estimate(value=0.002, reason="fewer than 5 groups"),
        paired=False,
        note="",
    )
    (group,) = differences(evaluation.model_copy(update={"differences": [one]})).groups
    assert ">2.000<" in group.plots[0].drawings[0].svg
    assert group.table
    assert group.table.rows[0][2:] == ("2.000", "–", "–", "–", "–", "fewer than 5 groups")


def test_each_metric_is_explained_once_and_a_variant_refers_to_it(page: Page) -> None:
    assert page.text.count("Fréchet distance between two Gaussians") == 2  # FID, FD of a network
    assert page.text.count("Share of reals that have a fake within their own reach") == 1
    assert (
        "What it is FD(inception:0a1b2c3d) with another choice, see the protocol. Lower"
        in page.text
    )
    assert page.text.count("minus what two halves of one and the same set show") == 1


def test_plots_stand_in_families_and_an_excess_on_an_axis_of_its_own(
    evaluation: MetricsRecord,
) -> None:
    groups = plots(evaluation.metrics)
    assert [group.title for group in groups] == [
        "Distances",
        "Kernels",
        "Neighbours",
        "Memory",
        "Class score",
    ]
    assert [len(plot.drawings) for plot in groups[0].plots] == [2, 2, 2, 2, 1, 0]
    assert [plot.title for plot in groups[2].plots] == [
        "precision",
        "recall",
        "density",
        "coverage",
    ]


def test_copies_stand_beside_what_they_repeat(
    evaluation: MetricsRecord, load: Callable[[str, str], Image.Image | None]
) -> None:
    asked: list[tuple[str, str]] = []

    def noted(label: str, key: str) -> Image.Image | None:
        asked.append((label, key))
        return load(label, key)

    found = copies(evaluation, noted)
    assert found
    assert {label for label, _ in asked} == {FAKES[0], FAKES[1], TRAIN}
    assert [grid.title for grid in found.grids] == list(FAKES[:2])
    tiles = found.grids[0].tiles
    assert [tile.number for tile in tiles] == [
        "same file",
        "same pixels",
        "near hash, 1 bit",
        "near features, 0.012",
    ]
    assert [shot.role for shot in tiles[0].shots] == ["fake", "real"]
    assert all(shot.picture for tile in tiles for shot in tile.shots)
    shots = [shot for grid in found.grids for tile in grid.tiles for shot in tile.shots]
    assert found.spent == sum(len(shot.picture.source) for shot in shots if shot.picture)
    assert found.grids[0].table
    assert found.grids[0].table.rows[3][2:] == ("near features", "cosine distance 0.012")


def test_a_pair_of_one_shape_that_differs_leads_its_grid(
    evaluation: MetricsRecord, load: ImageLoader
) -> None:
    found = copies(evaluation, load)
    assert found
    first, second = found.grids
    assert first.lead is None  # a square beside a wide image: no place under the divider is both
    assert second.lead
    assert second.lead.tile == 0
    assert second.lead.about.startswith("near features, 0.020")
    equal = [one.model_copy(update={"kind": "pixels"}) for one in evaluation.copies]
    found = copies(evaluation.model_copy(update={"copies": equal}), load)
    assert found
    assert [grid.lead for grid in found.grids] == [None, None]  # nothing to be seen


def test_copies_over_their_budget_are_counted(evaluation: MetricsRecord, load: ImageLoader) -> None:
    for budget in range(5000, 15000, 500):
        found = copies(evaluation, load, budget)
        assert found
        assert found.spent <= budget
    found = copies(evaluation, load, 5000)
    assert found
    assert "to keep the page small" in found.grids[0].note


def test_copies_of_a_record_alone_keep_their_table(evaluation: MetricsRecord) -> None:
    page = Page(render(evaluation))
    assert "6 near copies among the fakes" in page.text
    assert "same file – <script>" not in page.text
    assert "near hash 1 bit" in page.text


def test_without_training_images_the_reals_stand_in_and_it_is_said(
    evaluation: MetricsRecord,
) -> None:
    page = Page(render(evaluation.model_copy(update={"train": None})))
    assert "the image of paintings that it comes near (no training images were given" in page.text


def test_numbers_of_other_packages_are_a_row_each(page: Page) -> None:
    for row in (
        "pytorch-fid 0.3.0 FID 62.318 66.8767 64.5382 pytorch-fid",
        "torchmetrics 1.9.0 KID −0.027 ± 0.0019 0.0326 ± 0.0019 0.0288 ± 0.0019 torchmetrics",
        "torch-fidelity 0.4.0 KID – – – tf1 refuses, N < 1000",
    ):
        assert row in page.text


def test_protocol_gathers_layers_of_a_pass_and_settings_that_are_shared(page: Page) -> None:
    for part in (
        "Features of inception-2015",
        "Layers 2048, 2,048 numbers per image; sfid, 2,023 numbers per image",
        "Features of dinov2-vits14",
        "Settings of precision, recall, density, coverage preset prdc k 5 inequality <",
        f"penalty {FAKES[0]}: 0.0829; {FAKES[1]}: 0.0911; ",
        f"Images, training 60 ({TRAIN})",
        "Role real fake fake fake training",
    ):
        assert part in page.text


def test_tables_for_papers_are_on_the_page_whole(page: Page) -> None:
    assert r"\begin{tabular}{lrrr}" in page.text
    assert r"100\%\_of \#resnet" in page.text
    assert "kind,metric,name,set,minus,value" in page.text


def test_hostile_labels_stay_labels(page: Page) -> None:
    assert not any(tag in ("b", "i", "u") for tag, _ in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert not page.attributes("style")


def test_ids_are_unique_and_links_resolve(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    targets = {href[1:] for href in page.attributes("href") if href.startswith("#")}
    assert targets <= set(ids)


def test_no_number_is_nan_and_no_name_of_python_leaks(page: Page) -> None:
    assert not re.search(r"\b(nan|inf|None|True|False)\b", page.text)
