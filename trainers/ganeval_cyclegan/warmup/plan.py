"""A warm-up that passed every check and has not begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

import torch

from ganeval.errors import InputError
from ganeval.records import TrainedDomain
from ganeval_cyclegan.budget import Budget
from ganeval_cyclegan.choices import find_device
from ganeval_cyclegan.disk import check_room
from ganeval_cyclegan.distributed import refuse_several
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.opening import check_resume
from ganeval_cyclegan.run_folder import RunFolder
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.warmup.images import SmallImages, open_small_images
from ganeval_cyclegan.warmup.networks import build_warmup
from ganeval_cyclegan.warmup.resolve import ResolvedWarmup, resolve_warmup

_CHECKPOINT_BYTES: Final = 12  # per parameter: itself and two moments of Adam, in float32


@dataclass(frozen=True)
class WarmupPlan:
    """What will be trained.

    Attributes:
        resolved: The configuration.
        images: All training images.
        device: Where.
        networks: Parameters of G and D.
        tensorboard: Write TensorBoard events too.
    """

    resolved: ResolvedWarmup
    images: SmallImages
    device: torch.device
    networks: dict[str, int]
    tensorboard: bool = False

    @property
    def evaluation(self) -> None:
        """A warm-up shows its pictures and scores; it measures no distance."""
        return None

    @property
    def batch(self) -> int:
        """Images per batch: all, where there are fewer than asked for."""
        return min(self.resolved.config.batch, len(self.images.pixels))

    @property
    def updates_per_epoch(self) -> int:
        """Generator steps in which the discriminator sees about every image once."""
        return max(1, len(self.images.pixels) // (self.batch * (self.resolved.config.d_steps or 1)))

    @property
    def budget(self) -> Budget:
        """When it ends."""
        chosen, config = self.resolved.config.budget, self.resolved.config
        limits = [] if chosen.updates is None else [chosen.updates]
        if chosen.images is not None:
            limits.append(ceil(chosen.images / (self.batch * (config.d_steps or 1))))
        seconds = None if chosen.minutes is None else 60 * chosen.minutes
        return Budget(min(limits, default=None), seconds)

    @property
    def domain(self) -> TrainedDomain:
        """The images, for the record."""
        n = len(self.images.pixels)
        return TrainedDomain(name="A", input=self.images.info, trained_on=n, held_out=0)

    @property
    def manifest(self) -> dict[str, Any]:
        """What tells other images from those that a run was begun with."""
        images = f"{len(self.images.pixels)} images"
        content = {"train": {images: self.images.fingerprint}, "held_out": {}}
        return {"A": {"path": self.images.info.path, **content}}

    def describe(self) -> str:
        """Returns what will be trained, and the assumptions in it."""
        config, n = self.resolved.config, len(self.images.pixels)
        height, width = self.images.pixels.shape[1:]
        steps = config.d_steps or 1
        lines = [
            f"fully connected GAN, preset {self.resolved.preset}: loss {config.gan}, "
            f"{config.optimizer}, learning rates {config.lr_G:g} (G) and {config.lr_D:g} (D), "
            f"batch {self.batch}, {steps} D step{'s' if steps > 1 else ''} per update",
            f"{n:,} images of {width}x{height} pixels from {self.images.info.path}; parameters "
            f"{self.networks['G']:,} (G) and {self.networks['D']:,} (D); on {self.device}",
            f"{self._end()}, {self.updates_per_epoch:,} updates per epoch, seed {config.seed}",
        ]
        changed = [f"{key}={value}" for key, value in self.resolved.changed.items()]
        if changed:
            lines.append(f"changed: {', '.join(changed)}")
        return "\n".join([*lines, *(f"assumed: {one}" for one in self.resolved.assumptions)])

    def _end(self) -> str:
        budget = self.budget
        parts = [] if budget.updates is None else [f"{budget.updates:,} updates"]
        if budget.seconds is not None:
            parts.append(f"{budget.seconds / 60:g} minutes")
        return " or ".join(parts)


def plan_warmup(request: Mapping[str, Any]) -> WarmupPlan:
    """Checks all that a request asks for; see ``ganeval.training.trainers.Request``.

    Raises:
        InputError: An option does not fit, or images cannot be trained on.
        MissingFileError: The configuration or a named data set is not there.
    """
    refuse_several("warmup")
    _refuse_others(request)
    folder = RunFolder(Path(request["out"]))
    check_resume(folder, request.get("resume") or "auto", "warmup")
    sources = tuple(str(one) for one in request.get("sources") or ())
    if folder.holds_run() and not (sources or request.get("preset") or request.get("config")):
        # It goes on: what is not said is as it was.
        request = {**request, "config": folder.path / "config.yaml"}
        sources = ((folder.read_json("manifest.json") or {})["A"]["path"],)
    resolved = resolve_warmup(request)
    device = find_device(str(request.get("device") or resolved.config.run.device))
    images = open_small_images(sources[0] if sources else None, _root(request, sources))
    height, width = images.pixels.shape[1:]
    resolved = resolved.settled(height * width)
    networks = build_warmup(resolved.config, height, width, Streams(0))
    parameters = {name: parameter_count(net) for name, net in zip("GD", networks, strict=True)}
    check_room(folder.path, _CHECKPOINT_BYTES * sum(parameters.values()))
    return WarmupPlan(
        resolved=resolved,
        images=images,
        device=device,
        networks=parameters,
        tensorboard=bool(request.get("tensorboard")),
    )


def _refuse_others(request: Mapping[str, Any]) -> None:
    """Refuses options of other trainers, which would do nothing here."""
    sources = request.get("sources") or ()
    if len(sources) > 1:
        raise InputError(
            f"trainer warmup takes one set of images, and there are {len(sources)}",
            hint="Name one, or none for scikit-learn's digits.",
        )
    for name in ("demo", "size"):
        if request.get(name) is not None:
            raise InputError(
                f"--{name} {request[name]} does nothing under --trainer warmup, which takes its "
                "images as they are",
                hint="Leave it out; without images it trains on scikit-learn's digits.",
            )
    if request.get("precision") not in (None, "auto", "fp32"):
        raise InputError(
            f"--precision {request['precision']}: trainer warmup computes in fp32",
            hint="Leave it out.",
        )


def _root(request: Mapping[str, Any], sources: Any) -> Any:
    root = request.get("data_root")
    if root is not None and not sources:
        raise InputError("--data-root does nothing without images that lie below it")
    return root
