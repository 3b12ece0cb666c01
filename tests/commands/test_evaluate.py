"""``ganeval evaluate``: several fake sets against one real set, and against each other."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganeval.records import MetricsRecord

from .conftest import Outcome, make_folder

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")


def record(outcome: Outcome) -> MetricsRecord:
    assert outcome.code == 0, outcome.err
    return MetricsRecord.model_validate(json.loads(outcome.out))


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Fakes that are too dark, under the names of the good ones."""
    folder = make_folder(tmp_path / "fake", 30, seed=2)
    for path in folder.iterdir():
        Image.open(path).point(lambda value: value // 2).save(path)
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Fakes from the distribution of the reals."""
    return make_folder(tmp_path / "good", 30, seed=3)


def test_the_better_of_two_sets_is_named(
    ganeval: Ganeval, real: Path, fake: Path, good: Path
) -> None:
    found = record(ganeval("evaluate", real, fake, good, *PROJECTION, "--json"))
    assert found.verdict.startswith("good is closer to the reals than fake")
    assert found.best("excess") == "good"
    assert found.best("kid") == "good"


def test_numbers_are_those_of_the_short_commands(
    ganeval: Ganeval, real: Path, fake: Path, good: Path
) -> None:
    found = record(ganeval("evaluate", real, fake, good, *PROJECTION, "--json"))
    alone = record(ganeval("fid", real, fake, *PROJECTION, "--json"))
    other = record(ganeval("kid", real, good, *PROJECTION, "--json"))
    assert found.metric("fid", "fake") == alone.metric("fid")
    assert found.metric("kid", "fake") == alone.metric("kid")
    assert found.metric("kid", "good") == other.metric("kid")


def test_differences_are_those_of_the_values_and_turn_with_the_order(
    ganeval: Ganeval, real: Path, fake: Path, good: Path
) -> None:
    one = record(ganeval("evaluate", real, fake, good, *PROJECTION, "--metrics", "all", "--json"))
    two = record(ganeval("evaluate", real, good, fake, *PROJECTION, "--metrics", "all", "--json"))
    assert {d.metric for d in one.differences} >= {"fid", "excess", "kid", "recall", "mind"}
    for forth, back in zip(one.differences, two.differences, strict=True):
        assert (forth.a, forth.b, forth.n_pairs) == (back.b, back.a, 30)
        if forth.metric == "excess":  # splits follow the first set: another draw
            continue
        metrics = [one.metric(forth.metric, label).estimate.value for label in ("fake", "good")]
        assert forth.estimate.value == metrics[0] - metrics[1]
        if forth.metric in ("fid", "kid"):  # effects of single images; blocks are another draw
            assert back.estimate.se == pytest.approx(forth.estimate.se, rel=1e-9)


def test_a_set_against_its_own_copy_differs_by_nothing(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path
) -> None:
    shutil.copytree(fake, tmp_path / "copy")
    found = record(ganeval("evaluate", real, fake, tmp_path / "copy", *PROJECTION, "--json"))
    assert {d.estimate.value for d in found.differences} == {0.0}
    assert {d.p for d in found.differences} == {1.0}
    assert "is not resolved by these images" in found.verdict


def test_sets_of_unequal_size_are_compared_at_the_smaller(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path
) -> None:
    shutil.copytree(fake, tmp_path / "few")
    for path in sorted((tmp_path / "few").iterdir())[20:]:
        path.unlink()
    found = record(ganeval("evaluate", real, fake, tmp_path / "few", *PROJECTION, "--json"))
    by_name = {d.metric: d for d in found.differences}
    assert by_name["fid"].estimate.n == {"fake": 20, "few": 20}
    assert "mean of 10 draws" in by_name["fid"].note
    assert by_name["kid"].estimate.n == {"fake": 30, "few": 20}


def test_the_table_marks_only_what_is_better_by_more_than_chance(
    ganeval: Ganeval, real: Path, fake: Path, good: Path
) -> None:
    outcome = ganeval("evaluate", real, fake, good, *PROJECTION, "--metrics", "fid,kid")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["metric", "±", "SE", "fake", "good"]
    row = next(line for line in lines if line.startswith("KID"))
    assert row.endswith("*")
    distance = next(line for line in lines if line.startswith("FD(random-projection)"))
    assert "*" not in distance  # 30 images are fewer than 64 features: the excess ranks
    assert "30 pairs of images" in outcome.out
    assert "Not ranked" in outcome.out


def test_csv_holds_every_number_of_the_record(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path, good: Path
) -> None:
    table = tmp_path / "table.csv"
    found = record(ganeval("evaluate", real, fake, good, *PROJECTION, "--csv", table, "--json"))
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    metrics = {(r["metric"], r["set"]): r for r in rows if r["kind"] == "metric"}
    assert len(metrics) == len(found.metrics)
    for metric in found.metrics:
        assert float(metrics[metric.name, metric.fake]["value"]) == metric.estimate.value
    differences = [r for r in rows if r["kind"] == "difference"]
    assert [float(r["value"]) for r in differences] == [d.estimate.value for d in found.differences]


def test_latex_names_are_escaped(ganeval: Ganeval, tmp_path: Path, real: Path) -> None:
    odd = make_folder(tmp_path / "50%_of&more", 30, seed=2, blur=True)
    table = tmp_path / "table.tex"
    outcome = ganeval("evaluate", real, odd, *PROJECTION, "--latex", table)
    assert outcome.code == 0, outcome.err
    text = table.read_text("utf-8")
    assert r"50\%\_of\&more" in text
    assert r"\begin{tabular}{lr}" in text
    assert text.count(r"\\") == text.count(" & ")  # one column of values


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("fidd", "did you mean"),
        ("fid:769", "768"),
        ("is", "inception-2015"),
        ("kid:", "nothing follows the colon"),
        ("mind:3", "takes no choice"),
        (",", "names no metric"),
        ("prdc:admm", "did you mean"),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(
    ganeval: Ganeval, real: Path, fake: Path, metrics: str, said: str
) -> None:
    extractor = () if metrics == "fid:769" else PROJECTION
    outcome = ganeval("evaluate", real, fake, *extractor, "--metrics", metrics)
    assert outcome.code == 2
    assert said in outcome.err


def test_one_set_with_everything_prints_intervals(ganeval: Ganeval, real: Path, fake: Path) -> None:
    outcome = ganeval("evaluate", real, fake, *PROJECTION, "--metrics", "all")
    assert outcome.code == 0, outcome.err
    assert "CMMD" not in outcome.out.replace("cmmd", "")
    for name in ("precision ↑", "MiFD(random-projection) ↓", "MIND ↓", "authenticity ↑"):
        assert name in outcome.out


def test_two_options_never_write_one_file(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path
) -> None:
    both = tmp_path / "x.csv"
    outcome = ganeval("evaluate", real, fake, *PROJECTION, "--csv", both, "--out", both)
    assert outcome.code == 2
    assert "name two files" in outcome.err
    assert not both.exists()


def test_statistics_of_the_reals_give_the_distance_alone(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path, good: Path
) -> None:
    saved = tmp_path / "real.npz"
    outcome = ganeval("stats", "save", real, saved, *PROJECTION, "--features", "never")
    assert outcome.code == 0, outcome.err
    found = record(
        ganeval("evaluate", saved, fake, good, *PROJECTION, "--metrics", "all", "--json")
    )
    valued = {m.name for m in found.metrics if m.estimate.value is not None}
    assert valued == {"fid"}
    assert "metrics_left_out" in {notice.code for notice in found.warnings}
    refused = ganeval("evaluate", saved, fake, *PROJECTION, "--metrics", "kid")
    assert refused.code == 2
    assert "needs the features of every image" in refused.err


def test_the_list_of_metrics_has_every_name(ganeval: Ganeval) -> None:
    from ganeval.metrics.catalogue import CATALOGUE

    listed = json.loads(ganeval("metrics", "--json").out)
    assert [one["name"] for one in listed] == list(CATALOGUE)
    for one in listed:
        assert one["what"], one["name"]
        assert one["blind_to"], one["name"]
    table = ganeval("metrics").out
    assert all(name in table for name in CATALOGUE)


def test_a_row_per_image_can_be_written(
    ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path, good: Path
) -> None:
    table = tmp_path / "images.csv"
    outcome = ganeval("evaluate", real, fake, good, *PROJECTION, "--per-image", table, "--quiet")
    assert outcome.code == 0, outcome.err
    assert len([float(line) for line in outcome.out.splitlines()]) == 2  # one per fake set
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    assert len(rows) == 2 * 60
    assert {(r["set"], r["against"]) for r in rows} == {
        ("fake", "real"),
        ("real", "fake"),
        ("good", "real"),
        ("real", "good"),
    }


def test_images_without_a_partner_count_in_a_set_of_other_size(
    ganeval: Ganeval, tmp_path: Path, real: Path, good: Path
) -> None:
    """Half of the larger set is far off; its other half are partners of the smaller set."""
    mixed = tmp_path / "mixed"
    shutil.copytree(good, mixed)
    for i in range(30):
        Image.new("RGB", (40, 40), (i, 0, 0)).save(mixed / f"dark-{i}.png")
    found = record(ganeval("evaluate", real, good, mixed, *PROJECTION, "--json"))
    assert {d.better for d in found.differences if d.metric in ("excess", "kid")} == {"good"}


@pytest.mark.parametrize("option", ["--out", "--csv", "--latex", "--per-image", "--html"])
def test_no_output_is_written_over_an_input(
    ganeval: Ganeval, real: Path, fake: Path, option: str
) -> None:
    target = real / "000.png"
    before = target.read_bytes()
    outcome = ganeval("evaluate", real, fake, *PROJECTION, option, target)
    assert outcome.code == 2
    assert "would write over what is read" in outcome.err
    assert target.read_bytes() == before


def test_names_are_no_markup(ganeval: Ganeval, tmp_path: Path, real: Path, fake: Path) -> None:
    sets = [tmp_path / name for name in ("g[ema]", "g[raw]")]
    for folder in sets:
        shutil.copytree(fake, folder)
    outcome = ganeval("evaluate", real, *sets, *PROJECTION, "--metrics", "kid")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[0].split()[-2:] == ["g[ema]", "g[raw]"]
    assert "g[ema] − g[raw]" in outcome.out
