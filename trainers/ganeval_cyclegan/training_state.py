"""Everything that an update changes, but for the random streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ganeval_cyclegan.choices import Choices, choose
from ganeval_cyclegan.compiled import Compiled
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.ema import averaged_copy
from ganeval_cyclegan.full_norms import keep_norms_full
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.warm_start import warm_start
from ganeval_cyclegan.optimisers import adam, set_rate
from ganeval_cyclegan.pool import ImagePool
from ganeval_cyclegan.schedule import Plateau, factor
from ganeval_cyclegan.streams import Streams

Domain = Literal["A", "B"]


@dataclass
class TrainingState:
    """Networks, optimisers, pools and counters of a run.

    Attributes:
        nets: The four networks.
        ema: Averages of the generators by name; empty without ``ema.decay``.
        optimizer_G: Of both generators.
        optimizer_D: Of both discriminators.
        scaler: Of the losses in fp16, else None.
        pools: By the domain of the generated images that they keep.
        choices: Device, precision and the like.
        update: Updates done.
        epoch: The current one, from 1; the loop counts it.
        plateau: State of the schedule of that name.
        calls: The networks as an update calls them, compiled or not.
    """

    nets: Networks
    ema: dict[str, nn.Module]
    optimizer_G: torch.optim.Optimizer
    optimizer_D: torch.optim.Optimizer
    scaler: torch.amp.GradScaler | None
    pools: dict[Domain, ImagePool]
    choices: Choices
    update: int = 0
    epoch: int = 1
    plateau: Plateau = field(default_factory=Plateau)
    calls: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """Returns plain values and tensors, which ``torch.load(weights_only=True)`` reads.

        The tensors are the live ones: save or copy them before the next update.
        """
        return {
            "nets": {name: dict(one.state_dict()) for name, one in self.nets.items()},
            "ema": {name: dict(one.state_dict()) for name, one in self.ema.items()},
            "optimizer_G": self.optimizer_G.state_dict(),
            "optimizer_D": self.optimizer_D.state_dict(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
            "pools": {domain: pool.state() for domain, pool in self.pools.items()},
            "update": self.update,
            "epoch": self.epoch,
            "plateau": self.plateau.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` returned, of a run with the same configuration."""
        for name, network in self.nets.items():
            network.load_state_dict(state["nets"][name])
        for name, average in self.ema.items():
            average.load_state_dict(state["ema"][name])
        self.optimizer_G.load_state_dict(state["optimizer_G"])
        self.optimizer_D.load_state_dict(state["optimizer_D"])
        if self.scaler is not None and state["scaler"] is not None:
            self.scaler.load_state_dict(state["scaler"])
        for domain, pool in self.pools.items():
            pool.load(state["pools"][domain])
        self.update, self.epoch = state["update"], state["epoch"]
        self.plateau.load(state["plateau"])


def create_state(
    config: TrainConfig,
    streams: Streams,
    device: str | torch.device | None = None,
    planned_updates: int | None = None,
) -> TrainingState:
    """Builds the state of a run before its first update.

    Args:
        config: The run.
        streams: The initial weights draw from them.
        device: Instead of ``run.device``.
        planned_updates: Length of the run, which some schedules need; None: its budget is a time.

    Raises:
        InputError: The device or the precision cannot be had here, or a file of ``warm_start`` does
            not fit.
    """
    nets = build_networks(config, streams)
    warm_start(nets, config.warm_start)
    return state_of(nets, config, device, planned_updates)


def state_of(
    nets: Networks,
    config: TrainConfig,
    device: str | torch.device | None = None,
    planned_updates: int | None = None,
) -> TrainingState:
    """Builds the state around networks that are already there; arguments as of `create_state`."""
    choices = choose(config, device)
    layout = torch.channels_last if choices.channels_last else None
    nets.to(choices.device, memory_format=layout).train()
    scaled = choices.precision == "fp16"
    for _, network in nets.items() if choices.half else ():
        keep_norms_full(network, choices.device)
    state = TrainingState(
        nets=nets,
        ema={n: averaged_copy(getattr(nets, n)) for n in ("G_A", "G_B") if config.ema.decay},
        optimizer_G=adam(
            nets.parameters_of("G_A", "G_B"), config.optim.lr_G, config.optim, fused=choices.fused
        ),
        optimizer_D=adam(
            nets.parameters_of("D_A", "D_B"), config.optim.lr_D, config.optim, fused=choices.fused
        ),
        scaler=torch.amp.GradScaler(choices.device.type) if scaled else None,
        pools={"A": ImagePool(config.pool), "B": ImagePool(config.pool)},
        choices=choices,
        calls={name: Compiled(net) if config.run.compile else net for name, net in nets.items()},
    )
    set_rates(state, config, planned_updates=planned_updates)
    return state


def set_rates(
    state: TrainingState,
    config: TrainConfig,
    *,
    planned_updates: int | None,
    updates_per_epoch: int | None = None,
) -> tuple[float, float]:
    """Sets the learning rates of the next update and returns those of generators, discriminators.

    Arguments as of `ganeval_cyclegan.schedule.factor`.
    """
    by = state.plateau.factor
    if config.schedule.policy != "plateau":
        by = factor(
            config.schedule,
            update=state.update,
            epoch=state.epoch,
            planned_updates=planned_updates,
            updates_per_epoch=updates_per_epoch,
        )
    rates = config.optim.lr_G * by, config.optim.lr_D * by
    set_rate(state.optimizer_G, rates[0])
    set_rate(state.optimizer_D, rates[1])
    return rates
