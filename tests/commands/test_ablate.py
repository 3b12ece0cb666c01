"""`ganeval ablate` as it is typed: lists, plans, prints, tells how a study stands, refuses."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml
from ablation.stub_study import run_study, study_file

from ganeval.ablation.study import load_study
from ganeval.cli import run
from ganeval.errors import ExitCode


def test_studies_are_listed_shown_and_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ablate", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "buffer" in listed
    assert "Does a buffer of earlier translations help" in listed
    assert run(["ablate", "--show", "buffer"]) == 0
    shown = capsys.readouterr().out
    assert run(["ablate", "--show", "buffer", "--write", str(tmp_path / "mine.yaml")]) == 0
    assert (tmp_path / "mine.yaml").read_text() == shown
    assert load_study(tmp_path / "mine.yaml").name == "buffer"
    assert run(["ablate", "--show", "buffer", "--write", str(tmp_path / "mine.yaml")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_plan_counts_cells_and_says_what_can_be_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = study_file(tmp_path), tmp_path / "out"
    assert run(["ablate", str(file), "--out", str(out), "--plan"]) == 0
    told = capsys.readouterr().out
    assert "6, of which 0 are done" in told
    assert "0.25 with 3 seeds" in told  # 2^(1-3)
    assert "underpowered by design" in told
    assert "6 seeds are needed" in told
    assert "as declared" in told
    assert not out.exists()
    assert run(["ablate", str(file), "--out", str(out), "--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["left"], plan["smallest_p"], plan["seeds_needed"]) == (6, 0.25, 6)


def test_print_gives_one_line_per_cell_that_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = study_file(tmp_path), tmp_path / "out"
    asked = ["ablate", str(file), "--out", str(out), "--launcher", "print", "--seeds", "1-2"]
    assert run(asked) == 0
    lines = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 4
    assert [line[1:3] for line in lines] == [["-m", "ganeval.ablation.cell_run"]] * 4
    assert all((Path(line[3]) / "job.json").is_file() for line in lines)
    seeds = [Path(line[3]).name[:9] for line in lines]
    assert seeds == ["seed-0001"] * 2 + ["seed-0002"] * 2


def test_added_seeds_stay_in_the_study_when_fewer_are_named(tmp_path: Path) -> None:
    file, out = study_file(tmp_path), tmp_path / "out"
    asked = ["ablate", str(file), "--out", str(out), "--launcher", "print", "--quiet"]
    assert run([*asked, "--seeds", "5"]) == 0
    assert run([*asked, "--seeds", "1"]) == 0
    assert run(asked) == 0
    held = yaml.safe_load((out / "study.yaml").read_text())
    assert held["seeds"] == [0, 1, 2, 3, 4]


def test_only_keeps_the_study_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = study_file(tmp_path, variants={"high": {"level": 2}, "higher": {"level": 3}})
    out = tmp_path / "out"
    asked = ["ablate", str(file), "--out", str(out), "--launcher", "print", "--only", "higher"]
    assert run(asked) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6
    held = json.loads((out / "study.lock.json").read_text())["locked"]
    assert held["arms"] == ["base", "high", "higher"]


def test_status_and_stop_read_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = study_file(tmp_path, seeds=[0]), tmp_path / "out"
    run_study(file, out)
    assert run(["ablate", "status", str(out)]) == 0
    told = capsys.readouterr().out
    assert "2 cells begun: 2 evaluated" in told
    assert f"ganeval ablation-report {out}" in told
    assert run(["ablate", "status", str(out), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["states"] == {"evaluated": 2}
    assert {cell["arm"] for cell in status["cells"]} == {"base", "high"}
    assert run(["ablate", "stop", str(out)]) == 0
    assert "No cell runs here" in capsys.readouterr().out
    # Starting again is enough to go on, by the name of the folder alone.
    assert run(["ablate", str(out)]) == 0
    told = capsys.readouterr().out
    assert "0 cells evaluated, 2 were done before" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "ablate needs one study: see --list"),
        (["one", "two"], "ablate needs one study: 2 were given"),
        (["status"], "ablate status needs the folder of a study"),
        (["status", "nowhere"], "nowhere: holds no study"),
        (["buffer-x"], "no study 'buffer-x'; did you mean buffer"),
        (["buffer"], "data: is missing"),
        (["buffer", "--demo", "stripes", "--seeds", "x"], "--seeds: seeds 'x' are neither"),
        (["buffer", "--demo", "stripes", "--only", "nun"], "no arm 'nun'; did you mean none"),
        (["buffer", "--write", "x.yaml"], "--write needs --show NAME"),
        (["--show", "buffer-x"], "no study 'buffer-x'"),
        (["buffer", "--json", "--quiet"], "--json and --quiet exclude each other"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    words: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["ablate", *words]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_things_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = study_file(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").touch()
    assert run(["ablate", str(file), "--out", str(out)]) == 2
    assert "not empty, and no study (thesis.tex)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_small_study_of_the_cyclegan_runs_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {
        "schema": 1,
        "name": "small",
        "base": {"preset": "tiny"},
        "budget": {"updates": 200},
        "seeds": [0],
        "quick": True,
        "variants": {"none": {"loss.lambda_identity": 0}},
        "protocol": {"suite": ["fid", "kid", "cycle"], "evaluate_at": []},
        "demo": {"budget": {"updates": 4}},
    }
    file, out = tmp_path / "small.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(content))
    assert run(["ablate", str(file), "--out", str(out), "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert [cell["arm"] for cell in outcome["evaluated"]] == ["base", "none"]
    for cell in outcome["evaluated"]:
        (result,) = Path(cell["folder"]).glob("eval/*/result.json")
        found = json.loads(result.read_text())
        assert {one["direction"] for one in found["metrics"]} == {"AtoB", "BtoA"}
        assert found["fakes"] == {"AtoB": 64, "BtoA": 64}
        assert found["update"] == 4
