"""What two processes do together; started by ``torchrun``, it prints one line of findings."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from trainers.small_run import felt_parameters, small_batch, small_config, small_state
from trainers.tiny_runs import assert_equal, lines, make_images, state, train

from ganeval.errors import GanevalError, InputError, ToldElsewhere
from ganeval_cyclegan import exchange, loop
from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.distributed import World, join
from ganeval_cyclegan.shared_norms import share_norms
from ganeval_cyclegan.signals import StopNow
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState

UPDATES = 4


def trained(config: TrainConfig, world: World, *, shared: bool = False) -> TrainingState:
    """Networks in float64 after some updates of two images, divided among the processes."""
    streams = Streams(config.seed, world.rank)
    made = small_state(config, streams)
    if shared:
        share_norms(made.nets, world)
    n = 2 // world.size
    for number in range(UPDATES):
        whole = small_batch(number, 2)
        own = slice(world.rank * n, (world.rank + 1) * n)
        update(made, Batch(whole.A[own], whole.B[own]), config, streams, share=world.share)
    return made


@torch.no_grad()
def apart(a: TrainingState, b: TrainingState) -> float:
    """The largest difference of two sets of parameters and statistics that outputs feel."""
    found = 0.0
    for (_, ours), (_, theirs) in zip(a.nets.items(), b.nets.items(), strict=True):
        pairs: list[tuple[Tensor, Tensor]] = [
            (one, other)
            for (_, one), (_, other) in zip(
                felt_parameters(ours), felt_parameters(theirs), strict=True
            )
        ]
        pairs += list(zip(ours.buffers(), theirs.buffers(), strict=True))
        found = max([found, *(float((one - other).abs().max()) for one, other in pairs)])
    return found


def equalities(world: World) -> dict[str, Any]:
    """How far two processes are from one with the same global batch."""
    alone = World()
    instance = small_config({"pool.strategy": "none"})
    found = {"instance": apart(trained(instance, world), trained(instance, alone))}
    batch = small_config({"pool.strategy": "none", "nets.G.norm": "batch", "nets.D.norm": "batch"})
    one = trained(batch, alone)
    found["batch, shared"] = apart(trained(batch, world, shared=True), one)
    found["batch, each its own"] = apart(trained(batch, world), one)
    pooled = small_config({"loss.gan": "wgan-gp", "loss.gp": "wgan-gp"})
    mine = trained(pooled, world)
    sums = [float(one.double().sum()) for _, net in mine.nets.items() for one in net.parameters()]
    found["same weights in both"] = world.told(sums)[0] == world.told(sums)[1]
    return found


def exit_of(work: Callable[[], Any]) -> Any:
    """The exit code of what work raised, and whether this process tells why."""
    try:
        work()
    except ToldElsewhere as error:
        return ["silent", int(error.exit_code)]
    except GanevalError as error:
        return [str(error), int(error.exit_code)]
    except StopNow:
        return "stop"
    return "nothing"


def agreements(world: World) -> dict[str, Any]:
    """What both come to, from what each of them knows."""
    rank = world.rank

    def fail_in_second() -> None:
        with world.together():
            if rank == 1:
                raise InputError("no such folder", hint="Mount it.")

    def refuse() -> None:
        raise InputError("refused")

    def stop() -> None:
        raise StopNow

    exchange._BUCKET = 5  # so that several transfers are made
    tensors = [
        torch.full((3,), rank + 1.0),
        torch.full((1, 2, 2, 2), 10.0 * rank).contiguous(memory_format=torch.channels_last),
        torch.full((1,), rank + 0.5, dtype=torch.float64),
    ]
    tensors[1][0, 1] += 1  # the layout in memory may not mix up channels
    exchange.average(tensors, None)
    losses = {"G": torch.tensor(1.0 + rank), "D": torch.tensor(float("inf") if rank else 1.0)}
    copied = torch.tensor([float(rank)])
    world.copy_first([copied])
    return {
        "signal of the second": world.agree("SIGUSR1" if rank else None, 100.0 * (rank + 1)),
        "no signal": world.agree(None, 3.5),
        "result of the first": world.by_first(lambda: {"update": 3, "rank": rank}),
        "error in the second": exit_of(fail_in_second),
        "error in the first": exit_of(lambda: world.by_first(refuse)),
        "stop in the first": exit_of(lambda: world.by_first(stop)),
        "other images": exit_of(lambda: world.same({"the images": rank}, "Share them.")),
        "told": world.told("x" * (rank + 1)),
        "means": [one.flatten().tolist() for one in tensors],
        "losses": [float(one) for one in world.averaged(losses).values()],
        "copied": float(copied),
        "collected": [one["a"].tolist() for one in world.collect({"a": torch.ones(2) * rank})],
    }


def whole_runs(world: World, folder: Path) -> dict[str, Any]:
    """A run, and one whose second process alone gets SIGTERM and that then goes on."""
    if world.is_first:
        make_images(folder / "images", count=9)  # 7 to train on: no even number of batches
    world.by_first(lambda: None)
    sources = (str(folder / "images" / "A"), str(folder / "images" / "B"))
    changes = ("optim.batch=2", "augment.diffaug=color", "nets.G.dropout=blocks", "ema.decay=0.9")
    record = train(sources, folder / "whole", *changes, updates=8)
    real = loop.update

    def signalled(made: TrainingState, *arguments: Any, **more: Any) -> dict[str, Tensor]:
        if made.update == 3 and world.rank == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(made, *arguments, **more)

    loop.update = signalled  # type: ignore[attr-defined]
    stopped = train(sources, folder / "parts", *changes, updates=8)
    loop.update = real  # type: ignore[attr-defined]
    found = {"status": stopped.status, "stopped at": stopped.updates}
    finished = train(sources, folder / "parts", *changes, updates=8)
    found["finished"] = [record.status, finished.status, finished.updates]
    if world.is_first:
        ours, theirs = state(folder / "whole"), state(folder / "parts")
        assert_equal(ours, theirs)
        assert lines(folder / "whole") == lines(folder / "parts")
        pools = [ours["pools"], ours["others"][0]["pools"]]
        slots = [torch.stack(pool["A"]["slots"]) for pool in pools]
        found["pools differ"] = not torch.equal(*slots)
        found["per epoch"] = record.updates / record.epochs
        (ages,) = [
            one["ages"]
            for one in lines(folder / "whole")
            if one["kind"] == "pool" and one["domain"] == "A" and one["update"] == 3
        ]
        found["shown in an epoch"] = sum(ages.values())
        found["dropped"] = record.config["data"]["drop_last"]
    return found


def main() -> None:
    torch.set_num_threads(1)
    world = join()
    found = {
        "equal": equalities(world),
        "agreed": agreements(world),
        "runs": whole_runs(world, Path(sys.argv[1])),
    }
    every = world.told(found)
    if world.is_first:
        print(json.dumps(every))
    world.end()


if __name__ == "__main__":
    main()
