"""A run at its first update, or where it was left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval_cyclegan.book import Book
from ganeval_cyclegan.budget import Budget, budget_of
from ganeval_cyclegan.checkpoints import Checkpoints
from ganeval_cyclegan.continuation import allowed_changes, check_images
from ganeval_cyclegan.evaluation import Evaluate, Evaluations
from ganeval_cyclegan.meters import Meters
from ganeval_cyclegan.metrics_log import MetricsLog
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.nets.warm_start import warm_start
from ganeval_cyclegan.run_folder import RunFolder, RunState
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState, state_of

if TYPE_CHECKING:
    from ganeval_cyclegan.plan import TrainPlan

Resume = Literal["auto", "never", "require"]


@dataclass
class Run:
    """Everything of a run in progress.

    Attributes:
        plan: What is trained.
        folder: Where.
        streams: Random streams.
        state: Networks, optimisers, pools.
        meters: Means being gathered.
        evaluations: All scores so far.
        book: Counters and memories.
        log: ``metrics.jsonl``.
        checkpoints: Saved states.
        budget: When it ends.
        header: ``state.json`` as of the last save.
    """

    plan: TrainPlan
    folder: RunFolder
    streams: Streams
    state: TrainingState
    meters: Meters
    evaluations: Evaluations
    book: Book
    log: MetricsLog
    checkpoints: Checkpoints
    budget: Budget
    header: RunState

    def content(self) -> dict[str, Any]:
        """Returns what a checkpoint holds, of plain values and the live tensors."""
        return {
            **self.state.state(),
            "streams": self.streams.state(),
            "meters": self.meters.state(),
            "evaluations": self.evaluations.state(),
            "book": self.book.state(),
            "offset": self.log.offset(),
            "config": self.plan.config.model_dump(mode="json"),
        }

    def take_up(self, content: dict[str, Any]) -> None:
        """Goes back to a checkpoint; lines that were written later are moved away."""
        self.state.load(content)
        self.streams.load(content["streams"])
        self.meters.load(content["meters"])
        self.evaluations.load(content["evaluations"])
        self.book.load(content["book"])
        self.log.cut(content["offset"])


def check_resume(folder: RunFolder, resume: Resume) -> bool:
    """Tells whether a run is to be taken up; writes nothing.

    Raises:
        InputError: The folder holds no run and has to, or holds one and must not.
    """
    held = folder.holds_run()
    if held and resume == "never":
        raise InputError(
            f"--resume never: {folder.path} holds a run",
            hint="Name another --out, or go on with --resume auto.",
        )
    if not held and resume == "require":
        raise InputError(f"--resume require: {folder.path} holds no run", hint="Check --out.")
    return held


def open_run(
    plan: TrainPlan,
    folder: RunFolder,
    *,
    resume: Resume,
    evaluate: Evaluate | None,
    argv: Sequence[str],
) -> Run:
    """Begins a run, or takes it up at its newest good checkpoint. The folder has to be locked.

    Raises:
        InputError: The run that is there is another one, or must not be there.
    """
    held = check_resume(folder, resume)
    if held:
        changes = allowed_changes(
            str(folder.path), folder.read_config(), plan.config.model_dump(mode="json")
        )
        check_images(str(folder.path), folder.read_json("manifest.json") or {}, plan.manifest)
    streams = Streams(plan.config.seed)
    nets = build_networks(plan.config, streams)
    warm_start(nets, plan.config.warm_start)
    budget = budget_of(plan.config, plan.data.updates_per_epoch)
    run = Run(
        plan=plan,
        folder=folder,
        streams=streams,
        state=state_of(nets, plan.config, planned_updates=budget.updates),
        meters=Meters(),
        evaluations=Evaluations(plan.config, plan.data, streams, folder.path, evaluate),
        book=Book(due=["evaluation", "samples"]),
        log=MetricsLog(folder.metrics),
        checkpoints=Checkpoints(folder.path),
        budget=budget,
        header=_header(plan, argv, {name: parameter_count(net) for name, net in nets.items()}),
    )
    run.checkpoints.clear_parts()
    if held:
        _take_up(run, changes)
    else:
        for text in plan.notes:
            run.book.note("plan", text)
    _write_start(run)
    return run


def _take_up(run: Run, changes: list[tuple[str, Any, Any]]) -> None:
    """Loads the newest checkpoint; without one the run begins anew."""
    old = run.folder.read_state()
    damaged: list[str] = []
    found = run.checkpoints.newest_good(damaged.append)
    if found is None:
        run.log.cut(0)
        for text in run.plan.notes:
            run.book.note("plan", text)
    else:
        run.take_up(found[1])
    for text in damaged:
        run.book.note("damaged_checkpoint", text)
    if changes:
        words = ", ".join(f"{key} from {was} to {now}" for key, was, now in changes)
        run.book.note("continued", f"Continued at update {run.state.update} with {words}.")
    threads = torch.get_num_threads()
    if (old.threads, old.device) != (threads, run.header.device):
        run.book.note(
            "other_machine",
            f"Continued at update {run.state.update} on {run.header.device} with {threads} threads "
            f"of torch, after {old.device} with {old.threads}: rounding may differ.",
        )
    run.header = run.header.model_copy(
        update={"started": old.started, "argv": old.argv, "resumed": old.resumed + 1}
    )


def _header(plan: TrainPlan, argv: Sequence[str], networks: dict[str, int]) -> RunState:
    return RunState(
        trainer="cyclegan",
        preset=plan.resolved.preset,
        argv=list(argv),
        started=dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        status="running",
        seed=plan.config.seed,
        config_sha256=plan.config_sha256,
        changed=plan.resolved.changed,
        assumptions=plan.resolved.assumptions,
        device=plan.device,
        precision=plan.config.run.precision,
        threads=torch.get_num_threads(),
        networks=networks,
        updates_per_epoch=plan.data.updates_per_epoch,
        planned_updates=budget_of(plan.config, plan.data.updates_per_epoch).updates,
        domains=plan.data.infos(),
    )


def _write_start(run: Run) -> None:
    """Writes what describes the run; ``state.json`` last, since it makes the folder a run's."""
    run.folder.write_config(run.plan.config.model_dump(mode="json"))
    run.folder.write_json("manifest.json", run.plan.manifest)
    run.plan.data.write_subsets(run.folder.path)
    parts = run.folder.read_json("environment.json") or []
    parts.append(
        {
            "from_update": run.state.update,
            "device": run.header.device,
            "threads": run.header.threads,
            "precision": run.header.precision,
            "deterministic": run.plan.config.run.deterministic,
            **environment().model_dump(),
        }
    )
    run.folder.write_json("environment.json", parts)
    run.folder.write_state(
        run.header.model_copy(
            update={
                "update": run.state.update,
                "seconds": run.book.seconds,
                "checkpoints": run.checkpoints.listed(),
                "warnings": run.book.notices,
            }
        )
    )
