"""``ganeval audit`` as a user meets it: text, files, exit codes, mistakes."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganeval.records import AuditRecord, MetricsRecord, read_record, write_text

from .conftest import Outcome, make_folder

Run = Callable[..., Outcome]
NO_NETWORK = ("--no-features", "--no-cache")


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Pictures like the real ones, so that nothing but what is planted is found."""
    return make_folder(tmp_path / "fake", 30, seed=2)


@pytest.fixture
def leaky(real: Path, fake: Path) -> tuple[Path, Path]:
    """Thirty real pictures, two of them twice, and fakes one of which is a real one."""
    shutil.copy(real / "001.png", real / "again.png")
    shutil.copy(real / "002.png", real / "once-more.png")
    shutil.copy(real / "005.png", fake / "copied.png")
    return real, fake


def test_the_text_says_what_was_found(ganeval: Run, leaky: tuple[Path, Path]) -> None:
    outcome = ganeval("audit", *leaky, *NO_NETWORK)
    assert outcome.code == 0
    first, *lines = outcome.out.splitlines()
    assert first.startswith("2 findings in these 2 sets (63 images)")
    table = [line.split() for line in lines]
    assert ["images", "32", "31"] in table
    assert ["format", "PNG", "(32)", "PNG", "(31)"] in table
    assert any(words[:1] == ["brightness"] and "[0." in " ".join(words) for words in table)
    assert ["real", "real", "4", "bytes", "(4)"] in table
    assert "! leak: 1 of 31 images of fake match an image of real" in outcome.err
    assert "! duplicates: 2 of 32 images of real" in outcome.err


def test_one_sound_set(ganeval: Run, real: Path) -> None:
    outcome = ganeval("audit", real, *NO_NETWORK)
    assert outcome.out.startswith("Nothing was found in this set (30 images)")
    assert "AUC" not in outcome.out
    assert outcome.err == ""


