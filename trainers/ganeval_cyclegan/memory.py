"""Memory and disk space that a run takes: what was used, and what will be needed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.domain_shapes import Domain, domain_shape
from ganeval_cyclegan.nets.macs import parameter_count
from ganeval_cyclegan.nets.networks import Networks

_FLOAT: Final = 4  # bytes
_READ: Final[dict[str, Domain]] = {"G_A": "A", "G_B": "B", "D_A": "B", "D_B": "A"}
"""The domain whose images a network is given."""


@dataclass(frozen=True)
class Needed:
    """Bytes that a run will take, estimated.

    Attributes:
        networks: Weights and gradients, and averaged weights.
        adam: Both moments of every weight.
        activations: Kept for the backward pass of the generators, the larger of the two.
        pools: Stored generated images.
    """

    networks: int
    adam: int
    activations: int
    pools: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.networks + self.adam + self.activations + self.pools

    def terms(self) -> Mapping[str, int]:
        """Name of every term and its bytes."""
        return {
            "networks": self.networks,
            "Adam": self.adam,
            "activations": self.activations,
            "pools": self.pools,
        }


def needed_memory(config: TrainConfig, nets: Networks) -> Needed:
    """Estimates the memory of training, without kernels' workspaces and torch itself."""
    counts = {name: parameter_count(net) for name, net in nets.items()}
    everything = sum(counts.values())
    averaged = counts["G_A"] + counts["G_B"] if config.ema.decay else 0
    passes = 3 if config.loss.lambda_identity > 0 else 2
    width = 2 if config.run.precision in ("bf16", "fp16") else _FLOAT
    kept = {name: _activations(config, name, net) for name, net in nets.items()}
    generators = passes * (kept["G_A"] + kept["G_B"])
    if config.run.low_memory:
        generators = kept["G_A"] + kept["G_B"]
    judged = max(kept["D_A"], kept["D_B"]) if config.run.low_memory else kept["D_A"] + kept["D_B"]
    return Needed(
        networks=_FLOAT * (2 * everything + averaged),
        adam=_FLOAT * 2 * everything,
        activations=width * config.optim.batch * (generators + judged),
        pools=_pools(config),
    )


def checkpoint_bytes(config: TrainConfig, nets: Networks, processes: int = 1) -> int:
    """Returns the size of a checkpoint with the full pools of all processes, without headers."""
    needed = needed_memory(config, nets)
    everything = sum(parameter_count(net) for _, net in nets.items())
    return needed.networks - _FLOAT * everything + needed.adam + processes * needed.pools


def peak_memory(device: torch.device) -> int:
    """Returns the most bytes used so far: of a CUDA device by torch, else by this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return 0
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def device_memory(device: torch.device) -> int | None:
    """Returns the bytes free on a CUDA device; None for others, where nobody can tell."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return int(free)


def _pools(config: TrainConfig) -> int:
    pool = config.pool
    if pool.strategy == "none":
        return 0
    shapes = [domain_shape(config, domain) for domain in ("A", "B")]
    values = sum(one.channels * one.height * one.width for one in shapes)
    return pool.size * values * (2 if pool.dtype == "float16" else _FLOAT)


def _activations(config: TrainConfig, name: str, network: nn.Module) -> int:
    """Values that one pass of one image leaves for its backward pass; shapes alone are computed."""
    shape = domain_shape(config, _READ[name])
    total = 0

    def count(module: nn.Module, _inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal total
        if not getattr(module, "inplace", False):
            total += output.numel()

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [module.register_forward_hook(count) for module in leaves]
    try:
        tensors = {key: value.to("meta") for key, value in network.state_dict().items()}
        images = torch.empty(1, shape.channels, shape.height, shape.width, device="meta")
        with torch.no_grad():
            functional_call(network, tensors, (images,))
    finally:
        for hook in hooks:
            hook.remove()
    return total
