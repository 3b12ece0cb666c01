"""What several processes ask of a configuration, of the run that is there, and of each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.distributed import World


def part_of(config: TrainConfig, processes: int) -> TrainConfig:
    """Returns the configuration with the batch of one process."""
    optim = config.optim.model_copy(update={"batch": config.optim.batch // processes})
    return config.model_copy(update={"optim": optim})


def check_divisible(config: TrainConfig, processes: int) -> None:
    """Checks whether the processes can divide a batch.

    Raises:
        InputError: They cannot, or not into parts that the pool can split.
    """
    batch = config.optim.batch
    if batch % processes:
        raise InputError(
            f"optim.batch {batch}: it is the batch of all processes together, and {processes}"
            " cannot divide it",
            hint=f"Set optim.batch to {-(-batch // processes) * processes}.",
        )
    if config.pool.strategy == "shrivastava" and batch // processes % 2:
        raise InputError(
            f"pool.strategy shrivastava splits a batch in halves, and each of {processes}"
            f" processes has {batch // processes} of optim.batch {batch}",
            hint=f"Set optim.batch to {batch + processes}.",
        )


def check_continued(where: str, config: TrainConfig, before: int, now: int) -> None:
    """Checks whether a run may go on with another number of processes.

    Args:
        where: The run folder, for messages.
        config: The run.
        before: Processes that trained it.
        now: Processes that would.

    Raises:
        InputError: Pools would be lost, or missing.
    """
    if before == now or config.pool.strategy == "none":
        return
    raise InputError(
        f"{where}: was trained by {counted(before)}, and {now} would go on; each keeps an image"
        f" pool of its own (pool.strategy {config.pool.strategy})",
        hint=f"Start {counted(before)}, or begin another run.",
    )


def with_kept_drop_last(
    config: TrainConfig, there: Mapping[str, Any], processes: int
) -> TrainConfig:
    """Returns the configuration with ``data.drop_last`` as a run has it that several began.

    Args:
        config: As asked for.
        there: The configuration of the run.
        processes: That train together.
    """
    if processes == 1 or not there.get("data", {}).get("drop_last"):
        return config
    data = config.data.model_copy(update={"drop_last": True})
    return config.model_copy(update={"data": data})


def remarks(config: TrainConfig, processes: int) -> Iterator[str]:
    """Yields what a user of one or several processes should know about some choices."""
    normed = "batch" in (config.nets.G.norm, config.nets.D.norm)
    if processes == 1 and config.run.sync_bn:
        yield "run.sync_bn changes nothing: one process trains."
    if processes > 1 and normed and not config.run.sync_bn:
        yield (
            "Statistics of batch norm are of each process's part of the batch, and those of the"
            " first one are saved; run.sync_bn makes them those of the whole batch."
        )


def check_alike(
    world: World, *, done: int | None, config_sha256: str, manifest: Mapping[str, Any]
) -> None:
    """Compares what the processes have found in the run folder and in the images.

    Raises:
        InputError: They are about to train different things.
    """
    images = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    world.same(
        {
            "the run that is there": "none" if done is None else f"at update {done}",
            "the configuration": config_sha256[:12],
            "the images": images[:12],
        },
        "RUN and the images have to be on disks that all hosts share, and the command the same.",
    )


def counted(processes: int) -> str:
    """Returns the number of processes in words."""
    return f"{processes} process{'es' if processes > 1 else ''}"
