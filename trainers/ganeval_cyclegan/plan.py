"""A run that passed every check, before anything of it is written."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval_cyclegan.budget import Budget, budget_of
from ganeval_cyclegan.choices import Choices, choose
from ganeval_cyclegan.choices import remarks as remarks_on_choices
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_rules import SIZES_VARY
from ganeval_cyclegan.continuation import allowed_changes, check_images
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.demo_domains import demo_of, holds_demo, write_demo
from ganeval_cyclegan.disk import check_room, forgetful, size_text
from ganeval_cyclegan.distributed import World, join
from ganeval_cyclegan.memory import checkpoint_bytes, device_memory, needed_memory
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.macs import parameter_count, update_macs
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.sizes import check_sizes
from ganeval_cyclegan.nets.warm_start import warm_start
from ganeval_cyclegan.opening import check_resume
from ganeval_cyclegan.process_rules import (
    check_alike,
    check_continued,
    check_divisible,
    counted,
    part_of,
    remarks,
    with_kept_drop_last,
)
from ganeval_cyclegan.resolve import Resolved, changed_keys, config_sha256, resolve
from ganeval_cyclegan.run_folder import RunFolder
from ganeval_cyclegan.samples import check_watched
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.tensorboard_log import check_installed

_OPTIONS: Final = {
    "device": "run.device",
    "precision": "run.precision",
    # A limit beside those that the preset sets, whose schedule may count on them.
    "minutes": "budget.minutes",
}


@dataclass(frozen=True)
class TrainPlan:
    """What will be trained.

    Attributes:
        resolved: The configuration and where it comes from.
        data: The images.
        out: Run folder.
        device: In words.
        budget: When it ends.
        parameters: Of each network, by name.
        macs: Multiply-accumulates of an update per image.
        checkpoint: Bytes of one checkpoint.
        free: Bytes free where it goes.
        tensorboard: Events for TensorBoard are written too.
        notes: What the user should know.
        done: Updates that a run which is taken up has done; None: a new run.
        world: The processes that train together.
    """

    resolved: Resolved
    data: Data
    out: Path
    device: str
    budget: Budget
    parameters: Mapping[str, int]
    macs: int
    checkpoint: int
    free: int
    tensorboard: bool
    notes: list[str]
    done: int | None
    world: World

    @property
    def config(self) -> TrainConfig:
        """Every choice."""
        return self.resolved.config

    @property
    def config_sha256(self) -> str:
        """Digest of every choice."""
        return config_sha256(self.config)

    @property
    def manifest(self) -> dict[str, Any]:
        """Digest of every image."""
        return self.data.manifest()

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """Extractor, metrics and device of the evaluation; None: there is none."""
        chosen = self.config.eval
        if chosen.every == 0 or not chosen.metrics:
            return None
        return {
            "extractor": chosen.extractor,
            "metrics": list(chosen.metrics),
            "device": self.config.run.device,
        }

    def describe(self) -> str:
        """Returns the plan and its assumptions as lines of plain text."""
        from ganeval_cyclegan.plan_text import plan_text

        return plan_text(self)


def make_plan(request: Mapping[str, Any]) -> TrainPlan:
    """Checks all that can be checked before the first update.

    Args:
        request: See ``ganeval.training.trainers.Request``.

    Raises:
        InputError: The configuration, images, sizes, device, memory or disk do not do.
        MissingFileError: A file is not there.
    """
    world = join()
    out = Path(request["out"])
    folder = RunFolder(out)
    with world.together():
        if request.get("tensorboard"):
            check_installed()
        held = check_resume(folder, request.get("resume") or "auto")
        resolved = _resolved(request, folder, held, world)
        config = resolved.config
        if config.run.threads is not None:
            torch.set_num_threads(config.run.threads)
        choices = choose(config, world.device(config.run.device))
        own = part_of(config, world.size)
        check_sizes(config if config.run.sync_bn else own)
        check_watched(config)
        nets = build_networks(config, Streams(config.seed))
        warm_start(nets, config.warm_start)
        cropped = config.data.preprocess not in SIZES_VARY
        if cropped:  # else the images have to be looked at first
            room = _check_resources(config, nets, choices, out, world)
    _write_demo(request, folder, held, world)
    with world.together():
        data = _opened(request, config, folder, held, world)
        if held and data.config != config:
            raise InputError(
                f"{out}: the run keeps the last, smaller batch of every epoch, which {world.size}"
                " processes cannot divide",
                hint=f"Start {counted(folder.read_state().processes)}, or begin another run.",
            )
        largest = config if cropped else _at_largest(config, data)
        if not cropped:
            room = _check_resources(largest, nets, choices, out, world)
    if data.config != config:
        config = data.config
        resolved = dataclasses.replace(resolved, config=config, changed=changed_keys(config))
    volatile = forgetful(out)
    plan = TrainPlan(
        resolved=resolved,
        data=data,
        out=out,
        device=_device_words(choices.device),
        budget=budget_of(config, data.sampling),
        parameters={name: parameter_count(net) for name, net in nets.items()},
        macs=update_macs(largest, nets),
        checkpoint=room[0],
        free=room[1],
        tensorboard=bool(request.get("tensorboard")),
        notes=[
            *resolved.notes,
            *remarks_on_choices(choices),
            *remarks(config, world.size),
            *data.notes,
            *([volatile] if volatile else []),
        ],
        done=folder.read_state().update if held else None,
        world=world,
    )
    with world.together():
        if held:
            check_images(str(out), folder.read_json("manifest.json") or {}, plan.manifest)
    check_alike(world, done=plan.done, config_sha256=plan.config_sha256, manifest=plan.manifest)
    return plan


def _resolved(request: Mapping[str, Any], folder: RunFolder, held: bool, world: World) -> Resolved:
    """The configuration, with ``auto`` of the precision settled, since it changes the numbers."""
    wanted = {name: request.get(name) for name in ("size", "updates", "images", "seed")}
    changes = [
        *request.get("changes", ()),
        *(
            f"{key}={request[option]}"
            for option, key in _OPTIONS.items()
            if request.get(option) is not None
        ),
    ]
    preset, config_file = request.get("preset"), request.get("config")
    continued = held and preset is None and config_file is None and not _sources(request)
    if continued:
        config_file = folder.path / "config.yaml"
    elif request.get("demo") is not None and preset is None and config_file is None:
        preset = "demo"
    found = resolve(preset=preset, config_file=config_file, changes=changes, **wanted)
    check_divisible(found.config, world.size)
    precision = choose(found.config, world.device(found.config.run.device)).precision
    run = found.config.run.model_copy(update={"precision": precision})
    found = dataclasses.replace(found, config=found.config.model_copy(update={"run": run}))
    if not held:
        return found
    old, there = folder.read_state(), folder.read_config()
    if continued:
        found = dataclasses.replace(found, preset=old.preset, assumptions=old.assumptions)
    config = with_kept_drop_last(found.config, there, world.size)
    allowed_changes(str(folder.path), there, config.model_dump(mode="json"))
    check_continued(str(folder.path), config, old.processes, world.size)
    return dataclasses.replace(found, config=config)


def _write_demo(request: Mapping[str, Any], folder: RunFolder, held: bool, world: World) -> None:
    """Writes the images of a demo, the same for every seed, so that seeds compare."""
    demo = request.get("demo")
    if demo is not None and not (held or request.get("dry_run") or _sources(request)):
        world.by_first(lambda: str(write_demo(demo, folder.path / "data")))


def _opened(
    request: Mapping[str, Any], config: TrainConfig, folder: RunFolder, held: bool, world: World
) -> Data:
    """Opens the images that are named, those of a demo, or those of the run that is there."""
    sources, demo = _sources(request), request.get("demo")
    if demo is not None:
        demo_of(demo)
        if held and not holds_demo(demo, folder.path / "data"):
            raise InputError(
                f"--demo {demo}: {folder.path} holds a run on other images",
                hint="Leave --demo out to go on with that run, or name another --out.",
            )
        if sources:
            raise InputError(
                f"--demo {demo} makes its own images, and {sources[0]} is named too",
                hint="Leave one of them out.",
            )
        if request.get("dry_run") and not held:
            with tempfile.TemporaryDirectory(prefix="ganeval-") as made:
                images = str(write_demo(demo, Path(made)))
                return _open(request, config, folder, (images,), world)
        return _open(request, config, folder, (str(folder.path / "data"),), world)
    if not sources and held:
        sources = tuple(domain.input.path for domain in folder.read_state().domains)
    if not sources or len(sources) > 2:
        raise InputError(
            f"two domains are needed, and {len(sources)} sources are named",
            hint="ganeval train A B --out RUN, or --demo stripes for images made by code.",
        )
    return _open(request, config, folder, sources, world)


def _open(
    request: Mapping[str, Any],
    config: TrainConfig,
    folder: RunFolder,
    sources: tuple[str, ...],
    world: World,
) -> Data:
    features = request.get("features")
    return open_data(
        config,
        sources[0],
        sources[1] if len(sources) > 1 else None,
        run_folder=folder.path,
        data_root=request.get("data_root"),
        embed=None if features is None else features(config.eval.extractor),
        processes=world.size,
    )


def _sources(request: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(request.get("sources") or ())


def _at_largest(config: TrainConfig, data: Data) -> TrainConfig:
    """The configuration as if crops were as large as the largest image, for estimates."""
    sizes: dict[str, Any] = {}
    for name, domain in data.domains.items():
        sides = [domain.train.transform.loaded_size(*size) for size in domain.train.sizes]
        own = config.data.A if name == "A" else config.data.B
        size = (max(height for height, _ in sides), max(width for _, width in sides))
        sizes[name] = own.model_copy(update={"size": size})
    return config.model_copy(update={"data": config.data.model_copy(update=sizes)})


def _check_resources(
    config: TrainConfig, nets: Networks, choices: Choices, out: Path, world: World
) -> tuple[int, int]:
    """Returns the bytes of a checkpoint, and those free where it goes."""
    checkpoint = checkpoint_bytes(config, nets, world.size)
    free = check_room(out, checkpoint)
    _check_memory(part_of(config, world.size), nets, choices)
    return checkpoint, free


def _check_memory(config: TrainConfig, nets: Networks, choices: Choices) -> None:
    needed, free = needed_memory(config, nets), device_memory(choices.device)
    if free is not None and needed.total > free:
        terms = ", ".join(f"{name} {size_text(size)}" for name, size in needed.terms().items())
        raise InputError(
            f"{config.run.device}: training needs about {size_text(needed.total)} ({terms}), and "
            f"{size_text(free)} are free",
            hint="Use --set run.low_memory=true, --precision bf16, a smaller optim.batch or "
            "--size.",
        )


def _device_words(device: Any) -> str:
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu {environment().processor}".strip()
    return str(device)
