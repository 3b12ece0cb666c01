"""Whose a run folder is, and who works on it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ganeval.errors import InputError
from ganeval_cyclegan.run_folder import RunFolder, RunState

STATE = RunState(
    trainer="cyclegan",
    preset="tiny",
    argv=["ganeval", "train"],
    started="2026-01-01T00:00:00+00:00",
    status="running",
    seed=0,
    config_sha256="0" * 64,
    changed={"optim.batch": 2},
    assumptions=[],
    device="cpu",
    precision="fp32",
    threads=2,
    networks={"G_A": 3},
    updates_per_epoch=10,
    planned_updates=100,
    update=25,
    domains=[],
)

_HOLD = """
import sys, time
from pathlib import Path
from ganeval_cyclegan.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_state_comes_back(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert not folder.holds_run()
    folder.write_state(STATE)
    assert folder.holds_run()
    assert folder.read_state() == STATE
    assert folder.read_state().epoch == 2.5


def test_the_configuration_comes_back(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    config = {"data": {"cache": "off", "load_size": [286, 286]}, "optim": {"eps": 1e-8}, "x": None}
    folder.write_config(config)
    assert folder.read_config() == config


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"not empty, and no training run \(holiday.jpg\)"):
        RunFolder(tmp_path).holds_run()
    with pytest.raises(InputError, match="is a file"):
        RunFolder(tmp_path / "holiday.jpg").holds_run()


def test_data_made_for_the_run_may_lie_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert not RunFolder(tmp_path).holds_run()


def test_what_a_run_leaves_that_was_killed_as_it_began_is_no_run_and_in_nobodys_way(
    tmp_path: Path,
) -> None:
    for name in ("config.yaml", "manifest.json", ".environment.json.part-12"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="not empty"):  # somebody else's, perhaps
        RunFolder(tmp_path).holds_run()
    with RunFolder(tmp_path).lock():
        assert not RunFolder(tmp_path).holds_run()
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"\(holiday.jpg\)"):
        RunFolder(tmp_path).holds_run()


@pytest.mark.parametrize("content", ["", "{", "{}", "[1]"])
def test_a_damaged_state_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(InputError, match=r"state\.json: cannot be read as the state of a run"):
        RunFolder(tmp_path).read_state()


def test_only_one_process_works_on_a_run_and_death_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(InputError, match=f"host {socket.gethostname()}, process {holder.pid}"),
            RunFolder(tmp_path).lock(),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with RunFolder(tmp_path).lock():
        held = json.loads((tmp_path / "lock").read_text())
        assert held == {"host": socket.gethostname(), "pid": os.getpid()}
    assert (tmp_path / "lock").read_text() == ""
