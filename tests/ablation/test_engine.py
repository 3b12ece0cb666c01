"""The engine with a trainer without torch: skips, resumes, retries, never trains twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ablation.stub_study import HERE, cells_for, results, run_study, study_file

from ganeval.ablation.cell_lock import CellLock
from ganeval.ablation.cell_state import CellStatus, read_status, write_status
from ganeval.ablation.engine import Engine, action_for
from ganeval.ablation.overview import overview, stop_study
from ganeval.ablation.preparing import force
from ganeval.ablation.study_folder import StudyFolder
from ganeval.errors import InputError

ONE = {"seeds": [0], "variants": {"high": {"level": 2}}}


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.states: list[str] = []
        self.notes: list[str] = []
        self.ticks: list[tuple[float, int, int]] = []

    def started(self, cell: Any) -> None:
        self.order.append(cell.name)

    def ended(self, cell: Any, status: Any) -> None:
        self.states.append(status.state)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def tick(self, done: float, total: int, running: int) -> None:
        self.ticks.append((done, total, running))


def updates(cell: Path) -> list[int]:
    """The updates that a stub has done, in the order it did them."""
    lines = (cell / "run" / "updates.log").read_text().splitlines()
    return [int(line.split()[0]) for line in lines]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Told]:
    """A study of four cells that has run once; tests leave it as it is."""
    root = tmp_path_factory.mktemp("finished")
    file, told = study_file(root, seeds=[0, 1]), Told()
    outcome = run_study(file, root / "out", jobs=2, observer=told)
    assert len(outcome.evaluated) == 4
    return file, root / "out", told


def test_cells_run_seed_by_seed_and_all_are_evaluated(finished: tuple[Path, Path, Told]) -> None:
    _, out, told = finished
    assert told.order == ["base seed 0", "high seed 0", "base seed 1", "high seed 1"]
    assert told.ticks[-1] == (4, 4, 0)
    assert {view.status.state for view in overview(out)} == {"evaluated"}
    found = [json.loads(text)["means"]["AtoB"] for text in results(out).values()]
    assert len(found) == 4
    assert all(len(means) == 4 for means in found)  # one per test image
    assert len({tuple(means.values()) for means in found}) == 4  # arm and seed reach the program


def test_a_finished_study_runs_nothing_and_within_two_seconds(
    finished: tuple[Path, Path, Told],
) -> None:
    file, out, _ = finished
    began, told = time.perf_counter(), Told()
    outcome = run_study(file, out, observer=told)
    assert time.perf_counter() - began < 2
    assert (len(outcome.skipped), told.order) == (4, [])


def test_events_tell_the_story_of_each_cell(finished: tuple[Path, Path, Told]) -> None:
    _, out, _ = finished
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    first = [one["event"] for one in events if (one["arm"], one["seed"]) == ("base", 0)]
    assert first == ["started", "trained", "ended"]


def test_added_seeds_and_arms_run_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(study_file(tmp_path, **ONE), out)
    told = Told()
    grown = {"seeds": [0, 1], "variants": {"high": {"level": 2}, "higher": {"level": 3}}}
    outcome = run_study(study_file(tmp_path, **grown), out, observer=told)
    assert told.order == ["higher seed 0", "base seed 1", "high seed 1", "higher seed 1"]
    assert (len(outcome.skipped), len(outcome.evaluated)) == (2, 4)
    amended = json.loads((out / "study.lock.json").read_text())["amendments"]
    assert [(one["what"], one["evaluated"]) for one in amended] == [("seeds", 2), ("arms", 2)]


def test_another_primary_needs_a_word_and_trains_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(study_file(tmp_path, **ONE), out)
    changed = study_file(tmp_path, **ONE, protocol={"suite": ["kid", "fid"], "primary": "fid"})
    with pytest.raises(InputError, match=r"primary: kid then, fid now[\s\S]*--amend"):
        run_study(changed, out)


def test_a_damaged_state_counts_as_pending_and_is_said(tmp_path: Path) -> None:
    file, out = study_file(tmp_path, **ONE), tmp_path / "out"
    run_study(file, out)
    cell = next(view.folder for view in overview(out) if view.arm == "high")
    (cell / "state.json").write_text('{"state": "evalu')
    for result in cell.glob("eval/*/result.json"):
        result.unlink()
    told = Told()
    outcome = run_study(file, out, observer=told)
    assert told.order == ["high seed 0"]
    assert any("state.json: cannot be read: it is damaged" in note for note in told.notes)
    assert len(outcome.evaluated) == 1
    assert updates(cell) == [0, 1, 2]  # it was not trained again


def test_a_crash_is_retried_from_its_checkpoint_and_hurts_no_other(tmp_path: Path) -> None:
    file = study_file(tmp_path, seeds=[0], variants={"broken": {"crash": 2}, "high": {"level": 2}})
    told = Told()
    outcome = run_study(file, tmp_path / "out", observer=told)
    assert len(outcome.evaluated) == 3
    assert told.states.count("failed") == 1
    assert any("is tried again in 0 s" in note for note in told.notes)
    broken = next(view for view in overview(tmp_path / "out") if view.arm == "broken")
    assert updates(broken.folder) == [0, 1, 2]  # two, then the rest
    assert (broken.status.attempt, broken.status.failures) == (2, 0)


def test_a_cell_that_always_fails_is_left_after_two_retries(tmp_path: Path) -> None:
    file = study_file(
        tmp_path,
        seeds=[0],
        trainer={"translate": f"{sys.executable} -c 'import sys; sys.exit(3)' {{out}}"},
    )
    out, told = tmp_path / "out", Told()
    outcome = run_study(file, out, observer=told)
    assert told.order == ["base seed 0", "high seed 0"] + ["base seed 0", "high seed 0"] * 2
    assert len(outcome.failed) == 2
    again = Told()
    assert len(run_study(file, out, observer=again).failed) == 2
    assert again.order == []
    status = overview(out)[0].status
    assert (status.state, status.failures) == ("failed", 3)
    assert "translate ended with 3" in status.why
    fixed = study_file(tmp_path, seeds=[0])
    assert len(run_study(fixed, out, retry_failed=True).evaluated) == 2
    assert updates(overview(out)[0].folder) == [0, 1, 2]


def test_a_diverged_cell_is_a_result_and_never_tried_again(tmp_path: Path) -> None:
    file = study_file(tmp_path, seeds=[0], variants={"wild": {"diverge": 1}})
    out, told = tmp_path / "out", Told()
    outcome = run_study(file, out, observer=told)
    assert [cell.job.arm for cell in outcome.diverged] == ["wild"]
    assert run_study(file, out, observer=told, retry_failed=True).diverged
    assert told.order.count("wild seed 0") == 1


def test_stop_saves_and_the_next_start_goes_on(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], budget={"updates": 60}, variants={"slow": {"pause": 0.05}}
    )
    out = tmp_path / "out"

    def stop_soon() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            slow = list(out.glob("cells/slow/*/run/state.txt"))
            if slow and int(slow[0].read_text() or 0) > 3:
                break
            time.sleep(0.05)
        assert stop_study(out) >= 1

    thread = threading.Thread(target=stop_soon)
    thread.start()
    outcome = run_study(file, out, jobs=2)
    thread.join()
    assert outcome.stopped
    slow = next(view for view in overview(out) if view.arm == "slow")
    assert (slow.status.state, slow.status.exit_code) == ("stopped", 85)
    assert not slow.working
    before = len(updates(slow.folder))
    assert 3 < before < 60
    outcome = run_study(file, out)
    assert not outcome.waiting
    assert updates(slow.folder) == list(range(60))


def test_a_second_ablate_is_told_who_holds_the_study(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "out")
    code = (
        "import sys, time; from pathlib import Path\n"
        "from ganeval.ablation.study_folder import StudyFolder\n"
        f"with StudyFolder(Path({str(folder.path)!r})).owned():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            with pytest.raises(InputError, match=rf"process {other.pid} on .*, since "):
                run_study(study_file(tmp_path), folder.path)
        finally:
            other.kill()
    with folder.owned():  # its lock has gone with it
        pass


def test_a_cell_that_goes_on_is_waited_for_and_never_started_twice(tmp_path: Path) -> None:
    file, out = study_file(tmp_path, **ONE), tmp_path / "out"
    _, cells = cells_for(file, out)
    lock = CellLock(cells[0].folder)
    lock.__enter__()
    write_status(cells[0].folder, CellStatus(state="running"))
    told, released = Told(), []

    def release() -> None:
        time.sleep(1.0)
        released.append(time.monotonic())
        lock.__exit__(None, None, None)

    thread = threading.Thread(target=release)
    thread.start()
    outcome = run_study(file, out, observer=told)
    thread.join()
    assert any("base seed 0: goes on since an earlier start" in note for note in told.notes)
    assert told.order[0] == "high seed 0"  # while the other one was waited for
    assert len(outcome.evaluated) == 2


def test_force_moves_a_cell_to_the_trash(tmp_path: Path) -> None:
    file, out = study_file(tmp_path, **ONE), tmp_path / "out"
    run_study(file, out)
    folder, cells = cells_for(file, out)
    (moved,) = force(folder, cells, "high/0")
    assert moved.parent == out / "trash"
    assert list(moved.glob("eval/*/result.json"))
    told = Told()
    run_study(file, out, observer=told)
    assert told.order == ["high seed 0"]
    with pytest.raises(InputError, match="--force low: there is no such cell"):
        force(folder, cells, "low")


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (CellStatus(), "run"),
        (CellStatus(state="running"), "run"),
        (CellStatus(state="stopped", exit_code=85), "run"),
        (CellStatus(state="trained"), "run"),
        (CellStatus(state="failed", exit_code=1, failures=1), "run"),
        (CellStatus(state="failed", exit_code=1, failures=3), "leave"),
        (CellStatus(state="failed", exit_code=2, failures=1), "leave"),
        (CellStatus(state="diverged", exit_code=86), "skip"),
    ],
)
def test_what_becomes_of_a_cell(tmp_path: Path, status: CellStatus, action: str) -> None:
    _, cells = cells_for(study_file(tmp_path, **ONE), tmp_path / "out")
    assert action_for(cells[0], status) == action
    again = {"leave": "run"}.get(action, action)
    assert action_for(cells[0], status, retry_failed=True) == again


def test_changed_images_are_listed(tmp_path: Path) -> None:
    file, out = study_file(tmp_path, **ONE), tmp_path / "out"
    cells_for(file, out)
    image = tmp_path / "images" / "trainA" / "00.png"
    image.write_bytes((tmp_path / "images" / "trainB" / "01.png").read_bytes())
    with pytest.raises(InputError, match=r"changed: trainA/00\.png"):
        cells_for(file, out)


def test_the_written_study_reads_back_as_the_same_cells(tmp_path: Path) -> None:
    file = study_file(
        tmp_path,
        seeds=[0, 1],
        variants={
            "high": {"level": 2, "note": "words"},
            "both": {"from": "high", "pause": 0.001},
        },
        axes={"level": [5, 6]},
        aa={"seeds": [100, 101]},
        compare=[{"variant": "high"}],
    )
    _, cells = cells_for(file, tmp_path / "out")
    _, again = cells_for(tmp_path / "out" / "study.yaml", tmp_path / "out")
    assert [cell.folder for cell in again] == [cell.folder for cell in cells]
    assert [cell.job for cell in again] == [cell.job for cell in cells]


def test_a_terminated_engine_lets_cells_save_first(tmp_path: Path) -> None:
    file = study_file(
        tmp_path, seeds=[0], budget={"updates": 200}, variants={"slow": {"pause": 0.05}}
    )
    out = tmp_path / "out"
    words = [sys.executable, str(HERE / "run_stubs.py"), str(file), str(out)]
    with subprocess.Popen(words) as process:
        until = time.monotonic() + 60
        while not list(out.glob("cells/slow/*/run/state.txt")) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 85
    slow = next(view for view in overview(out) if view.arm == "slow")
    assert slow.status.state == "stopped"
    assert not slow.working


def test_an_engine_without_cells_ends_at_once(tmp_path: Path) -> None:
    folder, _ = cells_for(study_file(tmp_path, **ONE), tmp_path / "out")

    class Nowhere:
        survives = False

        def room(self) -> int:
            raise AssertionError("nothing is to be started")

        def start(self, folders: Any) -> Any:
            raise AssertionError("nothing is to be started")

        def knows(self, job: str) -> bool:
            return False

    assert Engine(folder, [], Nowhere()).run().evaluated == []


def test_states_survive_a_round_trip(tmp_path: Path) -> None:
    status = CellStatus(state="running", attempt=2, host="here", update=5, device_seconds=1.5)
    write_status(tmp_path, status)
    assert read_status(tmp_path) == status
