"""The page of an ablation: verdict first, every number from the record, empty parts left out."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable

import pytest
from PIL import Image
from reports.ablation_records import (
    AGAIN,
    BASE,
    HOSTILE,
    ablation_pictures,
    external_record,
    small_record,
    study_record,
)

from ganeval.images.recorded import drawn_pictures
from ganeval.records import AblationRecord, Notice
from ganeval_reports import Source, render, render_several
from ganeval_reports.ablation_curves import curve_groups
from ganeval_reports.ablation_dots import dots_plots
from ganeval_reports.ablation_forest import forest_plots
from ganeval_reports.ablation_page import ablation_figures
from ganeval_reports.ablation_samples import samples
from ganeval_reports.ablation_tables import comparisons_table, metrics_table
from ganeval_reports.ablation_verdict import verdict
from ganeval_reports.images import BUDGET
from ganeval_reports.numbers import fixed, significant

Load = Callable[[str, str], Image.Image | None]


@pytest.fixture(scope="module")
def study() -> AblationRecord:
    return study_record()


@pytest.fixture(scope="module")
def small() -> AblationRecord:
    return small_record()


@pytest.fixture(scope="module")
def load() -> Load:
    pictures = ablation_pictures()
    return lambda label, key: pictures.get((label, key))


@pytest.fixture(scope="module")
def page(study: AblationRecord, load: Load) -> str:
    return render(study, load)


def _text(html: str) -> str:
    """What a reader sees of markup, blanks as one."""
    body = html[html.index("<main>") : html.index("</main>")]
    plain = re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").replace("&#39;", "'")
    return " ".join(plain.split())


def test_the_first_sentence_is_the_verdict(small: AblationRecord) -> None:
    text = _text(render(small))
    assert text.startswith("? Underpowered by design Underpowered by design: with n = 3 paired")
    assert small.verdict.replace("-", "−") in text.replace("-", "−")


def test_every_comparison_of_the_family_has_its_sentence(study: AblationRecord, page: str) -> None:
    family = [one for one in study.comparisons if not one.exploratory]
    assert len(family) == 3
    found = verdict(study)
    assert found.text == ""  # the sentences stand one by one instead
    assert [one.variant for one in found.findings] == [one.variant for one in family]
    assert found.findings[0].kind == "difference"
    assert "no-buffer is worse: KID (efficientnet-lite0) ×10³ +0.49" in _text(page)


def test_a_verdict_that_is_no_list_of_sentences_stands_itself(study: AblationRecord) -> None:
    said = study.model_copy(update={"verdict": "no-buffer is worse. 2 more found none."})
    assert verdict(said).text == "no-buffer is worse. 2 more found none."
    assert len(verdict(said).findings) == 3


def test_a_noise_arm_that_differs_stands_above_the_verdict(small: AblationRecord) -> None:
    alarm = Notice(code="noise_arm_differs", text="The noise arm itself differs.")
    page = render(small.model_copy(update={"warnings": [alarm]}))
    assert page.index("The noise arm itself differs.") < page.index('class="headline')


def test_an_exploratory_comparison_never_gets_a_verdict(study: AblationRecord) -> None:
    rows = [one for one in study.comparisons if one.exploratory and one.kind == "difference"]
    assert rows  # the test over seeds alone would say so
    table = comparisons_table("", rows)
    assert {row[-1] for row in table.rows} == {"exploratory"}
    plot = forest_plots(study)[1]
    assert all(one.exploratory for one in study.comparisons if one.direction == "BtoA")
    assert [note.term for note in plot.meaning if note.term == "Filled marker"] == []


def test_the_forest_plot_says_what_it_shows(study: AblationRecord) -> None:
    (drawing,) = forest_plots(study)[0].drawings
    first = next(one for one in study.comparisons if one.variant == "no-buffer")
    assert first.mean is not None
    assert f"no-buffer less base: +{fixed(first.mean, 2)} [" in drawing.description
    assert ", worse, Holm p 0.023" in drawing.description
    assert f"{HOSTILE} less base" in drawing.description
    assert ", observed worse, Holm p" in drawing.description


def test_without_an_aa_arm_the_noise_floor_is_unknown(small: AblationRecord) -> None:
    assert "no A/A arm: the noise floor of this study is unknown" in _text(render(small))
    (plot,) = forest_plots(small)
    assert "No band" in [note.term for note in plot.meaning]


def test_every_run_is_a_dot_and_a_diverged_one_a_cross(study: AblationRecord) -> None:
    plot = dots_plots(study, deciding=True)[0]
    told = plot.drawings[0].description
    assert "pool.size=1000: 7 runs from" in told
    assert ", 1 diverged" in told
    cells = {row[0]: row[1:] for row in plot.table.rows}
    assert cells["seed 5"][3] == "diverged"
    assert cells["seed 100"][:4] == ("–", "–", "–", "–")  # of the A/A arm alone
    values = {
        one.seed: one.estimate.value
        for one in study.metrics
        if (one.arm, one.name, one.direction) == (BASE, "kid", "AtoB")
    }
    for seed, value in values.items():
        assert value is not None
        assert cells[f"seed {seed}"][0] == fixed(value, 2)


def test_a_level_far_off_is_named_rather_than_drawn(study: AblationRecord) -> None:
    plot = dots_plots(study, deciding=True)[0]
    far = next(note.text for note in plot.meaning if note.term == "Beyond the axis")
    assert "untrained generator 48.0" in far
    assert "inputs unchanged" not in far


def test_the_aa_arm_is_not_joined_to_the_base(study: AblationRecord) -> None:
    svg = str(dots_plots(study, deciding=True)[0].drawings[0].svg)
    # Pale joints: 8 from base to no-buffer, 8 to ring-half, 7 to the arm that lost a run.
    assert svg.count('stroke-opacity="0.45"') == 23


def test_metrics_are_means_and_spreads_of_the_record(study: AblationRecord) -> None:
    table = metrics_table(study)
    assert list(table.sets) == [BASE, "no-buffer", HOSTILE, "pool.size=1000", AGAIN]
    row = dict(table.families)["A to B"][0]
    first = next(one for one in study.means if (one.arm, one.name) == (BASE, "kid"))
    assert first.mean.value is not None
    assert first.sd is not None
    assert row.cells[0].value == fixed(first.mean.value, 2)
    assert row.cells[0].se == fixed(first.sd, 2)
    assert not any(cell.best for _, rows in table.families for one in rows for cell in one.cells)
    assert any("Identity loss λ: 0.5" in line for line in table.legend)


def test_single_runs_say_nothing_about_methods() -> None:
    record = external_record()
    text = _text(render(record))
    assert "These two image sets differ by KID" in text
    assert "about these images, not about the methods" in text
    assert "the spread over seeds is unknown" in text
    assert "Differences that cannot be checked" in text
    (drawing,) = forest_plots(record)[0].drawings
    assert "better" not in drawing.description
    assert dots_plots(record, deciding=True) == []


def test_parts_without_content_are_left_out(small: AblationRecord, page: str) -> None:
    parts = ("curves", "samples", "failures", "discriminators", "anchors")
    bare = render(small)
    for part in parts:
        assert f'<section id="{part}"' in page
        assert f'<section id="{part}"' not in bare
        assert f'href="#{part}"' not in bare


def test_every_reference_of_the_page_leads_somewhere(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'(?:href="#|for=")([^"]+)"', page):
        assert target in ids


def test_seeds_are_panels_and_all_arms_stand_beside_their_input(
    study: AblationRecord, load: Load
) -> None:
    found = samples(study, load, BUDGET)
    assert found is not None
    first = found.chosen[0]
    assert [one.name for one in first.panels] == [
        f"Seed 0 ({AGAIN}: 100)",
        f"Seed 1 ({AGAIN}: 101)",
    ]
    matrix = first.panels[0].first
    assert [name for _, name in matrix.heads] == [
        "input", BASE, "no-buffer", HOSTILE, "pool.size=1000", AGAIN,
    ]  # fmt: skip
    assert all(len(tile.shots) == 6 for tile in matrix.tiles)
    assert all(shot.picture for tile in matrix.tiles for shot in tile.shots)
    assert [one.title[:9] for one in first.panels[0].further] == ["Recovered", "Given to "]
    failures = found.failures[0].panels[0].first
    assert list(failures.values[0]) == ["", "0.310", "0.310", "0.310", "0.310", "0.310"]


def test_pictures_that_are_gone_are_counted(study: AblationRecord, load: Load) -> None:
    lost = study.rows[0].pictures[0].translated
    found = samples(study, lambda label, key: None if key == lost else load(label, key), BUDGET)
    assert found is not None
    assert found.chosen[0].note == "1 picture could not be loaded."
    assert found.chosen[0].panels[0].first.tiles[0].shots[1].picture is None


def test_a_picture_that_the_record_does_not_name_is_not_asked_for(study: AblationRecord) -> None:
    row = study.rows[0].model_copy(update={"original": ""})
    asked: list[str] = []

    def load(_label: str, key: str) -> None:
        asked.append(key)

    samples(study.model_copy(update={"rows": [row]}), load, BUDGET)
    assert asked
    assert "" not in asked
    assert set(asked) <= drawn_pictures(study)


def test_every_figure_is_read_out_and_has_a_file_of_its_own(
    study: AblationRecord, page: str
) -> None:
    figures = list(ablation_figures(study))
    assert all(one.description for one in figures)
    assert len({one.name for one in figures}) == len(figures)
    assert page.count('role="img"') == len(figures)
    assert all(re.search(r'alt="[^"]+"', image) for image in re.findall(r"<img[^>]+>", page))


def test_a_published_number_is_beside_ours_only_with_its_protocol(page: str) -> None:
    text = _text(page)
    assert "no: extractor, checkpoint rule unknown" in text
    assert "recalled: check the paper before printing it" in text
    assert "1 of 3: task, direction, split" in text


def test_no_name_becomes_markup(page: str) -> None:
    assert "<b>noise" not in page
    assert "<i>" not in page


def test_the_same_record_gives_the_same_page(small: AblationRecord) -> None:
    assert render(small) == render(small_record())
    later = small.model_copy(update={"started": "2027-05-06T07:08:00+00:00"})
    one, other = render(small), render(later)
    moments = ("2026-03-01T10:00:00+00:00", "2026-03-01 10:00 UTC")
    for moment, new in zip(
        moments, ("2027-05-06T07:08:00+00:00", "2027-05-06 07:08 UTC"), strict=True
    ):
        assert moment in one
        one = one.replace(moment, new)
    assert one == other


def test_a_page_of_several_records_keeps_its_references(small: AblationRecord) -> None:
    page = render_several([Source(small), Source(external_record())])
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_curve_of_a_metric_is_in_the_unit_of_the_page(study: AblationRecord) -> None:
    evaluated, metrics = curve_groups(study)[:2]
    assert evaluated.plots[0].title == "KID (efficientnet-lite0) ×10³, A to B"
    assert evaluated.plots[0].table.rows[-1][1] == "5.350"  # 5 and a tenth per seed, 0 to 7
    assert metrics.title == "Evaluated by the trainer, on held-out images"
    (plot,) = metrics.plots
    assert plot.title == "KID (efficientnet-lite0) ×10³, A to B"
    values = [one.values[-1] for one in study.curves if one.arm == BASE and one.group == "metrics"]
    median = 1e3 * statistics.median(value for value in values if value is not None)
    assert plot.table.rows[-1][1] == significant(median, 4)


def test_every_run_is_a_thin_line_and_a_diverged_one_ends_with_a_cross(
    study: AblationRecord,
) -> None:
    (plot,) = curve_groups(study)[1].plots
    svg = str(plot.drawings[0].svg)
    assert svg.count('stroke-opacity="0.16"') == 8 * 5
    assert "Cross" in [note.term for note in plot.meaning]
    assert "Cross" not in [note.term for note in curve_groups(_sound(study))[1].plots[0].meaning]


def _sound(study: AblationRecord) -> AblationRecord:
    curves = [one for one in study.curves if not one.diverged]
    return study.model_copy(update={"curves": curves})
