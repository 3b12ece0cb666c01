"""A Fréchet distance over two processes that each see half of the images.

    python examples/distributed_fid.py

Processes gather their states with torch.distributed; every one of them then has the result of all.
The last two lines that are printed are the same number: of one process, and of two.
"""

from __future__ import annotations

import os
import socket

import numpy as np
import torch.distributed as dist
import torch.multiprocessing as mp

from ganeval.metrics.streaming import FrechetDistance

EXTRACTOR = "random-projection"  # for a demonstration; "inception-2015" makes it FID
PROCESSES = 2


def images(seed: int, high: int) -> np.ndarray:
    """Stands in for a data set, and for what a generator makes: uint8 ``[64, 32, 32, 3]``."""
    return np.random.default_rng(seed).integers(0, high, (64, 32, 32, 3), dtype=np.uint8)


def merged(metric: FrechetDistance) -> FrechetDistance:
    """Returns what all processes have seen together."""
    states: list = [None] * dist.get_world_size()
    dist.all_gather_object(states, metric.state_dict())
    total = FrechetDistance(EXTRACTOR)
    for state in states:
        total.merge(state)
    return total


def evaluate(rank: int, world: int, port: int) -> None:
    """What each process does: its share of the images, then the number of all."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=world)
    metric = FrechetDistance(EXTRACTOR)
    metric.update(images(1, 256)[rank::world], real=True)
    metric.update(images(2, 200)[rank::world], real=False)
    value = merged(metric).compute().value
    if rank == 0:
        print(f"{world} processes: {value}", flush=True)
    dist.destroy_process_group()


def alone() -> float | None:
    """The same number by one process."""
    metric = FrechetDistance(EXTRACTOR)
    metric.update(images(1, 256), real=True)
    metric.update(images(2, 200), real=False)
    return metric.compute().value


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    print(f"1 process: {alone()}", flush=True)
    mp.spawn(evaluate, args=(PROCESSES, free_port()), nprocs=PROCESSES)
