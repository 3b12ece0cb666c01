"""Saving a run: the checkpoint first, then what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.published import export
from ganeval_cyclegan.opening import Run
from ganeval_cyclegan.record import write_record
from ganeval_cyclegan.run_folder import Status


def save(run: Run, status: Status, content: Mapping[str, Any] | None) -> None:
    """Saves a run.

    Args:
        run: The run, its meters settled.
        status: What it is from now on.
        content: Of its checkpoint; None: the state has not changed since it was last saved, or
            taken up.

    Raises:
        CheckpointError: There is no space; the checkpoint before is whole.
    """
    if content is not None:
        run.checkpoints.save(run.state.update, content)
        best = [] if run.book.best is None else [run.book.best]
        rule = run.plan.config.checkpoint
        run.checkpoints.prune(rule.keep_last, [*run.book.kept, *best])
    write_header(run, status)


def write_header(run: Run, status: Status) -> None:
    """Writes ``state.json`` and the record."""
    best = run.checkpoints.path(run.state.update if run.book.best is None else run.book.best)
    run.header = run.header.model_copy(
        update={
            "status": status,
            "update": run.state.update,
            "seconds": run.book.seconds,
            "peak_memory": run.book.peak,
            "domains": run.plan.data.infos(run.state.update * run.plan.config.optim.d_steps),
            "checkpoints": run.checkpoints.listed(),
            "best": run.evaluations.best(best.relative_to(run.folder.path).as_posix()),
            "warnings": list(run.book.notices),
        }
    )
    run.folder.write_state(run.header)
    write_record(run.folder)


def weights_are_finite(nets: Networks) -> bool:
    """Tells whether no parameter is infinite or not a number."""
    checks = [torch.isfinite(one).all() for _, net in nets.items() for one in net.parameters()]
    return bool(torch.stack(checks).all())


def export_networks(run: Run) -> None:
    """Writes the networks as the published test script reads them, the averaged ones too."""
    folder = run.folder.path / "export"
    folder.mkdir(exist_ok=True)
    for name, network in run.state.nets.items():
        export(network, folder / f"latest_net_{name}.pth")
    for name, network in run.state.ema.items():
        export(network, folder / f"ema_net_{name}.pth")


def mark_kept(run: Run) -> None:
    """Notes the update whose checkpoint is kept for good, if it is."""
    every = run.plan.config.checkpoint.keep_every
    epoch, within = divmod(run.state.update, run.plan.data.updates_per_epoch)
    if every is not None and within == 0 and epoch % every == 0:
        run.book.kept.append(run.state.update)
