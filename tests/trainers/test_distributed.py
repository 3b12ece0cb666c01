"""Processes that train one run together: the same run as one alone, the same end in all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from trainers.tiny_runs import CHANGES, lines, make_images, train

from ganeval.errors import InputError, ToldElsewhere
from ganeval_cyclegan.distributed import World, join, refuse_several, started

TESTS = Path(__file__).resolve().parents[1]
LAUNCHED = ("--standalone", "--nproc-per-node", "2")


def torchrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Starts two processes on this machine; they speak over the loopback interface."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo",
        "PYTHONPATH": str(TESTS),
    }
    command = [sys.executable, "-m", "torch.distributed.run", *LAUNCHED, *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes found; see ``two_processes.py``."""
    folder = tmp_path_factory.mktemp("two")
    done = torchrun(str(TESTS / "trainers" / "two_processes.py"), str(folder))
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("[")]
    found: list[dict[str, Any]] = json.loads(line)
    return found


@pytest.mark.slow
def test_two_processes_equal_one_of_the_same_batch(both: list[dict[str, Any]]) -> None:
    """In float64, without pools; biases in front of instance norms have rounding as gradient."""
    for found in (one["equal"] for one in both):
        assert found["instance"] < 1e-10
        assert found["batch, shared"] < 1e-10
        # Statistics of one image are not those of two, or sync_bn would not be needed.
        assert found["batch, each its own"] > 1e-3
        assert found["same weights in both"]


@pytest.mark.slow
def test_all_come_to_know_what_one_knows(both: list[dict[str, Any]]) -> None:
    for found in (one["agreed"] for one in both):
        assert found["signal of the second"] == ["SIGUSR1", 100.0]
        assert found["no signal"] == [None, 3.5]
        assert found["result of the first"] == {"update": 3, "rank": 0}
        assert found["told"] == ["x", "xx"]
        assert found["means"] == [[1.5] * 3, [5.0] * 4 + [6.0] * 4, [1.0]]
        assert found["losses"] == [1.5, float("inf")]
        assert found["copied"] == 0.0
    assert both[0]["agreed"]["collected"] == [[1.0, 1.0]]


@pytest.mark.slow
def test_what_ends_one_ends_all_and_is_told_once(both: list[dict[str, Any]]) -> None:
    first, second = (one["agreed"] for one in both)
    assert first["error in the second"] == ["process 1: no such folder\nMount it.", 2]
    assert first["error in the first"] == ["refused", 2]
    assert "the images: 1 in process 1 on " in first["other images"][0]
    for kind in ("error in the second", "error in the first", "other images"):
        assert second[kind] == ["silent", 2]
    assert first["stop in the first"] == second["stop in the first"] == "stop"


@pytest.mark.slow
def test_a_signal_to_one_stops_all_and_the_run_goes_on_bit_for_bit(
    both: list[dict[str, Any]],
) -> None:
    for found in (one["runs"] for one in both):
        assert (found["status"], found["stopped at"]) == ("stopped", 4)
        assert found["finished"] == ["finished", "finished", 8]
    first = both[0]["runs"]
    # 7 images at batch 2: two processes cannot divide a last batch of one.
    assert first["dropped"]
    assert first["per epoch"] == 3
    assert first["pools differ"]
    assert first["shown in an epoch"] == 3 * 2


@pytest.mark.slow
def test_the_command_trains_the_run_of_one_process(tmp_path: Path) -> None:
    sources = make_images(tmp_path)
    changes = ("optim.batch=2", "pool.strategy=none", "eval.metrics=[]")
    alone = tmp_path / "alone"
    settings = [change for change in CHANGES if not change.startswith("pool.")]
    train(sources, alone, "optim.batch=2", "pool.size=0", "eval.metrics=[]", updates=6)
    options = [part for change in (*settings, *changes) for part in ("--set", change)]
    together = tmp_path / "together"
    done = torchrun(
        *("-m", "ganeval", "train", *sources, "--out", str(together), "--updates", "6", *options)
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("batch 2, 1 on each of 2 processes") == 1
    assert done.stdout.count("Trained on 6 of A and 6 of B images for 6 updates") == 1
    one, two = lines(alone), lines(together)
    assert [line["kind"] for line in one] == [line["kind"] for line in two]
    for ours, theirs in zip(one, two, strict=True):
        assert ours["images_A"] == theirs["images_A"]
        if "cycle_A" in ours:
            # float32: sums of another order, through six steps of Adam.
            assert theirs["cycle_A"] == pytest.approx(ours["cycle_A"], rel=1e-3)
            assert theirs["D_B_fake"] == pytest.approx(ours["D_B_fake"], rel=1e-3)


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    world = join()
    assert (world.rank, world.size, world.is_first) == (0, 1, True)
    assert world.agree("SIGTERM", 2.5) == ("SIGTERM", 2.5)
    assert world.by_first(lambda: 3) == 3
    assert world.told("x") == ["x"]
    assert world.collect({"a": 1}) == []
    gradient = torch.nn.Parameter(torch.zeros(2))
    gradient.grad = torch.ones(2)
    world.share([gradient])
    assert gradient.grad.tolist() == [1, 1]


def test_one_process_of_torchrun_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "1"), ("MASTER_ADDR", "x")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASTER_PORT", "1")
    assert join().size == 1
    refuse_several("warmup")


def test_a_trainer_of_one_process_refuses_several_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "3"), ("MASTER_ADDR", "x"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RANK", "0")
    assert started() == 3
    with pytest.raises(InputError, match=r"--trainer warmup works in one process, .* started 3"):
        refuse_several("warmup")
    monkeypatch.setenv("RANK", "2")
    with pytest.raises(ToldElsewhere):
        refuse_several("warmup")


def test_each_process_takes_the_gpu_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    world = World(rank=3, size=4, local_rank=1)
    assert world.device("auto") == world.device("cuda") == "cuda:1"
    assert world.device("cpu") == "cpu"
    assert World().device("cuda:1") == "cuda:1"
    with pytest.raises(InputError, match=r"run\.device cuda:0: 4 processes train together"):
        world.device("cuda:0")
    with pytest.raises(InputError, match=r"process 3 of this host, which has 2\n.*node 2"):
        World(rank=2, size=4, local_rank=2).device("auto")


def test_without_gpus_processes_share_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert World(rank=1, size=2, local_rank=1).device("auto") == "auto"
