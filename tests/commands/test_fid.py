"""``ganeval fid`` from the command line, with the extractor that needs nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganeval.records import MetricsRecord, read_record

from .conftest import Outcome, make_folder

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")


def record_of(outcome: Outcome) -> MetricsRecord:
    assert outcome.code == 0, outcome.err
    return MetricsRecord.model_validate(json.loads(outcome.out))


def numbers(record: MetricsRecord) -> list[Any]:
    """Every number a user would quote."""
    fid, kid = record.metric("fid"), record.metric("kid")
    return [fid.estimate, fid.floor, kid.estimate.model_copy(update={"n": {}}), kid.test]


def test_prints_value_interval_counts_protocol_and_warnings(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    outcome = ganeval("fid", real, fake, *PROJECTION)
    assert outcome.code == 0
    first = outcome.out.splitlines()[0]
    assert first.startswith("FD(random-projection)")
    assert " ± " in first
    assert "95 % CI" in first
    assert "30 real, 30 fake" in first
    for part in ("excess over floor", "KID ×10³", "p = ", "resize area", "float32"):
        assert part in outcome.out
    assert "! n_below_d: " in outcome.err
    assert "\x1b" not in outcome.out + outcome.err


def test_json_is_one_valid_record_and_nothing_else(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    record = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    assert record.input("real").n == record.input("fake").n == 30
    assert record.input("real").fingerprint != record.input("fake").fingerprint
    assert record.features[0].spec.extractor == "random-projection"
    assert record.argv == ["ganeval", "fid", str(real), str(fake), *PROJECTION, "--json"]
    assert record.environment.packages["numpy"] == np.__version__
    estimate = record.metric("fid").estimate
    assert estimate.low is not None
    assert estimate.value is not None
    assert estimate.high is not None
    assert estimate.low < estimate.value < estimate.high


def test_quiet_prints_the_same_number_alone(ganeval: Ganeval, real: Path, fake: Path) -> None:
    record = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    outcome = ganeval("fid", real, fake, *PROJECTION, "--quiet")
    assert float(outcome.out) == record.metric("fid").estimate.value


def test_out_and_html_are_written_whole(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    out, html = tmp_path / "fid.json", tmp_path / "fid.html"
    assert ganeval("fid", real, fake, *PROJECTION, "--out", out, "--html", html).code == 0
    assert read_record(out).metric("fid").estimate.value is not None
    assert html.read_text("utf-8").rstrip().endswith("</html>")
    assert not list(tmp_path.glob("*.part-*"))
    assert not list(tmp_path.glob(".*"))


def test_a_set_against_itself_is_exactly_zero(ganeval: Ganeval, real: Path) -> None:
    outcome = ganeval("fid", real, real, *PROJECTION)
    assert outcome.code == 0
    assert "identical_sets" in outcome.err
    assert ganeval("fid", real, real, *PROJECTION, "--quiet").out == "0.0\n"


def test_renamed_copies_are_the_same_set(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for i, file in enumerate(sorted(real.iterdir(), reverse=True)):
        shutil.copy(file, copies / f"copy-{i}.png")
    assert ganeval("fid", real, copies, *PROJECTION, "--quiet").out == "0.0\n"


def test_names_and_order_of_files_change_nothing(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    renamed = tmp_path / "renamed"
    for i, file in enumerate(sorted(fake.iterdir(), reverse=True)):
        (renamed / str(i % 3)).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, renamed / str(i % 3) / f"{i}.PNG")
    one = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    other = record_of(ganeval("fid", real, renamed, *PROJECTION, "--json"))
    assert numbers(one) == numbers(other)


def test_workers_and_batch_size_change_nothing(ganeval: Ganeval, real: Path, fake: Path) -> None:
    runs = [
        record_of(ganeval("fid", real, fake, *PROJECTION, "--json", "--no-cache", *options))
        for options in ((), ("--workers", "1"), ("--batch-size", "7", "--workers", "5"))
    ]
    assert numbers(runs[0]) == numbers(runs[1]) == numbers(runs[2])


def test_a_second_run_computes_nothing_and_prints_the_same(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    first = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    second = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    assert [run.cache_misses for run in first.features] == [30, 30]
    assert [run.cache_misses for run in second.features] == [0, 0]
    assert numbers(first) == numbers(second)


def test_a_folder_that_grew_costs_only_its_new_images(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    ganeval("fid", real, fake, *PROJECTION)
    make_folder(tmp_path / "more", 2, seed=9)
    for file in (tmp_path / "more").iterdir():
        shutil.copy(file, fake / f"new-{file.name}")
    record = record_of(ganeval("fid", real, fake, *PROJECTION, "--json"))
    assert [run.cache_misses for run in record.features] == [0, 2]


def test_no_cache_keeps_nothing(ganeval: Ganeval, real: Path, fake: Path) -> None:
    for _ in range(2):
        record = record_of(ganeval("fid", real, fake, *PROJECTION, "--json", "--no-cache"))
        assert [run.cache_misses for run in record.features] == [30, 30]


def test_an_unwritable_cache_is_said_once_and_the_run_goes_on(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file-in-the-way"
    blocked.write_text("")
    monkeypatch.setenv("GANEVAL_CACHE", str(blocked / "cache"))
    outcome = ganeval("fid", real, fake, *PROJECTION)
    assert outcome.code == 0
    assert outcome.err.count("cache_unavailable") == 1


def test_one_bad_file_among_many_is_named_and_the_rest_is_kept(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    whole = (fake / "004.png").read_bytes()
    (fake / "004.png").write_bytes(whole[: len(whole) // 2])
    (fake / "017.png").write_text("not a picture")
    outcome = ganeval("fid", real, fake, *PROJECTION)
    assert outcome.code == 2
    assert "2 of 30 images" in outcome.err
    assert "004.png" in outcome.err
    assert "017.png" in outcome.err
    assert "--on-error skip" in outcome.err
    assert outcome.out == ""


def test_skipping_drops_counts_and_lists_bad_files(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    (fake / "017.png").write_text("not a picture")
    record = record_of(ganeval("fid", real, fake, *PROJECTION, "--json", "--on-error", "skip"))
    assert record.input("fake").n == 29
    assert [s.key for s in record.input("fake").skipped] == ["017.png"]
    assert "skipped_files" in [w.code for w in record.warnings]


def test_too_many_bad_files_are_not_skipped(ganeval: Ganeval, real: Path, fake: Path) -> None:
    for i in range(4):
        (fake / f"{i:03d}.png").write_text("not a picture")
    assert ganeval("fid", real, fake, *PROJECTION, "--on-error", "skip").code == 2
    assert ganeval("fid", real, fake, *PROJECTION, "--on-error", "skip=0.2").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--extractor", "inceptoin-2015"), "inception-2015"),
        (("--extractor", "random-projection", "--layer", "63"), "64"),
        (("--extractor", "random-projection", "--resize", "clean"), "area"),
        (("--extractor", "random-projection", "--on-error", "ignore"), "fail"),
        (("--extractor", "random-projection", "--out", "no/such/folder/x.json"), "no/such/folder"),
        (("--extractor", "random-projection", "--json", "--quiet"), "--quiet"),
        (("--extractor", "random-projection", "--weights", "w.pth"), "no weights"),
        (("--backend", "openvino", "--device", "cuda"), "--backend torch"),
    ],
)
def test_a_wrong_option_is_answered_with_what_would_be_right(
    ganeval: Ganeval, real: Path, fake: Path, options: tuple[str, ...], said: str
) -> None:
    outcome = ganeval("fid", real, fake, *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.out == ""


def test_wrong_paths_are_named(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    missing = ganeval("fid", real, tmp_path / "raal", *PROJECTION)
    assert missing.code == 2
    assert "raal" in missing.err
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.heic").write_text("")
    empty = ganeval("fid", real, tmp_path / "empty", *PROJECTION)
    assert empty.code == 2
    assert ".heic" in empty.err
    single = ganeval("fid", real, make_folder(tmp_path / "single", 1, seed=5), *PROJECTION)
    assert single.code == 2
    assert "at least 2 images" in single.err


def test_strict_turns_warnings_into_exit_code_4(ganeval: Ganeval, real: Path, fake: Path) -> None:
    outcome = ganeval("fid", real, fake, *PROJECTION, "--strict")
    assert outcome.code == 4
    assert "FD(random-projection)" in outcome.out
    assert "n_below_d" in outcome.err


def test_limit_is_a_seeded_choice(ganeval: Ganeval, real: Path, fake: Path) -> None:
    def value(*options: str) -> str:
        return ganeval("fid", real, fake, *PROJECTION, "--quiet", *options).out

    assert value("--limit", "20") == value("--limit", "20")
    assert value("--limit", "20") != value("--limit", "20", "--seed", "1")


def test_weights_that_cannot_be_had_are_described(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    outcome = ganeval("fid", real, fake)
    assert outcome.code == 3
    for part in (
        "pt_inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "--extractor efficientnet-lite0",
        str(tmp_path / "torch"),
    ):
        assert part in outcome.err


def test_a_corrupt_weights_file_is_named(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"PK\x03\x04 this is no archive")
    outcome = ganeval("fid", real, fake, "--weights", broken)
    assert outcome.code == 2
    assert "broken.pth" in outcome.err


def test_statistics_stand_for_a_side(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 64))
    file = tmp_path / "reference.npz"
    np.savez(file, mu=features.mean(0), sigma=np.cov(features, rowvar=False))
    record = record_of(ganeval("fid", file, fake, *PROJECTION, "--json"))
    assert record.input("real").kind == "statistics"
    assert [m.name for m in record.metrics] == ["fid"]
    assert "stats_provenance_unknown" in [w.code for w in record.warnings]
    np.savez(file, mu=features.mean(0)[:60], sigma=np.cov(features, rowvar=False)[:60, :60])
    outcome = ganeval("fid", file, fake, *PROJECTION)
    assert outcome.code == 2
    assert "60" in outcome.err
    assert "64" in outcome.err
