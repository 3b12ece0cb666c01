"""An ablation as CSV, LaTeX and Markdown: every number is the record's."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from reports.ablation_records import BASE, HOSTILE, external_record, small_record, study_record

from ganeval.errors import GanevalError
from ganeval.records import AblationRecord
from ganeval_reports.ablation_files import (
    csv_files,
    latex_table,
    to_markdown,
    write_csv_tables,
)
from ganeval_reports.ablation_tables import comparisons_table, intervals_table
from ganeval_reports.numbers import decimals_for, fixed

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def study() -> AblationRecord:
    return study_record()


@pytest.fixture(scope="module")
def tables(study: AblationRecord) -> dict[str, Rows]:
    return {
        name: list(csv.DictReader(io.StringIO(text))) for name, text in csv_files(study).items()
    }


def test_every_number_of_every_run_is_a_row(study: AblationRecord, tables: dict[str, Rows]) -> None:
    rows = tables["cells.csv"]
    numbers = [row for row in rows if row["metric"]]
    assert len(numbers) == len(study.metrics)
    for row, metric in zip(numbers, study.metrics, strict=True):
        assert float(row["value"]) == metric.estimate.value
    (lost,) = [row for row in rows if not row["metric"]]
    assert (lost["arm"], lost["seed"], lost["state"]) == ("pool.size=1000", "5", "diverged")


def test_every_comparison_is_a_row_and_so_is_every_other_rule(
    study: AblationRecord, tables: dict[str, Rows]
) -> None:
    rows = tables["comparisons.csv"]
    main = [row for row in rows if not row["rule"]]
    assert len(main) == len(study.comparisons)
    for row, one in zip(main, study.comparisons, strict=True):
        assert float(row["difference"]) == one.mean
        assert row["verdict"] == one.kind
        assert row["exploratory"] == ("yes" if one.exploratory else "no")
        assert (row["p_holm"] == "") == (one.p_holm is None)
        assert float(row["low"]) == one.intervals[0].low
    assert len(rows) - len(main) == sum(len(one.sensitivity) for one in study.comparisons)


def test_every_point_of_every_curve_is_a_row(
    study: AblationRecord, tables: dict[str, Rows]
) -> None:
    assert len(tables["curves.csv"]) == sum(len(one.updates) for one in study.curves)
    assert "curves.csv" not in csv_files(small_record())


def test_numbers_of_the_page_are_those_of_the_csv(
    study: AblationRecord, tables: dict[str, Rows]
) -> None:
    shown = {(row[0], row[1]): row[2:5] for row in intervals_table(study).rows}
    for row in tables["means.csv"]:
        if row["name"] != "KID (efficientnet-lite0)" or row["direction"] != "AtoB" or not row["sd"]:
            continue
        mean, sd, interval = shown["KID (efficientnet-lite0) ×10³, A to B", row["arm"]]
        decimals = decimals_for(float(row["sd"]), 2)
        assert mean == fixed(float(row["mean"]), decimals)
        assert sd == fixed(float(row["sd"]), decimals)
        low, high = (fixed(float(row[end]), decimals) for end in ("low", "high"))
        assert interval == f"{low} to {high}"
    drawn = comparisons_table("", study.comparisons).rows
    rows = [row for row in tables["comparisons.csv"] if not row["rule"]]
    for cells, row in zip(drawn, rows, strict=True):
        number = float(cells[2].replace("−", "-"))
        half = 10.0 ** -len(cells[2].partition(".")[2]) / 2  # rounded to so many decimals
        assert abs(number - float(row["difference"])) <= half * (1 + 1e-9)


def test_text_that_a_spreadsheet_would_run_is_made_harmless(study: AblationRecord) -> None:
    arm = study.cells[0].model_copy(update={"arm": "=cmd()", "state": "failed"})
    text = csv_files(study.model_copy(update={"cells": [arm]}))["cells.csv"]
    assert "\n'=cmd()," in text


def test_files_are_written_into_a_new_folder(study: AblationRecord, tmp_path: Path) -> None:
    written = write_csv_tables(study, tmp_path / "new" / "tables")
    assert [path.name for path in written] == [
        "cells.csv", "means.csv", "comparisons.csv", "curves.csv",
    ]  # fmt: skip
    assert written[0].read_text("utf-8") == csv_files(study)["cells.csv"]


def test_a_folder_that_is_a_file_is_refused(study: AblationRecord, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(GanevalError, match="taken: cannot be made a folder"):
        write_csv_tables(study, tmp_path / "taken")


def test_latex_says_n_and_protocol_and_escapes_names(study: AblationRecord) -> None:
    text = latex_table(study)
    assert (
        r"\caption{buffer-horse2zebra: mean $\pm$ standard deviation over seeds, n = 7 to 8" in text
    )
    assert "protocol 0f1e2d3c4b5a6978." in text
    assert r"ring-half \& \textless{}b\textgreater{}noise" in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.count("&") - line.count(r"\&") for line in rows} == {5}
    assert not re.search(r"[×±−³]", text)


def test_latex_is_bold_only_for_a_declared_difference_for_the_better(
    study: AblationRecord,
) -> None:
    assert r"\mathbf" not in latex_table(study)  # the one difference is for the worse
    better = [
        one.model_copy(update={"mean": -one.mean})
        if one.kind == "difference" and not one.exploratory and one.mean is not None
        else one
        for one in study.comparisons
    ]
    text = latex_table(study.model_copy(update={"comparisons": better}))
    assert text.count(r"\mathbf") == 1
    bold = next(line for line in text.splitlines() if r"\mathbf" in line)
    assert bold.split("&")[2].strip().startswith(r"$\mathbf{")


def test_markdown_begins_with_the_verdict() -> None:
    small = small_record()
    text = to_markdown(small)
    assert text.splitlines()[2].startswith("**Underpowered by design: with n = 3 paired seeds")
    assert "| no-buffer | base |" in text


def test_markdown_names_become_no_markup(study: AblationRecord) -> None:
    text = to_markdown(study)
    assert "<b>" not in text.replace(r"\<b\>", "")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert tables
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {7, 10}
    assert HOSTILE.replace("<", r"\<").replace(">", r"\>") in text


def test_single_runs_have_the_error_of_their_images() -> None:
    record = external_record()
    assert "value ± standard error over images" in to_markdown(record)
    assert r"$6.10 \pm 0.20$" in latex_table(record)
    assert BASE not in latex_table(record)