def test_json_is_the_record_alone_and_reads_back(
    ganeval: Run, leaky: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "audit.json"
    outcome = ganeval("audit", *leaky, *NO_NETWORK, "--json", "--out", out)
    assert json.loads(outcome.out)["schema"] == "ganeval.audit/1"
    assert out.read_text("utf-8") == outcome.out
    record = read_record(out)
    assert isinstance(record, AuditRecord)
    assert record.argv[:2] == ["ganeval", "audit"]
    assert [one.input.label for one in record.sets] == ["real", "fake"]
    assert record.set_called("fake").input.n == 31


def test_records_of_both_kinds_are_told_apart(tmp_path: Path, ganeval: Run, real: Path) -> None:
    out = tmp_path / "fid.json"
    ganeval("fid", real, real, "--extractor", "random-projection", "--out", out)
    assert isinstance(read_record(out), MetricsRecord)


def test_quiet_is_the_number_of_findings(ganeval: Run, leaky: tuple[Path, Path]) -> None:
    assert ganeval("audit", *leaky, *NO_NETWORK, "--quiet").out == "2\n"


def test_csv_has_a_row_per_image(ganeval: Run, leaky: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "images.csv"
    assert ganeval("audit", *leaky, *NO_NETWORK, "--csv", path).code == 0
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert len(rows) == 63
    copied = next(row for row in rows if row["set"] == "fake" and row["key"] == "copied.png")
    assert copied["matched"] == "bytes"
    assert 0 < float(copied["brightness"]) < 255
    assert float(copied["bytes_per_pixel"]) == pytest.approx(int(copied["file_bytes"]) / 40**2)
    assert copied["isolation"] == copied["jpeg_quality"] == ""


def test_html_is_written(ganeval: Run, leaky: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    assert ganeval("audit", *leaky, *NO_NETWORK, "--html", page).code == 0
    assert "<!doctype html>" in page.read_text("utf-8")


def test_conditions_give_exit_code_4(ganeval: Run, leaky: tuple[Path, Path]) -> None:
    failing = ganeval("audit", *leaky, *NO_NETWORK, "--fail-on", "leak,unreadable")
    assert failing.code == 4
    assert "Error: --fail-on: 1 finding: leak" in failing.err
    assert ganeval("audit", *leaky, *NO_NETWORK, "--fail-on", "unreadable").code == 0
    strict = ganeval("audit", *leaky, *NO_NETWORK, "--strict")
    assert strict.code == 4
    assert "--strict: 2 findings: leak, duplicates" in strict.err


def test_unreadable_files_are_listed_and_end_nothing(ganeval: Run, real: Path) -> None:
    (real / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    outcome = ganeval("audit", real, *NO_NETWORK)
    assert outcome.code == 0
    assert any(line.startswith("broken.jpg  real") for line in outcome.out.splitlines())
    assert ganeval("audit", real, *NO_NETWORK, "--fail-on", "unreadable").code == 4


def test_the_list_stands_for_the_folder_in_other_commands(
    ganeval: Run, leaky: tuple[Path, Path], tmp_path: Path
) -> None:
    kept = tmp_path / "kept-{set}.txt"
    outcome = ganeval(
        "audit", *leaky, *NO_NETWORK, "--write-list", kept, "--drop", "duplicates,leak"
    )
    assert f"{tmp_path}/kept-real.txt: 30 images kept, left out: 2 duplicates" in outcome.out
    lists = tmp_path / "kept-real.txt", tmp_path / "kept-fake.txt"
    again = ganeval("audit", *lists, *NO_NETWORK)
    assert again.out.startswith("Nothing was found in these 2 sets (60 images)")
    metric = ganeval("fid", *lists, "--extractor", "random-projection", "--json")
    assert metric.code == 0
    assert [one["n"] for one in json.loads(metric.out)["inputs"]] == [30, 30]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--drop", "duplicate"), "did you mean duplicates?"),
        (("--fail-on", "leaks"), "did you mean leak?"),
        (("--no-features", "--extractor", "random-projection"), "leave out --extractor"),
        (("--no-features", "--batch-size", "3"), "leave out --batch-size"),
        (("--extractor", "no-such"), "no extractor 'no-such'"),
        (("--outlier-z", "0"), "--outlier-z"),
        (("--csv", "-"), "--csv"),
        (("--csv", "x.html", "--html", "x.html"), "would both write x.html"),
    ],
)
def test_mistakes_are_named(
    ganeval: Run, real: Path, arguments: tuple[str, ...], words: str
) -> None:
    outcome = ganeval("audit", real, *arguments)
    assert outcome.code == 2
    assert words in outcome.err


def test_a_missing_folder_is_named(ganeval: Run, tmp_path: Path) -> None:
    outcome = ganeval("audit", tmp_path / "nowhere")
    assert outcome.code == 2
    assert "there is no such file or folder" in outcome.err


@pytest.mark.slow
def test_outliers_by_features_need_no_download(ganeval: Run, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "set", 24, seed=5)
    Image.effect_noise((40, 40), 120).convert("RGB").save(folder / "noise.png")
    outcome = ganeval("audit", folder, "--json")
    record = json.loads(outcome.out)
    assert record["sets"][0]["features"]["spec"]["extractor"] == "efficientnet-lite0"
    assert ("noise.png", "features") in {(one["key"], one["kind"]) for one in record["outliers"]}


def test_findings_about_headers_reach_the_metrics(ganeval: Run, tmp_path: Path) -> None:
    folders = []
    for name, quality in (("real", 95), ("fake", 60)):
        source = make_folder(tmp_path / f"{name}-png", 6, seed=quality)
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        for path in source.iterdir():
            Image.open(path).save(folders[-1] / f"{path.stem}.jpg", quality=quality)
    record = json.loads(ganeval("fid", *folders, "--extractor", "random-projection", "--json").out)
    assert record["inputs"][1]["jpeg_quality"] == {"60": 6}
    texts = {one["code"]: one["text"] for one in record["warnings"]}
    assert "JPEG quality (real: 95-100 100 %; fake: 60-64 100 %)" in texts["mixed_formats"]


def test_a_record_of_an_unknown_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_text(path, '{"schema": "ganeval.audit/9"}')
    with pytest.raises(Exception, match=r"schema 'ganeval\.audit/9' is newer than"):
        read_record(path)


@pytest.mark.shared_data
def test_the_repeated_photo_among_the_monet_photos_is_found(ganeval: Run, shared: Path) -> None:
    data = shared / "data" / "monet"
    outcome = ganeval("audit", data / "photos", data / "fake-unet32", *NO_NETWORK, "--json")
    record = json.loads(outcome.out)
    exact = {
        (one["a_set"], one["a"], one["b"]) for one in record["duplicates"] if one["kind"] == "bytes"
    }
    assert exact == {
        ("photos", "16a666edff.jpg", "1dafe2cf42.jpg"),
        ("fake-unet32", "16a666edff.jpg", "1dafe2cf42.jpg"),
    }
    (overlap,) = record["overlaps"]
    assert overlap["same_name"] == 297
    (leak,) = record["warnings"]
    assert "a translation keeps the layout of its photo" in leak["text"]
