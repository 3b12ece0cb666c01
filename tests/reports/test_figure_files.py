"""``--figures``: the figures of a page as PDF and PNG, the same bytes every time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reports.classification import bare_record
from reports.training import training_record

from ganeval.errors import GanevalError
from ganeval.records import MetricsRecord
from ganeval_reports.axes import WIDTH
from ganeval_reports.differences import differences
from ganeval_reports.drawing import slug
from ganeval_reports.figure_files import write_figures
from ganeval_reports.interval_plot import Row, interval_plot
from ganeval_reports.intervals import plots


@pytest.fixture(scope="module")
def files(record: MetricsRecord, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_figures(record, tmp_path_factory.mktemp("figures") / "new" / "folder")


def test_every_figure_of_the_page_is_written_in_both_forms(
    files: list[Path], record: MetricsRecord
) -> None:
    assert [path.name for path in files] == [
        "fid-interval.pdf",
        "fid-interval.png",
        "kid-interval.pdf",
        "kid-interval.png",
    ]
    assert sorted(files[0].parent.iterdir()) == sorted(files)  # and nothing half written


def test_a_png_has_300_dots_per_inch_on_white_paper(files: list[Path]) -> None:
    with Image.open(files[1]) as image:
        # Chunks of PNG hold dots per metre, which 300 per inch is no whole number of.
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.02)
        # 10 pixels of paper on either side, 72 to the inch.
        assert image.width == pytest.approx((WIDTH + 20) / 72 * 300, abs=1)
        pixels = np.asarray(image.convert("RGB"))
    assert (pixels[0] == 255).all()
    assert (pixels[:, -1] == 255).all()
    assert pixels.min() < 64  # and ink on it


def test_a_pdf_embeds_its_fonts_as_truetype_and_tells_no_date(files: list[Path]) -> None:
    content = files[0].read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"/CreationDate" not in content


def test_the_same_record_gives_the_same_bytes(
    files: list[Path], record: MetricsRecord, tmp_path: Path
) -> None:
    def digests(paths: list[Path]) -> list[str]:
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    assert digests(write_figures(record, tmp_path)) == digests(files)


def test_names_tell_what_is_drawn_and_never_meet(evaluation: MetricsRecord, tmp_path: Path) -> None:
    few = {"fid", "excess", "precision"}
    record = evaluation.model_copy(
        update={
            "metrics": [one for one in evaluation.metrics if one.name in few],
            "differences": [one for one in evaluation.differences if one.metric in few],
        }
    )
    drawn = [
        one for group in differences(record).groups for plot in group.plots for one in plot.drawings
    ]
    drawn += [
        one for group in plots(record.metrics) for plot in group.plots for one in plot.drawings
    ]
    names = [path.name for path in write_figures(record, tmp_path, stem="Monet & photos")]
    assert len(names) == len(set(names)) == 2 * len(drawn)
    assert all(name.startswith("monet-photos-") for name in names)
    assert "monet-photos-precision-difference.pdf" in names
    assert {"monet-photos-fid-excess.png", "monet-photos-fid-excess-difference.png"} <= set(names)


def test_two_figures_of_one_name_are_numbered(record: MetricsRecord, tmp_path: Path) -> None:
    """Names of metrics may differ in signs that a file name does not keep."""
    one = record.metrics[1]
    alike = [one.model_copy(update={"name": name}) for name in ("new:a", "new_a")]
    names = [
        path.name for path in write_figures(record.model_copy(update={"metrics": alike}), tmp_path)
    ]
    assert names[::2] == ["new-a-interval.pdf", "new-a-interval-2.pdf"]


def test_figures_of_a_training_run_are_written_too(tmp_path: Path) -> None:
    full = training_record()
    record = full.model_copy(
        update={
            "scores": [one for one in full.scores if one.name == "fid"],
            "series": full.series[:1],
            "histograms": full.histograms[:1],
        }
    )
    names = {path.name for path in write_figures(record, tmp_path)}
    assert len(names) == 2 * 3
    assert {"score-fid.pdf", "score-fid.png"} <= names
    assert any(name.startswith("curve-0-") for name in names)
    assert all(name.partition(".")[0] == slug(name.partition(".")[0]) for name in names)


def test_figures_of_a_classifier_test_are_written_too(tmp_path: Path) -> None:
    names = [path.name for path in write_figures(bare_record(), tmp_path)]
    assert names == ["ladder.pdf", "ladder.png"]


def test_a_folder_that_cannot_be_made_is_named(record: MetricsRecord, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(GanevalError, match="taken/figures: cannot be made a folder"):
        write_figures(record, taken / "figures")


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_names_in_any_script_are_written_without_a_warning(kind: str, tmp_path: Path) -> None:
    row = Row("日本語 🎨 $\\frac{a}{0}$", "1", 1.0)
    with (tmp_path / "figure").open("wb") as stream:
        interval_plot([row], axis="x", prefix="p").write(stream, kind)  # type: ignore[arg-type]
    assert (tmp_path / "figure").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fid", "fid"),
        ("kid_subsets", "kid-subsets"),
        ("Übung/../x", "ubung-x"),
        ("日本", "unnamed"),
    ],
)
def test_any_text_becomes_a_plain_name(text: str, name: str) -> None:
    assert slug(text) == name
