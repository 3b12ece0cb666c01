"""``ganeval ablation-report``: from a table or folders of images to a verdict and its forms."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.conftest import Outcome, make_folder
from ganeval.records import AblationRecord, read_record

Ganeval = Callable[..., Outcome]

ROWS = {
    "base": (62.1, 64.9, 63.0, 65.2, 61.8, 63.7, 64.4, 62.9),
    "no-buffer": (66.0, 67.9, 66.1, 69.2, 65.8, 66.7, 68.4, 66.9),
    "large": (62.3, 64.6, 63.1, 65.0, 62.0, 63.5, 64.6, 62.7),
}


def write_table(path: Path, seeds: int = 8) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["arm", "seed", "metric", "value"])
        for arm, values in ROWS.items():
            rows.writerows([arm, seed, "fid", value] for seed, value in enumerate(values[:seeds]))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "values.csv")
    return tmp_path


def test_a_table_is_judged_and_drawn(home: Path, ganeval: Ganeval) -> None:
    outcome = ganeval(
        "ablation-report", "--table", "values.csv", "-o", "page.html", "--out", "record.json",
        "--csv", "tables", "--latex", "table.tex", "--markdown", "report.md",
    )  # fmt: skip
    assert outcome.code == 0
    assert "no-buffer is worse" in outcome.out
    record = read_record(home / "record.json")
    assert isinstance(record, AblationRecord)
    kinds = {one.variant: one.kind for one in record.comparisons}
    assert kinds == {"no-buffer": "difference", "large": "undecided"}
    assert "no-buffer is worse" in (home / "page.html").read_text("utf-8")
    assert "no-buffer is worse" in (home / "report.md").read_text("utf-8")
    assert "\\toprule" in (home / "table.tex").read_text("utf-8")
    assert (home / "tables" / "comparisons.csv").is_file()


def test_few_seeds_are_called_underpowered_and_fail_a_strict_run(
    home: Path, ganeval: Ganeval
) -> None:
    write_table(home / "values.csv", seeds=3)
    outcome = ganeval("ablation-report", "--table", "values.csv", "--strict", "-q")
    assert outcome.code == 4
    assert outcome.out.startswith("Underpowered by design: with n = 3 paired seeds")


def test_json_is_the_record_alone(home: Path, ganeval: Ganeval) -> None:
    outcome = ganeval("ablation-report", "--table", "values.csv", "--json")
    assert json.loads(outcome.out)["schema"] == "ganeval.ablation/1"


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ((), "DIR, --arm NAME=DIR or --table is needed"),
        (("--arm", "a=."), "--arm needs --real DIR"),
        (("--table", "values.csv", "--arm", "a=."), "--table stands alone"),
        (("--table", "none.csv"), "--table: none.csv does not exist"),
        (("--table", "values.csv", "--base", "nobuffer"), "did you mean no-buffer"),
        (("--table", "values.csv", "--primary", "kid"), "no --primary: metric 'kid'"),
        (("--table", "values.csv", "-o", "values.csv"), "would write over what is read"),
        (("--table", "values.csv", "-o", "none/page.html"), "none does not exist"),
        (("--table", "values.csv", "-o", "x", "--latex", "x"), "would both write x"),
        (("--table", "values.csv", "--json", "--quiet"), "exclude each other"),
        (("--real", ".", "--table", "values.csv"), "--real belongs to --arm"),
        (("nowhere",), "nowhere: holds no study"),
        (("--real", ".", "--arm", "a"), "not of the form NAME=DIR"),
    ],
)
def test_mistakes_are_named_before_any_work(
    home: Path, ganeval: Ganeval, arguments: tuple[str, ...], about: str
) -> None:
    outcome = ganeval("ablation-report", *arguments)
    assert outcome.code == 2
    assert about in " ".join(outcome.err.replace("Invalid value for ", "").split())
    assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_folders_of_images_are_evaluated_once_and_drawn_again_later(
    home: Path, ganeval: Ganeval
) -> None:
    make_folder(home / "source", 24, seed=1)
    make_folder(home / "one", 24, seed=2)
    make_folder(home / "other", 24, seed=3, blur=True)
    make_folder(home / "real", 24, seed=4)
    arguments = (
        "ablation-report", "--real", "real", "--source", "source", "--arm", "one=one",
        "--arm", "other=other", "--extractor", "random-projection",
    )  # fmt: skip
    assert ganeval(*arguments, "--out", "record.json").code == 0
    record = read_record(home / "record.json")
    assert isinstance(record, AblationRecord)
    assert record.verdict_name == "single_run"
    assert record.rows
    assert all((home / path).is_file() for row in record.rows for path in row.paths)
    again = ganeval(*arguments, "--json")
    assert json.loads(again.out)["metrics"] == json.loads(record.to_json())["metrics"]
    for name in ("source", "one", "other"):
        shutil.rmtree(home / name)
    assert ganeval("report", "record.json", "-o", "page.html").code == 0
    assert (home / "page.html").read_text("utf-8").count("<img ") > 8
