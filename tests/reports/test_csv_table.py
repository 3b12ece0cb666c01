from __future__ import annotations

import csv
import io

import pytest
from reports.evaluation import FAKES

from ganeval.records import MetricsRecord
from ganeval_reports.csv_table import COLUMNS, csv_table


@pytest.fixture
def rows(evaluation: MetricsRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_table(evaluation)), strict=True))


def of_kind(rows: list[dict[str, str]], kind: str) -> list[dict[str, str]]:
    return [row for row in rows if row["kind"] == kind]


def test_one_tidy_row_per_metric_excess_difference_and_peer(
    rows: list[dict[str, str]], evaluation: MetricsRecord
) -> None:
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [len(of_kind(rows, kind)) for kind in ("metric", "excess", "difference", "peer")] == [
        45,
        12,
        len(evaluation.differences),
        12,
    ]
    assert len(rows) == 45 + 12 + len(evaluation.differences) + 12


def test_numbers_come_back_in_full_precision(
    rows: list[dict[str, str]], evaluation: MetricsRecord
) -> None:
    for row, metric in zip(of_kind(rows, "metric"), evaluation.metrics, strict=True):
        assert (row["metric"], row["set"]) == (metric.name, metric.fake)
        for name in ("value", "se", "low", "high"):
            expected = getattr(metric.estimate, name)
            assert (float(row[name]) if row[name] else None) == expected
        assert row["n_real"] == row["n_fake"] == "60"
    for row, one in zip(of_kind(rows, "difference"), evaluation.differences, strict=True):
        assert (row["metric"], row["set"], row["minus"]) == (one.metric, one.a, one.b)
        assert float(row["value"]) == one.estimate.value
        assert float(row["p_holm"]) == one.p_holm


def test_labels_with_commas_quotes_and_line_breaks_come_back_whole(
    evaluation: MetricsRecord,
) -> None:
    label = 'a, "b"\n=c'
    metric = evaluation.metrics[0].model_copy(update={"fake": label})
    record = evaluation.model_copy(update={"metrics": [metric], "differences": [], "peers": []})
    found = list(csv.DictReader(io.StringIO(csv_table(record)), strict=True))
    assert {row["set"] for row in found} == {label}


@pytest.mark.parametrize("label", ["=HYPERLINK(A1)", "+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_a_label_is_no_formula_of_a_spreadsheet(evaluation: MetricsRecord, label: str) -> None:
    negative = evaluation.metrics[0].estimate.model_copy(update={"value": -0.5})
    metric = evaluation.metrics[0].model_copy(update={"fake": label, "estimate": negative})
    record = evaluation.model_copy(update={"metrics": [metric], "differences": [], "peers": []})
    row = next(csv.DictReader(io.StringIO(csv_table(record)), strict=True))
    assert row["set"] == f"'{label}"
    assert row["value"] == "-0.5"  # a number stays one


def test_best_is_marked_only_where_one_set_beats_every_other(rows: list[dict[str, str]]) -> None:
    best = {row["metric"]: row["set"] for row in rows if row["best"]}
    assert {row["best"] for row in rows} == {"", "yes"}
    assert best["excess"] == FAKES[0]
    assert best["recall"] == FAKES[2]
    # FID is not ranked below d; of KID, the first set beats only one of the others.
    assert not {"fid", "kid", "is", "excess sfid"} & set(best)


def test_a_missing_number_is_an_empty_cell_with_its_reason(rows: list[dict[str, str]]) -> None:
    missing = [row for row in rows if row["metric"] == "fid_infinity"]
    assert len(missing) == 3
    assert {(row["value"], row["se"], row["reason"]) for row in missing} == {
        ("", "", "needs at least 4,096 images a side")
    }


def test_the_spread_of_a_peer_is_no_standard_error(rows: list[dict[str, str]]) -> None:
    peers = {(row["name"], row["set"]): row for row in of_kind(rows, "peer")}
    told = peers["torchmetrics 1.9.0", FAKES[1]]
    assert (told["value"], told["spread"], told["se"], told["resize"]) == (
        "0.0326",
        "0.0019",
        "",
        "torchmetrics",
    )
    refused = peers["torch-fidelity 0.4.0", FAKES[0]]
    assert (refused["value"], refused["reason"]) == ("", "refuses, N < 1000")


def test_pairs_are_counted_where_images_were_paired(rows: list[dict[str, str]]) -> None:
    told = {(row["set"], row["minus"]): row for row in of_kind(rows, "difference")}
    assert [told[FAKES[0], FAKES[1]][name] for name in ("paired", "n_pairs")] == ["yes", "60"]
    assert [told[FAKES[0], FAKES[2]][name] for name in ("paired", "n_pairs")] == ["no", ""]
