"""Studies whose processes are killed at random moments end as an undisturbed one does."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ablation.stub_study import HERE, results, run_study, study_file

from ganeval.ablation.overview import overview


def processes(marker: str) -> list[int]:
    """Processes whose command line names a folder, but this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


def start(file: Path, out: Path, jobs: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, str(HERE / "run_stubs.py"), str(file), str(out), str(jobs)]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)


def disturbed(file: Path, out: Path, *, seconds: float, jobs: int, seed: int) -> int:
    """Runs a study and kills what works on it, or the engine itself; returns how often."""
    rng, kills, engine = random.Random(seed), 0, start(file, out, jobs)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(rng.uniform(0.2, 1.0))
        if engine.poll() is not None:
            engine = start(file, out, jobs)
            continue
        own = [pid for pid in processes(str(out)) if pid != engine.pid]
        target = engine.pid if rng.random() < 0.2 or not own else rng.choice(own)
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
            kills += 1
    engine.kill()
    engine.wait()
    return kills


def check_equal_to_serial(tmp_path: Path, *, seconds: float, jobs: int, seeds: int) -> None:
    asked = {
        "seeds": list(range(seeds)),
        "budget": {"updates": 12},
        "base": {"set": {"pause": 0.02}},
        "variants": {"high": {"level": 2}, "higher": {"level": 3}, "highest": {"level": 4}},
    }
    file = study_file(tmp_path, **asked)
    kills = disturbed(file, tmp_path / "out", seconds=seconds, jobs=jobs, seed=0)
    assert kills > 0
    outcome = run_study(file, tmp_path / "out", jobs=jobs, retry_failed=True)
    assert not outcome.failed + outcome.waiting
    views = overview(tmp_path / "out")
    assert [view.status.state for view in views] == ["evaluated"] * (4 * seeds)
    assert not any(view.working for view in views)
    run_study(file, tmp_path / "serial")
    assert results(tmp_path / "out") == results(tmp_path / "serial")
    for view in views:
        lines = [
            line.split() for line in (view.folder / "run" / "updates.log").read_text().splitlines()
        ]
        found = [(int(update), pid) for update, pid in lines]
        # An update whose state a kill took away is done once more, by another process; had two
        # processes been at work at a time, their updates would alternate.
        assert sorted({update for update, _ in found}) == list(range(12))
        order = list(dict.fromkeys(pid for _, pid in found))
        assert [pid for _, pid in found] == sorted((pid for _, pid in found), key=order.index)
        for result in view.folder.glob("eval/*/times.log"):
            assert result.read_text().count("evaluated") <= view.status.attempt


def test_a_few_kills_change_nothing(tmp_path: Path) -> None:
    check_equal_to_serial(tmp_path, seconds=4, jobs=2, seeds=1)


@pytest.mark.slow
def test_a_minute_of_random_kills_changes_nothing(tmp_path: Path) -> None:
    check_equal_to_serial(tmp_path, seconds=60, jobs=3, seeds=3)
