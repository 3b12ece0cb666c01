"""A run at its first update, or where it was left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval_cyclegan.book import Book, Work
from ganeval_cyclegan.budget import Budget, budget_of
from ganeval_cyclegan.checkpoints import Checkpoints, read_checkpoint
from ganeval_cyclegan.choices import choose
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.continuation import allowed_changes, check_images
from ganeval_cyclegan.distributed import World
from ganeval_cyclegan.evaluation import Evaluate, Evaluations
from ganeval_cyclegan.meters import Meters
from ganeval_cyclegan.metrics_log import MetricsLog
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.nets.warm_start import warm_start
from ganeval_cyclegan.own_state import content_of, own_state
from ganeval_cyclegan.process_rules import counted
from ganeval_cyclegan.run_folder import RunFolder, RunState
from ganeval_cyclegan.samples import sheet_is_due
from ganeval_cyclegan.shared_norms import share_norms
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
        world: The processes that train together.
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
    world: World

    def content(self) -> dict[str, Any]:
        """Returns what a checkpoint holds, of plain values and the live tensors.

        All processes have to call it; what the others keep for themselves is in that of the first.
        """
        return {
            **self.state.state(),
            "streams": self.streams.state(),
            "meters": self.meters.state(),
            "evaluations": self.evaluations.state(),
            "book": self.book.state(),
            "offset": self.log.offset(),
            "config": self.plan.config.model_dump(mode="json"),
            "others": self.world.collect(own_state(self.state, self.streams)),
        }

    def take_up(self, content: dict[str, Any]) -> None:
        """Goes back to a checkpoint; lines that were written later are moved away."""
        content = content_of(content, self.world.rank)
        self.state.load(content)
        self.streams.load(content["streams"])
        self.meters.load(content["meters"])
        self.evaluations.load(content["evaluations"])
        self.book.load(content["book"])
        if self.world.is_first:
            self.log.cut(content["offset"])


def due_at_first(config: TrainConfig) -> list[Work]:
    """Returns what is done before the first update, of the untrained networks."""
    due: list[Work] = ["evaluation"] if config.eval.every > 0 else []
    return [*due, "samples"] if sheet_is_due(config.samples, 0) else due


def check_resume(folder: RunFolder, resume: Resume, trainer: str = "cyclegan") -> bool:
    """Tells whether a run of a trainer is to be taken up; writes nothing.

    Raises:
        InputError: The folder holds no run and has to, or holds one and must not, or a run of
            another trainer.
    """
    held = folder.holds_run()
    if held and (other := folder.read_state().trainer) != trainer:
        raise InputError(
            f"--out {folder.path}: holds a run of the trainer {other}",
            hint=f"Name another --out, or go on with --trainer {other}.",
        )
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
    world = plan.world
    changes = world.by_first(lambda: _checked(plan, folder, resume))
    streams = Streams(plan.config.seed, world.rank)
    nets = build_networks(plan.config, streams)
    warm_start(nets, plan.config.warm_start)
    device = choose(plan.config, world.device(plan.config.run.device)).device
    world.use(device)
    if world.size > 1 and plan.config.run.sync_bn:
        share_norms(nets, world)
    budget = budget_of(plan.config, plan.data.sampling)
    run = Run(
        plan=plan,
        folder=folder,
        streams=streams,
        state=state_of(nets, plan.config, device, budget.updates),
        meters=Meters(),
        evaluations=Evaluations(plan.config, plan.data, streams, folder.path, evaluate),
        book=Book(due=due_at_first(plan.config)),
        log=MetricsLog(folder.metrics),
        checkpoints=Checkpoints(folder.path),
        budget=budget,
        header=_header(plan, argv, {name: parameter_count(net) for name, net in nets.items()}),
        world=world,
    )
    # The same weights to the last bit, whatever the hosts are.
    world.copy_first(one for _, net in nets.items() for one in net.state_dict().values())
    if changes is None:
        for text in plan.notes:
            run.book.note("plan", text)
    else:
        _take_up(run, changes)
    world.by_first(lambda: _write_start(run))
    return run


def _checked(
    plan: TrainPlan, folder: RunFolder, resume: Resume
) -> list[tuple[str, Any, Any]] | None:
    """Returns in what the configuration of the run that is there has changed; None: a new run."""
    if not check_resume(folder, resume):
        return None
    changes = allowed_changes(
        str(folder.path), folder.read_config(), plan.config.model_dump(mode="json")
    )
    check_images(str(folder.path), folder.read_json("manifest.json") or {}, plan.manifest)
    return changes


def _take_up(run: Run, changes: list[tuple[str, Any, Any]]) -> None:
    """Loads the newest checkpoint; without one the run begins anew."""
    old = run.folder.read_state()
    damaged: list[str] = []
    update = run.world.by_first(lambda: _take_up_newest(run, damaged.append))
    if update is not None and not run.world.is_first:
        run.take_up(read_checkpoint(run.checkpoints.path(update)))
    if update is None:
        for text in run.plan.notes:
            run.book.note("plan", text)
    for text in damaged:
        run.book.note("damaged_checkpoint", text)
    if changes:
        words = ", ".join(f"{key} from {was} to {now}" for key, was, now in changes)
        run.book.note("continued", f"Continued at update {run.state.update} with {words}.")
    if old.processes != run.world.size:
        run.book.note(
            "other_processes",
            f"Continued at update {run.state.update} by {counted(run.world.size)}, after "
            f"{counted(old.processes)}: their random streams differ.",
        )
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


def _take_up_newest(run: Run, told: Callable[[str], None]) -> int | None:
    """Loads the newest checkpoint; returns its update, or None where there is none."""
    found = run.checkpoints.newest_good(told)
    if found is None:
        run.log.cut(0)
        return None
    run.take_up(found[1])
    return run.state.update


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
        processes=plan.world.size,
        networks=networks,
        updates_per_epoch=plan.data.updates_per_epoch,
        planned_updates=budget_of(plan.config, plan.data.sampling).updates,
        domains=plan.data.infos(),
    )


def _write_start(run: Run) -> None:
    """Writes what describes the run; ``state.json`` last, since it makes the folder a run's."""
    run.checkpoints.clear_parts()
    run.folder.write_config(run.plan.config.model_dump(mode="json"))
    run.folder.write_json("manifest.json", run.plan.manifest)
    run.plan.data.write_subsets(run.folder.path)
    parts = run.folder.read_json("environment.json") or []
    parts.append(
        {
            "from_update": run.state.update,
            "device": run.header.device,
            "threads": run.header.threads,
            "processes": run.header.processes,
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
