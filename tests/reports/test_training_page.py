from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from reports.test_page import Page
from reports.training import DOMAINS, EPOCHS, KEY, ROWS, training_pictures, training_record

from ganeval.images.recorded import find_images
from ganeval.records import GridImage, TrainingRecord, read_record
from ganeval_reports import render
from ganeval_reports.figure_files import figures
from ganeval_reports.training_curves import histogram_plots, loss_groups, score_plots
from ganeval_reports.training_sheets import RUN, generated, sheets


@pytest.fixture(scope="module")
def record() -> TrainingRecord:
    return training_record()


@pytest.fixture(scope="module")
def html(record: TrainingRecord) -> str:
    pictures = training_pictures(record)
    return render(record, lambda label, key: pictures.get(key) if label == RUN else None)


def test_the_page_says_what_was_trained_and_how_it_went(html: str) -> None:
    page = Page(html)
    assert "Trained on 90 images of A" in page.text
    for label in DOMAINS:
        assert label in page.text
    assert "of 1,200" in page.text
    assert "taken up again 2 times" in page.text
    assert "The best was chosen on <test> images." in page.text


def test_a_best_chosen_on_test_images_is_called_optimistic_with_its_size(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert "chosen by fid_ma, 41.23, among 12 evaluations" in text
    assert "look better than their mean by 2.5" in text
    assert "its score there is optimistic" in text


def test_every_key_of_the_configuration_is_on_the_page(html: str) -> None:
    text = Page(html).text
    for key in ("optim.batch", "optim.betas", "ema.decay", "nets.G.ngf", "augment.diffaug"):
        assert key in text


def test_hostile_names_stay_text(html: str) -> None:
    assert "<script>alert" not in html
    assert "<i>translation</i>" not in html
    assert KEY in Page(html).text


def test_scores_show_both_directions_raw_and_averaged_with_interval(
    record: TrainingRecord,
) -> None:
    plots = score_plots(record)
    assert [plot.title for plot in plots] == ["FD(efficientnet-lite0)", "KID ×10³", "cycle L1"]
    fid = plots[0]
    assert len(fid.table.rows) == 4 * 12
    missing = [row for row in fid.table.rows if "too few images" in row[4]]
    assert len(missing) == 4
    first = fid.table.rows[0]
    assert first[:4] == ("100", "1", "A to B", "weights")
    assert first[4:7] == ("70.0 ± 7.0", "56.0 to 84.0", "73.50")
    assert "best" in fid.drawings[0].description


def test_kid_is_scaled_as_on_every_other_page(record: TrainingRecord) -> None:
    kid = score_plots(record)[1]
    assert kid.table.rows[0][4] == "50.0 ± 5.0"
    assert kid.table.rows[0][6] == "52.50"


def test_curves_stand_in_their_groups_with_raw_and_moving_average(record: TrainingRecord) -> None:
    (group,) = loss_groups(record)
    assert [plot.title for plot in group.plots] == list(
        dict.fromkeys(one.group for one in record.series)
    )
    head = group.plots[0].table.head
    assert head == ("updates", "G_A", "G_A, moving average", "G_B", "G_B, moving average")


def test_discriminators_show_first_and_last_histogram(record: TrainingRecord) -> None:
    titles = [plot.title for plot in histogram_plots(record)]
    assert titles == [
        "D_A at update 100", "D_A at update 1,200", "D_B at update 100", "D_B at update 1,200",
    ]  # fmt: skip


def test_the_last_sheet_is_shown_with_all_stages_and_a_few_images_over_time(
    record: TrainingRecord,
) -> None:
    pictures = training_pictures(record)
    shown = sheets(record, lambda _label, key: pictures.get(key), 10**9)
    assert shown is not None
    assert [grid.title for grid in shown.last] == ["A to B", "B to A"]
    for grid in shown.last:
        assert len(grid.tiles) == ROWS
        assert [shot.end for shot in grid.tiles[0].shots] == [
            "original", "translated", "recovered", "identity",
        ]  # fmt: skip
        assert grid.tiles[0].number == "cycle L1 3.1"
        assert grid.lead
        assert grid.lead.tile == 0
    assert len(shown.followed) == 2 * ROWS
    names = [tile.shots[0].name for tile in shown.followed[0].tiles]
    assert names == ["original", "untrained", *(f"epoch {epoch}" for epoch in EPOCHS[1:])]


def test_missing_files_of_the_run_are_counted(record: TrainingRecord) -> None:
    pictures = training_pictures(record)
    lost = record.sheets[-1].rows[0].recovered
    shown = sheets(record, lambda _l, key: None if key == lost else pictures.get(key), 10**9)
    assert shown is not None
    assert shown.note.startswith("1 file")


def test_without_images_the_page_says_so(record: TrainingRecord) -> None:
    assert "No image is shown" in render(record)


def test_figures_are_those_of_the_page(record: TrainingRecord, html: str) -> None:
    assert len(list(figures(record))) == len(re.findall(r"<figure>", html)) == 3 + 3 + 4


def test_a_run_without_sheets_scores_and_curves_still_has_a_page(record: TrainingRecord) -> None:
    bare = record.model_copy(
        update={"sheets": [], "scores": [], "series": [], "histograms": [], "best": None,
                "checkpoints": [], "warnings": [], "status": "diverged"}
    )  # fmt: skip
    text = Page(render(bare)).text
    assert "diverged" in text
    assert "No warnings." in text


def test_pictures_come_from_the_folder_of_the_record_and_from_nowhere_else(
    record: TrainingRecord, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    Image.new("RGB", (4, 4), "red").save(run / "a.png")
    Image.new("RGB", (4, 4), "red").save(tmp_path / "secret.png")
    (run / "broken.png").write_bytes(b"no picture")
    (run / "record.json").write_text(record.to_json(), "utf-8")
    read = read_record(run / "record.json")
    assert read == record
    found = find_images(read, folders=[Path(), run])
    assert found.load(RUN, "a.png") is not None
    for path in ("broken.png", "gone.png", "../secret.png", str(tmp_path / "secret.png")):
        assert found.load(RUN, path) is None
    assert found.load("photos", "a.png") is None


def test_a_run_without_translations_shows_what_was_generated(record: TrainingRecord) -> None:
    grids = [
        GridImage(update=100 * i, epoch=i, path=f"samples/{i}.png", rows=8, columns=8)
        for i in range(20)
    ]
    run = record.model_copy(update={"sheets": [], "grids": grids})
    shown = generated(run, lambda _l, _k: Image.new("RGB", (64, 64)), 10**9)
    assert shown is not None
    later = [f"epoch {i}" for i in (4, 8, 11, 15, 19)]
    assert [tile.shots[0].name for tile in shown.tiles] == ["untrained", *later]
    assert shown.tiles[-1].shots[0].alt == "generated images, after epoch 19 (1,900 updates)"
    html = render(run, lambda _l, _k: Image.new("RGB", (64, 64)))
    assert "Generated images" in html
    assert "D_A judges" not in html


def test_a_moving_average_counts_as_full_after_as_many_evaluations_as_were_asked_for(
    record: TrainingRecord,
) -> None:
    asked = record.model_copy(update={"config": {"eval": {"moving_average": 25}}})
    notes = [note.text for note in score_plots(asked)[0].meaning if note.term == "Strong line"]
    assert notes[0].startswith("moving average over the last 25 evaluations")
