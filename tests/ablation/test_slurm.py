"""Cells as jobs of a real Slurm on this machine; ``.ci/slurm start`` makes one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ablation.stub_study import stub_words, study_file

from ganeval.ablation.cell_job import write_job
from ganeval.ablation.engine import Engine, Outcome, StudyCell
from ganeval.ablation.overview import overview, stop_study
from ganeval.ablation.preparing import plan_cells, prepare
from ganeval.ablation.slurm import SlurmLauncher, live_jobs, minutes, queued_job
from ganeval.ablation.study import load_study
from ganeval.ablation.study_folder import StudyFolder
from ganeval.ablation.study_form import SlurmOptions
from ganeval.errors import GanevalError, MissingFileError

PLACE = Path(os.environ.get("SLURM_TEST_DIR", "/tmp/ganeval-slurm"))


def test_times_are_read_as_slurm_writes_them() -> None:
    assert minutes("08:00:00") == 480
    assert minutes("2-12:30:00") == 2 * 1440 + 12 * 60 + 30
    assert minutes("45:00") == 45


def test_without_slurm_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingFileError, match=r"--launcher slurm: .*\n"):
        SlurmLauncher(StudyFolder(tmp_path), SlurmOptions())


def test_without_submitit_the_install_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingFileError, match=r'pip install "ganeval\[slurm\]"'):
        SlurmLauncher(StudyFolder(tmp_path), SlurmOptions())


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slurm that answers; skipped where there is none."""
    pytest.importorskip("submitit", reason="submitit is not installed")
    if shutil.which("sbatch") is None:
        pytest.skip("there is no sbatch; .ci/slurm start installs it")
    monkeypatch.setenv("SLURM_CONF", str(PLACE / "slurm.conf"))
    if subprocess.run(["sinfo"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Slurm runs here; .ci/slurm start starts one")


def prepared(file: Path, out: Path) -> tuple[StudyFolder, list[StudyCell]]:
    folder = StudyFolder(out)
    with folder.owned():
        cells, _ = prepare(folder, plan_cells(load_study(file)))
    folder.forget_stop()
    return folder, cells


def launcher(folder: StudyFolder, **asked: Any) -> SlurmLauncher:
    return SlurmLauncher(folder, SlurmOptions(**asked), jobs=2, words=stub_words)


def run(file: Path, out: Path) -> Outcome:
    folder, cells = prepared(file, out)
    return Engine(folder, cells, launcher(folder, time="00:10:00"), delays=(0.0, 0.0)).run()


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_cells_run_as_jobs_of_slurm(tmp_path: Path) -> None:
    outcome = run(study_file(tmp_path, seeds=[0, 1]), tmp_path / "out")
    assert len(outcome.evaluated) == 4
    jobs = {view.status.job for view in overview(tmp_path / "out")}
    assert len(jobs) == 4  # one task of the array each
    assert not jobs & live_jobs()


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_a_crash_in_a_job_is_retried(tmp_path: Path) -> None:
    outcome = run(study_file(tmp_path, seeds=[0], variants={"bad": {"crash": 1}}), tmp_path / "out")
    assert (len(outcome.evaluated), len(outcome.failed)) == (2, 0)


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_jobs_outlive_the_engine_and_are_found_again(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], budget={"updates": 40}, variants={"slow": {"pause": 0.2}}
    )
    folder, cells = prepared(file, tmp_path / "out")
    first = launcher(folder, time="00:10:00")
    for cell in cells:
        write_job(cell.folder, cell.job)
    first.start([cell.folder for cell in cells])  # and then this ablate is gone
    job = queued_job(cells[1].folder)
    assert job in live_jobs()
    outcome = run(file, tmp_path / "out")
    assert len(outcome.evaluated) == 2
    assert queued_job(cells[1].folder) == job  # nothing was submitted again


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_stop_reaches_jobs_and_they_go_on_later(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], budget={"updates": 100}, variants={"slow": {"pause": 0.1}}
    )
    folder, cells = prepared(file, tmp_path / "out")
    for cell in cells:
        write_job(cell.folder, cell.job)
    launcher(folder, time="00:10:00").start([cell.folder for cell in cells])
    until = time.monotonic() + 60
    state = cells[1].folder / "run" / "state.txt"
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.1)
    stop_study(tmp_path / "out")
    while queued_job(cells[1].folder) in live_jobs() and time.monotonic() < until:
        time.sleep(0.5)
    slow = next(view for view in overview(tmp_path / "out") if view.arm == "slow")
    assert (slow.status.state, slow.working) == ("stopped", False)
    assert 0 < int(state.read_text()) < 100
    assert not run(file, tmp_path / "out").waiting
    assert state.read_text() == "100"


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_a_job_that_is_sent_away_saves_and_is_queued_again(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], budget={"updates": 100}, variants={"slow": {"pause": 0.1}}
    )
    folder, cells = prepared(file, tmp_path / "out")
    cell = cells[1]
    write_job(cell.folder, cell.job)
    launcher(folder, time="00:10:00").start([cell.folder])
    job, state = queued_job(cell.folder), cell.folder / "run" / "state.txt"
    until = time.monotonic() + 400  # a job that is queued again waits for two minutes
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.1)
    # What Slurm sends before the time is over, or the node is wanted by somebody else.
    subprocess.run(["scancel", "--signal=USR2", job], check=True)
    while job in live_jobs() and time.monotonic() < until:
        time.sleep(0.5)
    slow = next(view for view in overview(tmp_path / "out") if view.arm == "slow")
    assert (slow.status.state, slow.status.attempt) == ("evaluated", 2)
    lines = (cell.folder / "run" / "updates.log").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(100))


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_what_slurm_says_against_a_job_is_passed_on(tmp_path: Path) -> None:
    folder, cells = prepared(study_file(tmp_path), tmp_path / "out")
    with pytest.raises(GanevalError, match=r"Slurm refuses the jobs: .*partition"):
        Engine(folder, cells, launcher(folder, partition="moon")).run()
