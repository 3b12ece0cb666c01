"""Training programs called by a command line: quoting, placeholders, outputs, resuming."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from ablation.stub_study import HERE, cells_for, run_study, study_file

from ganeval.ablation.cell_run import run_cell
from ganeval.ablation.command_trainer import filled, with_files
from ganeval.ablation.overview import overview
from ganeval.errors import InputError


def test_values_are_never_split_and_overrides_become_words() -> None:
    values = {"data": "/a folder/with 'quotes'", "seed": "3"}
    line = filled('train --root {data} --tag "seed {seed}" {overrides}', values, ["--lr", "1 e"])
    assert line == [
        "train",
        "--root",
        "/a folder/with 'quotes'",
        "--tag",
        "seed 3",
        "--lr",
        "1 e",
    ]


def test_overrides_inside_a_word_stay_one_word() -> None:
    assert filled("run --options={overrides}", {}, ["--a", "b c"]) == ["run", "--options=--a 'b c'"]


def test_a_placeholder_without_a_value_is_refused() -> None:
    with pytest.raises(InputError, match=r"\{updates\} in .*: the budget is in images"):
        filled("train {updates}", {}, [])


def test_files_beside_the_study_get_absolute_paths(tmp_path: Path) -> None:
    (tmp_path / "train me.py").touch()
    text = with_files("python 'train me.py' --out {out} missing.py", tmp_path)
    assert filled(text, {"out": "o"}, []) == [
        "python",
        str(tmp_path / "train me.py"),
        "--out",
        "o",
        "missing.py",
    ]


def test_a_value_with_spaces_and_quotes_reaches_the_program(tmp_path: Path) -> None:
    text = """it's "two words"; $HOME"""
    file = study_file(tmp_path, seeds=[0], variants={"noted": {"text": text}})
    run_study(file, tmp_path / "out")
    noted = next(view.folder for view in overview(tmp_path / "out") if view.arm == "noted")
    asked = json.loads((noted / "run" / "asked.json").read_text())
    assert asked["note"] == text
    assert asked["name"] == "noted-seed-0000"
    assert sorted(one.name for one in Path(asked["data"]).iterdir()) == ["trainA", "trainB"]


def translating(images: str) -> dict[str, str]:
    program = f"{sys.executable} {HERE / 'stub_trainer.py'}"
    return {"translate": f"{program} translate --images {images} --data {{data}} --out {{out}}"}


def test_a_program_that_ends_well_without_images_has_failed_and_ends_the_study(
    tmp_path: Path,
) -> None:
    file, out = study_file(tmp_path, trainer=translating("none")), tmp_path / "out"
    with pytest.raises(InputError, match=r"no file matches outputs\.AtoB '\*_fake_B\.png'"):
        run_study(file, out)
    states = [view.status.state for view in overview(out)]
    assert states.count("failed") == 1  # others would fail alike, and were not begun
    assert "evaluated" not in states


def test_fewer_outputs_than_inputs_are_counted(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], variants={"high": {"level": 2}}, trainer=translating("few")
    )
    run_study(file, tmp_path / "out")
    status = overview(tmp_path / "out")[0].status
    assert status.state == "failed"
    assert "3 of 4 inputs have one output of their name; without: 03" in status.why


def test_the_flag_to_resume_is_given_to_a_run_that_was_begun(tmp_path: Path) -> None:
    _, cells = cells_for(study_file(tmp_path, variants={"crash": {"crash": 2}}), tmp_path / "out")
    from ganeval.ablation.cell_job import write_job

    cell = next(one for one in cells if one.job.arm == "crash")
    write_job(cell.folder, cell.job)
    for resumed in (False, True):
        run_cell(cell.folder, lambda ready, progress: None)
        asked = json.loads((cell.folder / "run" / "asked.json").read_text())
        assert asked["resume"] is resumed
    lines = (cell.folder / "run" / "updates.log").read_text().splitlines()
    assert [line.split()[0] for line in lines] == list("012")


def test_without_such_a_flag_a_run_begins_anew(tmp_path: Path) -> None:
    _, cells = cells_for(
        study_file(tmp_path, variants={"crash": {"crash": 2}}, trainer={"resume": None}),
        tmp_path / "out",
    )
    from ganeval.ablation.cell_job import write_job

    cell = next(one for one in cells if one.job.arm == "crash")
    write_job(cell.folder, cell.job)
    for _ in range(2):  # its crash is noted in the folder that is thrown away
        run_cell(cell.folder, lambda ready, progress: None)
        lines = (cell.folder / "run" / "updates.log").read_text().splitlines()
        assert [line.split()[0] for line in lines] == ["0", "1"]


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    trainer = {"command": "no-such-program --seed {seed} {overrides}"}
    with pytest.raises(InputError, match="no-such-program: cannot be started: No such file"):
        run_study(study_file(tmp_path, trainer=trainer), tmp_path / "out")


def test_a_study_can_be_moved(tmp_path: Path) -> None:
    file = study_file(tmp_path / "here", seeds=[0]) if (tmp_path / "here").mkdir() is None else None
    assert file is not None
    run_study(file, tmp_path / "here" / "out")
    shutil.move(tmp_path / "here", tmp_path / "there")
    outcome = run_study(tmp_path / "there" / "study.yaml", tmp_path / "there" / "out")
    assert (len(outcome.skipped), len(outcome.evaluated)) == (2, 0)
