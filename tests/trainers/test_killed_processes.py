"""Real processes of ``ganeval train``, killed by the system, and what they answer to signals."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from trainers.tiny_runs import CHANGES, assert_same_run, make_images

_OPTIONS = ("--updates", "60", "--set", "checkpoint.updates=7", "--set", "run.log_every=1")
_QUICK = ("eval.every=4", "eval.metrics=[kid]", "eval.extractor=random-projection")

# Networks this small are slower on two threads than on one.
_ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}

# A process that dies in the middle of a save: at the n-th time that a file is renamed, before or
# after it was. Files are renamed when they are whole.
_DIES = """
import os, signal, sys
from pathlib import Path
from ganeval.cli import run
count, after, rename = int(sys.argv[1]), sys.argv[2] == "after", Path.replace
def replace(path, target):
    global count
    if "checkpoints" in str(path):
        count -= 1
        if count == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = rename(path, target)
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return rename(path, target)
Path.replace = replace
sys.exit(run(sys.argv[3:]))
"""


def arguments(sources: tuple[str, str], out: Path, *more: str) -> list[str]:
    changes = [part for one in (*CHANGES, *_QUICK) for part in ("--set", one)]
    return ["train", *sources, "--out", str(out), *changes, *_OPTIONS, *more]


def started(sources: tuple[str, str], out: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ganeval", *arguments(sources, out, *more)],
        env=_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_line(process: subprocess.Popen[str], out: Path, line: int) -> bool:
    """Waits until a run has written so many lines; False where it ended before."""
    metrics = out / "metrics.jsonl"
    while process.poll() is None:
        if metrics.exists() and metrics.read_bytes().count(b"\n") >= line:
            return True
        time.sleep(0.002)
    return False


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=300)
    return process.returncode, errors


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def whole(images: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that was never killed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    code, errors = finish(started(images, out))
    assert code == 0, errors
    return out


@pytest.mark.slow
def test_kill_9_at_random_moments_leaves_no_trace(
    images: tuple[str, str], whole: Path, tmp_path: Path
) -> None:
    out, draws, kills = tmp_path / "run", random.Random(1), 0
    for line in sorted(draws.sample(range(2, 75), 4)):
        with started(images, out) as process:
            if wait_for_line(process, out, line):
                time.sleep(draws.uniform(0, 0.05))
                process.kill()
                kills += 1
            process.communicate()
    assert kills >= 3
    code, errors = finish(started(images, out))
    assert code == 0, errors
    assert_same_run(whole, out)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "when"), [(1, "after"), (2, "before"), (6, "before")])
def test_kill_9_in_the_middle_of_a_save_leaves_no_trace(
    images: tuple[str, str], whole: Path, tmp_path: Path, count: int, when: str
) -> None:
    out = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", _DIES, str(count), when, *arguments(images, out)],
        env=_ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    code, errors = finish(started(images, out))
    assert code == 0, errors
    assert_same_run(whole, out)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 85), ("SIGUSR1", 85), ("SIGINT", 130)])
def test_signals_save_and_tell_by_the_exit_code(
    images: tuple[str, str], whole: Path, tmp_path: Path, name: str, code: int
) -> None:
    out = tmp_path / "run"
    with started(images, out) as process:
        assert wait_for_line(process, out, 12)
        process.send_signal(getattr(signal, name))
        found, errors = finish(process)
    assert found == code, errors
    assert "Traceback" not in errors
    code, errors = finish(started(images, out, "--resume", "require"))
    assert code == 0, errors
    assert_same_run(whole, out)


@pytest.mark.slow
def test_only_one_process_trains_in_a_folder(images: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with started(images, out, "--updates", "100000") as process:
        assert wait_for_line(process, out, 2)
        code, errors = finish(started(images, out, "--updates", "100000"))
        assert code == 2
        assert "another process is training here (host " in errors
        assert f"process {process.pid}" in errors
        process.kill()
        process.communicate()
