"""Parameters and multiply-accumulate operations (MACs) of a network.

Norms, biases and activations are not counted. Two conventions exist for transposed convolutions:
by input pixels, which is the work done, and by output pixels, as compression papers print it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.domain_shapes import domain_shape
from ganeval_cyclegan.nets.networks import Networks

_TRAINING_PASS: Final = 3  # forward, gradient of the input, gradient of the weights
_FROZEN_PASS: Final = (
    2  # the generator's loss does without gradients of the discriminator's weights
)


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of one forward pass of one image.

    Attributes:
        done: Transposed convolutions by input elements · output channels · kernel².
        by_output: Transposed convolutions by output elements · input channels · kernel².
    """

    done: int
    by_output: int


def parameter_count(network: nn.Module) -> int:
    """Returns the number of trainable values."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: nn.Module, channels: int, height: int, width: int) -> Macs:
    """Returns the work of one image; nothing is computed, only shapes travel through the network.

    Args:
        network: Left as it is.
        channels: Of the input.
        height: Pixels.
        width: Pixels.
    """
    done = by_output = 0

    def count(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal done, by_output
        if isinstance(module, nn.ConvTranspose2d):
            kernel = module.kernel_size[0] * module.kernel_size[1]
            done += inputs[0].numel() * module.out_channels * kernel
            by_output += output.numel() * module.in_channels * kernel
        elif isinstance(module, nn.Conv2d):
            work = output.numel() * module.in_channels * module.kernel_size[0]
            done += work * module.kernel_size[1]
            by_output += work * module.kernel_size[1]

    hooks = [module.register_forward_hook(count) for module in network.modules()]
    try:
        tensors = {name: value.to("meta") for name, value in network.state_dict().items()}
        images = torch.empty(1, channels, height, width, device="meta")
        with torch.no_grad():
            functional_call(network, tensors, (images,))
    finally:
        for hook in hooks:
            hook.remove()
    return Macs(done, by_output)


def update_macs(config: TrainConfig, networks: Networks) -> int:
    """Returns the work of one update per image of the batch, of the plain step.

    A generator passes forward twice per direction, and once more with the identity loss, and back
    as often; a discriminator sees real and fake in its own step, and a fake in the generator's.
    Every further discriminator step costs one more pass of each generator.
    """
    a, b = domain_shape(config, "A"), domain_shape(config, "B")
    sizes = {"G_A": a, "G_B": b, "D_A": b, "D_B": a}
    passes = 3 if config.loss.lambda_identity > 0 else 2
    total = 0
    for name, network in networks.items():
        shape = sizes[name]
        work = count_macs(network, shape.channels, shape.height, shape.width).done
        if name.startswith("G"):
            total += work * (passes * _TRAINING_PASS + config.optim.d_steps - 1)
        else:
            steps = config.optim.d_steps * 2 * _TRAINING_PASS
            total += work * (steps + _FROZEN_PASS)
    return total
