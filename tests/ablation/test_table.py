"""A table of values that anybody made: what it may hold, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganeval.ablation.analysis import analyse
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.table import evidence_of_table, read_values
from ganeval.errors import ConditionError, InputError

PROTOCOL = ProtocolSettings()
HEAD = "arm,seed,metric,value\n"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Writes a table."""
    path = folder / "values.csv"
    path.write_text(text, encoding=encoding)
    return path


def eight(worse: str = "0.4") -> str:
    """Two arms, eight seeds, differences of one size and a little."""
    rows = [f"base,{s},fid,{60 + s % 3}" for s in range(8)]
    rows += [f"unet,{s},fid,{60 + s % 3 + float(worse) + 0.01 * s}" for s in range(8)]
    return HEAD + "\n".join(rows) + "\n"


def test_a_table_is_judged_like_a_study(tmp_path: Path) -> None:
    record = analyse(evidence_of_table(table(tmp_path, eight()), PROTOCOL))
    (one,) = record.comparisons
    assert (one.variant, one.against, one.metric, one.kind) == ("unet", "base", "fid", "difference")
    assert one.p == 2 / 256
    assert one.mean == pytest.approx(0.4 + 0.01 * 3.5)
    assert record.verdict.startswith("unet is worse: fid +0.435 [")
    assert (record.name, record.seeds, record.protocol.primary) == ("values", list(range(8)), "fid")


def test_the_base_is_the_arm_called_so_else_the_first_else_as_asked(tmp_path: Path) -> None:
    rows = "".join(f"{arm},0,kid,{v}\n" for arm, v in [("b", 1), ("a", 2), ("base", 3)])
    path = table(tmp_path, HEAD + rows)
    assert evidence_of_table(path, PROTOCOL).base == "base"
    assert evidence_of_table(path, PROTOCOL, base="a").base == "a"
    assert evidence_of_table(table(tmp_path, HEAD + rows[:18]), PROTOCOL).base == "b"
    with pytest.raises(InputError, match="--base: arm 'c'"):
        evidence_of_table(path, PROTOCOL, base="c")
    with pytest.raises(InputError, match="--primary: metric 'fid'"):
        evidence_of_table(path, PROTOCOL, primary="fid")


@pytest.mark.parametrize(
    ("metric", "higher", "better"),
    [
        ("kid", False, "lower"),
        ("fid.clean", False, "lower"),
        ("precision", False, "higher"),
        ("psnr", False, "higher"),
        ("cycle_psnr", False, "higher"),
        ("kid", True, "lower"),
        ("loss", False, "lower"),
        ("votes", True, "higher"),
    ],
)
def test_which_values_are_better_is_known_or_asked(
    tmp_path: Path, metric: str, higher: bool, better: str
) -> None:
    path = table(tmp_path, HEAD + f"a,0,{metric},1\nb,0,{metric},2\n")
    found = evidence_of_table(path, PROTOCOL, higher_is_better=higher)
    assert {one.better for one in found.numbers()} == {better}


@pytest.mark.parametrize("word", ["", "nan", "NaN", "diverged", " Diverged "])
def test_a_run_that_diverged_counts_as_the_worst(tmp_path: Path, word: str) -> None:
    text = eight().replace("unet,3,fid,60.43", f"unet,3,fid,{word}")
    assert text != eight()
    found = evidence_of_table(table(tmp_path, text), PROTOCOL)
    assert [(c.arm, c.seed) for c in found.cells if c.state == "diverged"] == [("unet", 3)]
    one = analyse(found).comparisons[0]
    assert [step.seed for step in one.differences if step.imputed] == [3]
    assert one.sensitivity


def test_a_second_metric_is_exploratory_and_may_have_gaps(tmp_path: Path) -> None:
    text = eight() + "base,0,kid,1\nunet,0,kid,2\nbase,1,kid,1\nunet,1,kid,\n"
    record = analyse(evidence_of_table(table(tmp_path, text), PROTOCOL))
    assert [(one.metric, one.exploratory, one.n) for one in record.comparisons] == [
        ("fid", False, 8),
        ("kid", True, 1),
    ]
    chosen = evidence_of_table(table(tmp_path, text), PROTOCOL, primary="kid")
    assert chosen.protocol.primary == "kid"


def test_spreadsheets_leave_marks_spaces_and_further_columns(tmp_path: Path) -> None:
    text = "arm, seed, metric, value, who\na, 0, kid, 1.5, me\n b ,0, kid,-2e-1,me\n"
    values, metrics = read_values(table(tmp_path, text, "utf-8-sig"))
    assert values == {("a", 0): {"kid": 1.5}, ("b", 0): {"kid": -0.2}}
    assert metrics == ["kid"]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("arm,seed,value\na,0,1\n", "does not name the columns metric"),
        ("", "does not name the columns arm, seed, metric, value"),
        (HEAD, "fewer than two arms"),
        (HEAD + "a,0,kid,1\na,1,kid,2\n", "fewer than two arms"),
        (HEAD + "a,0,kid,1\na,0,kid,2\n", "line 3: a has two values of kid under one seed"),
        (HEAD + "a,x,kid,1\n", "line 2: seed: 'x' is not a whole number"),
        (HEAD + "a,1.5,kid,1\n", "seed: '1.5' is not a whole number"),
        (HEAD + "a\n", "line 2: names no arm or no metric"),
        (HEAD + ",0,kid,1\n", "line 2: names no arm or no metric"),
        (HEAD + "a,0,kid,high\n", "line 2: value: 'high' is not a number"),
        (HEAD + "a,0,kid,inf\n", "line 2: value: 'inf' is not finite"),
    ],
)
def test_a_table_that_makes_no_sense_names_line_and_reason(
    tmp_path: Path, text: str, about: str
) -> None:
    with pytest.raises(InputError, match=f"^--table .*{about}"):
        read_values(table(tmp_path, text))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_values(tmp_path / "none.csv")
    (tmp_path / "values.csv").write_bytes(b"arm,seed\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_values(tmp_path / "values.csv")


def test_a_table_of_diverged_runs_alone_is_no_result(tmp_path: Path) -> None:
    path = table(tmp_path, HEAD + "a,0,kid,nan\nb,0,kid,\n")
    with pytest.raises(ConditionError):
        analyse(evidence_of_table(path, PROTOCOL))
