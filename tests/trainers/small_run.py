"""Runs small enough to be followed by hand: tiny networks, made-up images, float64."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import merged, nested
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState, state_of

SMALL: dict[str, Any] = {
    "data.crop_size": 16,
    "nets.G.ngf": 4,
    "nets.G.n_blocks": 1,
    "nets.D.ndf": 4,
    "nets.D.n_layers": 1,
    "pool.size": 2,
    "run.device": "cpu",
    "run.merged": False,
}


def small_config(changes: dict[str, Any] | None = None) -> TrainConfig:
    """The reference with tiny networks; changes are dotted keys."""
    tree: dict[str, Any] = {}
    for key, value in {**SMALL, **(changes or {})}.items():
        tree = merged(tree, nested(key, value))
    return TrainConfig.model_validate(tree)


def small_state(
    config: TrainConfig, streams: Streams, dtype: torch.dtype = torch.float64
) -> TrainingState:
    """A new state; weights larger than usual, so that scores and gradients are no trifles."""
    nets = build_networks(config, streams).to(dtype=dtype)
    with torch.no_grad():
        for _, network in nets.items():
            for module in network.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                    module.weight.mul_(10)
    return state_of(nets, config)


def small_batch(
    number: int, n: int = 1, side: int = 16, dtype: torch.dtype = torch.float64
) -> Batch:
    """The batch of an update, by its number."""
    generator = torch.Generator().manual_seed(number)
    a, b = (torch.rand(n, 3, side, side, generator=generator) * 2 - 1 for _ in range(2))
    return Batch(a.to(dtype), b.to(dtype))


def updates(
    config: TrainConfig,
    count: int,
    *,
    n: int = 1,
    dtype: torch.dtype = torch.float64,
    streams: Streams | None = None,
    state: TrainingState | None = None,
) -> tuple[TrainingState, list[dict[str, Tensor]]]:
    """Does some updates; returns the state and what each of them returned."""
    streams = Streams(config.seed) if streams is None else streams
    state = small_state(config, streams, dtype) if state is None else state
    told = []
    for _ in range(count):
        number = state.update
        batches = iter(range(100))
        told.append(
            update(
                state,
                small_batch(number, n, dtype=dtype),
                config,
                streams,
                more=lambda number=number, batches=batches: small_batch(  # type: ignore[misc]
                    1000 * (number + 1) + next(batches), n, dtype=dtype
                ),
            )
        )
    return state, told


def felt_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters but for biases in front of an instance norm, whose gradient is rounding alone."""
    unfelt = set()
    for module in network.modules():
        layers = list(module.children())
        for layer, after in itertools.pairwise(layers):
            if isinstance(after, nn.InstanceNorm2d) and getattr(layer, "bias", None) is not None:
                unfelt.add(id(layer.bias))
    for name, parameter in network.named_parameters():
        if id(parameter) not in unfelt:
            yield name, parameter


def gradients(state: TrainingState) -> dict[str, Tensor]:
    """Copies of the gradients of all felt parameters, by network and key."""
    return {
        f"{network}.{name}": parameter.grad.clone()
        for network, module in state.nets.items()
        for name, parameter in felt_parameters(module)
        if parameter.grad is not None
    }


def difference(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """The largest difference of two sets of gradients, relative to the largest value of each.

    A tensor whose terms cancel is measured by a hundredth of the largest value of all.
    """
    assert a.keys() == b.keys()
    largest = {name: float(value.abs().max()) for name, value in a.items()}
    floor = 0.01 * max(largest.values())
    return max(float((a[name] - b[name]).abs().max()) / max(largest[name], floor) for name in a)
