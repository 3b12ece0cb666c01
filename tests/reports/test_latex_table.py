from __future__ import annotations

import re

import pytest
from reports.evaluation import FAKES

from ganeval.records import Estimate, MetricsRecord
from ganeval_reports.latex_table import escaped, latex_table


@pytest.fixture
def lines(evaluation: MetricsRecord) -> list[str]:
    return latex_table(evaluation).splitlines()


def line(lines: list[str], start: str) -> str:
    (found,) = (line for line in lines if line.startswith(start))
    return found


def test_it_is_a_booktabs_table_with_a_column_per_set(lines: list[str]) -> None:
    assert lines[1] == r"\begin{tabular}{lrrr}"
    assert lines[2] == r"\toprule"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [one for one in lines if one.endswith(r" \\")]
    assert len(rows) == 1 + 15 + 4  # head, metrics, excesses
    # Every other & is escaped.
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}


def test_values_are_rounded_to_their_error_and_scaled_as_on_the_page(lines: list[str]) -> None:
    assert line(lines, "KID") == (
        r"KID $\times 10^{3}$ $\downarrow$ & $27.0 \pm 1.3$ & $32.6 \pm 1.3$ & $28.6 \pm 1.3$ \\"
    )


def test_only_the_best_beyond_chance_is_bold(lines: list[str]) -> None:
    assert line(lines, "recall") == (
        r"recall $\uparrow$ & $0.283 \pm 0.038$ & $0.310 \pm 0.038$ & "
        r"$\mathbf{0.393 \pm 0.038}$ \\"
    )
    distance = lines.index(line(lines, "FD(inception:0a1b2c3d) "))
    assert "mathbf" not in lines[distance]
    assert lines[distance + 1] == (
        r"\quad excess over floor $\downarrow$ & $\mathbf{18.42 \pm 0.74}$ & $23.29 \pm 0.93$ & "
        r"$20.97 \pm 0.84$ \\"
    )


def test_what_has_no_value_is_a_dash(lines: list[str]) -> None:
    assert line(lines, r"FD$\infty$") == r"FD$\infty$ $\downarrow$ & -- & -- & -- \\"


def test_a_negative_value_has_the_minus_of_mathematics(evaluation: MetricsRecord) -> None:
    kid = evaluation.metric("kid").model_copy(
        update={"estimate": Estimate(value=-0.0012, se=0.0005)}
    )
    record = evaluation.model_copy(update={"metrics": [kid], "inputs": evaluation.inputs[:2]})
    assert r"& $-1.20 \pm 0.50$ \\" in latex_table(record)


def test_labels_cannot_be_commands(lines: list[str]) -> None:
    head = line(lines, "Metric")
    assert r"fake \& \textless{}b\textgreater{}unet\textless{}/b\textgreater{} &" in head
    assert r"100\%\_of \#resnet &" in head
    assert escaped(r"\input{/etc/passwd}~^$|") == (
        r"\textbackslash{}input\{/etc/passwd\}\textasciitilde{}\textasciicircum{}\$\textbar{}"
    )
    assert escaped("two\nlines") == "two lines"


def test_a_set_without_a_metric_has_a_dash(evaluation: MetricsRecord) -> None:
    metrics = [
        metric for metric in evaluation.metrics if metric.name == "kid" and metric.fake != FAKES[1]
    ]
    text = latex_table(evaluation.model_copy(update={"metrics": metrics}))
    assert r"& $27.0 \pm 1.3$ & -- & $28.6 \pm 1.3$ \\" in text
